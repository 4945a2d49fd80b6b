"""Keyed primitives for identities: the only module that turns an identifier into a code.

Three functions, all vectorized over rows and all keyed:

* `derive_subkey`: a key per purpose, scope and domain from one ring key (NIST SP 800-108r1,
  counter mode, AES-256-CMAC as PRF).
* `cmac_rows`: AES-256-CMAC (NIST SP 800-38B) of one message per row, 128 bits.
* `encipher_blocks`: AES-256 of one 128-bit block per row: a keyed bijection.

Messages are built by `FieldMessages`: every field is prefixed with its length (4 bytes, big
endian, bytes of UTF-8), so that no two different lists of fields give the same message.

A code made here from an identifier (the crosswalk's lookup key) never leaves the identity zone;
what lands is enciphered from a random id (34 CFR 99.31(b)(2)(iii), 45 CFR 164.514(c)).
Vectors: tests/vectors/pseudonyms.json. Why CMAC: docs/adr/0040-keyed-cmac-over-columns.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode

from enclave.errors import EnclaveError
from enclave.keys import Key

BLOCK_BYTES: Final = 16
"""AES block, and length of every id and lookup key, in bytes."""

_KEY_BYTES: Final = 32
_LENGTH_PREFIX_BYTES: Final = 4
_PADDING_START: Final = 0x80
_CMAC_CONSTANT: Final = 0x87
"""R_128 of NIST SP 800-38B, section 5.3."""

Blocks = npt.NDArray[np.uint8]
"""Rows of 16 bytes: shape (rows, 16)."""

_Positions = npt.NDArray[np.int64]


class MissingIdentityError(EnclaveError):
    """A row without an identity reached a step that needs one; such rows belong in quarantine."""

    code = "deidentify.missing_identity"


def derive_subkey(key: Key, *, label: str, context: str) -> bytes:
    """A 256-bit key for one use, from a ring key.

    Args:
        key: The ring's key; its material is 32 bytes.
        label: What the subkey is for.
        context: Scope and domain it is for.

    Source:
        NIST SP 800-108r1, section 4.1 (counter mode), PRF = AES-256-CMAC, r = 32, L as 32 bits.
    """
    return KBKDFCMAC(
        algorithm=algorithms.AES,
        mode=Mode.CounterMode,
        length=_KEY_BYTES,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=label.encode(),
        context=context.encode(),
        fixed=None,
    ).derive(key.material)


def encipher_blocks(key: bytes, blocks: Blocks) -> Blocks:
    """AES-256 of each row of 16 bytes: a keyed bijection on 128-bit values.

    Args:
        key: 32 bytes.
        blocks: Shape (rows, 16).
    """
    source = np.ascontiguousarray(blocks).reshape(-1)
    out = np.empty(source.size + BLOCK_BYTES, dtype=np.uint8)
    # One block per row, never a message of several: ECB is the bare permutation here.
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305  see above
    written = encryptor.update_into(source.data, out.data)
    return out[:written].reshape(-1, BLOCK_BYTES)


def _double(block: int) -> int:
    """Multiplication by x in GF(2^128) (SP 800-38B, section 6.1, steps 2 and 3)."""
    doubled = block << 1
    if doubled >> 128:
        doubled = (doubled ^ _CMAC_CONSTANT) & ((1 << 128) - 1)
    return doubled


def _subkeys(key: bytes) -> tuple[Blocks, Blocks]:
    """K1 and K2 of SP 800-38B, section 6.1."""
    zero = encipher_blocks(key, np.zeros((1, BLOCK_BYTES), dtype=np.uint8))
    first = _double(int.from_bytes(zero.tobytes(), "big"))
    second = _double(first)
    return (
        np.frombuffer(first.to_bytes(BLOCK_BYTES, "big"), dtype=np.uint8),
        np.frombuffer(second.to_bytes(BLOCK_BYTES, "big"), dtype=np.uint8),
    )


@dataclass(frozen=True, slots=True)
class _Field:
    """One column of non-null text as bytes with positions."""

    data: npt.NDArray[np.uint8]
    starts: _Positions
    lengths: _Positions


def _field(column: pa.Array) -> _Field:
    """Bytes and positions of a text column.

    Raises:
        MissingIdentityError: The column has nulls.
    """
    if column.null_count:
        raise MissingIdentityError("rows without an identity", rows=column.null_count)
    text = column if pa.types.is_string(column.type) else column.cast(pa.string())
    _, offsets_buffer, data_buffer = text.buffers()
    rows = len(text)
    if not rows:
        empty = np.empty(0, dtype=np.int64)
        return _Field(np.empty(0, dtype=np.uint8), empty, empty)
    offsets = np.frombuffer(offsets_buffer, dtype=np.int32)[text.offset : text.offset + rows + 1]
    wide = offsets.astype(np.int64)
    data = (
        np.frombuffer(data_buffer, dtype=np.uint8)
        if data_buffer is not None
        else np.empty(0, dtype=np.uint8)
    )
    return _Field(data, wide[:-1], np.diff(wide))


class FieldMessages:
    """One message per row: its fields, each prefixed with its length in bytes.

    Args:
        columns: Text columns of equal length, no nulls.

    Raises:
        MissingIdentityError: A column has nulls.
    """

    def __init__(self, columns: Sequence[pa.Array]) -> None:
        self._fields = [_field(column) for column in columns]
        self.rows = len(columns[0]) if columns else 0
        self.lengths = np.zeros(self.rows, dtype=np.int64)
        for field in self._fields:
            self.lengths += field.lengths + _LENGTH_PREFIX_BYTES

    @property
    def common_length(self) -> int | None:
        """Bytes of every message, when all have the same number; else None."""
        if not self.rows:
            return None
        length = int(self.lengths[0])
        return length if bool((self.lengths == length).all()) else None

    def padded(self, rows: _Positions | None, blocks: int) -> Blocks:
        """The messages of `rows`, padded as CMAC asks (section 6.2, step 4).

        Args:
            rows: Positions of messages that all have this many blocks; None for every row.
            blocks: Blocks per message.

        Returns:
            Shape (rows, 16 * blocks).
        """
        count = self.rows if rows is None else len(rows)
        width = BLOCK_BYTES * blocks
        out = np.zeros((count, width), dtype=np.uint8)
        position = np.zeros(count, dtype=np.int64)
        for field in self._fields:
            starts = field.starts if rows is None else field.starts[rows]
            lengths = field.lengths if rows is None else field.lengths[rows]
            _put_lengths(out, position, lengths)
            position += _LENGTH_PREFIX_BYTES
            _put_bytes(out, position, field.data, starts, lengths)
            position += lengths
        partial = np.flatnonzero(position < width)
        out[partial, position[partial]] = _PADDING_START
        return out


def _put_lengths(out: Blocks, position: _Positions, lengths: _Positions) -> None:
    """Write each row's field length at its position, big endian."""
    prefix = lengths.astype(">u4").view(np.uint8).reshape(-1, _LENGTH_PREFIX_BYTES)
    if not len(position):
        return
    if (position == position[0]).all():
        out[:, position[0] : position[0] + _LENGTH_PREFIX_BYTES] = prefix
        return
    row = np.arange(len(position))
    for byte in range(_LENGTH_PREFIX_BYTES):
        out[row, position + byte] = prefix[:, byte]


def _put_bytes(
    out: Blocks,
    position: _Positions,
    data: npt.NDArray[np.uint8],
    starts: _Positions,
    lengths: _Positions,
) -> None:
    """Copy each row's bytes to its position."""
    rows = len(position)
    total = int(lengths.sum())
    if not total:
        return
    packed = bool((starts[1:] == starts[:-1] + lengths[:-1]).all())
    source = (
        data[starts[0] : starts[0] + total] if packed else data[_ranges(starts, lengths, total)]
    )
    length = int(lengths[0])
    if (lengths == length).all() and (position == position[0]).all():
        out[:, position[0] : position[0] + length] = source.reshape(rows, length)
        return
    target = position + np.arange(rows, dtype=np.int64) * out.shape[1]
    out.reshape(-1)[_ranges(target, lengths, total)] = source


def _ranges(starts: _Positions, lengths: _Positions, total: int) -> _Positions:
    """Concatenation of `start .. start + length` of every row."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total, dtype=np.int64)


def cmac_rows(key: bytes, messages: FieldMessages) -> Blocks:
    """AES-256-CMAC of each message (NIST SP 800-38B, section 6.2).

    Args:
        key: 32 bytes.
        messages: One message per row.

    Returns:
        Shape (rows, 16).
    """
    complete_key, partial_key = _subkeys(key)
    length = messages.common_length
    if length:
        count = -(-length // BLOCK_BYTES)
        padded = messages.padded(None, count)
        padded[:, -BLOCK_BYTES:] ^= partial_key if length % BLOCK_BYTES else complete_key
        return _chain(key, padded, count)
    needed = np.maximum(1, -(-messages.lengths // BLOCK_BYTES))
    out = np.empty((messages.rows, BLOCK_BYTES), dtype=np.uint8)
    for blocks in np.flatnonzero(np.bincount(needed)):
        # Messages of equal block count go together, so one very long value costs only itself.
        alike = None if (needed == blocks).all() else np.flatnonzero(needed == blocks)
        padded = messages.padded(alike, int(blocks))
        lengths = messages.lengths if alike is None else messages.lengths[alike]
        full = (lengths % BLOCK_BYTES == 0) & (lengths > 0)
        last = padded[:, -BLOCK_BYTES:]
        last ^= np.where(full[:, None], complete_key, partial_key)
        tags = _chain(key, padded, int(blocks))
        if alike is None:
            return tags
        out[alike] = tags
    return out


def _chain(key: bytes, padded: Blocks, blocks: int) -> Blocks:
    """Cipher block chaining with a zero start value (section 6.2, steps 5 and 6)."""
    state = encipher_blocks(key, padded[:, :BLOCK_BYTES])
    for block in range(1, blocks):
        state = encipher_blocks(
            key, state ^ padded[:, block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES]
        )
    return state
