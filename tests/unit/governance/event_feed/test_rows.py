from datetime import date, timedelta

from governance.calendar import legal_date
from governance.event_feed import read_feed, view_of
from tests.lib.feed import KEYS, Plane


def view(plane: Plane):  # type: ignore[no-untyped-def]  # noqa: ANN201  FeedView
    plane.publish()
    reading = read_feed(plane.policy, KEYS)
    assert reading.stop is None
    return view_of(reading.batches)


def settle(plane: Plane, name: str, state: str, *, rows: int, failed: int, agency: str = "sde",
           period: str = "2026") -> None:  # fmt: skip
    plane.receive(name, agency=agency, period=period)
    known = {"agency": agency, "dataset": "enrollment", "period": period, "revision": 1}
    if state == "landed":
        plane.record("table:committed", f"submission/{name}", **known, rows=rows - failed)
    if state == "rejected":
        plane.record(
            "submission:rejected", f"submission/{name}", **known, rows_read=rows,
            rows_failed=failed,
        )  # fmt: skip
    plane.record(
        "receipt:issued", f"submission/{name}", **known, state=state, rows_read=rows,
        rows_landed=rows - failed if state == "landed" else 0, rows_quarantined=failed,
        errors=1 if failed else 0, warnings=0,
        codes={"format.date": failed} if failed else {},
    )  # fmt: skip


def test_submissions_carry_their_state_counts_and_trend() -> None:
    plane = Plane()
    settle(plane, "a1", "landed", rows=100, failed=5, period="2024")
    settle(plane, "a2", "rejected", rows=100, failed=40, period="2025")
    settle(plane, "b1", "landed", rows=10, failed=0, agency="dol")
    plane.record("submission:duplicate_ignored", "submission/a3", agency="sde",
                 dataset="enrollment", period="2025", revision=1)  # fmt: skip
    plane.record("submission:superseded", "submission/a1", agency="sde", dataset="enrollment",
                 period="2024", revision=1, superseded_by="a2")  # fmt: skip

    shown = view(plane)

    first = shown.submissions["a1"]
    assert (first.state, first.rows_read, first.rows_landed, first.rows_quarantined) == (
        "superseded", 100, 95, 5,
    )  # fmt: skip
    assert (first.failed_pct, first.codes, first.superseded_by) == (5.0, {"format.date": 5}, "a2")
    assert first.received_at == first.reported_at
    dol, sde = shown.health()
    assert (dol.agency, dol.submissions, dol.newest.id) == ("dol", 1, "b1")
    assert sde.trend == (("2024", 5.0), ("2025", 40.0))
    assert (sde.duplicates, sde.rejected, sde.held, sde.refused) == (1, 1, 0, 0)
    assert set(shown.of_agency("dol").submissions) == {"b1"}
    assert shown.submissions["a3"].failed_pct is None


def test_destructions_queries_matches_and_releases() -> None:
    plane = Plane()
    day = legal_date(plane.now)
    for name, due in (("a1", day), ("a2", day - timedelta(days=1))):
        plane.receive(name)
        plane.record("raw_file:destroyed", f"submission/{name}", agency="sde",
                     dataset="enrollment", certificate_sha256="ab" * 32, due_on=due.isoformat(),
                     clause="MOU-SDE §6")  # fmt: skip
    for tag in ("answered", "answered", "denied", "failed", "stopped"):
        plane.record(f"query:{tag}", "project/p20-q0042", person="p-ruiz", sql="SELECT 1")
    plane.record("match:completed", "match/m1", project="p20-q0042", agencies=2, offered_rows=90,
                 matched_people=80, unmatched_rows=10, matrix_sha256="cd" * 32)  # fmt: skip
    plane.record("output:released", "output/o1", project="p20-q0042", cells=12, suppressed=3,
                 receipt_sha256="ef" * 32)  # fmt: skip
    plane.record("agreement:expired", "agreement/MOU-SDE", ends_on="2026-03-19", clause="§9")

    shown = view(plane)

    assert [d.in_time for d in shown.destructions] == [True, False]
    assert shown.destructions[0].clause == "MOU-SDE §6"
    (row,) = shown.queries.values()
    assert (row.on, row.answered, row.denied, row.failed, row.stopped) == (day, 2, 1, 1, 1)
    assert (shown.matches[0].matched_people, shown.releases[0].suppressed) == (80, 3)
    assert shown.expired == {"agreement/MOU-SDE": date(2026, 3, 19)}
    assert len(shown.of_agency("sde").destructions) == 2
    assert shown.of_agency("dol").destructions == ()


def test_rows_grow_batch_by_batch_as_at_once() -> None:
    plane = Plane()
    settle(plane, "a1", "landed", rows=100, failed=5)
    plane.publish()
    plane.record("query:denied", "project/p1")
    plane.publish()
    plane.record("query:denied", "project/p1")
    plane.publish()
    batches = read_feed(plane.policy, KEYS).batches
    grown = None
    for batch in batches:
        grown = view_of([batch], grown)
    assert grown == view_of(batches)
    (row,) = grown.queries.values()
    assert (row.project, row.answered, row.denied) == ("p1", 0, 2)
