"""Files for any contract, with a canary in every column that may not be landed as it is."""

import csv
import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from governance.contracts import (
    Column,
    DatasetContract,
    FileKind,
    IdentifierRole,
    LogicalType,
    TreatmentKind,
)

WORD = "Zzyxqu"
"""In every canary made of letters; no word of any language or of the product."""

_HIDDEN = {TreatmentKind.DROP, TreatmentKind.PERSON_ID, TreatmentKind.ENTITY_ID}
_DIGITS = re.compile(r"\[0-9\]\{(\d+)\}")
_BIRTH = re.compile(r"birth|dob")
_PATTERNS = {
    "[0-9]{2}-[0-9]{4,5}": "97-{n:05}",
    "[0-9]{1,8}": "83{n:06}",
    "[0-9]{1,3}": "{turn:03}",
    "[0-9]{5}(-?[0-9]{4})?": "06103-{n:04}",
    "[^ ]{9}": "@#W{n:06}",
}


def cell(column: Column, n: int) -> str:
    """What the column holds in row `n`: right by the contract, and a canary where it may be one."""
    turn = n if column.role is IdentifierRole.SENSITIVE else 0
    if column.codes:
        return column.codes[turn % len(column.codes)]
    match column.logical_type:
        case LogicalType.BOOLEAN:
            return (column.true_values[0], column.false_values[0])[turn % 2]
        case LogicalType.INTEGER | LogicalType.NUMBER:
            return str(int(column.minimum or 1) + turn % 3 * 5)
        case LogicalType.DATE | LogicalType.TIMESTAMP:
            start = date(2019, 3, 1)
            if _BIRTH.search(column.name):
                start = date.fromisoformat(str(column.minimum or "1931-03-01"))
            written = column.formats[0] if column.formats else "%Y-%m-%d"
            return (start + timedelta(days=n)).strftime(written)
        case LogicalType.STRING:
            return _text(column, n, turn)


def _text(column: Column, n: int, turn: int) -> str:
    kind = column.treatment.kind if column.treatment else None
    if column.pattern is not None:
        digits = _DIGITS.fullmatch(column.pattern)
        if digits:
            width = int(digits[1])
            return str(10 ** (width - 1) * 7 + sum(map(ord, column.name)) * 1000 + n)[:width]
        return _PATTERNS[column.pattern].format(n=n, turn=turn % 9)
    if kind is TreatmentKind.TOWN_TO_REGION:
        return "Hartford"
    if kind is TreatmentKind.REDACT_TEXT:
        return (
            f"Margaret {WORD}son called 860-555-{n:04}, wrote to m.{WORD.lower()}{n}@example.org; "
            f"SSN 219-09-{n:04}, lives at {n} {WORD}ford Street"
        )
    if kind in _HIDDEN or column.role is IdentifierRole.DIRECT:
        return f"{WORD}{n}{column.name.replace('_', '')}"[: column.max_length or column.width or 40]
    return "x"


def rows_of(contract: DatasetContract, count: int, *, failing: int) -> list[list[str]]:
    """Rows, of which the first `failing` hold a canary where it is wrong."""
    rows = [[cell(column, n) for column in contract.columns] for n in range(count)]
    at = next(
        place
        for place, column in enumerate(contract.columns)
        if not failing
        or (column.logical_type in {LogicalType.DATE, LogicalType.TIMESTAMP} and column.required)
    )
    for n in range(failing):
        column = contract.columns[at]
        rows[n][at] = f"{WORD}wrong{n}"[: column.width or 40]
    return rows


def write_canaries(
    path: Path,
    contract: DatasetContract,
    rows: Sequence[Sequence[str]],
    *,
    extra: Sequence[str] = (),
) -> Path:
    """Write the rows as the contract's format; `extra` are lines added at the end, as they are."""
    if contract.file.kind is FileKind.FIXED_WIDTH:
        text = _fixed_width(contract, rows)
    else:
        lines = [",".join(_quoted(column.source_name) for column in contract.columns)]
        lines += [",".join(_quoted(value) for value in row) for row in rows]
        text = "\n".join([*lines, *extra]) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if set(value) & set(',"\n') else value


def _fixed_width(contract: DatasetContract, rows: Sequence[Sequence[str]]) -> str:
    placed = [c for c in contract.columns if c.start is not None and c.width is not None]
    size = max((c.start or 0) + (c.width or 0) for c in placed)
    lines = [f"HEADER{WORD}"]
    for row in rows:
        line = list(str(contract.file.record_type).ljust(size))
        for column, value in zip(placed, row, strict=True):
            start, width = column.start or 0, column.width or 0
            line[start : start + width] = value[:width].ljust(width)
        lines.append("".join(line))
    return "\n".join([*lines, f"TRAILER{len(rows):07}"]) + "\n"


def canaries_of(contract: DatasetContract, rows: Sequence[Sequence[str]]) -> dict[str, set[str]]:
    """What must not be found, by column: hidden columns' cells, days, and parts of free text."""
    found: dict[str, set[str]] = {}
    for place, column in enumerate(contract.columns):
        kind = column.treatment.kind if column.treatment else None
        cells = {row[place] for row in rows}
        is_day = column.logical_type in {LogicalType.DATE, LogicalType.TIMESTAMP}
        if kind is TreatmentKind.REDACT_TEXT:
            parts = (r"860-555-\d{4}", r"219-09-\d{4}", r"m\.\w+@example\.org", r"\d+ \w+ Street")
            cells = {hit for text in cells for part in parts for hit in re.findall(part, text)}
        elif not (kind in _HIDDEN or column.role is IdentifierRole.DIRECT or is_day):
            continue
        if column.codes is None:
            found[column.name] = cells
    return found


def read_back(path: Path) -> list[list[str]]:
    """Records of a delimited file, header first."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
