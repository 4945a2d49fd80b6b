"""The desk, the outbox's health and the routed records requests, on each database."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from governance.decisions import AccessDeniedError
from governance.papers.records import RecordsRequest
from governance.requests.states import Act
from governance.services.office import Queue, list_waiting
from governance.services.records import route_request
from governance.services.sending import list_deliveries, read_sending
from governance.services.told import list_routed
from governance.services.webhooks import register_webhook
from governance.store import tables as t
from tests.lib.programme import Office

DESK = (list_waiting, read_sending)


def test_the_desk_follows_a_request(office: Office) -> None:
    number = office.begin()
    desk = office.actor("p-office")
    mine = [w for w in list_waiting(office.programme, desk) if w.number == number]
    assert mine == []
    office.act("p-ruiz", number, Act.SUBMIT)
    (step,) = (w for w in list_waiting(office.programme, desk) if w.number == number)
    assert (step.queue, step.page, step.overdue) == (Queue.COMPLETENESS, "complete", False)
    assert step.until is not None
    office.act("p-office", number, Act.RETURN, mend=("Name a funder.",))
    (step,) = (w for w in list_waiting(office.programme, desk) if w.number == number)
    assert (step.queue, step.who) == (Queue.MENDING, "The requestor")


def test_sending_is_counted_by_kind(office: Office) -> None:
    p, desk = office.programme, office.actor("p-office")
    hook, _ = register_webhook(p, desk, "https://hooks.example.org/x", ["data_request:submitted"])
    assert list_deliveries(p, desk, hook.id).items == ()
    number = office.begin()
    office.act("p-ruiz", number, Act.SUBMIT)
    (sent,) = list_deliveries(p, desk, hook.id).items
    assert (sent.topic, sent.outcome, sent.attempts) == ("data_request:submitted", "waiting", 0)
    before = {s.kind: s for s in read_sending(p, desk)}["webhook"]
    assert before.waiting >= 1
    assert before.oldest is not None
    with p.store.begin() as unit:
        given_up = datetime(2026, 3, 1, tzinfo=UTC).isoformat()
        unit.connection.execute(
            update(t.outbox)
            .where(t.outbox.c.recipient == hook.id)
            .values(given_up_at=given_up, next_at=None, attempts=8, problem="timeout")
        )
    after = {s.kind: s for s in read_sending(p, desk)}["webhook"]
    assert (after.waiting, after.given_up) == (before.waiting - 1, before.given_up + 1)
    assert list_deliveries(p, desk, hook.id).items[0].outcome == "given_up"


def test_routed_requests_say_neither_who_nor_what(office: Office) -> None:
    p, desk = office.programme, office.actor("p-office")
    asked = RecordsRequest(
        "FOI-7", "Everything on Quillfeather.", date(2026, 2, 2), agency="sde", requester="Pat"
    )
    routed, _ = route_request(p, desk, asked, once="a-form")
    route_request(p, desk, asked, once="a-form")
    told = [r for r in list_routed(p, desk) if r.reference == "FOI-7"]
    assert [(r.agencies, r.answer_by, r.digest) for r in told] == [
        (("sde",), routed.answer_by, routed.letter.digest)
    ]
    assert "Quillfeather" not in str(told)


def test_others_are_refused(office: Office) -> None:
    for ask in DESK:
        ask(office.programme, office.actor("p-audit"))
        with pytest.raises(AccessDeniedError):
            ask(office.programme, office.actor("p-ruiz"))
    for person in ("p-audit", "p-ruiz"):
        with pytest.raises(AccessDeniedError):
            list_routed(office.programme, office.actor(person))
        with pytest.raises(AccessDeniedError):
            list_deliveries(office.programme, office.actor(person), "wh-1")
