"""Cuts a stream of UTF-8 delimited text into blocks of whole records; memory is one block."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from enclave.intake.scanner import Dialect, Quotes, ends_inside_quotes, find_cut


class Readable(Protocol):
    """What the intake reads from: forward only, already decompressed and decoded to UTF-8."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes (a few more after decoding); empty at the end."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records as bytes.

    Attributes:
        data: Bytes; only the first `size` belong to the block.
        size: Length of the block.
        is_last: Nothing follows, so its last record may lack a line break.
        quotes: What is known of its quotes.
    """

    data: bytes
    size: int
    is_last: bool
    quotes: Quotes

    @property
    def content(self) -> bytes:
        """The block's bytes alone (a copy where more was read)."""
        return self.data if self.size == len(self.data) else self.data[: self.size]


class RecordTooLongError(Exception):
    """A record does not end within the bound; caught and turned into a finding by the reader.

    Attributes:
        offset: Where the record begins, in bytes from where cutting began.
        in_quotes: Whether a quote is open there.
    """

    def __init__(self, offset: int, *, in_quotes: bool) -> None:
        """Keep the position."""
        super().__init__("a record does not end within the bound")
        self.offset = offset
        self.in_quotes = in_quotes


class QuotesMisreadError(Exception):
    """A block cut by the quick look at quotes holds a stray one: cut again from here, strictly."""


def _read_ahead(stream: Readable, size: int) -> Generator[bytes, None, None]:
    """The stream in pieces, the next one fetched (and inflated) while this one is used.

    Closing waits for a read under way, so that nobody else finds the stream in use.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="intake-read") as pool:
        coming = pool.submit(stream.read, size)
        while piece := coming.result():
            coming = pool.submit(stream.read, size)
            yield piece


def cut_blocks(
    stream: Readable,
    dialect: Dialect,
    *,
    block_bytes: int,
    max_record_bytes: int,
    strict: bool = True,
) -> Generator[Block, None, None]:
    """Blocks of about `block_bytes`, each beginning at a record's first byte.

    Args:
        stream: Begins at a record.
        dialect: Delimiter and quote.
        block_bytes: How much to read at a time.
        max_record_bytes: Bound of one record.
        strict: Look at every quote; else blocks may be `unproven`.

    Raises:
        RecordTooLongError: One record needs more than `max_record_bytes`.
    """
    rest = b""
    offset = 0
    with closing(_read_ahead(stream, block_bytes)) as pieces:
        for piece in pieces:
            data = rest + piece if rest else piece
            cut, quotes = find_cut(data, dialect, strict=strict)
            if len(data) - cut > max_record_bytes:
                tail = data[cut:]
                raise RecordTooLongError(offset + cut, in_quotes=ends_inside_quotes(tail, dialect))
            if cut:
                yield Block(data, cut, is_last=False, quotes=quotes)
            rest = data[cut:]
            offset += cut
    if rest:
        _, quotes = find_cut(rest, dialect)
        yield Block(rest, len(rest), is_last=True, quotes=quotes)
