"""Reads the first bytes of a stream, for decisions that rest on a sample."""

from enclave.intake.blocks import Readable

SAMPLE_BYTES = 256 * 1024


def read_sample(stream: Readable, size: int) -> tuple[bytes, bool]:
    """At least `size` bytes, and whether that is the whole stream."""
    parts: list[bytes] = []
    held = 0
    while held <= size:
        part = stream.read(size)
        if not part:
            return b"".join(parts), True
        parts.append(part)
        held += len(part)
    return b"".join(parts), False
