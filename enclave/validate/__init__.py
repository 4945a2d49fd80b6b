"""Validation: a contract's checks, fused; the suite they are, quarantine and receipts.

What is valid is stated once, in `enclave.validate.checks`.
"""

from enclave.validate.checks import Check, derive_checks
from enclave.validate.export import export_quarantine_csv
from enclave.validate.quarantine import QuarantineManifest, QuarantineWriter, read_quarantine
from enclave.validate.references import ReferenceCheck
from enclave.validate.report import CheckResult, ValidationReport, decide_acceptance
from enclave.validate.rows import RowValidator
from enclave.validate.unique import KeySpill, LateFailures

__all__ = [
    "Check",
    "CheckResult",
    "KeySpill",
    "LateFailures",
    "QuarantineManifest",
    "QuarantineWriter",
    "ReferenceCheck",
    "RowValidator",
    "ValidationReport",
    "decide_acceptance",
    "derive_checks",
    "export_quarantine_csv",
    "read_quarantine",
]
