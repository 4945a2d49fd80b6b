"""Dataset contracts: what an agency promised to send (pure)."""

from governance.contracts.model import (
    Column,
    DatasetContract,
    FileFormat,
    FileKind,
    IdentifierRole,
    LogicalType,
    PersonKey,
    Rule,
    RuleKind,
    Treatment,
    TreatmentKind,
)

__all__ = [
    "Column",
    "DatasetContract",
    "FileFormat",
    "FileKind",
    "IdentifierRole",
    "LogicalType",
    "PersonKey",
    "Rule",
    "RuleKind",
    "Treatment",
    "TreatmentKind",
]
