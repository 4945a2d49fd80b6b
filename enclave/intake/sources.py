"""Where the bytes come from: the file itself, or what lies inside a gzip or zip."""

from collections.abc import Mapping
from typing import BinaryIO, Protocol

from enclave.intake.blocks import Readable


class Source(Protocol):
    """Bytes that can be read again from the start."""

    def open(self) -> Readable:
        """A forward stream from the first byte; ends any stream opened before."""

    def describe(self) -> Mapping[str, str | int | bool]:
        """What the receipt should say of it."""


class PlainSource:
    """The file as it lies."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read from a seekable stream."""
        self._stream = stream

    def open(self) -> Readable:
        """The stream, at its first byte."""
        self._stream.seek(0)
        return self._stream

    def describe(self) -> Mapping[str, str | int | bool]:
        """Nothing was unpacked."""
        return {"compression": "none"}
