"""Chance that comes out the same every time: choices drawn from a seed by a digest."""

from collections.abc import Sequence
from typing import TypeVar

from governance.digests import sha256_of

_Picked = TypeVar("_Picked")


class Chance:
    """Draws that depend on the seed and on what they are for, not on their order."""

    def __init__(self, seed: int) -> None:
        """Draw from that seed."""
        self.seed = seed

    def below(self, bound: int, *what: object) -> int:
        """A whole number from 0 to `bound` - 1."""
        text = "/".join(str(part) for part in (self.seed, *what))
        return int(sha256_of(text.encode())[:12], 16) % bound

    def pick(self, several: Sequence[_Picked], *what: object) -> _Picked:
        """One of several."""
        return several[self.below(len(several), *what)]

    def share(self, *what: object) -> float:
        """A number from 0 up to 1."""
        return self.below(10_000, *what) / 10_000
