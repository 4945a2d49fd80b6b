"""Identity out, ids in: the plan, the crosswalk, the treatments and the risk that is left."""

from enclave.deidentify.crosswalk import Crosswalk, CrosswalkState
from enclave.deidentify.deidentifier import Deidentifier
from enclave.deidentify.plan import DeidentificationPlan, build_plan
from enclave.deidentify.plan_rules import decide_plan
from enclave.deidentify.pseudonyms import MissingIdentityError
from enclave.deidentify.risk import decide_risk, find_breaches, measure_risk, risk_columns
from enclave.deidentify.text import RedactionUnavailableError, Redactor

__all__ = [
    "Crosswalk",
    "CrosswalkState",
    "DeidentificationPlan",
    "Deidentifier",
    "MissingIdentityError",
    "RedactionUnavailableError",
    "Redactor",
    "build_plan",
    "decide_plan",
    "decide_risk",
    "find_breaches",
    "measure_risk",
    "risk_columns",
]
