"""Look for values that must not be anywhere: in every file of a home, and in decrypted tables.

Needles are compared without regard to case. Thousands of them are searched at once: six bytes of
each are a 48-bit number, and so is every window of what is searched.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enclave.deployment import Deployment

WINDOW = 6
"""Bytes of a needle that are looked up; shorter values are too common to be looked for."""

_LONG = 12
"""Of this many bytes, a value of several words is found wherever it stands; `14-0273` also stands
in random ids (`…9f14-0273a…`), so shorter ones count only by themselves."""

_SKIPPED = ("zones/landing/", "schemas/")
"""The agency's own file, until it is destroyed; contracts, which hold code lists."""


class Needles:
    """Values to look for.

    Args:
        values: Name of where a value comes from (a column) -> values; those shorter than six
            bytes are left out. Words, numbers and short values count only where no letter or
            digit touches them.
        inside: Further words, which count within others too; made-up ones.
    """

    def __init__(self, values: Mapping[str, Iterable[str]], inside: Iterable[str] = ()) -> None:
        self._origin: dict[bytes, str] = {}
        self._inside = {text.lower().encode() for text in inside}
        values = {**values, **{text: [text] for text in inside}}
        for origin, texts in values.items():
            for text in texts:
                needle = text.strip().lower().encode()
                if len(needle) >= WINDOW:
                    self._origin.setdefault(needle, origin)
        self._by_window: dict[int, list[bytes]] = {}
        for needle in self._origin:
            self._by_window.setdefault(int(_windows(needle[:WINDOW])[0]), []).append(needle)
        self._wanted = np.array(sorted(self._by_window), np.uint64)

    def __len__(self) -> int:
        return len(self._origin)

    def found_in(self, content: bytes) -> set[str]:
        """Where the values that `content` holds come from; never a value itself."""
        content = content.lower()
        windows = _windows(content)
        if not len(windows) or not len(self._wanted):
            return set()
        at = np.searchsorted(self._wanted, windows).clip(max=len(self._wanted) - 1)
        hits = np.flatnonzero(self._wanted[at] == windows)
        return {
            self._origin[needle]
            for hit in hits.tolist()
            for needle in self._by_window[int(windows[hit])]
            if content.startswith(needle, hit)
            and (needle in self._inside or _stands_alone(content, hit, needle))
        }


def _windows(content: bytes) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    data = np.frombuffer(content, np.uint8).astype(np.uint64)
    count = len(data) - WINDOW + 1
    if count <= 0:
        return np.empty(0, np.uint64)
    numbers = np.zeros(count, np.uint64)
    for offset in range(WINDOW):
        numbers = (numbers << np.uint64(8)) | data[offset : offset + count]
    return numbers


def _stands_alone(content: bytes, at: int, needle: bytes) -> bool:
    if len(needle) >= _LONG and not needle.isalnum():
        return True
    around = content[max(at - 1, 0) : at] + content[at + len(needle) : at + len(needle) + 1]
    return not any(chr(byte).isalnum() for byte in around)


def files_of(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a deployment but the landing zone and the contracts: name and content."""
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_file() and not name.startswith(_SKIPPED):
            yield name, path.read_bytes()


def cells_of(deployment: Deployment) -> Iterator[tuple[str, bytes]]:
    """Distinct text cells of every curated column, decrypted: `table.column` and text, a line each.

    Dates and numbers are not text: a date moved by some days may well be somebody's birthday.
    """
    for table in deployment.lake.tables():
        for name, column in zip(
            (rows := deployment.lake.dataset(table).to_table()).schema.names,
            rows.columns,
            strict=True,
        ):
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                cells = [cell for cell in pc.unique(column).to_pylist() if cell is not None]
                yield f"{table}.{name}", "\n".join(cells).encode()


def find_leaks(
    deployment: Deployment, needles: Needles, spoken: Mapping[str, str] | None = None
) -> list[str]:
    """Places that hold a needle, with the column it comes from.

    Args:
        deployment: Its files and tables are searched.
        needles: What to look for.
        spoken: Further texts by name: logs, standard error, exceptions.
    """
    places = [
        *files_of(deployment.home),
        *cells_of(deployment),
        *((name, text.encode()) for name, text in (spoken or {}).items()),
    ]
    return [
        f"{place}: {origin}"
        for place, content in places
        for origin in sorted(needles.found_in(content))
    ]
