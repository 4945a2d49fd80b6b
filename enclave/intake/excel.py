"""Excel workbooks (.xlsx), row by row, under declared caps: shared strings cannot stream.

Numbers and dates become text as `rendering` says; a formula counts as its stored result. A row
without any value is no record. Lines are the sheet's row numbers.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import openpyxl
import openpyxl.utils.exceptions

from enclave.batches import RawBatch
from enclave.errors import UnreadableSubmissionError
from enclave.intake.archives import DAMAGE, open_archive
from enclave.intake.headers import Layout, match_header, match_positions
from enclave.intake.limits import IntakeLimits
from enclave.intake.reader import SubmissionReader
from enclave.intake.refusals import note, refuse, warn
from enclave.intake.rendering import render_value
from enclave.intake.sources import Source, hold_in_memory
from enclave.intake.tabulate import RowCollector, to_raw
from governance.contracts.model import DatasetContract
from governance.errors import ProgrammeError

PROLOG_BYTES = 64 * 1024
PLAIN_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<\?[^?]*+\?>|<!--(?:[^-]|-(?!-))*+-->)*+<[A-Za-z]"
)
"""What may stand before the root element: no document type, so no entities; no other encoding."""

SHEETS = ("xl/worksheets/", "xl/media/")
"""Parts that stream, or are never read."""

MAX_ROWS = 1_048_576
"""Of the format itself; a row number past it would be counted up to without end."""

Cells = list[object]


class ExcelReader(SubmissionReader):
    """Reads one sheet of a workbook."""

    def __init__(self, source: Source, contract: DatasetContract, limits: IntakeLimits) -> None:
        """Judge the package, choose the sheet, match the header.

        Raises:
            UnreadableSubmissionError: Past a cap, damaged, no such sheet, or a wrong header.
        """
        super().__init__(contract, limits)
        self._stream = hold_in_memory(source, limits)
        self._check_package()
        self._workbook = self._open()
        self._sheet = self._choose_sheet()
        self._lines: list[tuple[int, int]] = []
        self._layout = self._decide_layout()
        for finding in self._layout.findings:
            self.add_finding(finding)
        self._dialect.update(
            format="excel",
            sheet=self._workbook.sheetnames.index(self._sheet.title) + 1,
            sheets=len(self._workbook.sheetnames),
            header=contract.file.header,
            columns=self._layout.width,
            preamble_lines=contract.file.preamble_lines,
            **source.describe(),
        )

    def _check_package(self) -> None:
        """Refuse bombs and XML that declares entities, before any of it is parsed."""
        archive = open_archive(self._stream, self.limits)
        parts = archive.infolist()
        total = sum(info.file_size for info in parts)
        held = max((i.file_size for i in parts if not i.filename.startswith(SHEETS)), default=0)
        if total > self.limits.max_workbook_bytes:
            raise refuse(
                "intake.workbook_too_large",
                f"The workbook holds {total} bytes uncompressed; at most "
                f"{self.limits.max_workbook_bytes} are read.",
                remedy="Send the data as CSV.",
            )
        if held > self.limits.max_workbook_part_bytes:
            raise refuse(
                "intake.workbook_too_large",
                f"A part of the workbook that is read whole (shared text) holds {held} bytes; at "
                f"most {self.limits.max_workbook_part_bytes} are read.",
                remedy="Send the data as CSV.",
            )
        for info in parts:
            if not info.filename.endswith((".xml", ".rels")):
                continue
            try:
                with archive.open(info) as part:
                    prolog = part.read(PROLOG_BYTES)
            except DAMAGE:
                raise _unreadable() from None
            if not PLAIN_PROLOG.match(prolog):
                raise refuse(
                    "intake.archive_unsafe",
                    "A part of the workbook is not plain XML: it may declare entities.",
                    remedy="Save it anew with Excel.",
                )

    def _open(self) -> Any:  # noqa: ANN401  openpyxl's own types are loose
        """The workbook, read-only."""
        self._stream.seek(0)
        try:
            return openpyxl.load_workbook(
                self._stream, read_only=True, data_only=True, keep_links=False
            )
        except ProgrammeError:
            raise  # The store failed, not the file.
        except Exception:  # noqa: BLE001  openpyxl raises whatever its parsers do, quoting cells
            raise _unreadable() from None

    def _choose_sheet(self) -> Any:  # noqa: ANN401
        """The contract's sheet, or the first.

        Raises:
            UnreadableSubmissionError: No such sheet.
        """
        names: list[str] = self._workbook.sheetnames
        wanted = self.contract.file.sheet
        if wanted is None:
            if len(names) > 1:
                self.add_finding(
                    note("intake.sheet", f"The first of {len(names)} sheets was read.")
                )
            return self._worksheet(names[0])
        found = [n for n in names if n.strip().casefold() == wanted.strip().casefold()]
        if not found:
            raise refuse(
                "intake.sheet_missing",
                f"The workbook has no sheet of the contract's name (sheets: {len(names)}).",
                remedy="Name the sheet as the contract does.",
            )
        return self._worksheet(wanted if wanted in found else found[0])

    def _worksheet(self, name: str) -> Any:  # noqa: ANN401
        """A sheet of cells (a chart sheet is none)."""
        sheet = self._workbook[name]
        if not hasattr(sheet, "reset_dimensions"):
            raise refuse(
                "intake.sheet_missing", "The sheet holds no cells.", remedy="Send a sheet of cells."
            )
        sheet.reset_dimensions()
        return sheet

    def _rows(self) -> Iterator[tuple[int, Cells]]:
        """Sheet row number and cells of each row that has any value.

        Raises:
            UnreadableSubmissionError: Past the cap, or the XML breaks off.
        """
        cells = 0
        rows = iter(self._sheet.iter_rows(values_only=True))
        number = 0
        while True:
            try:
                row = next(rows, None)
            except ProgrammeError:
                raise
            except Exception:  # noqa: BLE001  as above
                raise _unreadable() from None
            if row is None:
                return
            number += 1
            cells += len(row)
            if cells > self.limits.max_workbook_cells or number > MAX_ROWS:
                raise refuse(
                    "intake.workbook_too_large",
                    f"The sheet has more than {self.limits.max_workbook_cells} cells or "
                    f"{MAX_ROWS} rows.",
                    remedy="Send the data as CSV.",
                )
            if number <= self.contract.file.preamble_lines:
                continue
            values = list(row)
            while values and (values[-1] is None or values[-1] == ""):
                values.pop()
            if values:
                yield number, values

    def _decide_layout(self) -> Layout:
        """Match the first row."""
        first = next(self._rows(), None)
        if first is None:
            raise refuse(
                "intake.empty_file", "The sheet holds no record.", remedy="Send the file again."
            )
        _, cells = first
        if len(cells) > self.limits.max_columns:
            raise refuse(
                "intake.too_many_columns",
                f"The sheet has {len(cells)} columns; at most {self.limits.max_columns} are read.",
                remedy="Send the columns of the contract.",
            )
        if not self.contract.file.header:
            return match_positions(self.contract, max(len(cells), len(self.contract.columns)))
        return match_header(["" if c is None else str(c) for c in cells], self.contract)

    def batches(self) -> Iterator[RawBatch]:
        """Every row; see `SubmissionReader.batches`.

        Yields:
            Batches of up to 65,536 rows.
        """
        self.records_read = 0
        self._lines = []
        collector = RowCollector(self.contract)
        rows = self._rows()
        if self.contract.file.header:
            next(rows, None)
        previous = -1
        for number, cells in rows:
            self.records_read += 1
            if number != previous + 1:
                self._lines.append((self.records_read, number))
            previous = number
            self._add(collector, cells)
            if collector.is_full:
                yield collector.take()
        if not collector.is_empty:
            yield collector.take()
        if not self.records_read:
            self.add_finding(
                warn("intake.no_records", "The sheet has no row below its header.",
                     remedy="Check that the right file was sent.")
            )  # fmt: skip

    def _add(self, collector: RowCollector, cells: Cells) -> None:
        """One row, or a malformed record."""
        if len(cells) > self._layout.width:
            collector.add_malformed(self.records_read, "record.too_many_cells", to_raw(cells))
            return
        row: list[str | None] = []
        for column, position in zip(self.contract.columns, self._layout.positions, strict=True):
            value = cells[position] if position is not None and position < len(cells) else None
            text = None if value is None else render_value(value, column)
            if text is not None and len(text) > self.limits.max_cell_bytes:
                raise refuse(
                    "intake.cell_too_long",
                    f"A cell of {column.name} is longer than {self.limits.max_cell_bytes} bytes.",
                    remedy="Send text of a sensible length.",
                    column=column.name,
                )
            row.append(text)
        collector.add(self.records_read, row)

    def line_numbers(self, records: Sequence[int]) -> dict[int, int]:
        """Sheet rows of these records."""
        found: dict[int, int] = {}
        for record in records:
            before = [pair for pair in self._lines if pair[0] <= record]
            if before:
                first, number = before[-1]
                found[record] = number + record - first
        return found

    def close(self) -> None:
        """Let go of the workbook."""
        self._workbook.close()
        super().close()


class _HeaderReader(ExcelReader):
    """A sheet whose header nobody declared yet."""

    def _decide_layout(self) -> Layout:
        """Nothing to match."""
        return Layout((), 0)

    def read_header(self) -> list[str]:
        """Cells of the first row that has any."""
        first = next(self._rows(), None)
        return [] if first is None else ["" if c is None else str(c) for c in first[1]]


def read_sheet_header(source: Source, contract: DatasetContract, limits: IntakeLimits) -> list[str]:
    """The header cells of a sheet, for drafting a contract.

    Raises:
        UnreadableSubmissionError: The workbook cannot be read.
    """
    with _HeaderReader(source, contract, limits) as reader:
        return reader.read_header()


def _unreadable() -> UnreadableSubmissionError:
    """The refusal for a workbook openpyxl cannot read."""
    return refuse(
        "intake.workbook_damaged",
        "The workbook cannot be read.",
        remedy="Save it anew as .xlsx and send it again.",
    )
