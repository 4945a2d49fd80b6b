"""Build small contracts, agreements and terms for tests: only what the test is about is given."""

from collections.abc import Mapping, Sequence
from datetime import date

from governance.agreements.model import (
    Agreement,
    AuthorityKind,
    Clause,
    DatasetTerms,
    DeliveryMode,
    DisclosureRule,
    GateAction,
    Party,
    Retention,
    RiskGate,
)
from governance.contracts.model import (
    Column,
    DatasetContract,
    FileFormat,
    IdentifierRole,
    LogicalType,
    Option,
    PersonKey,
    Rule,
    Treatment,
    TreatmentKind,
)

CLAUSES = (
    Clause("1", "Term", "In force as dated."),
    Clause("2", "Data", "The data elements covered."),
    Clause("3", "Protection", "De-identification, risk and disclosure."),
    Clause("4", "Clocks", "Retention and destruction."),
)


def build_treatment(kind: str = "keep", **options: Option) -> Treatment:
    """A treatment by its name, options as keywords."""
    return Treatment(TreatmentKind(kind), options)


def build_column(
    name: str,
    logical_type: str = "string",
    *,
    treatment: str | Treatment | None = "keep",
    role: str = "none",
    source_name: str | None = None,
    required: bool = False,
    formats: tuple[str, ...] = (),
    codes: tuple[str, ...] | None = None,
    pattern: str | None = None,
    minimum: str | float | None = None,
    maximum: str | float | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    unique: bool = False,
    dimension: bool = False,
    start: int | None = None,
    width: int | None = None,
) -> Column:
    """A column; its header is its name unless told otherwise."""
    return Column(
        name=name,
        source_name=name if source_name is None else source_name,
        logical_type=LogicalType(logical_type),
        required=required,
        role=IdentifierRole(role),
        treatment=build_treatment(treatment) if isinstance(treatment, str) else treatment,
        formats=formats,
        codes=codes,
        pattern=pattern,
        minimum=minimum,
        maximum=maximum,
        min_length=min_length,
        max_length=max_length,
        unique=unique,
        dimension=dimension,
        start=start,
        width=width,
    )


def build_columns() -> tuple[Column, ...]:
    """A person's id, a town, a birth date, a grade and an amount."""
    return (
        build_column("person_number", treatment="person_id", role="direct", required=True),
        build_column(
            "town", role="quasi", treatment=build_treatment("town_to_region", to="planning_region")
        ),
        build_column("birth_date", "date", role="quasi", treatment="year"),
        build_column("grade", codes=("09", "10", "11", "12"), dimension=True),
        build_column("year", "integer", minimum=2000, maximum=2100, dimension=True),
        build_column("amount", "number", minimum=0),
    )


def build_contract(
    columns: Sequence[Column] | None = None,
    *,
    agency: str = "sde",
    dataset: str = "enrollment",
    version: str = "1.0.0",
    file: FileFormat | None = None,
    key: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = (),
    person: PersonKey | None = None,
    entity_keys: tuple[str, ...] = (),
    measures: tuple[str, ...] = (),
    year_column: str | None = None,
) -> DatasetContract:
    """A contract; without columns, that of `build_columns` with its person key and measure."""
    if columns is None:
        columns = build_columns()
        person = person or PersonKey("person_id", ("person_number",), "sasid")
        measures = measures or ("amount",)
        year_column = year_column or "year"
    return DatasetContract(
        agency=agency,
        dataset=dataset,
        version=version,
        title=f"{agency} {dataset}",
        description="For tests.",
        grain="one row per record",
        table=f"curated_{agency}__{dataset}",
        columns=tuple(columns),
        file=file or FileFormat(),
        key=key,
        rules=rules,
        person=person,
        entity_keys=entity_keys,
        measures=measures,
        year_column=year_column,
    )


def build_terms(
    contract: DatasetContract,
    *,
    columns: tuple[str, ...] | None = None,
    treatments: Mapping[str, Treatment] | None = None,
    delivery: str = "append",
    reject_threshold_pct: float = 5.0,
    linkage_scope: str = "agency",
    minimum_k: int = 1,
    max_unique_pct: float = 100.0,
    minimum_l: int | None = None,
    action: str = "hold",
    minimum_cell_count: int = 6,
    minimum_denominator: int = 20,
    file_name_pattern: str = ".*",
) -> DatasetTerms:
    """Terms that cover every column of the contract, with a gate that lets all through."""
    return DatasetTerms(
        dataset=contract.dataset,
        columns=tuple(c.name for c in contract.columns) if columns is None else columns,
        columns_clause="2",
        file_name_pattern=file_name_pattern,
        delivery=DeliveryMode(delivery),
        delivery_clause="2",
        reject_threshold_pct=reject_threshold_pct,
        reject_clause="2",
        linkage_scope=linkage_scope,
        risk_gate=RiskGate(minimum_k, max_unique_pct, minimum_l, GateAction(action), "3"),
        disclosure=DisclosureRule(minimum_cell_count, minimum_denominator, "3"),
        treatments=treatments or {},
        deidentification_clause="3",
    )


def build_agreement(
    *contracts: DatasetContract,
    terms: Sequence[DatasetTerms] | None = None,
    agreement_id: str = "MOU-TEST-1",
    version: str = "1.0",
    agency: str | None = None,
    effective_on: date = date(2020, 1, 1),
    ends_on: date = date(2099, 12, 31),
    schedule: str = "0 6 * * *",
    raw_business_days: int = 5,
    quarantine_days: int = 5,
    curated_until: date = date(2099, 12, 31),
) -> Agreement:
    """An agreement in force over these contracts (one agency's), or over the terms given."""
    contracts = contracts or (build_contract(),)
    return Agreement(
        id=agreement_id,
        version=version,
        title="An agreement for tests",
        agency=agency or contracts[0].agency,
        authority=AuthorityKind.MOU,
        citations=("an invented example",),
        parties=(Party(agency or contracts[0].agency, "The agency", "data owner"),),
        effective_on=effective_on,
        ends_on=ends_on,
        term_clause="1",
        schedule=schedule,
        schedule_clause="2",
        purposes=("evaluation",),
        purposes_clause="2",
        approvers=("data governing board",),
        approvers_clause="2",
        retention=Retention(raw_business_days, quarantine_days, curated_until, "4"),
        clauses=CLAUSES,
        datasets=tuple(terms) if terms is not None else tuple(build_terms(c) for c in contracts),
    )
