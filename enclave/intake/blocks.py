"""Cuts a stream of UTF-8 delimited text into blocks of whole records; memory is one block."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from enclave.intake.scanner import Dialect, ends_inside_quotes, find_cut


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
        has_strays: A closing quote has text after it.
    """

    data: bytes
    size: int
    is_last: bool
    has_strays: bool = False

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


def cut_blocks(
    stream: Readable, dialect: Dialect, *, block_bytes: int, max_record_bytes: int
) -> Iterator[Block]:
    """Blocks of about `block_bytes`, each beginning at a record's first byte.

    The cuts depend on the bytes only, so that a second scan finds the same blocks.

    Raises:
        RecordTooLongError: One record needs more than `max_record_bytes`.
    """
    rest = b""
    offset = 0
    while chunk := stream.read(block_bytes):
        data = rest + chunk if rest else chunk
        cut, strays = find_cut(data, dialect)
        if len(data) - cut > max_record_bytes:
            tail = data[cut:]
            raise RecordTooLongError(offset + cut, in_quotes=ends_inside_quotes(tail, dialect))
        if cut:
            yield Block(data, cut, is_last=False, has_strays=strays)
        rest = data[cut:]
        offset += cut
    if rest:
        _, strays = find_cut(rest, dialect)
        yield Block(rest, len(rest), is_last=True, has_strays=strays)
