"""The plan: what becomes of every column, worked out from contract and agreement before any row.

The agreement's word goes before the contract's. Silence refuses: a column the agreement does not
cover, a column without a treatment, a treatment that does not fit. Every reason is gathered. Pure.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa

from enclave.deidentify.normalize import Normalizer, normalizer_for
from enclave.deidentify.plan_rules import GONE, decide_plan, treatment_of
from enclave.deidentify.reference import (
    FIRST_NAMES,
    PLAIN_WORDS,
    TOWNS,
    VILLAGES,
    ZIP3_RESTRICTED,
)
from enclave.errors import PlanRefusedError
from governance.agreements.model import Agreement, DatasetTerms
from governance.canonical import canonical_json
from governance.contracts.model import (
    Column,
    DatasetContract,
    IdentifierRole,
    LogicalType,
    Treatment,
    TreatmentKind,
)
from governance.digests import sha256_of

ID_TYPE: Final = pa.binary(16)
"""Person ids and entity pseudonyms: 128 bits. Hexadecimal text took twice the memory and five times
as long to write, and was counted no faster (docs/adr/0041-ids-as-bytes.md)."""

_ARROW_TYPES: Final = {
    LogicalType.STRING: pa.string(),
    LogicalType.INTEGER: pa.int64(),
    LogicalType.NUMBER: pa.float64(),
    LogicalType.DATE: pa.date32(),
    LogicalType.TIMESTAMP: pa.timestamp("us"),
    LogicalType.BOOLEAN: pa.bool_(),
}

_FIXED_TYPES: Final = {
    TreatmentKind.ENTITY_ID: ID_TYPE,
    TreatmentKind.YEAR: pa.int32(),
    TreatmentKind.AGE_BAND: pa.string(),
    TreatmentKind.PREFIX: pa.string(),
    TreatmentKind.ZIP3: pa.string(),
    TreatmentKind.TOWN_TO_REGION: pa.string(),
    TreatmentKind.DATE_SHIFT: pa.date32(),
    TreatmentKind.REDACT_TEXT: pa.string(),
}

_TELLS_NOTHING: Final = frozenset(
    {TreatmentKind.CONSTANT, TreatmentKind.DATE_SHIFT, TreatmentKind.REDACT_TEXT}
)
"""Outputs nobody can look a person up by: equivalence classes are not made of them."""

_REFERENCE_TABLES: Final = {
    TreatmentKind.ZIP3: (ZIP3_RESTRICTED,),
    TreatmentKind.TOWN_TO_REGION: (TOWNS, VILLAGES),
    TreatmentKind.REDACT_TEXT: (FIRST_NAMES, PLAIN_WORDS, TOWNS, VILLAGES),
}


@dataclass(frozen=True, slots=True)
class IdentityPart:
    """One identifying column and how it is normalized."""

    column: str
    normalizer: Normalizer


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """How a row's person is found, and the column the id lands in."""

    column: str
    domain: str
    parts: tuple[IdentityPart, ...]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """One contract column.

    Attributes:
        name: Name in the contract and in the curated table.
        role: Identifier role.
        logical_type: Type before.
        treatment: What happens to it.
        output_type: Type after, or None when it does not land.
    """

    name: str
    role: IdentifierRole
    logical_type: LogicalType
    treatment: Treatment
    output_type: pa.DataType | None


@dataclass(frozen=True)
class DeidentificationPlan:
    """What becomes of every column of one dataset under one agreement.

    Attributes:
        contract_id, contract_version: What was planned for.
        agency, dataset, table: From the contract.
        linkage_scope: Ids are the same within it and unrelated across it.
        person: None for a dataset about no person.
        columns: Contract order.
        entity_keys: Landed pseudonym columns that counts and dominance look at.
    """

    contract_id: str
    contract_version: str
    agency: str
    dataset: str
    table: str
    linkage_scope: str
    person: PersonPlan | None
    columns: tuple[ColumnPlan, ...]
    entity_keys: tuple[str, ...]

    @property
    def landed(self) -> tuple[ColumnPlan, ...]:
        """Columns that land, contract order."""
        return tuple(c for c in self.columns if c.output_type is not None)

    @cached_property
    def output_schema(self) -> pa.Schema:
        """Columns of the curated table: the person's id first, then contract order."""
        fields = [pa.field(c.name, c.output_type) for c in self.landed]
        if self.person is not None:
            fields.insert(0, pa.field(self.person.column, ID_TYPE, nullable=False))
        return pa.schema(fields)

    @property
    def person_column(self) -> str | None:
        """Name of the landed id column, or None."""
        return self.person.column if self.person is not None else None

    @property
    def quasi_identifiers(self) -> tuple[str, ...]:
        """Landed columns equivalence classes are made of."""
        return self._landed_as(IdentifierRole.QUASI)

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Landed columns whose diversity within a class matters."""
        return self._landed_as(IdentifierRole.SENSITIVE)

    @property
    def needs_reference(self) -> bool:
        """Whether a treatment asks how old somebody was when the submission was received."""
        return any("oldest_age" in c.treatment.options for c in self.columns)

    @property
    def needs_redactor(self) -> bool:
        """Whether a column holds free text."""
        return any(c.treatment.kind is TreatmentKind.REDACT_TEXT for c in self.columns)

    @cached_property
    def plan_hash(self) -> str:
        """SHA-256 of the plan as canonical JSON, reference tables included; lower-case hex."""
        return sha256_of(canonical_json(self.to_document()))

    def to_document(self) -> dict[str, object]:
        """The plan as plain data, for the ledger and the receipt."""
        kinds = {c.treatment.kind for c in self.columns}
        return {
            "format": 1,
            "contract": self.contract_id,
            "contract_version": self.contract_version,
            "table": self.table,
            "linkage_scope": self.linkage_scope,
            "person": _person_document(self.person),
            "columns": [_column_document(column) for column in self.columns],
            "entity_keys": list(self.entity_keys),
            "reference_tables": {
                table.name: table.digest
                for kind, tables in _REFERENCE_TABLES.items()
                for table in tables
                if kind in kinds
            },
        }

    def _landed_as(self, role: IdentifierRole) -> tuple[str, ...]:
        return tuple(
            c.name for c in self.landed if c.role is role and c.treatment.kind not in _TELLS_NOTHING
        )


def _person_document(person: PersonPlan | None) -> dict[str, object] | None:
    if person is None:
        return None
    return {
        "column": person.column,
        "domain": person.domain,
        "parts": [[part.column, part.normalizer.value] for part in person.parts],
    }


def _column_document(column: ColumnPlan) -> dict[str, object]:
    return {
        "name": column.name,
        "role": column.role.value,
        "type": column.logical_type.value,
        "treatment": column.treatment.kind.value,
        "options": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in column.treatment.options.items()
        },
        "output": str(column.output_type) if column.output_type is not None else None,
    }


def build_plan(
    contract: DatasetContract, terms: DatasetTerms, agreement: Agreement
) -> DeidentificationPlan:
    """Work out what becomes of every column.

    Args:
        contract: The dataset's contract.
        terms: The dataset's terms under the agreement; its treatments go before the contract's.
        agreement: The agreement itself, for the parties and clauses.

    Raises:
        PlanRefusedError: With every reason.
    """
    decision = decide_plan(contract, terms, agreement)
    if not decision.permitted:
        raise PlanRefusedError(decision)
    columns = tuple(
        _column_plan(column, treatment)
        for column in contract.columns
        if (treatment := treatment_of(column, terms)) is not None
    )
    return DeidentificationPlan(
        contract_id=contract.id,
        contract_version=contract.version,
        agency=contract.agency,
        dataset=contract.dataset,
        table=contract.table,
        linkage_scope=_linkage_scope(contract, terms),
        person=_person_plan(contract, terms),
        columns=columns,
        entity_keys=contract.entity_keys,
    )


def _linkage_scope(contract: DatasetContract, terms: DatasetTerms) -> str:
    """The scope ids are the same within: the agency's own, unless the agreement names another."""
    own = terms.linkage_scope in {"", "agency"}
    return contract.agency if own else terms.linkage_scope


def _column_plan(column: Column, treatment: Treatment) -> ColumnPlan:
    return ColumnPlan(
        column.name,
        column.role,
        column.logical_type,
        treatment,
        _output_type(column.logical_type, treatment),
    )


def _output_type(logical_type: LogicalType, treatment: Treatment) -> pa.DataType | None:
    kind = treatment.kind
    if kind in GONE:
        return None
    if kind in _FIXED_TYPES:
        return _FIXED_TYPES[kind]
    if kind is TreatmentKind.CONSTANT:
        return pa.scalar(treatment.options["value"]).type
    return _ARROW_TYPES[logical_type]


def _person_plan(contract: DatasetContract, terms: DatasetTerms) -> PersonPlan | None:
    if contract.person is None:
        return None
    parts = []
    for name in contract.person.identified_by:
        column = contract.column(name)
        treatment = treatment_of(column, terms)
        options = treatment.options if treatment is not None else {}
        parts.append(IdentityPart(name, normalizer_for(column, contract.person.domain, options)))
    return PersonPlan(contract.person.column, contract.person.domain, tuple(parts))
