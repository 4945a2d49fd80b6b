"""Quarantined rows as a CSV file for people: readable in a spreadsheet, harmless in one.

A cell that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, `|`, a tab or
a carriage return, white space before it left aside) gets a leading apostrophe, unless it is plainly
a number. In the lake and in quarantine such cells are kept as they came.

Source:
    OWASP, CSV Injection.
"""

import csv
import os
import re
import tempfile
from pathlib import Path
from typing import Final

from enclave.keys import KeyRing
from enclave.validate.patterns import NUMBER_PATTERN
from enclave.validate.quarantine import QuarantinedRow, read_quarantine
from governance.contracts.model import DatasetContract
from governance.objects import ObjectStore

FORMULA_STARTS: Final = (
    "=",
    "+",
    "-",
    "@",
    "|",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)
"""With the full-width forms, which spreadsheets in some locales take for the same."""
_NUMBER: Final = re.compile(rf"(?:{NUMBER_PATTERN})\Z")
MALFORMED_COLUMN: Final = "record as delivered"


def escape_cell(cell: str | None) -> str:
    """The cell so that no spreadsheet takes it for a formula."""
    if not cell:
        return ""
    # A spreadsheet may trim white space before it looks.
    risky = cell.startswith(FORMULA_STARTS) or cell.lstrip().startswith(FORMULA_STARTS)
    return f"'{cell}" if risky and not _NUMBER.match(cell) else cell


def export_quarantine_csv(
    store: ObjectStore, ring: KeyRing, object_key: str, out: Path, *, contract: DatasetContract
) -> int:
    """Write a submission's failing records for its agency.

    Columns: line, record, reasons (`; ` between them), then the contract's columns under the
    agency's own header cells, then the record as delivered where it could not be cut into cells.

    Args:
        store: The quarantine zone.
        ring: Holds the agency's key.
        object_key: Where the rows lie.
        out: The file; written whole or not at all, readable by its owner only.
        contract: Of the dataset; its agency must be the rows'.

    Returns:
        Rows written.

    Raises:
        EnvelopeError: The rows are another agency's, or were changed.
        KeyRingError: Their key was destroyed.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)  # mode 0600
    part = Path(name)
    count = 0
    try:
        # A byte-order mark: without it spreadsheets take UTF-8 for the local code page.
        with os.fdopen(descriptor, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            names = [escape_cell(column.source_name) for column in contract.columns]
            writer.writerow(["line", "record", "reasons", *names, MALFORMED_COLUMN])
            for row in read_quarantine(store, ring, object_key, agency=contract.agency):
                writer.writerow(_cells(row, contract))
                count += 1
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return count


def _cells(row: QuarantinedRow, contract: DatasetContract) -> list[str | int]:
    cells = row.cells or {}
    raw = "" if row.raw is None else row.raw.decode("utf-8", "backslashreplace")
    return [
        "" if row.line is None else row.line,
        row.record,
        escape_cell("; ".join(row.reasons)),
        *(escape_cell(cells.get(column.name)) for column in contract.columns),
        escape_cell(raw),
    ]
