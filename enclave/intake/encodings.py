"""Decides a file's encoding and turns any of them into UTF-8, block by block.

A byte sequence that means nothing in the encoding becomes a byte that is invalid UTF-8, so that
the record it stands in is quarantined later instead of being guessed at or lost.
"""

import codecs
from dataclasses import dataclass

from enclave.findings import Finding
from enclave.intake.blocks import Readable
from enclave.intake.refusals import note, refuse, warn

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARABLE = frozenset(
    {"utf-8", "ascii", "cp1252", "iso8859-1", "iso8859-15", "utf-16-le", "utf-16-be", "cp437",
     "cp850", "mac-roman"}
)  # fmt: skip
_UTF16_NULS = 0.3
"""Share of NUL bytes on one side of the pairs that says UTF-16 without a mark (text in English)."""

_INVALID = "enclave-invalid"


def _mark_invalid(error: UnicodeError) -> tuple[str, int]:
    """Replace what cannot be decoded by a lone surrogate, encoded later as an invalid byte."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_INVALID, _mark_invalid)


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a file is written in.

    Attributes:
        name: Python's name of the codec.
        mark_bytes: Length of the byte-order mark to skip.
        findings: How it was decided.
    """

    name: str
    mark_bytes: int
    findings: tuple[Finding, ...]


def _normal_name(declared: str) -> str:
    """Python's canonical name of a declared encoding.

    Raises:
        UnreadableSubmissionError: The intake does not read that encoding.
    """
    wanted = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le"}.get(declared.strip().lower(), declared)
    try:
        name = codecs.lookup(wanted).name
    except LookupError:
        name = ""
    if name not in DECLARABLE:
        raise refuse(
            "intake.encoding_unsupported",
            "The contract declares an encoding the intake does not read.",
            remedy="Declare one of " + ", ".join(sorted(DECLARABLE)) + ".",
        ) from None
    return name


def _is_utf8(sample: bytes) -> bool:
    """Whether the sample is UTF-8, a character cut off at its end aside."""
    try:
        codecs.utf_8_decode(sample, "strict", False)  # noqa: FBT003  positional only: not final
    except UnicodeDecodeError:
        return False
    return True


def _imply_encoding(sample: bytes) -> tuple[str, str]:
    """The encoding of a sample without mark or declaration, and what implies it."""
    if _is_utf8(sample) and b"\0" not in sample:
        return "utf-8", "every byte sampled is UTF-8"
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(len(sample) // 2, 1)
    if odd > half * _UTF16_NULS and even * 10 < odd:
        return "utf-16-le", "every second byte is zero"
    if even > half * _UTF16_NULS and odd * 10 < even:
        return "utf-16-be", "every second byte is zero"
    if _is_utf8(sample):
        return "utf-8", "every byte sampled is UTF-8"
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return "iso8859-1", "bytes that are neither UTF-8 nor cp1252"
    return "cp1252", "bytes that are not UTF-8"


def decide_encoding(sample: bytes, declared: str | None) -> Encoding:
    """Decide from the mark, the declaration, then the bytes; a contradiction is a warning.

    Args:
        sample: The file's first bytes.
        declared: The contract's encoding, or None.
    """
    wanted = None if declared is None else _normal_name(declared)
    for mark, name in BOMS:
        if not sample.startswith(mark):
            continue
        findings = [note("intake.encoding", f"A byte-order mark says {name}.")]
        if wanted not in (None, name):
            findings = [_contradiction(f"has the byte-order mark of {name}", f"{wanted}")]
        return Encoding(name, len(mark), tuple(findings))
    implied, reason = _imply_encoding(sample)
    if wanted is None:
        if implied == "utf-8":
            return Encoding(implied, 0, (note("intake.encoding", f"Read as UTF-8: {reason}."),))
        finding = warn(
            "intake.encoding_implied",
            f"Read as {implied}: {reason}.",
            remedy="Send UTF-8, or declare the encoding in the contract.",
        )
        return Encoding(implied, 0, (finding,))
    if implied.startswith("utf-16") and not wanted.startswith("utf-16"):
        return Encoding(implied, 0, (_contradiction(f"is {implied} ({reason})", wanted),))
    if wanted in {"utf-8", "ascii"} and implied != "utf-8":
        finding = _contradiction(f"has {reason}; records with them are quarantined", wanted)
        return Encoding("utf-8", 0, (finding,))
    return Encoding("utf-8" if wanted == "ascii" else wanted, 0, ())


def _contradiction(seen: str, declared: str) -> Finding:
    """The finding for a file that is not what its contract says."""
    return warn(
        "intake.dialect_contradicts",
        f"The contract declares the encoding {declared}; the file {seen}.",
        remedy="Send the declared encoding, or change the contract.",
    )


class Utf8Stream:
    """A forward stream in any supported encoding, read as UTF-8 without its mark."""

    def __init__(self, stream: Readable, encoding: Encoding) -> None:
        """Read from `stream`, which stands at its first byte."""
        self._stream = stream
        self._skip = encoding.mark_bytes
        self._decoder = (
            None
            if encoding.name == "utf-8"
            else codecs.getincrementaldecoder(encoding.name)(errors=_INVALID)
        )
        self._ended = False

    def read(self, size: int, /) -> bytes:
        """About `size` bytes of UTF-8; empty only at the end."""
        while not self._ended:
            chunk = self._stream.read(size)
            self._ended = not chunk
            if self._skip:
                skipped = min(self._skip, len(chunk))
                chunk, self._skip = chunk[skipped:], self._skip - skipped
            if self._decoder is not None:
                text = self._decoder.decode(chunk, final=self._ended)
                chunk = text.encode("utf-8", "surrogateescape")
            if chunk:
                return chunk
        return b""
