"""Decides how delimited text is written, with the contract as the strongest hint.

Nothing is guessed silently: every decision is a note, and a file that contradicts its contract
gives a warning. The decision rests on the first bytes only (a sample of whole records).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from enclave.findings import Finding
from enclave.intake.headers import count_matches
from enclave.intake.refusals import note, refuse, warn
from enclave.intake.scanner import Dialect, Spans, find_records, line_breaks
from governance.contracts.model import DatasetContract

DELIMITERS = b",\t;|:^~\x1f\x01 "
"""Tried in this order; on a tie the earlier one wins."""

SEPARATOR_LINE = re.compile(rb"(?i:sep)=[^\r\n]?(?:\r\n|\n|\r)")
"""What Excel writes first in some countries; no data."""

SAMPLE_RECORDS = 200
FIRST_BYTES = 32 * 1024
"""Where the sampled records are looked for first."""

NAMES = {0x09: "tab", 0x20: "space", 0x1F: "unit separator", 0x01: "control-A"}


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What was decided about delimited text.

    Attributes:
        dialect: Delimiter and quote.
        newline: `LF`, `CRLF`, `CR`, `mixed`, or `none` for a single line.
        skip_bytes: Bytes (UTF-8) of the preamble.
        header: Cells of the header row, or None when the contract declares none.
        data_start: Bytes before the first data record.
        widths: Cells of each sampled data record.
        filled: The longest sampled data record, empty cells at its end left out.
        findings: What was decided, and contradictions.
    """

    dialect: Dialect
    newline: str
    skip_bytes: int
    header: tuple[str, ...] | None
    data_start: int
    widths: tuple[int, ...]
    filled: int
    findings: tuple[Finding, ...]


def split_cells(record: bytes, dialect: Dialect) -> list[bytes]:
    """Cut one record into cells; for headers and samples, not for whole files."""
    delimiter = bytes((dialect.delimiter,))
    if dialect.quote is None or record.find(dialect.quote) < 0:
        return record.split(delimiter)
    quote = bytes((dialect.quote,))
    cells: list[bytes] = []
    at = 0
    while True:
        cell = b""
        if record.startswith(quote, at):
            at += 1
            while True:
                closing = record.find(quote, at)
                if closing < 0:
                    cells.append(cell + record[at:])
                    return cells
                cell += record[at:closing]
                at = closing + 1
                if not record.startswith(quote, at):
                    break
                cell += quote
                at += 1
        end = record.find(delimiter, at)
        if end < 0:
            cells.append(cell + record[at:])
            return cells
        cells.append(cell + record[at:end])
        at = end + 1


def name_byte(byte: int) -> str:
    """A delimiter or quote for people."""
    return NAMES.get(byte, chr(byte))


def name_quote(quote: int | None) -> str:
    """A quote for people."""
    return "none" if quote is None else name_byte(quote)


def sniff_newline(sample: bytes) -> str:
    """Which line breaks the sample has."""
    pairs = sample.count(b"\r\n")
    feeds, returns = sample.count(b"\n") - pairs, sample.count(b"\r") - pairs
    kinds = [n for n, c in (("CRLF", pairs), ("LF", feeds), ("CR", returns)) if c]
    if sample.endswith(b"\r") and returns == 1 and (pairs or feeds):
        kinds.remove("CR")  # The sample may have been cut inside a CRLF.
    return kinds[0] if len(kinds) == 1 else ("mixed" if kinds else "none")


def _declared_byte(text: str | None, what: str) -> int | None:
    """A declared delimiter or quote as one byte.

    Raises:
        UnreadableSubmissionError: It is longer than one ASCII character.
    """
    if text is None or text == "":
        return None
    if len(text) != 1 or not text.isascii():
        raise refuse(
            "intake.dialect_unsupported",
            f"The contract declares a {what} that is not one ASCII character.",
            remedy="Agree on a delimiter and a quote of one character each.",
        )
    return ord(text)


def preamble_bytes(sample: bytes, lines: int) -> int:
    """Length of the declared preamble lines.

    Raises:
        UnreadableSubmissionError: The file has fewer lines, or they are too long.
    """
    if not lines:
        return 0
    breaks = line_breaks(sample)
    if len(breaks) < lines:
        raise refuse(
            "intake.preamble_missing",
            f"The contract declares {lines} preamble lines; the file is shorter or they are "
            "too long.",
            remedy="Send the preamble as agreed, or change the contract.",
        )
    return int(breaks[lines - 1]) + 1


def _first_spans(body: bytes, dialect: Dialect) -> Spans:
    """The first records: all of the body, or more than are sampled and the last perhaps cut."""
    size = FIRST_BYTES
    while size < len(body):
        spans = find_records(body[:size], dialect)
        if len(spans.starts) > SAMPLE_RECORDS + 1:
            return spans
        size *= 4
    return find_records(body, dialect)


def sample_records(body: bytes, dialect: Dialect, *, whole: bool) -> list[list[bytes]]:
    """Cells of the first records; the last is left out unless the sample is the whole file."""
    spans = _first_spans(body, dialect)
    count = len(spans.starts) if whole else len(spans.starts) - 1
    return [
        split_cells(body[spans.starts[i] : spans.ends[i]], dialect)
        for i in range(min(count, SAMPLE_RECORDS))
    ]


def _filled_width(cells: Sequence[bytes]) -> int:
    """Cells up to the last that holds anything."""
    return max((at + 1 for at, cell in enumerate(cells) if cell.strip()), default=0)


def consistency(widths: Sequence[int]) -> float:
    """How much a delimiter looks like one: the share of the usual width, if above one cell."""
    if not widths:
        return 0.0
    usual, count = Counter(widths).most_common(1)[0]
    return count / len(widths) if usual > 1 else 0.0


def _score(
    body: bytes, dialect: Dialect, contract: DatasetContract, *, whole: bool
) -> tuple[float, float]:
    """Agreement with the contract first, consistency second."""
    records = sample_records(body, dialect, whole=whole)
    if not records:
        return (0.0, 0.0)
    widths = [len(cells) for cells in records]
    if contract.file.header:
        header = [cell.decode("utf-8", "replace") for cell in records[0]]
        return (float(count_matches(header, contract)), consistency(widths))
    expected = len(contract.columns)
    return (sum(w == expected for w in widths) / len(widths), consistency(widths))


def _decide_dialect(
    body: bytes, contract: DatasetContract, *, whole: bool
) -> tuple[Dialect, list[Finding]]:
    """Delimiter and quote together, and how they were decided.

    A declared empty quote means that quotes mean nothing.
    """
    file = contract.file
    declared = _declared_byte(file.delimiter, "delimiter")
    quotes: list[int | None] = [ord('"'), ord("'")] if b"'" in body else [ord('"')]
    if file.quote is not None:
        quotes = [_declared_byte(file.quote, "quote")]
    delimiters = ([] if declared is None else [declared]) + list(DELIMITERS)
    scores = {
        Dialect(delimiter, quote): _score(body, Dialect(delimiter, quote), contract, whole=whole)
        for quote in quotes
        for delimiter in dict.fromkeys(delimiters)
        if delimiter != quote
    }
    best = max(scores, key=lambda dialect: scores[dialect])
    findings = [note("intake.dialect", f"The quote is {name_quote(best.quote)}.")]
    if declared is None:
        text = f"The delimiter is {name_byte(best.delimiter)}."
        return best, [note("intake.dialect", text), *findings]
    kept = max((d for d in scores if d.delimiter == declared), key=lambda dialect: scores[dialect])
    if not file.header or scores[best][0] <= max(scores[kept][0], 1):
        return kept, []
    return best, [  # The header decides: it names the contract's columns one way only.
        warn(
            "intake.dialect_contradicts",
            f"The contract declares the delimiter {name_byte(declared)}; only with "
            f"{name_byte(best.delimiter)} does the header name the contract's columns.",
            remedy="Send the declared delimiter, or change the contract.",
        )
    ]


def sniff(sample: bytes, contract: DatasetContract, *, whole: bool) -> Sniffed:
    """Decide delimiter, quote and line breaks, and find header and first data record.

    Args:
        sample: The file's first bytes as UTF-8, without mark.
        contract: What the agency declared.
        whole: Whether the sample is the whole file.

    Raises:
        UnreadableSubmissionError: Empty file, missing preamble, unusable declaration, or no end
            of the header record within the sample.
    """
    skip = preamble_bytes(sample, contract.file.preamble_lines)
    hint = SEPARATOR_LINE.match(sample, skip)
    if hint:
        skip = hint.end()
    body = sample[skip:]
    if not body.strip(b"\r\n"):
        raise refuse(
            "intake.empty_file",
            "The file holds no record.",
            remedy="Send the file again; an agreed empty delivery still needs its header.",
        )
    dialect, findings = _decide_dialect(body, contract, whole=whole)
    if hint:
        findings.append(note("intake.dialect", "The line that names the separator was left out."))
    newline = sniff_newline(body)
    findings.append(note("intake.dialect", f"Line breaks are {newline}."))
    spans = _first_spans(body, dialect)
    records = sample_records(body, dialect, whole=whole)
    if not records:
        raise refuse(
            "intake.header_too_long",
            f"The first record does not end within {len(sample)} bytes.",
            remedy="Send a file of records; look for a quote that is never closed.",
        )
    header: tuple[str, ...] | None = None
    data_start = skip
    if contract.file.header:
        header = tuple(cell.decode("utf-8", "replace") for cell in records.pop(0))
        data_start = skip + (int(spans.starts[1]) if len(spans.starts) > 1 else len(body))
    return Sniffed(
        dialect,
        newline,
        skip,
        header,
        data_start,
        tuple(len(cells) for cells in records),
        max((_filled_width(cells) for cells in records), default=0),
        tuple(findings),
    )
