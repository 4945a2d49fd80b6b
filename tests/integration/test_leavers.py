"""Somebody leaves: access ends at once; the office hears of the other requests that name them."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from governance.audit.tags import Tag
from governance.clocks import due_today
from governance.clocks.gathering import gather
from governance.decisions import Decision
from governance.grants import decide_access
from governance.mail.notices import Notice, NoticeKind
from governance.people import PersonEnded
from governance.permissions import SIGNER
from governance.requests.events import PersonLeft
from governance.requests.states import Act, Status
from governance.services.office import Queue, Waiting, list_waiting
from governance.services.people import change_person, end_person
from governance.services.requests import read_request
from tests.lib.journey import MEETING_AT
from tests.lib.portal import RunningPortal, free_port, run_portal
from tests.lib.programme import fresh_database
from tests.lib.signing import PROJECT, Desk

SECOND = "p20-q0002"
K = NoticeKind


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A programme on each database, with a signer that runs on."""
    url = None
    if request.param == "postgresql":
        url = fresh_database(request.getfixturevalue("postgres_url"))
    made = Desk(tmp_path, url)
    made.keep()
    yield made
    made.office.programme.close()


def granted_twice(desk: Desk) -> tuple[str, str]:
    """Two requests in force that name the same persons."""
    first = desk.granted()
    second = desk.journey.submit()
    desk.journey.review(second)
    desk.journey.vote(second, at=MEETING_AT + timedelta(days=28), meeting="DGB-4", motion="M-2")
    desk.send(second)
    desk.sign_agreement(second)
    desk.train(second, "p-ruiz", "p-chen")
    desk.swear(second, "p-ruiz", "p-chen")
    desk.sign()
    return first, second


def access(desk: Desk, project: str, person: str = "p-chen") -> Decision:
    return decide_access(desk.verified(project), person, desk.today())


def leavers(desk: Desk) -> list[Waiting]:
    waiting = list_waiting(desk.office.programme, desk.office.actor("p-office"))
    return [w for w in waiting if w.queue is Queue.LEAVERS]


def told(desk: Desk, kind: NoticeKind) -> list[Notice]:
    p = desk.office.programme
    due = due_today(gather(p), desk.office.clock.now, p.rules, p.profile)
    return [n for n in due if isinstance(n, Notice) and n.kind is kind]


def test_access_ends_at_once_everywhere_it_should(desk: Desk) -> None:
    first, second = granted_twice(desk)
    p, office = desk.office.programme, desk.office.actor("p-office")
    assert access(desk, PROJECT).permitted
    assert access(desk, SECOND).permitted

    # They left one request: that access ends today, and the office is told of the other.
    desk.to(desk.office.clock.now + timedelta(minutes=1))
    before = desk.office.clock.now
    desk.do(first, "p-ruiz", Act.RECORD_LEAVER, person="p-chen", left_on=desk.today())
    assert desk.sign().published == [(f"grants/{PROJECT}", 2)]
    assert [d.rule for d in access(desk, PROJECT).denials] == ["person.employment"]
    assert access(desk, SECOND).permitted
    (task,) = leavers(desk)
    assert (task.number, task.person) == (first, "p-chen")
    assert task.address == f"/people/p-chen/end?request={first}"
    assert second in task.what
    mails = told(desk, K.LEAVER_ELSEWHERE)
    assert {n.to for n in mails} == {"p-office", "p-office2"}
    assert {n.others for n in mails} == {(second,)}
    lately = gather(p, changed_since=before)
    assert [x.request.number for x in lately.requests] == [first]
    assert lately.elsewhere == {(first, "p-chen"): (second,)}
    assert {n.to for n in told(desk, K.LEAVER)} == {"p-ruiz", "p-chen"}

    # Somebody who stays: the record is saved with the reason, and nobody is asked again.
    desk.do(first, "p-office2", Act.RECORD_LEAVER, person="p-ruiz", left_on=desk.today())
    assert [w.person for w in leavers(desk)] == ["p-chen", "p-ruiz"]
    change_person(p, office, "p-ruiz", {}, reason="Left that project only.")
    assert [w.person for w in leavers(desk)] == ["p-chen"]
    desk.sign()
    assert access(desk, SECOND, "p-ruiz").permitted

    # They left their employer, today: no access by any request, with the next bundle.
    end_person(p, office, "p-chen", left_on=desk.today(), reason="Left.")
    assert (f"grants/{SECOND}", 2) in desk.sign().published
    assert [d.rule for d in access(desk, SECOND).denials] == ["person.employment"]
    assert leavers(desk) == []
    assert {n.anchor[:6] for n in told(desk, K.LEAVER_ELSEWHERE)} == {"p-ruiz"}


def test_an_end_that_is_scheduled_comes_with_its_day_in_eastern_time(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.granted()
    p, office = desk.office.programme, desk.office.actor("p-office")
    left_on = desk.today() + timedelta(days=2)
    end_person(p, office, "p-chen", left_on=left_on, reason="A new position.")
    days = []
    for _ in range(4):
        desk.sign()
        days.append((desk.today() < left_on, access(desk, PROJECT).permitted))
        desk.to(desk.office.clock.now + timedelta(days=1))
    assert days == [(True, True), (True, True), (False, False), (False, False)]
    p.close()


def test_only_the_office_takes_a_leaver_back_and_the_signer_judges_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    number, p = desk.granted(), desk.office.programme
    desk.sign()

    def left(by: str, *, mistaken: bool) -> None:
        """Written past the services."""
        event = PersonLeft(
            subject=number, at=desk.office.clock(), by=by, version=1, status=Status.GRANTED,
            person="p-chen", left_on=desk.today() + timedelta(days=900), mistaken=mistaken,
        )  # fmt: skip
        with p.store.begin() as unit:
            unit.append("request", number, (event,), based_on=None, actor=by)

    left("p-holder", mistaken=False)
    desk.sign()
    assert not access(desk, PROJECT).permitted, "what takes access away needs no proof"
    desk.do(
        number, "p-office", Act.RECORD_LEAVER, person="p-chen", left_on=desk.today(), mistaken=True
    )
    desk.sign()
    assert access(desk, PROJECT).permitted
    left("p-ruiz", mistaken=False)
    left("p-ruiz", mistaken=True)
    waiting = desk.sign().waiting[number]
    assert {d.rule for d in waiting} == {"chain.authority"}
    assert not access(desk, PROJECT).permitted
    p.close()


def test_the_records_of_older_software_mean_what_they_meant(tmp_path: Path) -> None:
    """`last_day` of an entry is the last day with access; a leaver dated ahead left that day."""
    desk = Desk(tmp_path)
    number, p = desk.granted(), desk.office.programme
    ended = PersonEnded(
        subject="p-chen", at=desk.office.clock(), by="p-office", last_day=desk.today(), reason="."
    )
    gone = PersonLeft(
        tag=Tag.PERSON_LEFT, subject=number, at=desk.office.clock(), by="p-ruiz", version=1,
        status=Status.AGREEMENTS_OUT, person="p-ruiz", left_on=desk.today() + timedelta(days=900),
    )  # fmt: skip
    desk.sign()
    with p.store.begin() as unit:
        unit.append("person", "p-chen", (ended,), based_on=None, actor="p-office")
    desk.sign()
    assert access(desk, PROJECT).permitted
    with p.store.begin() as unit:
        status = read_request(p, SIGNER, number).latest.status
        event = gone.model_copy(update={"status": status})
        unit.append("request", number, (event,), based_on=None, actor="p-ruiz")
    desk.sign()
    assert not access(desk, PROJECT, "p-ruiz").permitted
    p.close()


def words(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.text)))


def record(portal: RunningPortal, who: str, where: str, **facts: str) -> httpx.Response:
    client = portal.client(who)
    sent = portal.send(client, where, form_of=where, **facts)
    return client.get(sent.headers["location"]) if sent.status_code == 303 else sent


def test_the_pages_say_what_happens_and_it_does(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    desk = Desk(tmp_path / "d", base_url=url, session_minutes=1440)
    first, second = granted_twice(desk)
    today = desk.today()
    where = f"/requests/{first}/leaver"
    with run_portal(tmp_path / "p", programme=desk.office.programme) as portal:
        shown = words(portal.client("p-ruiz").get(where))
        assert "The first day without access: today or before." in shown
        assert "recorded by mistake" not in shown
        ahead = record(portal, "p-ruiz", where, person="p-chen", left_on="2030-01-01")
        assert ahead.status_code == 422
        assert "2030-01-01 is still to come" in words(ahead)
        assert "access has ended" not in words(ahead)
        done = record(portal, "p-ruiz", where, person="p-chen", left_on=today.isoformat())
        assert "It is recorded; access has ended." in words(done)
        desk.sign()
        assert not access(desk, PROJECT).permitted
        lacks = words(portal.client("p-ruiz").get(f"/requests/{first}"))
        assert lacks.count("they left, or are not on record as employed today") == 1

        # The office's desk leads to the record, filled in; one button ends the employment.
        page = portal.client("p-office").get("/office").text
        (link,) = re.findall(r'href="(/people/p-chen/end[^"]*)"', page)
        form = portal.client("p-office").get(link)
        assert f"Left, as recorded in request {first}." in words(form)
        assert f'value="{today.isoformat()}"' in form.text
        later = (today + timedelta(days=9)).isoformat()
        scheduled = record(portal, "p-office", link, left_on=later, reason="A new position.")
        assert "It is scheduled." in words(scheduled)
        assert access(desk, SECOND).permitted
        ended = record(portal, "p-office", link, left_on=today.isoformat(), reason="Left today.")
        assert "The person has no access to any request's data." in words(ended)
        desk.sign()
        assert not access(desk, SECOND).permitted
        assert second in words(portal.client("p-office").get(f"/requests/{second}"))
    desk.office.programme.close()
