"""The clock of matching files, as truth tables: holidays, weekends, daylight saving time, hours."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.calendar import LEGAL_ZONE, is_business_day, legal_date
from governance.errors import DocumentError
from governance.facts import facts_of
from governance.register.matches import (
    MatchInputs,
    asked_agencies,
    clock_of,
    decide_destroyed_in_time,
    group_matches,
    newest_lines,
    start_clock,
)
from governance.register.source import MatchLine
from governance.requests.links import agencies_with_link, knows_link
from tests.lib.notices import PROFILE
from tests.lib.requests import Life, build_content, build_request_person

CLOCK = PROFILE.matching_clock
DAYS, HOURS = ("sde", "dol"), ("sde", "ccic")


def eastern(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LEGAL_ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("confirmed", "by", "ends"),
    [
        # an ordinary Monday
        ("2026-03-16 09:00", date(2026, 3, 23), "2026-03-24 00:00"),
        # Friday afternoon: the weekend does not count
        ("2026-03-20 16:59", date(2026, 3, 27), "2026-03-28 00:00"),
        # Saturday and Sunday count from the Monday after
        ("2026-03-21 10:00", date(2026, 3, 27), "2026-03-28 00:00"),
        ("2026-03-22 23:59", date(2026, 3, 27), "2026-03-28 00:00"),
        # over Memorial Day, Juneteenth, Thanksgiving
        ("2026-05-20 12:00", date(2026, 5, 28), "2026-05-29 00:00"),
        ("2026-06-15 12:00", date(2026, 6, 23), "2026-06-24 00:00"),
        ("2026-11-23 12:00", date(2026, 12, 1), "2026-12-02 00:00"),
        # Christmas and New Year's Day; both are Fridays
        ("2026-12-24 12:00", date(2027, 1, 4), "2027-01-05 00:00"),
        # Independence Day 2026 is a Saturday and kept on the Friday before
        ("2026-06-30 12:00", date(2026, 7, 8), "2026-07-09 00:00"),
        # New Year's Day 2022 was kept on 31 December 2021
        ("2021-12-28 12:00", date(2022, 1, 5), "2022-01-06 00:00"),
        # Lincoln's birthday and Washington's birthday fall in one period
        ("2026-02-10 12:00", date(2026, 2, 19), "2026-02-20 00:00"),
        # clocks go forward on 8 March and back on 1 November 2026: midnight is local
        ("2026-03-06 12:00", date(2026, 3, 13), "2026-03-14 00:00"),
        ("2026-10-30 12:00", date(2026, 11, 6), "2026-11-07 00:00"),
    ],
)
def test_five_business_days_end_with_the_last_of_them(confirmed: str, by: date, ends: str) -> None:
    clock = start_clock(eastern(confirmed), DAYS, CLOCK)
    assert (clock.by, clock.ends_at, clock.counts_hours) == (by, eastern(ends), False)
    assert not clock.overdue(eastern(ends) - timedelta(seconds=1))
    assert clock.overdue(eastern(ends))
    assert clock.clause == CLOCK.clause


@pytest.mark.parametrize(
    ("confirmed", "ends", "by"),
    [
        ("2026-03-16 09:00", "2026-03-17 09:00", date(2026, 3, 17)),
        # weekends and holidays do not stop hours
        ("2026-12-24 18:30", "2026-12-25 18:30", date(2026, 12, 25)),
        ("2026-03-21 00:00", "2026-03-22 00:00", date(2026, 3, 21)),
        # 24 hours over the change to summer time end an hour later by the clock, and the reverse
        ("2026-03-07 12:00", "2026-03-08 13:00", date(2026, 3, 8)),
        ("2026-10-31 12:00", "2026-11-01 11:00", date(2026, 11, 1)),
    ],
)
def test_24_hours_are_24_hours_when_a_named_agency_is_in(
    confirmed: str, ends: str, by: date
) -> None:
    clock = start_clock(eastern(confirmed), HOURS, CLOCK)
    assert (clock.ends_at, clock.by, clock.counts_hours) == (eastern(ends), by, True)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  Hypothesis wants naive bounds
    st.sets(st.sampled_from(["sde", "dol", "ccic", "oec"]), min_size=1),
)
def test_a_clock_ends_after_it_starts_on_a_day_of_work_and_never_later_with_more_agencies(
    confirmed: datetime, agencies: set[str]
) -> None:
    clock = start_clock(confirmed, agencies, CLOCK)
    assert clock.ends_at > confirmed
    assert legal_date(clock.ends_at - timedelta(microseconds=1)) == clock.by
    if not clock.counts_hours:
        assert is_business_day(clock.by)
    else:
        assert clock.ends_at - confirmed == timedelta(hours=24)
    wider = start_clock(confirmed, agencies | {"ccic"}, CLOCK)
    assert wider.ends_at <= clock.ends_at


@pytest.mark.parametrize(
    ("confirmed", "destroyed", "now", "rules"),
    [
        (None, None, "2026-03-20 09:00", []),
        (None, "2026-03-16 10:00", "2026-03-20 09:00", ["match.confirmed"]),
        ("2026-03-16 09:00", None, "2026-03-23 23:59", []),
        ("2026-03-16 09:00", None, "2026-03-24 00:00", ["match.destroyed"]),
        ("2026-03-16 09:00", "2026-03-23 23:59", "2026-05-01 00:00", []),
        ("2026-03-16 09:00", "2026-03-24 00:01", "2026-05-01 00:00", ["match.destroyed"]),
    ],
)
def test_destroyed_in_time(
    confirmed: str | None, destroyed: str | None, now: str, rules: list[str]
) -> None:
    inputs = MatchInputs(
        "match-1",
        "Q0042",
        DAYS,
        confirmed_at=eastern(confirmed) if confirmed else None,
        destroyed_at=eastern(destroyed) if destroyed else None,
    )
    decision = decide_destroyed_in_time(inputs, CLOCK, eastern(now))
    assert decision.checked
    assert [d.rule for d in decision.denials] == rules
    assert all(d.clause == CLOCK.clause for d in decision.denials)


def test_an_agency_that_analyzes_its_own_data_confirms_first() -> None:
    content = build_content(
        requestor_agency="dol",
        people=(build_request_person(agency="sde"), build_request_person(id="p-x", agency="oec")),
    )
    assert agencies_with_link(content) == ("dol", "sde")
    for agency, knows in (("dol", True), ("sde", False), ("oec", False), (None, False)):
        assert knows_link(agency, content, {"sde"}) is knows


@pytest.mark.parametrize(
    ("sender", "agency"),
    [
        ("ccic", "ccic"),
        ("CCIC", "ccic"),
        (" c cic ", "ccic"),
        ("Connecticut Conference of Independent Colleges", "ccic"),
        ("connecticut  conference of\tINDEPENDENT colleges", "ccic"),
        ("Connecticut Conference of Independent Colleges (CCIC)", "ccic"),
        ("independent colleges", "ccic"),
        ("Trinity College", "ccic"),
        ("TRINITY COLLEGE", "ccic"),
        ("JB-CSSD", "jb_cssd"),
        ("jb_cssd", "jb_cssd"),
        ("Judicial Branch", "jb_cssd"),
        ("State Department of Education", "sde"),
        ("Trinity", None),
        ("Some College", None),
        ("SDE and CCIC", None),
        ("?", None),
    ],
)
def test_a_sender_is_an_agency_by_any_of_its_names_or_its_members(
    sender: str, agency: str | None
) -> None:
    assert PROFILE.agency_of(sender) == agency


def test_a_sender_that_may_be_two_agencies_is_nobody() -> None:
    two = tuple(
        a.model_copy(update={"members": ("A College",)}) if a.id in {"sde", "ccic"} else a
        for a in PROFILE.agencies
    )
    assert PROFILE.model_copy(update={"agencies": two}).agency_of("A College") is None


def line(sender: str = "SDE", file: str = "f", **facts: object) -> MatchLine:
    told = {"received": "2026-03-10", "receiver": "DOL", "request": "Q0042"} | facts
    return facts_of(MatchLine, {"sender": sender, "file_name": file, **told}, "It")


@pytest.mark.parametrize(
    ("senders", "asked", "because"),
    [
        (("SDE", "DOL"), ("dol", "sde"), ""),
        (("SDE", "CCIC"), ("sde",), "named"),
        (("SDE", "Connecticut Conference of Independent Colleges"), (), "named"),
        (("SDE", "Yale University"), (), "named"),
        # the request asks for the data, so the match is one with that data
        (("SDE", "DOL"), ("ccic", "sde"), "named"),
        # nobody knows whose file it is: silence is strict
        (("SDE", "Some College"), ("sde",), "unknown"),
        (("Some College", "CCIC"), ("sde",), "named"),
    ],
)
def test_whose_data_is_in_says_which_clock_runs(
    senders: tuple[str, ...], asked: tuple[str, ...], because: str
) -> None:
    lines = [line(s, f"f{n}", confirmed_at="2026-03-16T09:00:00-04:00")
             for n, s in enumerate(senders)]  # fmt: skip
    ((inputs, kept),) = group_matches(lines, {"Q0042": asked}, PROFILE)
    running = clock_of(inputs, CLOCK)
    assert running is not None
    assert (running.because, running.counts_hours) == (because, bool(because))
    ends = "2026-03-17 09:00" if because else "2026-03-24 00:00"
    assert (running.ends_at, len(kept)) == (eastern(ends), len(senders))


def test_an_unknown_sender_never_makes_the_clock_longer() -> None:
    at = eastern("2026-03-16 09:00")
    long = CLOCK.model_copy(update={"hours": 1000})
    assert start_clock(at, ("sde",), long, unknown_senders=1) == start_clock(at, ("sde",), long)
    nobody = CLOCK.model_copy(update={"hours_agencies": ()})
    assert not start_clock(at, ("sde",), nobody, unknown_senders=1).counts_hours


@pytest.mark.parametrize(
    ("facts", "starts"),
    [
        ({}, None),
        ({"matrix_date": "2026-03-12"}, "2026-03-12 00:00"),
        ({"confirmed_at": "2026-03-16T09:00:00-04:00"}, "2026-03-16 09:00"),
        ({"confirmed_at": "2026-03-16T09:00:00-04:00", "matrix_date": "2026-03-12"},
         "2026-03-16 09:00"),
    ],
)  # fmt: skip
def test_the_clock_starts_with_the_confirmation_else_with_the_day_of_the_matrix(
    facts: dict[str, str], starts: str | None
) -> None:
    ((inputs, _),) = group_matches([line(**facts), line(file="g")], {}, PROFILE)
    assert inputs.started_at == (eastern(starts) if starts else None)
    assert (clock_of(inputs, CLOCK) is None) is (starts is None)


@pytest.mark.parametrize(
    "facts",
    [
        {"matrix_date": "2026-03-12", "confirmed_at": "2026-03-11T23:59:00-04:00"},
        {"confirmed_at": "2026-03-12T09:00:00Z", "destroyed_at": "2026-03-12T08:59:00Z"},
        {"destroyed_at": "2026-03-13T03:00:00Z", "destroyed_date": "2026-03-13"},
        {"confirmed_at": "2026-03-12T09:00:00"},
    ],
)
def test_a_line_out_of_order_is_refused(facts: dict[str, str]) -> None:
    with pytest.raises(DocumentError):
        line(**facts)
    assert line(destroyed_at="2026-03-12T23:00:00-04:00").destroyed_at == eastern(
        "2026-03-12 23:00"
    )


def test_a_match_is_gone_with_its_last_file_and_the_newest_line_stands() -> None:
    old = line(matrix_date="2026-03-12", destroyed_date="2026-03-13")
    other = line("DOL", "g")
    ((inputs, _),) = group_matches([old, other], {}, PROFILE)
    assert inputs.destroyed_at is None
    newer = line("DOL", "g", destroyed_at="2026-03-14T10:00:00-04:00")
    ((inputs, kept),) = group_matches(newest_lines([old, other, newer]), {}, PROFILE)
    assert kept == (old, newer)
    assert inputs.destroyed_at == eastern("2026-03-14 10:00")


def test_what_a_request_asks_for_counts_unless_it_was_never_granted() -> None:
    life = Life()
    life.submit()
    assert asked_agencies(life.request) == ("dol", "sde")
    assert asked_agencies(None) == ()
