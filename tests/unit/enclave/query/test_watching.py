import itertools
from collections.abc import Callable

import pytest

from enclave.adapters.duckdb_engine import InProcessRunner, QueryLimits
from enclave.errors import QueryError, QueryStoppedError
from enclave.query import judge
from enclave.query.watching import ControlDeadline, PolicyWatch, Unwatched
from governance.decisions import Decision, Denial
from governance.errors import ObjectStoreError
from governance.grants import GrantBundle
from tests.lib.grants import TODAY, build_dataset, build_grant, build_person
from tests.lib.questions import (
    DATASET,
    GRANTED,
    KEYS,
    SNAPSHOT,
    Asker,
    Row,
    build_question_contract,
    build_question_grant,
    build_row,
    build_rows,
    opener,
)

STOPPED = QueryStoppedError(Decision(("r",), (Denial("r", "reason", "remedy", "clause"),)))


class Zone:
    """What lies in the policy zone: a number, or no answer."""

    def __init__(self) -> None:
        self.mark: int | None = 1
        self.looks = 0
        self.judged = 0
        self.denies = False

    def look(self) -> object:
        self.looks += 1
        if self.mark is None:
            raise ObjectStoreError("No answer.")
        return self.mark

    def judge(self) -> None:
        self.judged += 1
        if self.denies:
            raise STOPPED


def build_watch(zone: Zone, seconds: list[float]) -> PolicyWatch:
    return PolicyWatch(zone.look, zone.judge, poll_seconds=1.0, clock=lambda: seconds[0])


def test_the_zone_is_asked_at_most_once_a_second_and_judged_only_when_it_changed() -> None:
    zone, now = Zone(), [0.0]
    watch = build_watch(zone, now)
    for moment in (0.1, 0.5, 0.9, 1.1, 1.5, 2.2):
        now[0] = moment
        watch.check()
    assert (zone.looks, zone.judged) == (3, 0)
    zone.mark = 2
    now[0] = 3.3
    watch.check()
    assert zone.judged == 1
    now[0] = 4.4
    watch.check()
    assert zone.judged == 1
    zone.mark, zone.denies = 3, True
    now[0] = 5.5
    with pytest.raises(QueryStoppedError):
        watch.check()


def test_a_zone_that_does_not_answer_is_asked_again_and_nothing_leaves_without_it() -> None:
    zone, now = Zone(), [0.0]
    watch = build_watch(zone, now)
    zone.mark = None
    now[0] = 2.0
    watch.check()
    zone.mark = 2
    now[0] = 4.0
    watch.check()
    assert zone.judged == 1
    zone.denies = True
    with pytest.raises(QueryStoppedError):
        watch.finish()


def test_disclosure_control_ends_at_its_deadline() -> None:
    ticks = itertools.count(0.0, 0.01)
    deadline = ControlDeadline(1.0, Unwatched(), clock=lambda: next(ticks))

    def work() -> None:
        for _ in range(100_000):
            deadline.check()

    with pytest.raises(QueryError, match=r"longer than 1 seconds.*fewer groups") as caught:
        work()
    assert caught.value.facts["kind"] == "disclosure"


def big_table() -> list[Row]:
    """Every cell of 60 x 4 x 2 small: the most work secondary suppression can have."""
    rows: list[Row] = []
    for n in range(60):
        for g, gender in itertools.product(("09", "10", "11", "12"), "FM"):
            rows.extend(
                build_row(len(rows) + i, district="A", grade=g, gender=gender, year=2000 + n)
                for i in range(1 + (n * 7 + len(rows)) % 9)
            )
    return rows


def test_a_large_table_is_refused_in_time_and_says_what_to_ask() -> None:
    asker = Asker(big_table())
    sql = "SELECT year, grade, gender, district, COUNT(*) FROM enrollment GROUP BY 1, 2, 3, 4"
    with pytest.raises(QueryError, match="Ask for fewer groups"):
        asker(sql, control_seconds=0.01)
    assert asker(sql, control_seconds=60).rows


def narrowed(**changes: object) -> GrantBundle:
    return build_question_grant(version=2, **changes)


LAST_YEAR = TODAY.replace(year=2025)
SAME = "SELECT grade, COUNT(*) FROM enrollment GROUP BY grade"
CHANGES: list[tuple[Callable[[], GrantBundle], bool]] = [
    (narrowed, True),
    (lambda: narrowed(title="Another title"), True),
    (lambda: narrowed(dataset={"columns": (*GRANTED, "ungranted")}), True),
    (lambda: narrowed(people=()), False),
    (lambda: narrowed(people=(build_person(training_valid_until=LAST_YEAR),)), False),
    (lambda: narrowed(dataset={"columns": ("district",)}), False),
    (lambda: build_grant(version=2, datasets=(build_dataset(dataset="dol/wages"),)), False),
    (lambda: narrowed(dataset={"years": (2025,)}), False),
    (lambda: narrowed(output=build_grant().output.model_copy(update={"minimum_cell_count": 11})),
     False),
]  # fmt: skip


@pytest.mark.parametrize(("change", "same"), CHANGES)
def test_a_question_keeps_its_meaning_only_when_nothing_that_matters_changed(
    change: Callable[[], GrantBundle], *, same: bool
) -> None:
    asker = Asker(build_rows({"A": 30}))

    def meaning(grant: GrantBundle) -> str:
        return judge(
            SAME,
            bundle=KEYS.verified(grant),
            person_id="p-ruiz",
            contracts={DATASET: build_question_contract()},
            rules={DATASET: asker.rule()},
            snapshots={DATASET: SNAPSHOT},
            runner=InProcessRunner(opener(asker.rows), QueryLimits(256, 1)),
            today=TODAY,
        ).meaning

    first = meaning(build_question_grant())
    assert first
    assert (meaning(change()) == first) is same
