"""The dataset contract as typed facts: what an agency promised to send, column by column.

Parsed from an Open Data Contract Standard v3 document by `governance.contracts.parse`. Pure data:
no row is read here. A contract describes one table (one `schema` object of the document).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class IdentifierRole(StrEnum):
    """What a column can tell about who a row is about (ISO/IEC 20889, §3)."""

    DIRECT = "direct"
    QUASI = "quasi"
    SENSITIVE = "sensitive"
    NONE = "none"


class LogicalType(StrEnum):
    """Types a column is parsed into; Arrow: string, int64, float64, date32, timestamp[us], bool."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"


class TreatmentKind(StrEnum):
    """What happens to a column on its way to the curated table."""

    DROP = "drop"
    KEEP = "keep"
    PERSON_ID = "person_id"
    """Part of the person's identity: looked up in the crosswalk, replaced by one id column.
    Options: `normalize`: how its spelling is unified (`ssn`, `sasid`, `name`, `date`, `code`)."""
    ENTITY_ID = "entity_id"
    """Keyed, scoped pseudonym of an entity (employer, school). Options: `domain`."""
    YEAR = "year"
    """Options: `bottom`, `top`: years beyond them are told as them; `width`: a band of so many
    years is told as its first; `oldest_age`: whoever was that old in the year the submission was
    received, or older, is told as that year of birth."""
    AGE_BAND = "age_band"
    """Options: `width` (5), `top` (90). From an integer age."""
    PREFIX = "prefix"
    """Options: `length`: so many characters of a code (the family of a program or an occupation).
    A value that is shorter is told whole."""
    ZIP3 = "zip3"
    TOWN_TO_REGION = "town_to_region"
    """Options: `to`: `planning_region` or `county`."""
    TOP_BOTTOM_CODE = "top_bottom_code"
    """Options: `top`, `bottom`; `oldest_age` for a year of birth, as in `year`."""
    ROUND = "round"
    """Options: `to` (nearest multiple); `oldest_age` for a year of birth, as in `year`."""
    DATE_SHIFT = "date_shift"
    """Options: `max_days` (365). Keyed, one shift per person."""
    REDACT_TEXT = "redact_text"
    """Options: `mask_columns`: columns of the same row whose words are masked too."""
    CONSTANT = "constant"
    """Options: `value`."""


Option = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment and its options."""

    kind: TreatmentKind
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the contract.

    Attributes:
        name: Name in the lake (snake_case).
        source_name: Header cell in the file; for fixed width, the field's name.
        logical_type: What the text is parsed into.
        description: From the programme's dictionary where it has one.
        required: A null fails the row.
        role: Identifier role.
        treatment: None when the contract names none: the plan then refuses the column.
        formats: strptime formats (date, timestamp), tried in order; empty: ISO 8601.
        true_values, false_values: Spellings of a boolean (compared case-sensitively).
        codes: Allowed codes, or None when not a code list.
        pattern: RE2 pattern the whole raw text must match, or None.
        minimum, maximum: Inclusive bounds on the parsed value (ISO text for dates).
        min_length, max_length: Bounds on the raw text in characters.
        unique: No two rows share the value.
        dimension: Researchers may group and filter by it.
        width, start: Fixed width only: 0-based start and width in characters.
    """

    name: str
    source_name: str
    logical_type: LogicalType
    description: str = ""
    required: bool = False
    role: IdentifierRole = IdentifierRole.NONE
    treatment: Treatment | None = None
    formats: tuple[str, ...] = ()
    true_values: tuple[str, ...] = ("true", "TRUE", "True", "1", "Y", "Yes")
    false_values: tuple[str, ...] = ("false", "FALSE", "False", "0", "N", "No")
    codes: tuple[str, ...] | None = None
    pattern: str | None = None
    minimum: str | int | float | None = None
    maximum: str | int | float | None = None
    min_length: int | None = None
    max_length: int | None = None
    unique: bool = False
    dimension: bool = False
    start: int | None = None
    width: int | None = None


class FileKind(StrEnum):
    """Formats the intake reads."""

    DELIMITED = "delimited"
    FIXED_WIDTH = "fixed_width"
    EXCEL = "excel"
    PARQUET = "parquet"
    JSON_LINES = "json_lines"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """What the agency said the file looks like. None means: sniff it, and say so in the receipt.

    Attributes:
        kind: The format.
        delimiter, quote, encoding: Delimited text; None is sniffed.
        header: Whether the first record after the preamble names the columns.
        preamble_lines: Lines before the header that are no data.
        null_values: Cells that mean "no value", compared after trimming.
        trim: Whether surrounding blanks are no part of a value.
        sheet: Excel sheet name; None is the first.
        record_type_start, record_type_width, record_type: Fixed width: where the type code stands
            and which one is this dataset's.
        header_record, trailer_record: Fixed width: type codes of the header and trailer records.
        other_record_types: Fixed width: types of the file that are other datasets'. When it is
            given, a record of any further type refuses the file.
        present_start, present_width: Fixed width: a record is this dataset's only where something
            else than blanks and zeros stands there (the second half of a record, when it is used).
        trailer_count_start, trailer_count_width: Where the trailer states the number of records.
        archive_member: `fnmatch` pattern of the member inside a zip.
        ignore_extra_columns: Unnamed or unknown columns are dropped with a finding, not refused.
    """

    kind: FileKind = FileKind.DELIMITED
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    header: bool = True
    preamble_lines: int = 0
    null_values: tuple[str, ...] = ("",)
    trim: bool = True
    sheet: str | None = None
    record_type_start: int = 0
    record_type_width: int = 0
    record_type: str | None = None
    header_record: str | None = None
    trailer_record: str | None = None
    other_record_types: tuple[str, ...] = ()
    present_start: int | None = None
    present_width: int | None = None
    trailer_count_start: int | None = None
    trailer_count_width: int | None = None
    archive_member: str | None = None
    ignore_extra_columns: bool = False


class RuleKind(StrEnum):
    """Checks across columns or rows; column checks live on `Column`."""

    COMPARE = "compare"
    """`left` `operator` (`<`, `<=`, `==`, `!=`, `>`, `>=`) `right`, two columns; nulls pass."""
    REQUIRED_IF = "required_if"
    """`column` must not be null where `when_column` is one of `when_values`."""
    UNIQUE_TOGETHER = "unique_together"
    """`columns` identify a row."""
    REFERENCE = "reference"
    """`columns` exist as `to_columns` of the landed dataset `to_dataset` (`agency/dataset`)."""
    ROW_COUNT_DRIFT = "row_count_drift"
    """Rows differ from the mean of earlier loads by at most `max_pct` percent."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One cross-column, cross-row or cross-table rule of the contract.

    Attributes:
        name: Stable name shown to stewards.
        kind: Which check.
        options: As `RuleKind` says.
        description: In a steward's words.
    """

    name: str
    kind: RuleKind
    options: Mapping[str, Option] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class PersonKey:
    """How a row's person is known.

    Attributes:
        column: Name of the id column in the curated table.
        identified_by: Contract columns whose normalized values together are the identity.
        domain: Who assigned the identifier (`ssn`, `sasid`, `name_dob`, …); part of the lookup.
    """

    column: str
    identified_by: tuple[str, ...]
    domain: str


@dataclass(frozen=True, slots=True)
class DatasetContract:
    """One dataset's contract.

    Attributes:
        agency, dataset: Lower-case names; `agency/dataset` identifies it.
        version: Semantic version text.
        title, description, grain: For people ("one row per student and school year").
        table: Curated table, `curated_{agency}__{grain}_{dataset}`.
        columns: In file order.
        file: Format of the file.
        key: Columns that identify a row (may be empty).
        rules: Cross-column rules.
        person: The person key; None for a dataset about no person.
        entity_keys: Columns (treated `entity_id`) that dominance and counts look at.
        quasi_identifiers: Derived: columns with the role quasi, in order.
        measures: Numeric columns a researcher may aggregate (SUM, AVG, …).
        year_column: Column a grant's years restrict, or None.
    """

    agency: str
    dataset: str
    version: str
    title: str
    description: str
    grain: str
    table: str
    columns: tuple[Column, ...]
    file: FileFormat = field(default_factory=FileFormat)
    key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    person: PersonKey | None = None
    entity_keys: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    year_column: str | None = None

    @property
    def id(self) -> str:
        """`agency/dataset`."""
        return f"{self.agency}/{self.dataset}"

    @property
    def quasi_identifiers(self) -> tuple[str, ...]:
        """Names of the columns that are quasi-identifiers, in file order."""
        return tuple(c.name for c in self.columns if c.role is IdentifierRole.QUASI)

    @property
    def sensitive_attributes(self) -> tuple[str, ...]:
        """Names of the columns that are sensitive attributes, in file order."""
        return tuple(c.name for c in self.columns if c.role is IdentifierRole.SENSITIVE)

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: The contract has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
