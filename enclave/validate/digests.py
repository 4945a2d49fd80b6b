"""Keyed 128-bit digests of key columns, whole batches at a time.

CBC-MAC with AES-256 under a key that lives as long as one validation, over an encoding in which
no key is the prefix of another: each cell is its length (four bytes, all ones for null, the top
bit set for a typed value) and then its bytes, zero-padded to whole blocks; the number of columns
is fixed. On such inputs CBC-MAC is a pseudorandom function (Bellare, Kilian, Rogaway 2000), so two
different keys share a digest with probability below n²/2¹²⁹ for n rows: 2·10⁻²⁵ at 10 million.

The digests tell nothing without the key and are thrown away with it; they are no pseudonyms.
"""

import secrets

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from enclave.validate.reading import to_mask

_BLOCK = 16
_LENGTH_BYTES = 4
_FIRST = _BLOCK - _LENGTH_BYTES
_TYPED = 0x80000000
_NULL = 0xFFFFFFFF

Blocks = npt.NDArray[np.uint64]
"""(rows, 2): 128 bits a row."""
Mask = npt.NDArray[np.bool_]


class KeyDigester:
    """Digests under one random key; safe to use from several threads."""

    def __init__(self) -> None:
        """Draw the key."""
        # ECB encrypts single, independent blocks here: the chaining of CBC-MAC is done below,
        # across the rows of a batch at once.
        self._cipher = Cipher(algorithms.AES256(secrets.token_bytes(32)), modes.ECB())  # noqa: S305

    def digest(self, columns: list[tuple[pa.Array, pa.Array]]) -> tuple[Blocks, Mask]:
        """Digest the keys of a batch.

        Args:
            columns: (text, values) of each key column; values may be the text itself. A cell whose
                value is null while its text is not (unreadable) is digested as text.

        Returns:
            The digests, and which rows have at least one non-null key cell.
        """
        rows = len(columns[0][0])
        state = np.zeros((rows, 2), np.uint64)
        filled = np.zeros(rows, np.bool_)
        for text, values in columns:
            filled |= to_mask(text.is_valid()) if text.null_count else True
            state = self._absorb(state, text, values)
        return state, filled

    def _absorb(self, state: Blocks, text: pa.Array, values: pa.Array) -> Blocks:
        if pa.types.is_string(values.type):
            return self._absorb_text(state, text)
        block = np.zeros((len(text), _BLOCK), np.uint8)
        lengths = np.full(len(text), _TYPED | 8, np.uint32)
        if values.null_count:
            lengths[to_mask(values.is_null())] = _NULL
        block[:, :_LENGTH_BYTES] = _bytes(lengths)
        block[:, _LENGTH_BYTES:_FIRST] = _bytes(_as_integers(values))
        unreadable = np.zeros(0, np.int64)
        if values.null_count > text.null_count:
            unreadable = np.flatnonzero(to_mask(pc.and_(values.is_null(), text.is_valid())))
        digested = self._encrypt(state, block)
        if len(unreadable):
            cells = text.take(pa.array(unreadable))
            digested[unreadable] = self._absorb_text(state[unreadable], cells)
        return digested

    def _absorb_text(self, state: Blocks, text: pa.Array) -> Blocks:
        lengths = pc.fill_null(pc.binary_length(text), 0).to_numpy().astype(np.uint32)
        longest = int(lengths.max(initial=0))
        blocks = 1 + max(0, -(-(longest - _FIRST) // _BLOCK))
        width = blocks * _BLOCK - _LENGTH_BYTES
        padded = pc.ascii_rpad(pc.fill_null(text, ""), width, padding="\x00")
        data = np.frombuffer(padded.buffers()[2], np.uint8)
        start = padded.offset * width
        matrix = data[start : start + len(text) * width].reshape(len(text), width)
        marks = lengths
        if text.null_count:
            marks = np.where(to_mask(text.is_null()), np.uint32(_NULL), lengths)
        first = np.empty((len(text), _BLOCK), np.uint8)
        first[:, :_LENGTH_BYTES] = _bytes(marks)
        first[:, _LENGTH_BYTES:] = matrix[:, :_FIRST]
        state = self._encrypt(state, first)
        for number in range(1, blocks):
            # A shorter cell takes no part in the blocks it does not reach: the digest must not
            # depend on how long the batch's longest cell is.
            reached = np.flatnonzero(lengths > _FIRST + (number - 1) * _BLOCK)
            at = _FIRST + (number - 1) * _BLOCK
            more = np.ascontiguousarray(matrix[reached, at : at + _BLOCK])
            state[reached] = self._encrypt(state[reached], more)
        return state

    def _encrypt(self, state: Blocks, block: npt.NDArray[np.uint8]) -> Blocks:
        mixed = np.ascontiguousarray(state ^ block.view(np.uint64))
        out = np.empty(mixed.nbytes + _BLOCK - 1, np.uint8)
        self._cipher.encryptor().update_into(mixed.data.cast("B"), out.data)
        return out[: mixed.nbytes].view(np.uint64).reshape(-1, 2)


def _bytes(numbers: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(len(numbers), -1)


def _as_integers(values: pa.Array) -> npt.NDArray[np.int64]:
    """Eight bytes a value: equal values, equal bytes (-0.0 is 0.0); null is zero."""
    if pa.types.is_floating(values.type):
        numbers = np.asarray(pc.fill_null(values, 0.0).to_numpy() + 0.0, np.float64)
        return numbers.view(np.int64)
    if pa.types.is_boolean(values.type):
        return np.asarray(to_mask(values), np.int64)
    if pa.types.is_date32(values.type):
        values = values.cast(pa.int32())
    integers: npt.NDArray[np.int64] = pc.fill_null(values.cast(pa.int64()), 0).to_numpy()
    return integers
