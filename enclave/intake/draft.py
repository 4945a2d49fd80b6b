"""Drafts a dataset contract from a sample file: a proposal with evidence, never a value.

The document is an Open Data Contract Standard v3 contract with the project's extensions that
`governance.contracts.parse` accepts. Header cells become `physicalName`s, so a file whose first
record looks like data is refused: a person may stand there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from enclave.intake.encodings import Utf8Stream, decide_encoding
from enclave.intake.excel import read_sheet_header
from enclave.intake.guesses import MIN_ROWS_JUDGED, Guess, guess_column
from enclave.intake.json_lines import sample_keys
from enclave.intake.limits import IntakeLimits
from enclave.intake.magic import Shape
from enclave.intake.opening import READERS, find_source
from enclave.intake.parquet import open_parquet
from enclave.intake.profiling import (
    PROFILED_BYTES,
    PROFILED_ROWS,
    Profile,
    looks_like_data,
    profile_column,
    share_pct,
)
from enclave.intake.refusals import refuse
from enclave.intake.samples import SAMPLE_BYTES, read_sample
from enclave.intake.sniff import sniff
from enclave.intake.sources import Source, hold_in_memory
from governance.contracts.model import (
    Column,
    DatasetContract,
    FileFormat,
    FileKind,
    IdentifierRole,
    LogicalType,
    TreatmentKind,
)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the file is and what its columns are called."""

    source: Source
    names: tuple[str, ...]
    file: FileFormat
    evidence: tuple[str, ...]


def draft_contract(
    stream: BinaryIO,
    file_name: str,  # noqa: ARG001  the bytes decide; a name may carry people
    agency: str,
    dataset: str,
    limits: IntakeLimits | None = None,
) -> tuple[Document, list[str]]:
    """Propose a contract for files like this one.

    Args:
        stream: Seekable sample of what the agency sends.
        file_name: Not looked at.
        agency: Lower-case name of the agency.
        dataset: Lower-case name of the dataset.
        limits: What the file may cost.

    Returns:
        The document, ready for YAML, and a line of evidence for each guess.

    Raises:
        UnreadableSubmissionError: The file cannot be read, or has no header.
    """
    limits = limits or IntakeLimits()
    found = _find_columns(stream, agency, dataset, limits)
    _refuse_data_header(found.names)
    names = _snake_names(found.names)
    contract = replace(
        _blank_contract(agency, dataset, found.file),
        columns=tuple(
            Column(name, source, LogicalType.STRING)
            for name, source in zip(names, found.names, strict=True)
        ),
    )
    table = _read_rows(found.source, contract, limits)
    _refuse_repeated_header(table, found.names)
    profiles = [profile_column(table.column(name)) for name in names]
    guesses = [guess_column(n, p) for n, p in zip(names, profiles, strict=True)]
    _settle_person(guesses)
    evidence = [
        *found.evidence,
        f"{table.num_rows} rows profiled",
        *(f"{n}: {line}" for n, g in zip(names, guesses, strict=True) for line in g.evidence),
    ]
    key = _find_key(names, profiles)
    if key is not None:
        evidence.append(f"{names[key]}: key, because every row has a value and no two the same")
    columns = [
        _property(name, source, guess, profile, is_key=at == key)
        for at, (name, source, guess, profile) in enumerate(
            zip(names, found.names, guesses, profiles, strict=True)
        )
    ]
    document = _document(agency, dataset, found.file, columns)
    document["schema"][0]["customProperties"] += _table_facts(names, guesses)
    return document, evidence


def _blank_contract(agency: str, dataset: str, file: FileFormat) -> DatasetContract:
    """A contract that says nothing of columns yet."""
    table = f"curated_{agency}__row_{dataset}"
    return DatasetContract(
        agency, dataset, "0.1.0", dataset, dataset, "one row per …", table, (), file
    )


def _find_columns(stream: BinaryIO, agency: str, dataset: str, limits: IntakeLimits) -> _Found:
    """Format, dialect and header of the sample.

    Raises:
        UnreadableSubmissionError: A format the intake does not read, or no columns.
    """
    source, shape, container = find_source(stream, None, limits)
    evidence = [f"{container.value} holds {shape.value}" if container else f"{shape.value}"]
    if shape is Shape.WORKBOOK:
        file = FileFormat(kind=FileKind.EXCEL)
        names = read_sheet_header(source, _blank_contract(agency, dataset, file), limits)
    elif shape is Shape.PARQUET:
        file = FileFormat(kind=FileKind.PARQUET)
        names = list(open_parquet(hold_in_memory(source, limits), limits).schema_arrow.names)
    elif shape is Shape.TEXT:
        file, names = _find_text_columns(source, agency, dataset)
    else:
        raise refuse(
            "intake.wrong_format",
            f"No contract can be drafted: the file is {shape.value}.",
            remedy="Give a CSV, Excel, Parquet or JSON Lines file.",
        )
    evidence.append(f"format {file.kind.value}, {len(names)} columns")
    return _Found(source, tuple(names), file, tuple(evidence))


def _find_text_columns(source: Source, agency: str, dataset: str) -> tuple[FileFormat, list[str]]:
    """Dialect and header of text: JSON Lines by its first character, else delimited."""
    raw, _ = read_sample(source.open(), SAMPLE_BYTES)
    encoding = decide_encoding(raw, None)
    text, whole = read_sample(Utf8Stream(source.open(), encoding), SAMPLE_BYTES)
    if text.lstrip().startswith(b"{"):
        return FileFormat(kind=FileKind.JSON_LINES), list(sample_keys(text, whole=whole))
    sniffed = sniff(text, _blank_contract(agency, dataset, FileFormat()), whole=whole)
    if sniffed.header is None or (len(sniffed.header) < 2 and not sniffed.widths):  # noqa: PLR2004
        raise refuse(
            "intake.header_missing",
            "No delimiter gives records of several cells.",
            remedy="For fixed-width files write the layout by hand (columns' start and width).",
        )
    quote = None if sniffed.dialect.quote == ord('"') else chr(sniffed.dialect.quote or 0)
    file = FileFormat(delimiter=chr(sniffed.dialect.delimiter), quote=quote, encoding=encoding.name)
    names = list(sniffed.header)
    while len(names) > max(sniffed.filled, 1) and not names[-1].strip():
        names.pop()
    return file, names


def _refuse_data_header(names: Sequence[str]) -> None:
    """Refuse a first record that is no header; its cells are not shown.

    Raises:
        UnreadableSubmissionError: A cell is empty, repeated, or looks like a value.
    """
    cells = [name.strip() for name in names]
    values = [at for at, cell in enumerate(cells) if not cell or looks_like_data(cell)]
    twice = len({cell.casefold() for cell in cells}) < len(cells)
    if not values and not twice:
        return
    what = (
        f"{len(values)} cells of the first record are empty or look like values"
        if values
        else "the first record has the same cell twice"
    )
    raise refuse(
        "intake.header_missing",
        f"No contract can be drafted: {what}, so it may be data and no header.",
        remedy="Give a sample with a header row.",
    )


def _refuse_repeated_header(table: pa.Table, names: Sequence[str]) -> None:
    """Refuse when a header cell is also a value of its column: the header may be a person.

    Raises:
        UnreadableSubmissionError: At least one is.
    """
    repeated = sum(
        bool(pc.any(pc.equal(column, name.strip())).as_py())
        for column, name in zip(table.columns, names, strict=True)
    )
    if repeated:
        raise refuse(
            "intake.header_missing",
            f"No contract can be drafted: {repeated} cells of the first record come again as values"
            " of their column, so it may be data and no header.",
            remedy="Give a sample with a header row, once.",
        )


def _snake_names(names: Sequence[str]) -> list[str]:
    """Column names for the lake; made unique."""
    taken: set[str] = set()
    snake: list[str] = []
    for position, name in enumerate(names, start=1):
        text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip())
        text = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
        if not re.match(r"[a-z]", text):
            text = f"column_{text or position}"
        unique = text
        while unique in taken:
            unique = f"{unique}_{position}"
        taken.add(unique)
        snake.append(unique)
    return snake


def _read_rows(source: Source, contract: DatasetContract, limits: IntakeLimits) -> pa.Table:
    """The first rows of the sample as text, bounded."""
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    contract = replace(contract, file=replace(contract.file, ignore_extra_columns=True))
    with READERS[contract.file.kind](source, contract, limits) as reader:
        for batch in reader.batches():
            batches.append(batch.rows)
            rows += batch.rows.num_rows
            size += batch.rows.nbytes
            if rows >= PROFILED_ROWS or size >= PROFILED_BYTES:
                break
    schema = pa.schema([(column.name, pa.string()) for column in contract.columns])
    return pa.Table.from_batches(batches, schema=schema)


def _settle_person(guesses: Sequence[Guess]) -> None:
    """One column is the person's identity; further candidates are dropped."""
    first = True
    for guess in guesses:
        if guess.treatment is TreatmentKind.PERSON_ID:
            if not first:
                guess.treatment = TreatmentKind.DROP
                guess.evidence.append("dropped: another column already says who the person is")
            first = False


def _find_key(names: Sequence[str], profiles: Sequence[Profile]) -> int | None:
    """The column that identifies a row: complete, distinct, and named or placed like a key."""
    for at, (name, profile) in enumerate(zip(names, profiles, strict=True)):
        named = re.search(r"(?:^|_)(?:id|no|num|number|key|ssn|sasid)$", name) is not None
        complete = profile.filled == profile.rows >= MIN_ROWS_JUDGED
        if complete and profile.distinct == profile.rows and (named or at == 0):
            return at
    return None


def _property(name: str, source: str, guess: Guess, profile: Profile, *, is_key: bool) -> Document:
    """One column of the document."""
    column: Document = {
        "name": name,
        "physicalName": source.strip(),
        "logicalType": guess.logical_type.value,
    }
    if guess.pattern:
        column["logicalTypeOptions"] = {"pattern": guess.pattern}
    if profile.filled == profile.rows >= MIN_ROWS_JUDGED:
        column["required"] = True
    if is_key:
        column |= {"primaryKey": True, "primaryKeyPosition": 1}
    column["description"] = (
        f"To be described ({share_pct(profile.filled_ratio)} of the sample's rows have a value)."
    )
    treatment: str | Document = guess.treatment.value
    if guess.options:
        treatment = {"kind": guess.treatment.value, "options": dict(guess.options)}
    custom: list[Document] = []
    if guess.role is not IdentifierRole.NONE:
        custom.append({"property": "identifierRole", "value": guess.role.value})
    custom.append({"property": "treatment", "value": treatment})
    if guess.formats:
        custom.append({"property": "formats", "value": list(guess.formats)})
    if guess.codes:
        custom.append({"property": "codes", "value": list(guess.codes)})
        if guess.treatment is TreatmentKind.KEEP and guess.role is not IdentifierRole.SENSITIVE:
            custom.append({"property": "dimension", "value": True})
    column["customProperties"] = custom
    return column


def _table_facts(names: Sequence[str], guesses: Sequence[Guess]) -> list[Document]:
    """Person key, entity keys and measures."""
    facts: list[Document] = []
    numeric = {LogicalType.INTEGER, LogicalType.NUMBER}
    for name, guess in zip(names, guesses, strict=True):
        if guess.treatment is TreatmentKind.PERSON_ID:
            column = "person_id" if "person_id" not in names else "enclave_person_id"
            value = {"column": column, "identifiedBy": [name], "domain": guess.domain}
            facts.append({"property": "personKey", "value": value})
    pairs = list(zip(names, guesses, strict=True))
    entities = [n for n, g in pairs if g.treatment is TreatmentKind.ENTITY_ID]
    measured = {TreatmentKind.KEEP, TreatmentKind.ROUND}
    measures = [n for n, g in pairs if g.treatment in measured and g.logical_type in numeric]
    if entities:
        facts.append({"property": "entityKeys", "value": entities})
    if measures:
        facts.append({"property": "measures", "value": measures})
    return facts


def _document(agency: str, dataset: str, file: FileFormat, columns: list[Document]) -> Document:
    """The contract around the columns."""
    form: Document = {"kind": file.kind.value}
    for key, value in (
        ("delimiter", file.delimiter), ("quote", file.quote), ("encoding", file.encoding)
    ):  # fmt: skip
        if value is not None:
            form[key] = value
    title = dataset.replace("_", " ").capitalize()
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": f"{agency}-{dataset.replace('_', '-')}",
        "name": title,
        "version": "0.1.0",
        "status": "draft",
        "domain": agency,
        "description": {"purpose": "To be written: what the state wants to learn from it."},
        "schema": [
            {
                "name": dataset,
                "physicalName": f"curated_{agency}__row_{dataset}",
                "physicalType": "table",
                "businessName": title,
                "description": "To be written: what one row is and where it comes from.",
                "dataGranularityDescription": "one row per …",
                "customProperties": [
                    {"property": "agency", "value": agency},
                    {"property": "fileFormat", "value": form},
                ],
                "properties": columns,
            }
        ],
    }
