"""No attacker with a linear program recomputes a suppressed cell from what is shown."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enclave.disclosure import (
    TOTAL,
    CellFacts,
    ControlledTable,
    Key,
    Rule,
    Statistic,
    StatisticKind,
    Table,
    UnionJudge,
    control_table,
)
from tests.lib.tables import intervals, with_margins

TIE_KEY = b"k" * 32
COUNTS = st.one_of(st.integers(0, 7), st.integers(0, 40), st.sampled_from([0, 1, 2, 300]))


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[int, ...], dict[Key, float]]:
    sizes = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
    keys = itertools.product(*(range(size) for size in sizes))
    return sizes, {key: draw(COUNTS) for key in keys}


def judge(
    sizes: tuple[int, ...], cells: dict[Key, float], minimum: int
) -> tuple[UnionJudge, ControlledTable]:
    people = {k: int(v) for k, v in cells.items()}
    counts = Statistic(StatisticKind.COUNT, "", {k: CellFacts(n, n) for k, n in people.items()})
    rule = Rule(minimum_cell_count=minimum, minimum_denominator=20)
    table = Table(sizes, people, [counts])
    controlled = control_table(table, rule, TIE_KEY)
    assert set(controlled.values[0]) == set(people) - set(controlled.hidden[0])
    return UnionJudge(table, controlled, rule), controlled


def control(
    sizes: tuple[int, ...], cells: dict[Key, float], minimum: int
) -> tuple[frozenset[Key], list[Key]]:
    _, controlled = judge(sizes, cells, minimum)
    return frozenset(controlled.hidden[0]), [k for k, n in cells.items() if 0 < n < minimum]


@pytest.mark.property
@settings(max_examples=150, deadline=None, derandomize=True)
@given(table=tables(), minimum=st.sampled_from([3, 6, 11]))
def test_no_suppressed_count_can_be_recomputed(
    table: tuple[tuple[int, ...], dict[Key, float]], minimum: int
) -> None:
    sizes, interior = table
    cells = with_margins(sizes, interior)
    hidden, small = control(sizes, cells, minimum)
    assert set(small) <= hidden
    assert all(cells[k] for k in hidden), "a zero is never suppressed"
    for key, (least, most) in intervals(sizes, cells, hidden, small).items():
        assert least - 1e-6 <= cells[key] <= most + 1e-6, "the attacker is right"
        assert most - least >= minimum - 1 - 1e-6, "and knows no more than the rule allows"


@pytest.mark.property
@settings(max_examples=100, deadline=None, derandomize=True)
@given(table=tables(), data=st.data())
def test_no_filters_of_the_same_dimensions_recompute_a_suppressed_count(
    table: tuple[tuple[int, ...], dict[Key, float]], data: st.DataObject
) -> None:
    sizes, interior = table
    cells = with_margins(sizes, interior)
    inside = sorted(k for k in cells if TOTAL not in k)
    if not inside:
        return
    judged, controlled = judge(sizes, cells, 6)
    hidden = frozenset(controlled.hidden[0])
    small = [k for k, n in cells.items() if 0 < n < 6]
    asked = data.draw(st.lists(st.frozensets(st.sampled_from(inside), min_size=1), max_size=12))
    told = []
    for union in asked:
        comes_to = sum(cells[k] for k in union)
        facts = CellFacts(int(comes_to), int(comes_to))
        if judged.reason(0, union, facts, int(comes_to)) is None:
            told.append((union, comes_to))
    found = intervals(sizes, cells, hidden, small, told=told)
    for key, (least, most) in found.items():
        assert least - 1e-6 <= cells[key] <= most + 1e-6
        assert most - least >= 5 - 1e-6


def test_a_union_that_would_tell_a_hidden_cell_is_hidden() -> None:
    cells = with_margins((4,), {(0,): 3, (1,): 10, (2,): 20, (3,): 30})
    judged, controlled = judge((4,), cells, 6)
    assert set(controlled.hidden[0]) == {(0,), (1,)}
    for union, is_shown in (
        ({0, 2}, False),
        ({0, 1}, True),
        ({0, 1, 2}, True),
        ({1, 2, 3}, False),
        ({2, 3}, True),
        ({0, 1, 2, 3}, True),
    ):
        keys = {(c,) for c in union}
        people = int(sum(cells[k] for k in keys))
        reason = judged.reason(0, keys, CellFacts(people, people), people)
        assert (reason is None) is is_shown, union


@pytest.mark.property
@settings(max_examples=100, deadline=None, derandomize=True)
@given(table=tables())
def test_the_same_table_hides_the_same_cells(
    table: tuple[tuple[int, ...], dict[Key, float]],
) -> None:
    sizes, interior = table
    cells = with_margins(sizes, interior)
    reordered = dict(reversed(cells.items()))
    assert control(sizes, cells, 6)[0] == control(sizes, reordered, 6)[0]


@pytest.mark.property
@settings(max_examples=100, deadline=None, derandomize=True)
@given(table=tables())
def test_a_stricter_rule_never_shows_a_small_cell(
    table: tuple[tuple[int, ...], dict[Key, float]],
) -> None:
    sizes, interior = table
    cells = with_margins(sizes, interior)
    _, small = control(sizes, cells, 6)
    hidden_at_11, _ = control(sizes, cells, 11)
    assert set(small) <= hidden_at_11


def test_the_attacker_of_these_tests_finds_what_is_badly_hidden() -> None:
    """Without the test's teeth the properties would prove nothing."""
    cells = with_margins((3,), {(0,): 3, (1,): 10, (2,): 20})
    assert intervals((3,), cells, frozenset({(0,)}), [(0,)]) == {(0,): (3.0, 3.0)}
    ones = with_margins((3,), {(0,): 1, (1,): 1, (2,): 20})
    found = intervals((3,), ones, frozenset({(0,), (1,)}), [(0,)])
    assert found == {(0,): (1.0, 1.0)}
    # Four hidden cells, no line with only one, and yet one of them is exact: its row and its
    # column share no further hidden cell with the rest.
    interior: dict[Key, float] = {
        (0, 0): 2,
        (0, 1): 9,
        (1, 0): 9,
        (1, 1): 9,
        (2, 1): 9,
        (2, 2): 9,
        (1, 2): 9,
        (0, 2): 9,
    }
    square = with_margins((3, 3), interior)
    diagonal = frozenset({(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)})
    assert intervals((3, 3), square, diagonal, [(0, 0)])[0, 0] == (2.0, 2.0)


def test_a_total_of_two_years_is_the_sum_of_their_shown_totals() -> None:
    interior: dict[Key, float] = {}
    for year in range(3):
        interior |= {(year, 0): 3, (year, 1): 40, (year, 2): 50}
    cells = with_margins((3, 3), interior)
    judged, controlled = judge((3, 3), cells, 6)
    assert {(0, 0), (1, 0), (2, 0)} <= set(controlled.hidden[0])
    assert (0, TOTAL) not in controlled.hidden[0]
    for groups, is_shown in (({0, 1, 2}, True), ({0}, False), ({0, 2}, False)):
        union = {k for k in interior if k[0] < 2 and k[1] in groups}
        people = int(sum(cells[k] for k in union))
        reason = judged.reason(0, union, CellFacts(people, people), people)
        assert (reason is None) is is_shown, groups


@st.composite
def measured(draw: st.DrawFn) -> tuple[dict[Key, int], dict[Key, float]]:
    """People of one dimension's cells, and a sum in each."""
    people: dict[Key, int] = {
        (i,): draw(st.integers(20, 400)) for i in range(draw(st.integers(2, 6)))
    }
    each = st.floats(-40, 40, allow_nan=False)
    return people, {key: n * draw(each) for key, n in people.items()}


@pytest.mark.property
@settings(max_examples=200, deadline=None, derandomize=True)
@given(table=measured(), base=st.sampled_from([2, 5, 10, 25]))
def test_no_mean_beside_a_sum_tells_a_count_that_was_rounded(
    table: tuple[dict[Key, int], dict[Key, float]], base: int
) -> None:
    """A count of 47 is told as 45; a sum of 940 and a mean of 20.0 told 47."""
    people, sums = table
    kinds = (StatisticKind.COUNT, StatisticKind.TOTAL, StatisticKind.MEAN)

    def facts(kind: StatisticKind, key: Key) -> CellFacts:
        n, total = people[key], round(sums[key], 4)
        value = {kinds[0]: n, kinds[1]: total, kinds[2]: round(total / n, 4)}[kind]
        return CellFacts(value, n, n, total=total, weight=abs(total), largest_pct=1.0)

    statistics = [
        Statistic(
            kind, "people" if kind is kinds[0] else "value/x", {k: facts(kind, k) for k in people}
        )
        for kind in kinds
    ]
    rule = Rule(6, 20, rounding_base=base)
    controlled = control_table(Table((len(people),), people, statistics), rule, TIE_KEY)
    count, total, mean = controlled.values
    for key in people:
        if key not in mean:
            continue
        assert count[key] is not None
        assert total[key] is not None
        assert count[key] % base == 0  # type: ignore[operator]
        assert mean[key] == round(total[key] / count[key], 4)  # type: ignore[operator]
        told = {
            n
            for n in range(1, 500)
            if (n + base // 2) // base * base == count[key]
            and mean[key] == round((total[key] or 0) / (count[key] or 1), 4)
        }
        assert len(told) >= base - 1, "every count that rounds to the one shown fits all three"
