"""The functions that DAG tasks and the command line call, in the order a submission travels.

receive -> process (read, validate, de-identify; one streaming pass) -> land (assess, commit) ->
report; and the clocks. Each may be run again after a crash at any point: nothing is done twice,
nothing is lost. Ids, states and counts go in and come out; never a value out of a row.
"""

from enclave.steps.clocks import Certificate, ExpiryReport, destroy_due, expire_terms
from enclave.steps.feed import publish_feed, tell
from enclave.steps.land import land_submission
from enclave.steps.outcome import StepOutcome
from enclave.steps.process import process_submission
from enclave.steps.receive import find_drops, receive_drops
from enclave.steps.report import report_submission

__all__ = [
    "Certificate",
    "ExpiryReport",
    "StepOutcome",
    "destroy_due",
    "expire_terms",
    "find_drops",
    "land_submission",
    "process_submission",
    "publish_feed",
    "receive_drops",
    "report_submission",
    "tell",
]
