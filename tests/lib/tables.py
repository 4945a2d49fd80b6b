"""Tables as text, and the attacker who solves for what they hide.

A one-way table is one line of `code=count`; a two-way table has a header of codes. A hidden cell is
printed `*`. The attacker knows every shown cell, that the codes of each line add up to its total,
and that a hidden cell is at least 1.
"""

import itertools
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array

from enclave.disclosure import TOTAL, Key


def with_margins(sizes: tuple[int, ...], interior: Mapping[Key, float]) -> dict[Key, float]:
    """Every cell of the table with all its margins, zeros left out."""
    cells: dict[Key, float] = {}
    for key, value in interior.items():
        for tops in itertools.product((False, True), repeat=len(sizes)):
            cell = tuple(TOTAL if top else c for c, top in zip(key, tops, strict=True))
            cells[cell] = cells.get(cell, 0) + value
    return {k: v for k, v in cells.items() if v}


def lines(sizes: tuple[int, ...]) -> list[tuple[list[Key], Key]]:
    """Every equation: the codes of a line, and the total they add up to."""
    found: list[tuple[list[Key], Key]] = []
    for d, size in enumerate(sizes):
        before = [(*range(s), TOTAL) for s in sizes[:d]]
        after = [(*range(s), TOTAL) for s in sizes[d + 1 :]]
        for left in itertools.product(*before):
            for right in itertools.product(*after):
                codes: list[Key] = [(*left, c, *right) for c in range(size)]
                found.append((codes, (*left, TOTAL, *right)))
    return found


def intervals(
    sizes: tuple[int, ...],
    cells: Mapping[Key, float],
    hidden: frozenset[Key],
    targets: list[Key],
    *,
    told: Sequence[tuple[AbstractSet[Key], float]] = (),
) -> dict[Key, tuple[float, float]]:
    """What the attacker can tell of each target: least and largest value, by linear program.

    `told` are further answers: sums over cells without margins, and what they came to.
    """
    unknown = sorted(hidden)
    position = {key: i for i, key in enumerate(unknown)}
    rows, columns, data, right = [], [], [], []
    row = 0
    equations = [
        ([(k, 1.0) for k in codes] + [(total, -1.0)], 0.0) for codes, total in lines(sizes)
    ]
    equations += [([(k, 1.0) for k in union], value) for union, value in told]
    for involved, comes_to in equations:
        if not any(k in position for k, _ in involved):
            continue
        known = 0.0
        for key, sign in involved:
            if key in position:
                rows.append(row)
                columns.append(position[key])
                data.append(sign)
            else:
                known += sign * cells.get(key, 0)
        right.append(comes_to - known)
        row += 1
    matrix = csr_array((data, (rows, columns)), shape=(row, len(unknown)))
    result = {}
    for target in targets:
        goal = np.zeros(len(unknown))
        goal[position[target]] = 1
        ends = []
        for sign in (1, -1):
            solved = linprog(sign * goal, A_eq=matrix, b_eq=right, bounds=(1, None), method="highs")
            ends.append(float("inf") * sign if solved.status == 3 else solved.fun * sign)
            assert solved.status in {0, 3}, solved.message
        result[target] = (ends[0], abs(ends[1]))
    return result


def parse_table(text: str) -> tuple[tuple[int, ...], dict[Key, float], list[list[str]]]:
    """Read a one-way or two-way table of counts."""
    grid = [line.split() for line in text.strip().splitlines()]
    if len(grid) == 2:
        counts = [float(cell) for cell in grid[1]]
        return (len(counts),), {(i,): v for i, v in enumerate(counts) if v}, grid
    interior: dict[Key, float] = {
        (r, c): float(cell)
        for r, line in enumerate(grid[1:])
        for c, cell in enumerate(line[1:])
        if float(cell)
    }
    return (len(grid) - 1, len(grid[0])), interior, grid


def print_table(
    sizes: tuple[int, ...], grid: list[list[str]], shown: Mapping[Key, float], hidden: set[Key]
) -> str:
    """The same table with its totals, hidden cells as `*`."""

    def cell(key: Key) -> str:
        return "*" if key in hidden else str(int(shown.get(key, 0)))

    codes = (*range(sizes[-1]), TOTAL)
    header = [*grid[0], "total"]
    if len(sizes) == 1:
        rows = [header, [cell((c,)) for c in codes]]
    else:
        names = [*(line[0] for line in grid[1:]), "total"]
        rows = [["", *header]]
        for name, r in zip(names, (*range(sizes[0]), TOTAL), strict=True):
            rows.append([name, *(cell((r, c)) for c in codes)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
