"""One way to write a JSON document as bytes, so that its digest and signature mean one thing.

Keys sorted, no blanks, UTF-8, no NaN or infinity. Numbers are integers or finite floats in
Python's shortest form: only this software writes what it later compares, so RFC 8785's ECMAScript
numbers are not needed. What is *signed* is always the bytes as stored, never a document anew. Bytes
within a text are base64url.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = (
    "str | int | float | bool | Mapping[str, Json] | list[Json] | tuple[Json, ...] | None"
)
"""What a canonical document may hold."""

_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
)


def canonical_json(value: object) -> bytes:
    """The document as canonical bytes.

    Raises:
        TypeError: Something in it is not JSON.
        ValueError: A number is not finite, or a text is not valid Unicode.
    """
    return _ENCODER.encode(value).encode()


def names_a_key_twice(data: bytes) -> bool:
    """Whether an object of a JSON document repeats a key: which one counts depends on the reader.

    Raises:
        ValueError: It is no JSON.
    """
    repeated = False

    def note(pairs: Sequence[tuple[str, object]]) -> None:
        nonlocal repeated
        repeated = repeated or len(pairs) != len({key for key, _ in pairs})

    json.loads(data, object_pairs_hook=note)
    return repeated


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2): in keys, tokens and cookies."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
