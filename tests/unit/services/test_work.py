"""Who is told what of the data plane's matches, releases and queries."""

from datetime import UTC, date, datetime

import pytest

from governance.decisions import AccessDeniedError
from governance.event_feed import FeedView, QueryRow
from governance.event_feed.rows import MatchRow, ReleaseRow
from governance.services import work
from governance.store import NotFoundError
from tests.lib.journey import Journey
from tests.lib.programme import Office

AT = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
"""Late on 31 March in Connecticut."""


def test_a_project_s_work_is_for_its_readers_and_the_agencies_it_rests_on(
    small_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Journey(small_office)
    number = story.approved()
    p, project = story.p, story.p.rules.numbers.project(number)
    view = FeedView(
        queries={(x, AT.date()): QueryRow(x, AT.date(), 4, 1, 1, 1) for x in (project, "other")},
        matches=tuple(MatchRow(x, AT, 2, 100, 90, 10, "ab" * 32) for x in (project, "other")),
        releases=tuple(ReleaseRow(x, AT, 40, 3, "cd" * 32) for x in (project, "other")),
    )
    monkeypatch.setattr(work, "feed_view", lambda _: view)
    assert work.read_agency_work(p, story.actor("p-sde"), "sde") == ()  # nothing is granted yet
    story.to_grant(number)
    match = work.WorkRow(
        number, date(2026, 3, 31), "match", people=90, offered=100, digest="ab" * 32
    )
    release = work.WorkRow(
        number, date(2026, 3, 31), "release", cells=40, suppressed=3, digest="cd" * 32
    )
    queries = work.WorkRow(number, AT.date(), "queries", answered=4, refused=3)
    for agency in ("sde", "dol"):
        told = work.read_agency_work(p, story.actor(f"p-{agency}"), agency)
        assert told == (release, match)
    assert work.read_agency_work(p, story.actor("p-dcf"), "dcf") == ()
    for who in ("p-ruiz", "p-sde", "p-office"):
        told = work.read_project_work(p, story.actor(who), number)
        assert told == (queries, release, match)
    for who, agency in (("p-sde", "dol"), ("p-ruiz", "sde")):
        with pytest.raises(AccessDeniedError):
            work.read_agency_work(p, story.actor(who), agency)
    with pytest.raises(AccessDeniedError):
        work.read_project_work(p, story.actor("p-holder"), number)
    with pytest.raises(NotFoundError):
        work.read_project_work(p, story.actor("p-office"), "Q9999")
