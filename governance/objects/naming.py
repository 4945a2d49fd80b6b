"""Which object keys are allowed, the same for every store, and how a key may be shown.

A key that passes here is safe as a relative path on a file system and as a blob name: no part can
climb out of the container, vanish in normalization or meet a store's own hidden objects.
"""

import re

from governance.errors import ObjectStoreError

MAXIMUM_KEY_BYTES = 900
"""Azure allows names of 1,024 characters, file systems paths of 4,096 bytes; UTF-8 bytes here."""

MAXIMUM_PART_BYTES = 200
"""File systems allow 255 bytes a name; the rest is kept for suffixes."""

MAXIMUM_TAGS = 10
"""Azure allows ten index tags a blob."""

_FORBIDDEN = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0)))) | {"\\"}
"""Both sets of control characters, and the backslash."""

_NAMED_FOLDERS = 2
_RANDOM_ID = re.compile(r"[0-9a-f]{32}")

_TAG_CHARACTERS = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 +-./:=_"
)


class ObjectKeyError(ObjectStoreError):
    """A key or a tag that no store accepts."""

    code = "objects.bad_key"
    retryable = False


def check_key(key: str) -> tuple[str, ...]:
    """Refuse a key that is absolute, climbs, is hidden, or means different things to two stores.

    Args:
        key: `/`-separated, relative. A first part that starts with a dot belongs to the stores.

    Returns:
        Its parts.

    Raises:
        ObjectKeyError: With the rule that was broken, never the key.

    Source:
        Azure, "Naming and referencing containers, blobs, and metadata": at most 1,024 characters,
        backslash is read as a slash, names should not end with a dot.
    """
    if not key:
        raise ObjectKeyError("An object key is empty.")
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise ObjectKeyError("An object key is not valid Unicode.") from None
    if length > MAXIMUM_KEY_BYTES:
        raise ObjectKeyError(f"An object key is longer than {MAXIMUM_KEY_BYTES} bytes.")
    if not _FORBIDDEN.isdisjoint(key):
        raise ObjectKeyError("An object key has a control character or a backslash.")
    parts = tuple(key.split("/"))
    if parts[0].startswith("."):
        raise ObjectKeyError("An object key starts with a dot; such names belong to the store.")
    for part in parts:
        _check_part(part)
    return parts


def _check_part(part: str) -> None:
    if not part:
        raise ObjectKeyError("An object key is absolute or has an empty part.")
    if part.endswith("."):
        raise ObjectKeyError("A part of an object key is, or ends with, a dot.")
    if len(part.encode()) > MAXIMUM_PART_BYTES:
        raise ObjectKeyError(f"A part of an object key is longer than {MAXIMUM_PART_BYTES} bytes.")


def check_prefix(prefix: str) -> None:
    """Refuse a list prefix that no key could start with.

    Raises:
        ObjectKeyError: With the rule that was broken.
    """
    if prefix:
        check_key(prefix + "x")


def check_tags(tags: dict[str, str]) -> dict[str, str]:
    """Refuse tags that Azure would refuse.

    Raises:
        ObjectKeyError: With the rule that was broken.

    Source:
        Azure, "Set Blob Tags": at most ten tags, keys of 1 to 128 and values of 0 to 256
        characters out of letters, digits, space and `+-./:=_`.
    """
    if len(tags) > MAXIMUM_TAGS:
        raise ObjectKeyError(f"An object carries at most {MAXIMUM_TAGS} tags.")
    for name, value in tags.items():
        if not 1 <= len(name) <= 128 or len(value) > 256:  # noqa: PLR2004  Azure's numbers
            raise ObjectKeyError("A tag's name or value is too long or empty.")
        if not _TAG_CHARACTERS.issuperset(name + value):
            raise ObjectKeyError("A tag has a character outside letters, digits, space, +-./:=_.")
    return tags


def shown_key(key: str) -> str:
    """The key's folder, for messages: names of files, and of folders people make, carry people.

    The first two parts (an agency and a dataset, or folders of our own) are shown, and below them
    the random ids this software makes; anything else is `*`.
    """
    *folders, _ = key.split("/")
    shown = [
        part if depth < _NAMED_FOLDERS or _RANDOM_ID.fullmatch(part) else "*"
        for depth, part in enumerate(folders)
    ]
    return "/".join([*shown, "*"])
