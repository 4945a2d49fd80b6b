"""JSON Lines: one flat object a line; keys are matched like header cells.

Blocks whose every value is a string, a whole number or a boolean go through pyarrow; any other
block is read line by line, with numbers kept as they are spelled. A line that is no flat object is
a malformed record.
"""

import codecs
import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Never

import numpy as np
import pyarrow as pa
import pyarrow.json as pajson

from enclave.batches import RawBatch
from enclave.intake.blocks import Block, RecordTooLongError, cut_blocks
from enclave.intake.cells import longest_cell_bytes, null_cells, to_int64
from enclave.intake.encodings import Utf8Stream, decide_encoding
from enclave.intake.headers import Layout, match_header
from enclave.intake.limits import IntakeLimits
from enclave.intake.parquet import column_to_text
from enclave.intake.reader import SubmissionReader
from enclave.intake.refusals import refuse, warn
from enclave.intake.rendering import render_bool
from enclave.intake.samples import SAMPLE_BYTES, read_sample
from enclave.intake.scanner import Dialect, count_line_breaks, find_records
from enclave.intake.sources import Source
from enclave.intake.tabulate import RowCollector
from governance.contracts.model import DatasetContract

BLOCK_BYTES = 8 << 20
NO_QUOTES = Dialect(delimiter=0, quote=None)
SAMPLE_LINES = 100

_FAST_TYPES: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class _LineError(Exception):
    """A line that is no flat object; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _refuse_constant(_: str) -> Never:
    """NaN and Infinity are no JSON."""
    raise _LineError("record.json_syntax")


def _collect_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object; a repeated key is malformed."""
    collected = dict(pairs)
    if len(collected) < len(pairs):
        raise _LineError("record.duplicate_key")
    return collected


class _Number(str):
    """A number as it is spelled."""

    __slots__ = ()


_DECODER = json.JSONDecoder(
    object_pairs_hook=_collect_pairs,
    parse_float=_Number,
    parse_int=_Number,
    parse_constant=_refuse_constant,
)


def parse_line(line: bytes) -> dict[str, object]:
    """One line as a flat object; numbers as `_Number`.

    Raises:
        _LineError: With the code of the malformed record.
    """
    try:
        parsed = _DECODER.decode(line.decode("utf-8").strip())
    except UnicodeDecodeError:
        raise _LineError("record.encoding") from None
    except (ValueError, RecursionError):
        raise _LineError("record.json_syntax") from None
    if not isinstance(parsed, dict):
        raise _LineError("record.not_an_object")
    if any(isinstance(value, dict | list) for value in parsed.values()):
        raise _LineError("record.nested_value")
    for value in parsed.values():
        if isinstance(value, str) and "\0" in value:
            raise _LineError("record.nul_byte")
        if isinstance(value, str) and _LONE_SURROGATE.search(value):
            raise _LineError("record.encoding")
    return parsed


def sample_keys(text: bytes, *, whole: bool) -> dict[str, set[type]]:
    """Keys of the first lines, in order, with the kinds of their values (null aside).

    Raises:
        UnreadableSubmissionError: One JSON array, or no flat object at all.
    """
    if text.lstrip().startswith(b"["):
        raise refuse(
            "intake.wrong_format",
            "The file is one JSON array; the contract declares JSON Lines.",
            remedy="Write one object a line, without brackets around them.",
        )
    spans = find_records(text, NO_QUOTES)
    lines = min(len(spans.starts) if whole else max(len(spans.starts) - 1, 1), SAMPLE_LINES)
    keys: dict[str, set[type]] = {}
    for start, end in zip(spans.starts[:lines].tolist(), spans.ends[:lines].tolist(), strict=True):
        try:
            parsed = parse_line(text[start:end])
        except _LineError:
            continue
        for key, value in parsed.items():
            kinds = keys.setdefault(key, set())
            if value is not None:
                whole_number = isinstance(value, _Number) and value.lstrip("-").isdigit()
                kinds.add(int if whole_number else type(value))
    if not keys:
        raise refuse(
            "intake.wrong_format",
            f"None of the first {lines} lines is a flat JSON object.",
            remedy="Send JSON Lines: one flat object a line.",
        )
    return keys


class JSONLinesReader(SubmissionReader):
    """Reads flat JSON objects."""

    def __init__(self, source: Source, contract: DatasetContract, limits: IntakeLimits) -> None:
        """Match the keys of the first lines.

        Raises:
            UnreadableSubmissionError: No line is a flat object, or keys the contract does not know.
        """
        super().__init__(contract, limits)
        self._source = source
        sample, whole = read_sample(source.open(), SAMPLE_BYTES)
        self._encoding = decide_encoding(sample, contract.file.encoding)
        for finding in self._encoding.findings:
            self.add_finding(finding)
        self._keys, self._layout, self._fast = self._decide_keys(whole=whole)
        for finding in self._layout.findings:
            self.add_finding(finding)
        self._dialect.update(
            format="json_lines",
            encoding=self._encoding.name,
            columns=len(self._keys),
            **source.describe(),
        )

    def _decide_keys(self, *, whole: bool) -> tuple[list[str], Layout, dict[str, pa.DataType]]:
        """Keys seen in the sample, where the contract's columns are, and a schema for pyarrow."""
        text, _ = read_sample(Utf8Stream(self._source.open(), self._encoding), SAMPLE_BYTES)
        keys = sample_keys(text, whole=whole)
        if len(keys) > self.limits.max_columns:
            raise refuse(
                "intake.too_many_columns",
                f"The objects have {len(keys)} keys; at most {self.limits.max_columns} are read.",
                remedy="Send the columns of the contract.",
            )
        names = list(keys)
        layout = match_header(names, self.contract)
        fast: dict[str, pa.DataType] = {}
        for key, kinds in keys.items():
            kind = next(iter(kinds)) if len(kinds) == 1 else str
            fast[key] = _FAST_TYPES.get(kind, pa.string())
        return names, layout, fast

    def _blocks(self) -> Generator[Block, None, None]:
        """Whole lines."""
        try:
            yield from cut_blocks(
                Utf8Stream(self._source.open(), self._encoding),
                NO_QUOTES,
                block_bytes=BLOCK_BYTES,
                max_record_bytes=self.limits.max_record_bytes,
            )
        except RecordTooLongError:
            raise refuse(
                "intake.record_too_long",
                f"A line is longer than {self.limits.max_record_bytes} bytes.",
                remedy="Write one object a line.",
            ) from None

    def batches(self) -> Iterator[RawBatch]:
        """Every line; see `SubmissionReader.batches`.

        Yields:
            Batches of a block, or of 65,536 rows where lines are read one by one.
        """
        self.records_read = 0
        with closing(self._blocks()) as blocks:
            for block in blocks:
                content = block.content
                fast = self._read_fast(content)
                if fast is not None:
                    yield fast
                else:
                    yield from self._read_slowly(content)
        if not self.records_read:
            self.add_finding(
                warn("intake.no_records", "The file has no records.",
                     remedy="Check that the right file was sent.")
            )  # fmt: skip

    def _read_fast(self, content: bytes) -> RawBatch | None:
        """A block through pyarrow, or None when a value is of another kind than sampled."""
        if b"\\u0000" in content or b"\0" in content or b"\r" in content.replace(b"\r\n", b""):
            return None
        try:
            codecs.utf_8_decode(content, "strict", True)  # noqa: FBT003  positional only
        except UnicodeDecodeError:
            return None
        records = len(find_records(content, NO_QUOTES).starts)
        try:
            table = pajson.read_json(
                pa.BufferReader(content),
                read_options=pajson.ReadOptions(use_threads=False, block_size=len(content) + 1),
                parse_options=pajson.ParseOptions(
                    explicit_schema=pa.schema(list(self._fast.items())),
                    unexpected_field_behavior="error",
                ),
            )
        except pa.ArrowInvalid:
            return None
        if table.num_rows != records:
            return None
        arrays = []
        for column, position in zip(self.contract.columns, self._layout.positions, strict=True):
            if position is None:
                arrays.append(pa.nulls(records, pa.string()))
                continue
            values = table.column(self._keys[position]).combine_chunks()
            text = column_to_text(values, column)
            if longest_cell_bytes(text) > self.limits.max_cell_bytes:
                return None
            arrays.append(
                null_cells(text, self.contract.file.null_values, trim=self.contract.file.trim)
            )
        first = self.records_read + 1
        self.records_read += records
        rows = pa.RecordBatch.from_arrays(arrays, names=[c.name for c in self.contract.columns])
        return RawBatch(rows, to_int64(np.arange(first, first + records, dtype=np.int64)))

    def _read_slowly(self, content: bytes) -> Iterator[RawBatch]:
        """A block line by line."""
        collector = RowCollector(self.contract)
        spans = find_records(content, NO_QUOTES)
        known = frozenset(self._keys)
        for start, end in zip(spans.starts.tolist(), spans.ends.tolist(), strict=True):
            line = content[start:end]
            self.records_read += 1
            try:
                collector.add(self.records_read, self._to_row(parse_line(line), known))
            except _LineError as error:
                collector.add_malformed(self.records_read, error.code, line)
            if collector.is_full:
                yield collector.take()
        if not collector.is_empty:
            yield collector.take()

    def _to_row(self, parsed: Mapping[str, object], known: frozenset[str]) -> list[str | None]:
        """Cells in contract order."""
        if not known.issuperset(parsed) and not self.contract.file.ignore_extra_columns:
            raise _LineError("record.unknown_key")
        row: list[str | None] = []
        for column, position in zip(self.contract.columns, self._layout.positions, strict=True):
            value = None if position is None else parsed.get(self._keys[position])
            text = render_bool(value, column) if isinstance(value, bool) else value
            if text is not None and len(str(text)) > self.limits.max_cell_bytes:
                raise _LineError("record.cell_too_long")
            row.append(None if text is None else str(text))
        return row

    def line_numbers(self, records: Sequence[int]) -> dict[int, int]:
        """Lines of these records; see `SubmissionReader.line_numbers`."""
        wanted = np.unique(np.asarray(records, np.int64))
        found: dict[int, int] = {}
        line, first = 1, 1
        with closing(self._blocks()) as blocks:
            for block in blocks:
                content = block.content
                lines = find_records(content, NO_QUOTES).lines
                here = wanted[(wanted >= first) & (wanted < first + len(lines))]
                found.update(zip(here.tolist(), (lines[here - first] + line).tolist(), strict=True))
                if len(found) == len(wanted):
                    break
                line += count_line_breaks(content)
                first += len(lines)
        return found
