"""The benchmark's CSV (20 columns, made up, fixed seed), its contract and its agreement."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from governance.agreements import Agreement
from governance.contracts import (
    Column,
    DatasetContract,
    FileFormat,
    IdentifierRole,
    LogicalType,
    PersonKey,
    Rule,
    RuleKind,
    Treatment,
    TreatmentKind,
)
from tests.lib.builders import build_agreement, build_contract, build_terms

SEXES = ("F", "M", "U")
RACES = ("1", "2", "3", "4", "5", "6", "7")
STATUSES = ("A", "T", "L", "R")
TOWNS = tuple(f"Town{n:03d}" for n in range(169))
CHUNK_ROWS = 500_000


def _digits(values: np.ndarray, width: int) -> pa.Array:
    return pc.utf8_lpad(pc.cast(pa.array(values), pa.string()), width=width, padding="0")


def _chunk(generator: np.random.Generator, start: int, rows: int) -> pa.Table:
    person = np.arange(start, start + rows)
    days = generator.integers(-14600, 12000, rows).astype("datetime64[D]")
    hired = generator.integers(14000, 20400, rows).astype("datetime64[D]")
    wages = np.round(generator.lognormal(9.2, 0.8, rows), 2)
    text = pa.string()
    return pa.table(
        {
            "SSN": _digits(900_000_000 + person % 99_999_999, 9),
            "LAST_NAME": pc.binary_join_element_wise("Name", _digits(person % 5000, 4), ""),
            "FIRST_NAME": pc.binary_join_element_wise(
                "Given", _digits(generator.integers(0, 800, rows), 3), ""
            ),
            "BIRTH_DATE": pc.strftime(pa.array(days), "%Y-%m-%d"),
            "SEX": pa.array(np.array(SEXES)[generator.integers(0, 3, rows)]),
            "RACE": pa.array(np.array(RACES)[generator.integers(0, 7, rows)]),
            "TOWN": pa.array(np.array(TOWNS)[generator.integers(0, 169, rows)]),
            "ZIP": _digits(6001 + generator.integers(0, 900, rows), 5),
            "EMPLOYER": _digits(generator.integers(0, 40_000, rows), 7),
            "ESTABLISHMENT": _digits(generator.integers(0, 90_000, rows), 9),
            "YEAR": pa.array(np.full(rows, "2026")),
            "QUARTER": pa.array(np.array(list("1234"))[generator.integers(0, 4, rows)]),
            "WAGES": pc.cast(pa.array(wages), text),
            "HOURS": pc.cast(pa.array(generator.integers(0, 600, rows)), text),
            "NAICS": _digits(111_110 + generator.integers(0, 1000, rows), 6),
            "STATUS": pa.array(np.array(STATUSES)[generator.integers(0, 4, rows)]),
            "FULL_TIME": pa.array(np.array(["Y", "N"])[generator.integers(0, 2, rows)]),
            "HIRED_ON": pc.strftime(pa.array(hired), "%Y-%m-%d"),
            "TAX": pc.cast(pa.array(np.round(wages * 0.21, 2)), text),
            "WEEKS": pc.cast(pa.array(generator.integers(0, 14, rows)), text),
        }
    )


def _with_dirt(table: pa.Table, generator: np.random.Generator) -> pa.Table:
    """One row in a thousand has an unknown code."""
    bad = pa.array(generator.random(table.num_rows) < 0.001)
    column = table.schema.get_field_index("STATUS")
    return table.set_column(column, "STATUS", pc.if_else(bad, "Z", table.column("STATUS")))


def write_csv(path: Path, rows: int) -> None:
    """Write `rows` rows, all different people."""
    generator = np.random.default_rng(20261121)
    writer = None
    for start in range(0, rows, CHUNK_ROWS):
        chunk = _with_dirt(_chunk(generator, start, min(CHUNK_ROWS, rows - start)), generator)
        if writer is None:
            options = pacsv.WriteOptions(quoting_style="needed")
            writer = pacsv.CSVWriter(path, chunk.schema, write_options=options)
        writer.write_table(chunk)
    if writer is not None:
        writer.close()


def _column(
    source: str,
    kind: LogicalType,
    treatment: TreatmentKind,
    role: IdentifierRole = IdentifierRole.NONE,
    **more: object,
) -> Column:
    options = {"domain": source.lower()} if treatment is TreatmentKind.ENTITY_ID else {}
    return Column(
        name=source.lower(),
        source_name=source,
        logical_type=kind,
        treatment=Treatment(treatment, options),
        role=role,
        **more,  # type: ignore[arg-type]
    )


def contract() -> DatasetContract:
    """The contract of the benchmark's file."""
    text, number, whole = LogicalType.STRING, LogicalType.NUMBER, LogicalType.INTEGER
    keep, direct, quasi = TreatmentKind.KEEP, IdentifierRole.DIRECT, IdentifierRole.QUASI
    columns = (
        _column("SSN", text, TreatmentKind.PERSON_ID, direct, required=True, pattern="[0-9]{9}"),
        _column("LAST_NAME", text, TreatmentKind.DROP, direct, required=True, max_length=40),
        _column("FIRST_NAME", text, TreatmentKind.DROP, direct, max_length=40),
        _column("BIRTH_DATE", LogicalType.DATE, TreatmentKind.YEAR, quasi, minimum="1900-01-01"),
        _column("SEX", text, keep, quasi, codes=SEXES, dimension=True),
        _column("RACE", text, keep, codes=RACES, dimension=True),
        _column("TOWN", text, keep, codes=TOWNS),
        _column("ZIP", text, TreatmentKind.ZIP3, quasi, pattern="[0-9]{5}"),
        _column("EMPLOYER", text, TreatmentKind.ENTITY_ID, required=True),
        _column("ESTABLISHMENT", text, TreatmentKind.ENTITY_ID),
        _column("YEAR", whole, keep, minimum=2000, maximum=2030, dimension=True),
        _column("QUARTER", whole, keep, minimum=1, maximum=4, dimension=True),
        _column("WAGES", number, keep, minimum=0),
        _column("HOURS", whole, keep, minimum=0, maximum=2300),
        _column("NAICS", text, keep, pattern="[0-9]{6}"),
        _column("STATUS", text, keep, codes=STATUSES, dimension=True),
        _column("FULL_TIME", LogicalType.BOOLEAN, keep, dimension=True),
        _column("HIRED_ON", LogicalType.DATE, keep),
        _column("TAX", number, keep, minimum=0),
        _column("WEEKS", whole, keep, minimum=0, maximum=14),
    )
    return build_contract(
        columns,
        agency="bench",
        dataset="wages",
        file=FileFormat(delimiter=",", quote='"', encoding="utf-8"),
        key=("ssn",),
        rules=(
            Rule(
                "tax_under_wages",
                RuleKind.COMPARE,
                {"left": "tax", "operator": "<=", "right": "wages"},
            ),
        ),
        person=PersonKey("person_id", ("ssn",), "ssn"),
        entity_keys=("employer", "establishment"),
        measures=("wages", "hours"),
    )


def agreement(bench: DatasetContract) -> Agreement:
    """The agreement of the benchmark's feed: nothing is held back for its risk."""
    terms = build_terms(
        bench, linkage_scope="bench", action="record", file_name_pattern="P_{period}.csv"
    )
    return build_agreement(bench, terms=(terms,), agreement_id="AGR-BENCH")
