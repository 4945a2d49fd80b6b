"""Secondary suppression: hide further cells until no sensitive one can be worked out from totals.

A table over n dimensions with all its margins is a set of cells, each with a key of n coordinates;
a coordinate is the number of a code, or `TOTAL`. For each line (all coordinates but one fixed) the
codes add up to the total: an attacker knows these equations, every cell that is shown, and that a
hidden cell is at least `floor` (a zero is never hidden).

The method protects a sensitive cell by a *box*: one further coordinate in every dimension, and the
2^n cells at its corners hidden. Moving the sensitive cell by t and the other corners by t or -t
keeps every equation, so every such table is as possible as the true one: the attacker's interval is
at least as wide as the largest t allowed up and down together. This is the hypercube method (S.
Giessing and D. Repsilber, 2002), with the margins as further coordinates: between two codes the
sign turns, between a code and the total it stays.

In one dimension it is the programme's rule: if one value alone is suppressed in a row or column,
suppress the next-highest too. It goes further where that would not protect: two hidden cells of 1
with a known total of 2 hide nothing, so a third is hidden.

What it leaves to others: tables that share cells over time (the release ledger).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

TOTAL: Final = -1
"""The coordinate of a margin."""
_MAX_BOXES: Final = 1024
"""Boxes looked at per sensitive cell; with more dimensions fewer coordinates are tried in each."""

Key: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Lattice:
    """The cells of one table with its margins.

    Attributes:
        sizes: Number of codes in each dimension.
        values: Value of each cell, margins included; a cell that is missing is zero.
        floor: Least value a hidden cell can have, as the attacker knows.
        need: Width the attacker's interval of a sensitive cell of that value must have.
        tie: A keyed number for a cell, which decides between equals.
        pulse: Called for every box that is looked at; whatever it raises ends the work.
    """

    sizes: tuple[int, ...]
    values: Mapping[Key, float]
    floor: float
    need: Callable[[float], float]
    tie: Callable[[Key], int]
    pulse: Callable[[], None] = lambda: None


def protect(lattice: Lattice, sensitive: Iterable[Key], hidden: Iterable[Key]) -> frozenset[Key]:
    """Hide cells until every sensitive cell is protected.

    Args:
        lattice: The table.
        sensitive: Cells that must not be worked out; they are hidden.
        hidden: Cells that are hidden anyway.

    Returns:
        Every hidden cell: the sensitive ones, those given, and those added.
    """
    result = set(hidden)
    marked = sorted(sensitive, key=lambda k: (-lattice.values.get(k, 0), lattice.tie(k), k))
    result.update(marked)
    if lattice.sizes:
        for key in marked:
            lattice.pulse()
            if not _is_protected(lattice, key, result):
                result.update(_cheapest_box(lattice, key, result))
    return frozenset(result)


def _is_protected(lattice: Lattice, key: Key, hidden: set[Key]) -> bool:
    """Whether boxes that are hidden already give the width.

    Boxes that share no cell but the sensitive one add up; each is taken as found.
    """
    value = lattice.values.get(key, 0)
    need = lattice.need(value)
    used: set[Key] = set()
    up = down = 0.0
    for corners in _boxes(lattice, key, lambda k: k in hidden and lattice.values.get(k, 0) > 0):
        if used.intersection(k for k, _ in corners):
            continue
        box_up, box_down = _freedom(lattice, corners)
        used.update(k for k, _ in corners)
        up += box_up
        down += box_down
        if up + min(down, value - lattice.floor) >= need:
            return True
    return False


def _cheapest_box(lattice: Lattice, key: Key, hidden: set[Key]) -> set[Key]:
    """The box that hides least: fewest totals, then smallest values, then the keyed choice."""
    value = lattice.values.get(key, 0)
    need = lattice.need(value)
    best: tuple[int, float, int] | None = None
    chosen: set[Key] = set()
    for corners in _boxes(lattice, key, lambda k: lattice.values.get(k, 0) > 0, hidden):
        added = [k for k, _ in corners if k not in hidden]
        cost = (sum(TOTAL in k for k in added), sum(lattice.values[k] for k in added))
        if best is not None and cost > best[:2]:
            continue
        up, down = _freedom(lattice, corners)
        if up + min(down, value - lattice.floor) < need:
            continue
        ranked = (*cost, min((lattice.tie(k) for k in added), default=0))
        if best is None or ranked < best:
            best, chosen = ranked, set(added)
    return chosen


def _boxes(
    lattice: Lattice,
    key: Key,
    allowed: Callable[[Key], bool],
    hidden: set[Key] | None = None,
) -> Iterator[list[tuple[Key, int]]]:
    """Boxes around `key` whose other corners are all allowed, each with its corners' signs."""
    dimensions = len(key)
    per_dimension = max(2, int(_MAX_BOXES ** (1 / dimensions)))
    choices = []
    for d in range(dimensions):
        neighbors = [b for b in (*range(lattice.sizes[d]), TOTAL) if b != key[d]]
        near = [b for b in neighbors if allowed(_moved(key, d, b))]
        if hidden is not None:
            near = _nearest(lattice, key, d, near, hidden)
        choices.append(near[:per_dimension])
    for other in itertools.product(*choices):
        lattice.pulse()
        corners = _corners(key, other, allowed)
        if corners is not None:
            yield corners


def _nearest(
    lattice: Lattice, key: Key, d: int, near: Sequence[int], hidden: set[Key]
) -> list[int]:
    """Coordinates in the order worth trying; the total is always among the first."""

    def rank(b: int) -> tuple[bool, bool, float, int]:
        cell = _moved(key, d, b)
        return (b != TOTAL, cell not in hidden, lattice.values.get(cell, 0), lattice.tie(cell))

    return sorted(near, key=rank)


def _corners(
    key: Key, other: tuple[int, ...], allowed: Callable[[Key], bool]
) -> list[tuple[Key, int]] | None:
    """The corners but `key` itself with their signs, or None when one is not allowed."""
    corners = []
    for moves in itertools.product((False, True), repeat=len(key)):
        if not any(moves):
            continue
        sign = 1
        corner = list(key)
        for d, moved in enumerate(moves):
            if moved:
                corner[d] = other[d]
                if TOTAL not in (key[d], other[d]):
                    sign = -sign
        cell = tuple(corner)
        if not allowed(cell):
            return None
        corners.append((cell, sign))
    return corners


def _freedom(lattice: Lattice, corners: Sequence[tuple[Key, int]]) -> tuple[float, float]:
    """How far the sensitive cell can move up and down before a corner meets the floor."""
    up = down = float("inf")
    for cell, sign in corners:
        room = lattice.values.get(cell, 0) - lattice.floor
        if sign < 0:
            up = min(up, room)
        else:
            down = min(down, room)
    return up, down


def _moved(key: Key, d: int, coordinate: int) -> Key:
    return (*key[:d], coordinate, *key[d + 1 :])
