"""Delimited text, the fast path: blocks of whole records, parsed side by side by pyarrow.

1. The first bytes decide encoding, dialect and header (`encodings`, `sniff`, `headers`).
2. `blocks` cuts the stream where a record ends; two threads parse blocks (pyarrow lets go of the
   interpreter), in order, with a window that bounds memory.
3. A block pyarrow refuses is looked at again with care (`careful`): its malformed records are cut
   out with their ordinals, the rest is parsed.
4. Lines are never counted while reading. For failing records only, a second scan finds them.
"""

from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from enclave.batches import MalformedRecord, RawBatch
from enclave.errors import UnreadableSubmissionError
from enclave.findings import Finding, Severity
from enclave.intake.blocks import (
    Block,
    QuotesMisreadError,
    Readable,
    RecordTooLongError,
    cut_blocks,
)
from enclave.intake.careful import ParsedBlock, parse_block
from enclave.intake.cells import to_int64
from enclave.intake.encodings import Encoding, Utf8Stream, decide_encoding
from enclave.intake.headers import Layout, match_header, match_positions
from enclave.intake.limits import IntakeLimits
from enclave.intake.reader import SubmissionReader
from enclave.intake.refusals import refuse, warn
from enclave.intake.samples import SAMPLE_BYTES, read_sample
from enclave.intake.scanner import (
    LF,
    count_bytes,
    count_line_breaks,
    ends_inside_quotes,
    find_records,
)
from enclave.intake.sniff import Sniffed, name_byte, name_quote, sniff
from enclave.intake.sources import Source
from governance.contracts.model import DatasetContract

THREADS = 2
WINDOW_BLOCKS = 3
"""Blocks parsed ahead of the consumer, so that memory is a few blocks."""

MIN_WIDTHS_JUDGED = 5

TARGET_ROWS = 64_000
MIN_BLOCK_BYTES = 1 << 20
MAX_BLOCK_BYTES = 16 << 20


class DelimitedReader(SubmissionReader):
    """Reads delimited text; see the module's steps."""

    def __init__(self, source: Source, contract: DatasetContract, limits: IntakeLimits) -> None:
        """Decide encoding, dialect and header from the first bytes.

        Raises:
            UnreadableSubmissionError: The beginning already rules the file out.
        """
        super().__init__(contract, limits)
        self._source = source
        self._encoding = self._decide_encoding()
        self._sniffed, sample = self._sniff()
        self._layout = self._decide_layout()
        for finding in (*self._sniffed.findings, *self._layout.findings):
            self.add_finding(finding)
        self._check_widths(self._layout.width)
        self._block_bytes = _choose_block_bytes(self._sniffed, sample)
        self._blocks: list[_PlacedBlock] = []
        self._describe()

    def _decide_encoding(self) -> Encoding:
        """Encoding from the raw first bytes."""
        sample, _ = read_sample(self._source.open(), SAMPLE_BYTES)
        encoding = decide_encoding(sample, self.contract.file.encoding)
        for finding in encoding.findings:
            self.add_finding(finding)
        return encoding

    def _text(self) -> Utf8Stream:
        """The file from its first character on."""
        return Utf8Stream(self._source.open(), self._encoding)

    def _sniff(self) -> tuple[Sniffed, bytes]:
        """Dialect and header; a longer sample where the header needs it."""
        size = min(SAMPLE_BYTES, self.limits.max_header_bytes)
        while True:
            sample, whole = read_sample(self._text(), size)
            try:
                return sniff(sample, self.contract, whole=whole), sample
            except UnreadableSubmissionError:
                if whole or size >= self.limits.max_header_bytes:
                    raise
                size = min(size * 4, self.limits.max_header_bytes)

    def _decide_layout(self) -> Layout:
        """Where the contract's columns stand."""
        sniffed = self._sniffed
        usual = Counter(sniffed.widths).most_common(1)[0][0] if sniffed.widths else 0
        width = len(sniffed.header) if sniffed.header is not None else usual
        if width > self.limits.max_columns:
            raise refuse(
                "intake.too_many_columns",
                f"The file has {width} columns; at most {self.limits.max_columns} are read.",
                remedy="Send the columns of the contract.",
                findings=self.findings,
            )
        named = len(self.contract.columns)
        if sniffed.header is None:
            if usual > named >= sniffed.filled:
                return Layout(tuple(range(named)), usual, tuple(range(named, usual)))
            return match_positions(self.contract, usual)
        header = list(sniffed.header)
        while len(header) > 1 and not header[-1].strip():
            header.pop()
        width = usual or width
        if width < len(header) or sniffed.filled > len(header):
            header = list(sniffed.header)
        void = range(len(header), width) if sniffed.filled <= len(header) else ()
        return match_header(header, self.contract, void=void)

    def _check_widths(self, width: int) -> None:
        """Refuse when every sampled record would be malformed: say so once, not for each."""
        widths = self._sniffed.widths
        if len(widths) >= MIN_WIDTHS_JUDGED and width not in widths:
            raise refuse(
                "intake.record_width",
                f"None of the first {len(widths)} records has {width} cells; they have "
                f"{min(widths)} to {max(widths)}.",
                remedy="Write header and records with the same delimiter and number of cells.",
                findings=self.findings,
            )

    def _describe(self) -> None:
        """Fill `dialect`."""
        sniffed, file = self._sniffed, self.contract.file
        self._dialect.update(
            format="delimited",
            encoding=self._encoding.name,
            byte_order_mark=self._encoding.mark_bytes > 0,
            delimiter=name_byte(sniffed.dialect.delimiter),
            delimiter_declared=file.delimiter is not None,
            quote=name_quote(sniffed.dialect.quote),
            newline=sniffed.newline,
            header=sniffed.header is not None,
            columns=self._layout.width,
            preamble_lines=file.preamble_lines,
            **self._source.describe(),
        )

    def _read_from(self, offset: int) -> "_Pushback":
        """The text from a byte after the header on."""
        stream = _Pushback(self._text())
        left = self._sniffed.data_start + offset
        while left:
            left -= len(stream.read(min(left, 1 << 20)))
        return stream

    def _cut(self, offset: int, *, strict: bool) -> Generator[Block, None, None]:
        """Blocks from a record on that begins `offset` bytes after the header."""
        return cut_blocks(
            self._read_from(offset),
            self._sniffed.dialect,
            block_bytes=self._block_bytes,
            max_record_bytes=self.limits.max_record_bytes,
            strict=strict,
        )

    def _parse(self, block: Block) -> ParsedBlock:
        """One block, in a worker thread."""
        if block.is_last and ends_inside_quotes(block.content, self._sniffed.dialect):
            self._check_open_quote(block)
        parsed = parse_block(
            block, self.contract, self._layout, self._sniffed.dialect, self.limits.max_cell_bytes
        )
        return replace(parsed, is_line_each=_is_line_each(block, parsed.records))

    def _check_open_quote(self, block: Block) -> None:
        """Refuse when a quote that is never closed swallowed more than the last line."""
        content = block.content
        spans = find_records(content, self._sniffed.dialect)
        last = content[int(spans.starts[-1]) :].rstrip(b"\r\n")
        if count_line_breaks(last):
            raise RecordTooLongError(-1 - int(spans.lines[-1]), in_quotes=True)

    def batches(self) -> Iterator[RawBatch]:
        """Every record in order; see `SubmissionReader.batches`.

        Yields:
            Batches of some 64,000 rows.
        """
        self.records_read = 0
        self._blocks = []
        quote = self._sniffed.dialect.quote
        null_values = "".join(self.contract.file.null_values)
        # What is not read, or made null, could hide a misread quote: then look at every quote.
        strict = self._layout.has_unread or (quote is not None and chr(quote) in null_values)
        try:
            try:
                yield from self._parse_all(strict=strict)
            except QuotesMisreadError:
                yield from self._parse_all(strict=True)
        except RecordTooLongError as error:
            raise self._refuse_record(error) from None
        if not self.records_read:
            self.add_finding(
                warn(
                    "intake.no_records",
                    "The file has no record below its header.",
                    remedy="Check that the right file was sent.",
                )
            )

    def _parse_all(self, *, strict: bool) -> Iterator[RawBatch]:
        """Every block not yet numbered, parsed side by side, in order."""
        waiting: deque[tuple[int, Future[ParsedBlock]]] = deque()
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="intake")
        offset = sum(block.size for block in self._blocks)
        try:
            # Closed here and now: a block read ahead must not meet another reading of the stream.
            with closing(self._cut(offset, strict=strict)) as blocks:
                for block in blocks:
                    waiting.append((block.size, pool.submit(self._parse, block)))
                    if len(waiting) > WINDOW_BLOCKS:
                        yield self._number(*waiting.popleft())
            while waiting:
                yield self._number(*waiting.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _number(self, size: int, parsing: Future[ParsedBlock]) -> RawBatch:
        """Give a parsed block its ordinals."""
        parsed = parsing.result()
        first = self.records_read + 1
        self._blocks.append(_PlacedBlock(size, first, parsed.records, parsed.is_line_each))
        self.records_read += parsed.records
        if parsed.rows.num_rows == parsed.records:
            ordinals = np.arange(first, first + parsed.records, dtype=np.int64)
        else:
            keep = np.ones(parsed.records, np.bool_)
            keep[[bad.record - 1 for bad in parsed.malformed]] = False
            ordinals = np.flatnonzero(keep) + first
        malformed = tuple(
            MalformedRecord(bad.record + first - 1, bad.code, bad.raw) for bad in parsed.malformed
        )
        return RawBatch(parsed.rows, to_int64(ordinals), malformed)

    def _refuse_record(self, error: RecordTooLongError) -> Exception:
        """The refusal for a record without end, with the line it begins on."""
        if error.offset < 0:
            last = self._sniffed.data_start + sum(block.size for block in self._blocks)
            line = self._line_at(last) - 1 - error.offset
            what = "A quote that is never closed is opened"
        else:
            line = self._line_at(self._sniffed.data_start + error.offset)
            what = f"A record of more than {self.limits.max_record_bytes} bytes begins"
            what += ", in an open quote," if error.in_quotes else ""
        finding = Finding(
            "intake.quote_never_closed" if error.in_quotes else "intake.record_too_long",
            Severity.ERROR,
            f"{what} on line {line}.",
            lines=(line,),
            remedy="Close the quote, or double quotes inside a cell." if error.in_quotes else
            "Check the line breaks; split what is too long.",
        )  # fmt: skip
        return UnreadableSubmissionError(
            finding.message, findings=(*self.findings, finding), finding=finding.code
        )

    def _line_at(self, offset: int) -> int:
        """The physical line (1-based) of a byte of the text."""
        stream = _Pushback(self._text())
        breaks = 0
        while offset:
            chunk = stream.read(min(offset, 1 << 20))
            if not chunk:
                break
            breaks += chunk.count(b"\n") + chunk.count(b"\r") - chunk.count(b"\r\n")
            offset -= len(chunk)
            if chunk.endswith(b"\r") and offset and stream.peek() == b"\n":
                breaks -= 1
        return breaks + 1

    def line_numbers(self, records: Sequence[int]) -> dict[int, int]:
        """Lines on which these records begin; see `SubmissionReader.line_numbers`."""
        wanted = np.unique(np.asarray(records, np.int64))
        found: dict[int, int] = {}
        if not len(wanted):
            return found
        line = self._line_at(self._sniffed.data_start)
        stream: _Pushback | None = None
        unread = 0
        for block in self._blocks:
            here = wanted[(wanted >= block.first) & (wanted < block.first + block.records)]
            if block.is_line_each:
                found.update((int(record), int(record) - block.first + line) for record in here)
                line += block.records
                unread += block.size
                continue
            stream = stream or self._read_from(0)
            stream.skip(unread)
            unread = 0
            content = stream.read_exactly(block.size)
            if len(here):
                at = find_records(content, self._sniffed.dialect).lines[here - block.first] + line
                found.update(zip(here.tolist(), at.tolist(), strict=True))
            if len(found) == len(wanted):
                break
            line += count_line_breaks(content)
        return found


def _is_line_each(block: Block, records: int) -> bool:
    """Whether each record of a block is one line.

    A record ends with a line break, so as many breaks as records leave none for a blank line or
    the inside of a cell.
    """
    data, size = block.data, block.size
    if not data.endswith((b"\n", b"\r"), 0, size):
        return False
    if data.find(b"\r", 0, size) >= 0:
        return count_line_breaks(block.content) == records
    return count_bytes(data, LF, size) == records


class _PlacedBlock(NamedTuple):
    """A parsed block's place.

    Attributes:
        size: Bytes of text.
        first: Ordinal of its first record.
        records: Its records, malformed ones included.
        is_line_each: Whether each of them is one line.
    """

    size: int
    first: int
    records: int
    is_line_each: bool


def _choose_block_bytes(sniffed: Sniffed, sample: bytes) -> int:
    """Bytes that hold about `TARGET_ROWS` rows, judged by the sample."""
    rows = max(len(sniffed.widths), 1)
    breaks = max(count_line_breaks(sample[sniffed.data_start :]), rows)
    per_row = max((len(sample) - sniffed.data_start) / breaks, 1.0)
    return int(min(max(per_row * TARGET_ROWS, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES))


class _Pushback:
    """A stream one can look one byte ahead in."""

    def __init__(self, stream: Readable) -> None:
        """Wrap a stream that may return more than asked for."""
        self._stream = stream
        self._held = b""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes."""
        if not self._held:
            self._held = self._stream.read(size)
        part, self._held = self._held[:size], self._held[size:]
        return part

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        while size and (part := self.read(min(size, 1 << 20))):
            size -= len(part)

    def read_exactly(self, size: int) -> bytes:
        """`size` bytes, or what is left."""
        parts: list[bytes] = []
        while size and (part := self.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def peek(self) -> bytes:
        """The next byte, or nothing at the end."""
        if not self._held:
            self._held = self._stream.read(1 << 16)
        return self._held[:1]
