"""The office's own records and what the register is made from, on both databases."""

from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from governance.calendar import LEGAL_ZONE
from governance.clocks import run_daily
from governance.clocks.gathering import gather
from governance.decisions import AccessDeniedError
from governance.errors import DocumentError
from governance.papers.records import RecordsRequest
from governance.people import PortalRole
from governance.profile import RecordsOffice
from governance.register.matches import clock_of
from governance.requests.states import Act
from governance.services import open_programme
from governance.services.dispatch import dispatch
from governance.services.erasing import Erasable
from governance.services.founding import register_first_operator
from governance.services.matches import act_on_line, list_match_lines
from governance.services.people import end_person
from governance.services.records import (
    record_cost,
    record_match,
    route_request,
)
from governance.services.told import list_routed
from governance.services.transparency import Replayed, read_source
from governance.settings import load_settings
from governance.store import NotFoundError
from tests.lib.erasing import erased
from tests.lib.programme import Office

COST: dict[str, Any] = {"year": 2026, "heading": "Hosting", "cents": 1250_00}
FIRST: dict[str, Any] = {
    "name": "Fay First", "email": "fay@example.org", "employer": "Office",
    "employment_class": "state_employee", "employed_from": "2020-01-01",
}  # fmt: skip
LINE: dict[str, Any] = {
    "received": date(2026, 2, 2), "sender": "SDE", "receiver": "DOL", "file_name": "a_match_v1",
}  # fmt: skip


def test_what_the_office_records_is_read_back(office: Office) -> None:
    p, by = office.programme, office.actor("p-office")
    number = office.begin()
    record_cost(p, by, COST, once="form-1")
    record_cost(p, by, COST, once="form-1")  # a double click
    record_match(p, by, LINE | {"request": number})
    record_match(p, by, LINE | {"request": number, "destroyed_date": date(2026, 2, 9)})
    source = read_source(p)
    assert [(c.heading, c.cents) for c in source.costs] == [("Hosting", 1250_00)]
    assert [m.destroyed_date for m in source.matches] == [date(2026, 2, 9)]
    assert "Dana Ruiz" in source.withheld_names


def test_the_clock_of_a_match_follows_sender_confirmation_and_destruction(office: Office) -> None:
    p, by = office.programme, office.actor("p-office")
    number = office.begin()
    now = p.clock()
    line = LINE | {"request": number, "sender": "Trinity College", "match_date": p.today}
    record_match(p, by, line)
    (match,) = gather(p).matches
    assert (match.agencies, match.started_at) == (("ccic",), None)
    eastern = now.astimezone(LEGAL_ZONE).isoformat()
    record_match(p, by, line | {"confirmed_at": eastern})
    (match,) = gather(p).matches
    assert match.confirmed_at == now
    assert read_source(p).matches[0].confirmed_at == now
    running = clock_of(match, p.profile.matching_clock)
    assert running is not None
    assert running.ends_at == now + timedelta(hours=24)
    with pytest.raises(DocumentError, match="not past yet"):
        record_match(p, by, line | {"destroyed_at": (now + timedelta(minutes=1)).isoformat()})
    record_match(p, by, line | {"confirmed_at": eastern, "destroyed_at": eastern})
    assert gather(p).matches[0].destroyed_at == now
    assert read_source(p).matches[0].destroyed_date == p.today


@pytest.mark.parametrize(
    "impossible",
    [
        {"matrix_date": "9999-12-31"},
        {"match_date": "0001-01-01"},
        {"confirmed_at": "0001-01-01T00:00:00+14:00"},
        {"destroyed_at": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_a_line_of_no_possible_day_is_refused(office: Office, impossible: dict[str, str]) -> None:
    p, by = office.programme, office.actor("p-office")
    with pytest.raises(DocumentError, match="no year"):
        record_match(p, by, LINE | {"request": office.begin()} | impossible)
    assert list_match_lines(p, by) == ()


def test_acts_about_a_line_and_a_late_destruction_is_said(office: Office) -> None:
    p, by = office.programme, office.actor("p-office")
    line = LINE | {"request": office.begin(), "sender": "CCIC"}
    record_match(p, by, line)
    (row,) = list_match_lines(p, by)
    assert (row.agency, row.standing, row.due_at) == ("ccic", "unstarted", None)
    with pytest.raises(AccessDeniedError):
        act_on_line(p, office.actor("p-holder"), row.id, "confirmed_at")
    with pytest.raises(NotFoundError):
        act_on_line(p, by, "nothing", "confirmed_at")
    confirmed = act_on_line(p, by, row.id, "confirmed_at").confirmed_at
    assert confirmed is not None
    assert act_on_line(p, by, row.id, "confirmed_at").confirmed_at == confirmed  # what stands stays
    (row,) = list_match_lines(p, by)
    assert (row.standing, row.due_at) == ("running", confirmed + timedelta(hours=24))
    with pytest.raises(DocumentError):
        act_on_line(p, by, row.id, "destroyed_at", at=confirmed - timedelta(seconds=1))
    office.clock.to(confirmed + timedelta(hours=24))
    assert list_match_lines(p, by)[0].standing == "overdue"
    act_on_line(p, by, row.id, "destroyed_at")
    assert list_match_lines(p, by)[0].standing == "amiss"
    office.clock.to(confirmed + timedelta(hours=25))
    assert run_daily(p).reminders["match_destruction_amiss"] == 2  # both of the office
    assert "match_destruction_amiss" not in run_daily(p).reminders


def test_who_may_not_is_refused_and_it_is_recorded(office: Office) -> None:
    p, stranger = office.programme, office.actor("p-holder")
    number = office.begin()
    for act in (
        lambda: record_cost(p, stranger, COST),
        lambda: record_match(p, stranger, LINE | {"request": number}),
        lambda: route_request(p, stranger, RecordsRequest("F-1", "All of it", date(2026, 2, 2))),
    ):
        with pytest.raises(AccessDeniedError):
            act()
    with p.store.read() as unit:
        tags = unit.connection.exec_driver_sql("SELECT tag FROM ledger_entries").scalars().all()
    assert tags.count("action:denied") == 3
    assert not read_source(p).costs


def test_a_form_with_mistakes_names_them_and_nothing_is_written(office: Office) -> None:
    p, by = office.programme, office.actor("p-office")
    with pytest.raises(DocumentError) as refused:
        record_cost(p, by, COST | {"cents": -1})
    assert refused.value.problems[0].startswith("cents")
    with pytest.raises(NotFoundError):
        record_match(p, by, LINE | {"request": "Q9999"})
    for nothing in (" ", "DOL \ud800", "DOL \x00"):
        with pytest.raises(DocumentError):
            route_request(p, by, RecordsRequest("F-1", nothing, date(2026, 2, 2)))
    assert not read_source(p).matches


def test_a_records_request_leaves_no_word_of_it_in_the_ledger(office: Office) -> None:
    p, by = office.programme, office.actor("p-office")
    asked = RecordsRequest(
        "F-2", "Canary-5512: files of the Department of Labor", date(2026, 2, 2),
        requester="Wanda Writer",
    )  # fmt: skip
    routed, entry = route_request(p, by, asked, once="F-2")
    assert [agency.id for agency in routed.agencies] == ["dol"]
    assert entry is not None
    with p.store.read() as unit:
        facts = unit.connection.exec_driver_sql("SELECT facts FROM ledger_payloads").scalars()
        text = " ".join(facts)
    assert routed.letter.digest in text
    assert "Canary-5512" not in text
    assert "Wanda" not in text


def test_a_records_request_is_mailed_to_the_agency_or_to_the_office(office: Office) -> None:
    p, by = office.programme, office.actor("p-office")
    records = RecordsOffice(title="Records Officer", email="records@dol.example.org")
    known = tuple(
        a.model_copy(update={"records": records}) if a.id == "dol" else a
        for a in p.profile.agencies
    )
    p = replace(p, profile=p.profile.model_copy(update={"agencies": known}))
    asked = RecordsRequest(
        "F-3", "Canary-7781 of the Department of Labor and of CSCU", date(2026, 2, 2),
        requester="Wanda Writer",
    )  # fmt: skip
    routed, entry = route_request(p, by, asked, once="F-3")
    route_request(p, by, asked, once="F-3")  # a double click
    assert entry is not None
    text = routed.letter.stored().decode()
    assert "We have written to Department of Labor." in text
    assert "forwards your request" in text
    told = next(r for r in list_routed(p, by) if r.reference == "F-3")
    assert (told.written_to, told.by_hand) == (("dol",), ("cscu",))
    dispatch(p)
    mails = [
        message_from_bytes(file.read_bytes(), policy=default)
        for file in (p.settings.home / "mail").glob("*records_request*.eml")
    ]
    assert sorted(mail["To"].addresses[0].addr_spec for mail in mails) == sorted(
        ["records@dol.example.org", p.profile.office.email]
    )
    for mail in mails:
        body = mail.get_body(("plain",))
        assert body is not None
        assert "Canary-7781" in body.get_content()
        assert "Wanda Writer" in body.get_content()
        to_office = mail["To"].addresses[0].addr_spec == p.profile.office.email
        assert ("Forward this by hand" in body.get_content()) is to_office


def test_a_request_that_names_nobody_is_mailed_to_nobody(office: Office) -> None:
    p = office.programme
    asked = RecordsRequest("F-4", "Something else", date(2026, 2, 2))
    routed, _ = route_request(p, office.actor("p-office"), asked)
    assert routed.agencies == ()
    dispatch(p)
    assert not list(p.settings.home.glob("mail/*records_request*"))


def test_only_what_went_on_is_replayed_again_and_the_same_comes_out(office: Office) -> None:
    p, kept = office.programme, Replayed()
    first, second = office.begin(), office.begin()
    before = {r.request.number: r for r in read_source(p, kept).requests}
    office.act("p-ruiz", second, Act.SUBMIT)
    after = {r.request.number: r for r in read_source(p, kept).requests}
    assert after[first] is before[first]
    assert after[second] is not before[second]
    assert [*after.values()] == [*read_source(p).requests]
    office.act("p-ruiz", first, Act.WITHDRAW, on=p.today, reason="Not needed.")
    erased(office, Erasable.REQUEST, first)
    assert {r.request.number for r in read_source(p, kept).requests} == {second}


def test_the_first_operator_is_made_once(office: Office) -> None:
    p, facts = office.programme, FIRST
    with pytest.raises(AccessDeniedError):
        register_first_operator(p, facts)
    for person, by in (("p-office2", "p-office"), ("p-audit", "p-office")):
        end_person(p, office.actor(by), person, left_on=p.today, reason="Left.")
    with pytest.raises(AccessDeniedError):  # one is left, and nobody can end the last
        end_person(p, office.actor("p-office"), "p-office", left_on=p.today, reason="Left.")
    with pytest.raises(AccessDeniedError):
        register_first_operator(p, facts)


def test_an_empty_programme_gets_its_first_operator(tmp_path: Path) -> None:
    opened = open_programme(load_settings(tmp_path))
    opened.store.migrate()
    made = register_first_operator(opened, FIRST | {"roles": ["requestor"]})
    assert made.roles == (PortalRole.OPERATOR,)
    with pytest.raises(AccessDeniedError):
        register_first_operator(opened, FIRST)
    opened.close()
