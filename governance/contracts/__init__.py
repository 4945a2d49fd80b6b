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
from governance.contracts.parse import (
    check_contracts,
    contract_document,
    dangling_references,
    load_contracts,
    parse_contract,
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
    "check_contracts",
    "contract_document",
    "dangling_references",
    "load_contracts",
    "parse_contract",
]
