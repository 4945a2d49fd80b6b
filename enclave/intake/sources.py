"""Where the bytes come from: the file itself, or what lies inside a gzip or zip.

Nothing is unpacked to disk. What a compressed file expands to is bounded while it is read, so a
bomb costs its first blocks only. Names inside an archive may carry people: positions are reported.
"""

import io
import zlib
from collections.abc import Mapping
from typing import BinaryIO, Protocol

from enclave.intake.blocks import Readable
from enclave.intake.limits import MIB, IntakeLimits
from enclave.intake.refusals import refuse

GZIP_WINDOW = 31
"""zlib's code for "expect a gzip header"."""

RATIO_JUDGED_AFTER_BYTES = 64 * MIB
"""Small files of blanks compress a thousandfold without harm."""

INPUT_BYTES = 256 * 1024


class Source(Protocol):
    """Bytes that can be read again from the start."""

    def open(self) -> Readable:
        """A forward stream from the first byte; ends any stream opened before.

        Raises:
            UnreadableSubmissionError: While reading, too: damage, or past a bound.
        """

    def describe(self) -> Mapping[str, str | int | bool]:
        """What the receipt should say of it."""


class PlainSource:
    """The file as it lies."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read from a seekable stream."""
        self.stream = stream

    def open(self) -> Readable:
        """The stream, at its first byte."""
        self.stream.seek(0)
        return self.stream

    def describe(self) -> Mapping[str, str | int | bool]:
        """Nothing was unpacked."""
        return {"compression": "none"}


class ExpansionGuard:
    """Counts what goes in and comes out, and refuses a bomb."""

    def __init__(self, limits: IntakeLimits) -> None:
        """Start at zero."""
        self._limits = limits
        self._output_bytes = 0

    def check(self, output_bytes: int, input_bytes: int) -> None:
        """Add output; `input_bytes` is the compressed size read so far (or in all).

        Raises:
            UnreadableSubmissionError: Past the declared size or ratio.
        """
        self._output_bytes += output_bytes
        limits = self._limits
        if self._output_bytes > limits.max_uncompressed_bytes:
            raise refuse(
                "intake.expansion",
                f"The compressed file holds more than {limits.max_uncompressed_bytes} bytes.",
                remedy="Send it in parts, or agree on a larger bound with the operator.",
            )
        ratio = self._output_bytes / max(input_bytes, 1)
        if self._output_bytes > RATIO_JUDGED_AFTER_BYTES and ratio > limits.max_expansion_ratio:
            raise refuse(
                "intake.expansion",
                f"The compressed file expands more than {limits.max_expansion_ratio:g} times.",
                remedy="Send the file uncompressed.",
            )


class _GzipStream:
    """Inflates one or more gzip members, forward only."""

    def __init__(self, stream: BinaryIO, limits: IntakeLimits) -> None:
        """Start at the stream's first byte."""
        self._stream = stream
        self._guard = ExpansionGuard(limits)
        self._inflater = zlib.decompressobj(GZIP_WINDOW)
        self._pending = b""
        self._input_bytes = 0
        self._started = False

    def _feed(self) -> bool:
        """Have input pending; False at the end of the file."""
        if not self._pending:
            self._pending = self._stream.read(INPUT_BYTES)
            self._input_bytes += len(self._pending)
        return bool(self._pending)

    def read(self, size: int, /) -> bytes:
        """Up to `size` inflated bytes; empty at the end.

        Raises:
            UnreadableSubmissionError: Damaged, cut off, or past a bound.
        """
        while True:
            if self._inflater.eof:
                self._pending = self._inflater.unused_data or self._pending
                self._inflater = zlib.decompressobj(GZIP_WINDOW)
                self._started = False
                self._pending = self._pending.lstrip(b"\0")
            if not self._feed():
                if self._started:
                    raise _damaged("is cut off")
                return b""
            self._started = True
            try:
                output = self._inflater.decompress(self._pending, size)
            except zlib.error:
                raise _damaged("is damaged") from None
            self._pending = self._inflater.unconsumed_tail
            if output:
                self._guard.check(len(output), self._input_bytes)
                return output


def _damaged(how: str) -> Exception:
    """The refusal for a compressed file that does not inflate."""
    return refuse(
        "intake.archive_damaged",
        f"The compressed file {how}.",
        remedy="Compress and send it again; compare checksums.",
    )


class GzipSource:
    """What lies inside a gzip file."""

    def __init__(self, stream: BinaryIO, limits: IntakeLimits) -> None:
        """Read from a seekable stream."""
        self._stream = stream
        self._limits = limits

    def open(self) -> Readable:
        """Inflate from the first byte."""
        self._stream.seek(0)
        return _GzipStream(self._stream, self._limits)

    def describe(self) -> Mapping[str, str | int | bool]:
        """That it was gzip."""
        return {"compression": "gzip"}


def hold_in_memory(source: Source, limits: IntakeLimits) -> BinaryIO:
    """A seekable stream over the source: itself where it is plain, else a bounded copy in memory.

    Raises:
        UnreadableSubmissionError: More than `max_resident_bytes`.
    """
    if isinstance(source, PlainSource):
        source.stream.seek(0)
        return source.stream
    stream = source.open()
    held = io.BytesIO()
    while part := stream.read(MIB):
        held.write(part)
        if held.tell() > limits.max_resident_bytes:
            raise refuse(
                "intake.too_large_to_hold",
                "The file inside the archive needs random access and is larger than "
                f"{limits.max_resident_bytes} bytes.",
                remedy="Send it outside an archive.",
            )
    held.seek(0)
    return held
