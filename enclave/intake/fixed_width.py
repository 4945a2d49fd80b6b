"""Fixed-width text with several record types, header and trailer records.

A file is accepted whole or not at all: the header first, the trailer last, and the trailer's count
equal to the records between them (of every type). Only the contract's record type becomes rows;
ordinals count records of that type. A line may be shorter than the layout (trailing blanks cut
off) as long as the last column the contract cannot do without is complete.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from enclave.batches import MalformedRecord, RawBatch
from enclave.errors import UnreadableSubmissionError
from enclave.findings import Finding, Severity
from enclave.intake.blocks import Block, RecordTooLongError, cut_blocks
from enclave.intake.careful import find_invalid_utf8, find_nul_bytes
from enclave.intake.cells import null_cells, to_int64
from enclave.intake.encodings import Utf8Stream, decide_encoding
from enclave.intake.headers import needs_column
from enclave.intake.limits import IntakeLimits
from enclave.intake.reader import SubmissionReader
from enclave.intake.refusals import note, refuse, warn
from enclave.intake.samples import SAMPLE_BYTES, read_sample
from enclave.intake.scanner import Dialect, Positions, Spans, count_line_breaks, find_records
from enclave.intake.sniff import sniff_newline
from enclave.intake.sources import Source
from governance.contracts.model import DatasetContract

BLOCK_BYTES = 8 << 20
NO_QUOTES = Dialect(delimiter=0, quote=None)
LINES_SHOWN = 10
_EVERY_SECOND = 0b01010101
_CONTINUATION = 0x80
"""The two upper bits of a byte that continues a UTF-8 sequence."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of a block and what each of them is.

    Attributes:
        content: The block's bytes.
        spans: Where records lie.
        wanted, headers, trailers: Which are of the contract's type, header, trailer records.
        strange: Which are of a type the contract does not name, where it names them all.
    """

    content: bytes
    spans: Spans
    wanted: Mask
    headers: Mask
    trailers: Mask
    strange: Mask


class FixedWidthReader(SubmissionReader):
    """Reads fixed-width records; see the module."""

    def __init__(self, source: Source, contract: DatasetContract, limits: IntakeLimits) -> None:
        """Decide the encoding and check the layout.

        Raises:
            UnreadableSubmissionError: A column without position or width, or an empty file.
        """
        super().__init__(contract, limits)
        self._source = source
        self._slices = self._check_layout()
        sample, _ = read_sample(source.open(), SAMPLE_BYTES)
        self._encoding = decide_encoding(sample, contract.file.encoding)
        for finding in self._encoding.findings:
            self.add_finding(finding)
        if not sample.strip(b"\r\n \x1a"):
            raise refuse(
                "intake.empty_file", "The file holds no record.", remedy="Send the file again."
            )
        newline = sniff_newline(sample)
        self.add_finding(note("intake.dialect", f"Line breaks are {newline}."))
        self._needed_width = max(
            (end for c, (_, end) in zip(contract.columns, self._slices, strict=True)
             if needs_column(contract, c)),
            default=self._slices[0][1],
        )  # fmt: skip
        self._dialect.update(
            format="fixed_width",
            encoding=self._encoding.name,
            newline=newline,
            record_width=max(end for _, end in self._slices),
            preamble_lines=contract.file.preamble_lines,
            **source.describe(),
        )

    def _check_layout(self) -> list[tuple[int, int]]:
        """Start and end of each column, in characters."""
        slices: list[tuple[int, int]] = []
        for column in self.contract.columns:
            if column.start is None or column.width is None:
                raise refuse(
                    "intake.layout_missing",
                    f"The contract gives {column.name} no start and width.",
                    remedy="Complete the contract's fixed-width layout.",
                    column=column.name,
                )
            slices.append((column.start, column.start + column.width))
        return slices

    def _classified(self) -> Generator[_Records, None, None]:
        """Every block with its records told apart.

        Raises:
            UnreadableSubmissionError: A line without end.
        """
        file = self.contract.file
        blocks = cut_blocks(
            Utf8Stream(self._source.open(), self._encoding),
            NO_QUOTES,
            block_bytes=BLOCK_BYTES,
            max_record_bytes=self.limits.max_record_bytes,
        )
        skip_lines = file.preamble_lines
        try:
            for block in blocks:
                records = self._classify(block, skip_lines)
                skip_lines = max(skip_lines - count_line_breaks(records.content), 0)
                yield records
        except RecordTooLongError:
            raise refuse(
                "intake.record_too_long",
                f"A line is longer than {self.limits.max_record_bytes} bytes.",
                remedy="Check the line breaks.",
            ) from None

    def _classify(self, block: Block, skip_lines: int) -> _Records:
        """Tell a block's records apart by their type code."""
        content = block.content
        spans = find_records(content, NO_QUOTES)
        keep = spans.lines >= skip_lines
        if block.is_last and len(spans.starts) and content[spans.starts[-1] :].strip() == b"\x1a":
            keep[-1] = False  # The end-of-file mark of old systems.
        spans = Spans(spans.starts[keep], spans.ends[keep], spans.lines[keep])
        file = self.contract.file
        headers = self._has_type(content, spans, file.header_record)
        trailers = self._has_type(content, spans, file.trailer_record)
        if file.record_type is None:
            wanted = ~(headers | trailers)
        else:
            wanted = self._has_type(content, spans, file.record_type)
        strange = np.zeros(len(wanted), np.bool_)
        if file.other_record_types:
            strange = ~(wanted | headers | trailers)
            for code in file.other_record_types:
                strange &= ~self._has_type(content, spans, code)
        if file.present_start is not None and file.present_width is not None:
            wanted &= _is_used(content, spans, file.present_start, file.present_width)
        return _Records(content, spans, wanted, headers, trailers, strange)

    def _has_type(self, content: bytes, spans: Spans, code: str | None) -> Mask:
        """Which records carry the type code at its place (bytes: type codes are ASCII)."""
        matches = np.zeros(len(spans.starts), np.bool_)
        if not code:
            return matches
        data = np.frombuffer(content, np.uint8)
        at = spans.starts + self.contract.file.record_type_start
        fits = at + len(code) <= spans.ends
        matches |= fits
        for offset, byte in enumerate(code.encode()):
            matches[fits] &= data[at[fits] + offset] == byte
        return matches

    def batches(self) -> Iterator[RawBatch]:
        """Records of the contract's type; see `SubmissionReader.batches`.

        Yields:
            One batch a block.
        """
        self.records_read = 0
        self._other_records = {}
        frame = _Frame(self.contract, self.findings)
        line = 0
        with closing(self._classified()) as blocks:
            for records in blocks:
                frame.add(records, line)
                line += count_line_breaks(records.content)
                yield self._to_batch(records)
        frame.finish()
        self._other_records = frame.other_records
        if not self.records_read:
            self.add_finding(
                warn(
                    "intake.no_records",
                    "The file holds no record of the contract's type.",
                    remedy="Check that the right file was sent.",
                )
            )

    def _to_batch(self, records: _Records) -> RawBatch:
        """Slice the wanted records of a block into cells."""
        starts, ends = records.spans.starts[records.wanted], records.spans.ends[records.wanted]
        first = self.records_read + 1
        self.records_read += len(starts)
        bad = self._find_malformed(records)
        is_ascii = records.content.isascii()
        lengths = ends - starts if is_ascii else _count_characters(records.content, starts, ends)
        short = np.flatnonzero(lengths < self._needed_width)
        bad = dict.fromkeys(short.tolist(), "record.too_short") | bad
        keep = np.ones(len(starts), np.bool_)
        keep[list(bad)] = False
        malformed = tuple(
            MalformedRecord(first + at, bad[at], records.content[starts[at] : ends[at]])
            for at in sorted(bad)
        )
        rows = self._slice(records.content, starts[keep], ends[keep], is_ascii=is_ascii)
        return RawBatch(rows, to_int64(np.flatnonzero(keep) + first), malformed)

    def _find_malformed(self, records: _Records) -> dict[int, str]:
        """Wanted records with bytes that are no text, by their place among the wanted."""
        content, spans = records.content, records.spans
        bad = dict.fromkeys(find_nul_bytes(content, spans), "record.nul_byte")
        if not content.isascii():
            bad.update(dict.fromkeys(find_invalid_utf8(content, spans), "record.encoding"))
        place = np.cumsum(records.wanted) - 1
        return {int(place[at]): code for at, code in bad.items() if records.wanted[at]}

    def _slice(
        self, content: bytes, starts: Positions, ends: Positions, *, is_ascii: bool
    ) -> pa.RecordBatch:
        """Cells of whole lines: by bytes where a character is one, else by characters."""
        file = self.contract.file
        lines = None if is_ascii else cut_cells(content, starts, ends)
        arrays: list[pa.Array] = []
        for start, end in self._slices:
            if lines is None:
                low, high = np.minimum(starts + start, ends), np.minimum(starts + end, ends)
                cells = cut_cells(content, low, high)
            else:
                cells = pc.utf8_slice_codeunits(lines, start, end)
            arrays.append(null_cells(cells, file.null_values, trim=file.trim))
        return pa.RecordBatch.from_arrays(arrays, names=[c.name for c in self.contract.columns])

    def line_numbers(self, records: Sequence[int]) -> dict[int, int]:
        """Lines of these records; see `SubmissionReader.line_numbers`."""
        wanted = np.unique(np.asarray(records, np.int64))
        found: dict[int, int] = {}
        line, first = 1, 1
        with closing(self._classified()) as blocks:
            for block in blocks:
                lines = block.spans.lines[block.wanted]
                here = wanted[(wanted >= first) & (wanted < first + len(lines))]
                found.update(zip(here.tolist(), (lines[here - first] + line).tolist(), strict=True))
                if len(found) == len(wanted):
                    break
                line += count_line_breaks(block.content)
                first += len(lines)
        return found


def _is_used(content: bytes, spans: Spans, start: int, width: int) -> Mask:
    """Which records hold more than blanks and zeros there (bytes: such records are ASCII)."""
    data = np.frombuffer(content, np.uint8)
    used = np.zeros(len(spans.starts), np.bool_)
    for offset in range(start, start + width):
        at = spans.starts + offset
        fits = at < spans.ends
        cells = data[at[fits]]
        used[fits] |= (cells != ord(" ")) & (cells != ord("0"))
    return used


class _Frame:
    """Header first, trailer last, count right: kept while blocks pass by."""

    def __init__(self, contract: DatasetContract, findings: list[Finding]) -> None:
        """Nothing seen yet."""
        self._file = contract.file
        self._findings = findings
        self._seen = 0
        self._wanted = 0
        self._header_lines: list[int] = []
        self._trailer_lines: list[int] = []
        self._strange_lines: list[int] = []
        self._strange = 0
        self._headers = 0
        self._trailers = 0
        self._last_is_trailer = False
        self._stated: str | None = None

    @property
    def other_records(self) -> dict[str, int]:
        """Records that became no row, by what they are."""
        others = self._seen - self._wanted - self._headers - self._trailers
        counts = {"header": self._headers, "trailer": self._trailers, "other": others}
        return {name: count for name, count in counts.items() if count}

    def add(self, records: _Records, lines_before: int) -> None:
        """Take note of a block.

        Raises:
            UnreadableSubmissionError: The first record is no header.
        """
        spans = records.spans
        if not len(spans.starts):
            return
        if not self._seen and self._file.header_record and not records.headers[0]:
            raise self._refuse(
                "intake.header_record_missing",
                "The file does not begin with the header record the contract declares.",
                (int(spans.lines[0]) + lines_before + 1,),
            )
        self._seen += len(spans.starts)
        self._wanted += int(records.wanted.sum())
        self._headers += int(records.headers.sum())
        self._trailers += int(records.trailers.sum())
        self._strange += int(records.strange.sum())
        for mask, lines in (
            (records.headers, self._header_lines),
            (records.trailers, self._trailer_lines),
            (records.strange, self._strange_lines),
        ):
            at = np.flatnonzero(mask)[:LINES_SHOWN]
            lines.extend((spans.lines[at] + lines_before + 1).tolist())
        self._last_is_trailer = bool(records.trailers[-1])
        if self._last_is_trailer:
            start, end = int(spans.starts[-1]), int(spans.ends[-1])
            self._stated = records.content[start:end].decode("utf-8", "replace")

    def finish(self) -> None:
        """Judge the whole file.

        Raises:
            UnreadableSubmissionError: Two headers, no or two trailers, a wrong count, or a
                record of a type nobody named.
        """
        file = self._file
        if file.header_record and self._headers > 1:
            raise self._refuse(
                "intake.header_record_repeated",
                f"The file has {self._headers} header records; several files may have been joined.",
                tuple(self._header_lines[:LINES_SHOWN]),
            )
        if file.trailer_record is not None:
            self._check_trailer()
        if self._strange:
            records = "1 record is" if self._strange == 1 else f"{self._strange:,} records are"
            known = ", ".join((str(file.record_type), *file.other_record_types))
            raise self._refuse(
                "intake.record_type_unknown",
                f"{records} of a type that the contract does not name (it names {known}); another "
                "section or another file may have been sent.",
                tuple(self._strange_lines[:LINES_SHOWN]),
            )

    def _check_trailer(self) -> None:
        """One trailer, at the end, with the right count."""
        if not self._last_is_trailer:
            raise self._refuse(
                "intake.trailer_record_missing",
                "The file does not end with the trailer record the contract declares; it may have "
                "been cut off.",
                (),
            )
        if self._trailers > 1:
            raise self._refuse(
                "intake.trailer_record_repeated",
                f"The file has {self._trailers} trailer records.",
                tuple(self._trailer_lines[:LINES_SHOWN]),
            )
        self._check_count()

    def _check_count(self) -> None:
        """Compare the trailer's count with the records between header and trailer."""
        file = self._file
        if file.trailer_count_start is None or file.trailer_count_width is None:
            return
        end = file.trailer_count_start + file.trailer_count_width
        stated = (self._stated or "")[file.trailer_count_start : end].strip()
        records = self._seen - self._headers - self._trailers
        if not stated.isascii() or not stated.isdigit():
            raise self._refuse(
                "intake.trailer_count",
                f"The trailer states no number of records (the file has {records}).",
                tuple(self._trailer_lines[-1:]),
            )
        if int(stated) != records:
            raise self._refuse(
                "intake.trailer_count",
                f"The trailer states another number of records than the {records} the file has.",
                tuple(self._trailer_lines[-1:]),
            )

    def _refuse(self, code: str, message: str, lines: tuple[int, ...]) -> UnreadableSubmissionError:
        """The refusal, with lines."""
        finding = Finding(
            code, Severity.ERROR, message, lines=lines, remedy="Produce and send the file again."
        )
        return UnreadableSubmissionError(message, findings=(*self._findings, finding), finding=code)


def cut_cells(content: bytes, starts: Positions, ends: Positions) -> pa.Array:
    """Pieces of a buffer as text; pieces and the gaps between them alternate, gaps are left out."""
    if not len(starts):
        return pa.array([], pa.string())
    offsets = np.empty(2 * len(starts), np.int32)
    offsets[0::2], offsets[1::2] = starts, ends
    count = len(offsets) - 1
    both = pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(content)]
    )
    bits = np.full((count + 7) // 8, _EVERY_SECOND, np.uint8)
    pieces = pa.Array.from_buffers(pa.bool_(), count, [None, pa.py_buffer(bits)])
    return both.filter(pieces)


def _count_characters(content: bytes, starts: Positions, ends: Positions) -> Positions:
    """Characters of each piece: its bytes that do not continue a UTF-8 sequence."""
    data = np.frombuffer(content, np.uint8)
    before = np.concatenate(([0], np.cumsum((data & 0xC0) != _CONTINUATION)))
    counts: Positions = before[ends] - before[starts]
    return counts
