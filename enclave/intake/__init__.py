"""Intake: a landed file in any agreed format, read as batches of text with positions."""

from enclave.intake.limits import IntakeLimits
from enclave.intake.opening import open_submission
from enclave.intake.reader import SubmissionReader

__all__ = ["IntakeLimits", "SubmissionReader", "open_submission"]
