"""Every notice says for whom, about what, what to do, by when, what then, why, and where."""

from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from governance.mail import Capacity, NoticeKind, compose
from governance.mail.message import one_line
from governance.mail.words import STEPS, WHY, WORDS
from governance.requests.states import Status
from tests.lib.notices import BASE_URL, PROFILE, WRITTEN_AT, build_notice

STEPPING = (NoticeKind.ACTION_WAITING, NoticeKind.OVERDUE)
FACTS = {
    "days": 7,
    "count": 3,
    "on": date(2026, 12, 31),
    "starts_at": None,
    "dataset": "quarterly_wages",
}


class Words(HTMLParser):
    """Text and outline of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.text.append(data.strip())


def test_every_kind_step_and_capacity_has_words() -> None:
    assert set(WORDS) == set(NoticeKind) - set(STEPPING)
    assert set(WHY) == set(Capacity)
    nobody = {Status.DRAFT, Status.DENIED, Status.WITHDRAWN, Status.SUPERSEDED, Status.CLOSED}
    assert set(STEPS) == set(Status) - nobody - {Status.GRANTED, Status.EXPIRING}


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("capacity", Capacity)
def test_both_forms_say_everything(kind: NoticeKind, capacity: Capacity) -> None:
    starts = (
        datetime(2026, 4, 9, 14, 0, tzinfo=UTC) if "meeting" in kind or "packet" in kind else None
    )
    notice = build_notice(kind=kind, capacity=capacity, **(FACTS | {"starts_at": starts}))
    message = compose(notice, PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    page = Words(message.html)
    spoken = " ".join(page.text)
    link = f"{BASE_URL}/requests/Q0042"
    assert f"Open it: {link}" in message.text
    assert page.attributes["href"] == link
    assert message.text.startswith("For Robin Lee\n")
    for text in (message.text, spoken):
        for said in (
            "Robin Lee", "What to do", "By when", "Friday, April 3, 2026", "What happens then",
            "Why you get this", PROFILE.office.email, "do not reply",
        ):  # fmt: skip
            assert said in text, said
        assert "{" not in text
        assert "  " not in text.replace("-- ", "")
    news = message.text.splitlines()[2].removesuffix(".")
    assert news in spoken
    assert one_line(f"[{PROFILE.name}] {news}") == message.subject
    assert page.tags.count("h1") == page.tags.count("main") == 1
    assert page.attributes["lang"] == "en"
    assert message.topic == kind.value


def test_the_example_reads_well() -> None:
    message = compose(build_notice(), PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    assert message.subject == "[P20 WIN] Q0042 waits for the decision of SDE"
    assert message.text == (
        "For Robin Lee\n\n"
        "Q0042 waits for the decision of SDE.\n\n"
        "About: Q0042: Attendance and first wages\n\n"
        "Status: owner review\n\n"
        "What to do: Decide on your agency's own part: approve it, ask for changes, or reject it. "
        "If you have an interest in it, declare it: your alternate then decides.\n\n"
        "By when: Friday, April 3, 2026, end of the day (Eastern time)\n\n"
        "What happens then: When every contributing agency has decided, the board votes.\n\n"
        "Why you get this: You decide for SDE about its data.\n\n"
        "Open it: https://portal.example.org/requests/Q0042\n\n"
        "-- \n"
        "P20 WIN, Office of Policy and Management\n"
        "Questions: data-sharing@example.org\n"
        "This mail carries no data. It was written by the programme's clock; do not reply to it.\n"
    )


def test_an_overdue_step_says_since_when() -> None:
    notice = build_notice(kind=NoticeKind.OVERDUE, days=4)
    message = compose(notice, PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    assert "Overdue by 4 days: Q0042 waits for the decision of SDE" in message.subject


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), "Sunday, March 8, 2026, 1:59 AM EST"),
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "Sunday, March 8, 2026, 3:00 AM EDT"),
        (datetime(2026, 7, 4, 4, 0, tzinfo=UTC), "Saturday, July 4, 2026, 12:00 AM EDT"),
    ],
)
def test_an_instant_is_eastern_with_its_zone(at: datetime, words: str) -> None:
    notice = build_notice(kind=NoticeKind.MATCH_DESTRUCTION_DUE, by=None, by_at=at)
    assert words in compose(notice, PROFILE, base_url=BASE_URL, at=WRITTEN_AT).text


@pytest.mark.parametrize(("days", "words"), [(0, "today"), (1, "in 1 day"), (12, "in 12 days")])
def test_how_long_is_said_as_people_say_it(days: int, words: str) -> None:
    notice = build_notice(kind=NoticeKind.DESTRUCTION_DUE, days=days)
    message = compose(notice, PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    assert message.subject.endswith(f"destruction is due {words}")


def test_how_it_comes_is_said_where_it_is_known() -> None:
    because = "24 hours run: data of CCIC is in."
    notice = build_notice(kind=NoticeKind.MATCH_DESTRUCTION_DUE, because=because)
    message = compose(notice, PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    assert f"How that comes: {because}" in message.text
    assert because in message.html


def test_the_same_notice_has_the_same_id_and_another_has_not() -> None:
    once = build_notice().once
    assert once == build_notice(title="Another title", by=date(2026, 5, 1)).once
    others: list[dict[str, Any]] = [
        {"kind": NoticeKind.OVERDUE}, {"to": "p-dol"}, {"about": "Q0043"}, {"version": 2},
        {"anchor": "2026-04-04"}, {"office": "DOL"},
    ]  # fmt: skip
    assert len({once, *(build_notice(**o).once for o in others)}) == len(others) + 1
