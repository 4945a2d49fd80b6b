"""The daily run over a real programme: commands, reminders, mail; repeated, at once, broken off."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from governance.board.commands import FillSeat, NoticeMeeting
from governance.cli import app
from governance.clocks import (
    DailyRun,
    Round,
    keep_rounds,
    list_due,
    make_round,
    remind_lately,
    run_daily,
)
from governance.clocks.gathering import gather
from governance.clocks.reminding import remind
from governance.decisions import AccessDeniedError
from governance.errors import ConfigurationError, ObjectStoreError
from governance.mail import MailError, Message
from governance.people import PortalRole
from governance.permissions import CLOCK
from governance.requests import commands as c
from governance.requests.events import RequestEvent
from governance.requests.states import Role, Status
from governance.services.board import act_on_body
from governance.services.links import confirm_link_destroyed
from governance.services.records import record_match
from governance.services.requests import read_request
from governance.store import tables as t
from tests.lib.clocks import noon
from tests.lib.notices import build_notice
from tests.lib.programme import Office, build_person
from tests.lib.requests import Life, build_content

ENDS = date(2026, 12, 31)


class Post:
    """A mailer that keeps mails, or fails as told."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.error: MailError | None = None

    def send(self, message: Message) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(message)


def posting(office: Office) -> Post:
    post = Post()
    office.programme = replace(office.programme, mailer=post)
    return post


def put(office: Office, life: Life) -> None:
    """Append a life's events to the programme, as they happened."""
    by_actor: list[list[RequestEvent]] = []
    for event in life.events:
        if by_actor and by_actor[-1][0].by == event.by:
            by_actor[-1].append(event)
        else:
            by_actor.append([event])
    with office.programme.store.begin() as unit:
        for events in by_actor:
            unit.append("request", "Q0042", events, based_on=None, actor=events[0].by)


@pytest.fixture
def office(database_of_office: str | None, tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path, database_of_office)
    made.register()
    yield made
    made.programme.close()


def at(office: Office, day: date) -> None:
    office.clock.to(noon(day))


def status(office: Office) -> Status:
    with office.programme.store.read() as unit:
        request = unit.request("Q0042")
    assert request is not None
    return request.latest.status


def entries(office: Office, tag: str) -> int:
    with office.programme.store.read() as unit:
        rows = t.ledger_entries
        count = unit.connection.scalar(
            sa.select(sa.func.count()).select_from(rows).where(rows.c.tag == tag)
        )
    return int(count or 0)


def granted(office: Office) -> None:
    life = Life()
    life.to_grant()
    put(office, life)


def test_a_year_of_daily_runs(office: Office) -> None:
    granted(office)
    post, runs = posting(office), []
    days = [ENDS - timedelta(days=d) for d in (200, 61, 60, 59, 30, 7, 0)]
    days += [ENDS + timedelta(days=d) for d in (1, 2, 32, 33, 39)]
    for day in days:
        at(office, day)
        runs.append(run_daily(office.programme))
        again = run_daily(office.programme)
        assert (again.expiring, again.ended, again.reminders) == ((), (), {})
        assert again.sent == 0
    by_day: dict[date, DailyRun] = {r.on: r for r in runs}
    assert [r.on for r in runs if r.expiring] == [ENDS - timedelta(days=60)]
    assert [r.on for r in runs if r.ended] == [ENDS + timedelta(days=1)]
    assert status(office) is Status.ENDED
    expiring = {r.on: r.reminders.get("grant_expiring", 0) for r in runs}
    assert [d for d, n in expiring.items() if n] == [
        ENDS - timedelta(days=d) for d in (60, 30, 7)
    ]  # fmt: skip
    assert by_day[ENDS + timedelta(days=1)].reminders["grant_ended"] == 3
    overdue = [r.on for r in runs if "destruction_overdue" in r.reminders]
    assert overdue == [ENDS + timedelta(days=32), ENDS + timedelta(days=39)]
    assert by_day[ENDS - timedelta(days=60)].republish == ("Q0042",)
    assert not any(r.refused for r in runs)
    sent = sum(n for r in runs for n in r.reminders.values())
    assert len(post.sent) == sent == entries(office, "reminder:sent")
    assert len({m.id for m in post.sent}) == sent
    words = json.dumps([m.model_dump(mode="json") for m in post.sent])
    assert build_content().purpose not in words
    assert office.programme.settings.base_url in words


def test_several_runs_at_once_write_each_notice_once(office: Office) -> None:
    granted(office)
    at(office, ENDS - timedelta(days=30))
    post = posting(office)
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(run_daily, [office.programme] * 3))
    assert [n for r in runs for n in r.expiring] == ["Q0042"] * len([r for r in runs if r.expiring])
    assert entries(office, "data_request:expiring") == 1
    sent = [m.id for m in post.sent]
    assert len(sent) == len(set(sent)) == entries(office, "reminder:sent")


def test_a_run_that_breaks_off_is_finished_by_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted(office)
    at(office, ENDS - timedelta(days=30))
    whole = [d for d in list_due(office.programme) if not hasattr(d, "act")]

    def die(*_: object, **__: object) -> bool:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr("governance.clocks.reminding.enqueue_mail", die)
        with pytest.raises(OSError):  # noqa: PT011  any of them
            run_daily(office.programme)
    assert status(office) is Status.EXPIRING
    assert entries(office, "reminder:sent") == 0
    done = run_daily(office.programme)
    assert done.expiring == ()
    assert sum(done.reminders.values()) == len(whole) - len(done.republish)


def test_mail_that_fails_is_tried_by_a_later_run(office: Office) -> None:
    granted(office)
    at(office, ENDS - timedelta(days=30))
    post = posting(office)
    post.error = MailError("down")
    first = run_daily(office.programme)
    assert (first.sent, first.failed) == (0, sum(first.reminders.values()))
    post.error = None
    office.clock.to(office.clock.now + timedelta(hours=1))
    second = run_daily(office.programme)
    assert (second.reminders, second.sent, second.failed) == ({}, first.failed, 0)


def test_a_missed_day_is_judged_as_it_was_and_a_day_ahead_is_refused(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.register()
    granted(office)
    at(office, ENDS - timedelta(days=10))
    p = office.programme
    with pytest.raises(ConfigurationError, match="lies ahead"):
        run_daily(p, on=ENDS + timedelta(days=1))
    assert status(office) is Status.GRANTED
    missed = ENDS - timedelta(days=30)
    done = run_daily(p, on=missed)
    assert (done.on, done.expiring) == (missed, ("Q0042",))
    assert {getattr(d, "act", None) for d in list_due(p, ENDS + timedelta(days=1))} >= {"end"}
    assert status(office) is Status.EXPIRING
    p.close()


def test_an_empty_programme_has_nothing_due(tmp_path: Path) -> None:
    office = Office(tmp_path)
    done = run_daily(office.programme)
    assert done.to_dict() | {"on": ""} == {
        "on": "", "expiring": [], "ended": [], "refused": [], "packets": [], "republish": [],
        "reminders": {},
        "sent": 0, "failed": 0, "given_up": 0,
        "problems": {},
    }  # fmt: skip
    office.programme.close()


def test_a_round_tells_of_what_changed_and_takes_it_outside(office: Office) -> None:
    post, p = posting(office), office.programme
    first = make_round(p)
    assert (first.reminders, first.sent) == ({}, 0)
    life = Life()
    life.submit()
    put(office, life)
    since = office.clock.now - timedelta(minutes=1)
    done = make_round(p, since)
    assert (done.reminders, done.sent, done.problems) == ({"action_waiting": 2}, 2, {})
    assert {m.to for m in post.sent} == {"p-office@example.org", "p-office2@example.org"}
    assert done.checkpoint > first.checkpoint
    assert remind_lately(p) == []
    life = Life()
    life.submit()
    life.do(c.Return, Role.OPERATOR, mend=("One.",))
    with p.store.begin() as unit:
        event = life.events[-1].model_copy(update={"at": office.clock()})
        unit.append("request", "Q0042", [event], based_on=None, actor=event.by)
    assert {n.to for n in remind_lately(p)} == {"p-ruiz", "p-chen"}
    office.clock.to(office.clock.now + timedelta(hours=1))
    assert remind_lately(p) == []
    again = make_round(p, since)
    assert (again.reminders, again.sent) == ({}, 2)
    assert make_round(p, office.clock.now + timedelta(hours=1)).reminders == {}


def test_what_does_not_answer_keeps_nothing_else_from_being_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path)
    office.register()
    granted(office)
    at(office, ENDS - timedelta(days=30))

    def fail(_: object) -> None:
        raise ObjectStoreError("The policy zone does not answer.")

    monkeypatch.setattr("governance.clocks.rounds.follow_feed", fail)
    monkeypatch.setattr("governance.clocks.rounds.make_checkpoint", fail)
    post, p = posting(office), office.programme
    done = run_daily(p)
    assert done.problems == {"feed": "objects.failed", "checkpoint": "objects.failed"}
    assert (done.expiring, done.sent) == (("Q0042",), len(post.sent))
    assert post.sent
    assert make_round(p).problems == done.problems
    p.close()


def test_rounds_go_on_until_told_to_stop_and_run_daily_once_a_date(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.register()
    p, stop, days = office.programme, threading.Event(), []
    life = Life()
    life.submit()
    put(office, life)
    told: list[Round] = []

    def daily() -> None:
        days.append(p.today)
        if len(days) == 1:
            raise ObjectStoreError("Not now.")
        if len(days) == 2:
            tomorrow.start()
        if len(days) == 3:
            stop.set()

    def move_on() -> None:
        office.clock.to(office.clock.now + timedelta(days=1))

    tomorrow = threading.Timer(0.3, move_on)
    posting(office)
    keep_rounds(office.programme, stop, seconds=0.1, daily=daily, tell=told.append)
    assert days == [date(2026, 2, 2), date(2026, 2, 2), date(2026, 2, 3)]
    assert [(r.reminders, r.problems) for r in told] == [
        ({"action_waiting": 2}, {"daily": "objects.failed"}),
    ]
    p.close()


def test_a_meetings_packet_is_issued_once_and_told_to_the_board(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.register()
    post, p, clerk = posting(office), office.programme, office.actor("p-office")
    body = p.board.body
    for agency in ("sde", "dol"):
        facts = {"agency": agency, "person": f"p-{agency}"}
        act_on_body(p, clerk, body, FillSeat, facts)
    life = Life()
    life.to_vote()
    put(office, life)
    to_come = {"meeting": "DGB-3", "starts_at": noon(date(2026, 2, 20))}
    act_on_body(p, clerk, body, NoticeMeeting, to_come)
    at(office, date(2026, 2, 14))
    assert run_daily(p).packets == ()
    at(office, date(2026, 2, 15))
    done = run_daily(p)
    assert (done.packets, done.problems) == (("DGB-3",), {})
    assert done.reminders["packet_ready"] == 2
    led_to = [m.text for m in post.sent if m.topic == "packet_ready"]
    assert all(f"/boards/{body}/meetings/DGB-3/papers/packet" in text for text in led_to)
    kept = [x.key for x in p.documents.list("packets/DGB-3/")]
    assert len(kept) == 1
    assert b"Q0042" in p.documents.read(kept[0])
    assert run_daily(p).packets == ()
    assert entries(office, "packet:issued") == 1
    p.close()


def test_match_log_and_link_confirmations_move_the_clocks(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.people["p-steward"] = build_person(
        "p-steward", PortalRole.DATA_STEWARD, agency="dol", employment_class="state_employee"
    )
    office.register()
    life = Life()
    life.submit(build_content(requestor_agency="dol"))
    put(office, life)
    p = office.programme
    day = date(2026, 2, 2)
    line = {
        "request": "Q0042", "sender": "SDE", "receiver": "DOL", "file_name": "s", "received": day,
        "match_date": day, "matrix_date": day,
    }  # fmt: skip
    record_match(p, office.actor("p-office"), line)
    record_match(p, office.actor("p-office"), line | {"sender": "CCIC", "file_name": "c"})
    state = gather(p)
    (match,) = state.matches
    assert (match.number, match.agencies, match.destroyed_at) == ("Q0042", ("ccic", "sde"), None)
    at(office, date(2026, 2, 3))
    late = run_daily(p).reminders["match_destruction_overdue"]
    assert late == 3  # the hub's steward and two of the office
    gone = {"destroyed_date": date(2026, 2, 3)}
    record_match(p, office.actor("p-office"), line | gone)
    assert gather(p).matches[0].destroyed_at is None
    record_match(p, office.actor("p-office"), line | gone | {"sender": "CCIC", "file_name": "c"})
    assert gather(p).matches[0].destroyed_at == noon(date(2026, 2, 3)) - timedelta(hours=12)

    steward = office.actor("p-steward")
    with pytest.raises(AccessDeniedError, match="does not analyze"):
        confirm_link_destroyed(p, office.actor("p-sde"), "Q0042", "sde")
    with pytest.raises(AccessDeniedError, match="may not confirm link destruction"):
        confirm_link_destroyed(p, office.actor("p-sde"), "Q0042", "dol")
    assert confirm_link_destroyed(p, steward, "Q0042", "dol") is not None
    assert confirm_link_destroyed(p, steward, "Q0042", "dol") is None
    assert set(gather(p).links["Q0042"].confirmed_on) == {"dol"}
    p.close()


def test_a_request_says_by_when_its_step_is_due(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.register()
    p, life = office.programme, Life()
    life.submit()
    put(office, life)
    due = date(2026, 2, 18)  # ten business days; two holidays are in between
    view = read_request(p, office.actor("p-office"), "Q0042")
    assert (view.due, view.overdue_days) == (due, 0)
    at(office, due + timedelta(days=3))
    view = read_request(p, office.actor("p-ruiz"), "Q0042")
    assert (view.due, view.overdue_days) == (due, 3)
    p.close()


def test_the_clock_is_an_actor_of_the_ledger(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.register()
    remind(office.programme, [build_notice()])
    with office.programme.store.read() as unit:
        facts = unit.connection.scalar(
            sa.select(t.ledger_payloads.c.facts)
            .join(t.ledger_entries, t.ledger_entries.c.seq == t.ledger_payloads.c.seq)
            .where(t.ledger_entries.c.tag == "reminder:sent")
        )
    told: dict[str, Any] = json.loads(facts or "{}")
    assert told["by"] == CLOCK.by == "clock"
    assert told["facts"] == {
        "kind": "action_waiting", "to": "p-sde", "capacity": "data_owner", "version": 1,
    }  # fmt: skip
    assert "Robin" not in json.dumps(told)
    office.programme.close()


def test_a_watching_process_ends_when_it_is_told_to(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.register()
    office.programme.close()
    start = "from governance.cli import app; app()"
    watching = subprocess.Popen(
        [sys.executable, "-c", start, "clocks", "watch", "--home", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    checkpoints = tmp_path / "policy"
    deadline = time.monotonic() + 60
    while not any(checkpoints.rglob("*checkpoint*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    watching.terminate()
    said, _ = watching.communicate(timeout=30)
    assert (watching.returncode, said) == (0, b"")


def test_the_command_line(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.programme.close()
    runner = CliRunner()
    done = runner.invoke(app, ["clocks", "run", "--home", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["sent"] == 0
    said = runner.invoke(app, ["clocks", "run", "--home", str(tmp_path)])
    assert "Reminders: none." in said.output
    due = runner.invoke(app, ["clocks", "due", "--home", str(tmp_path), "--date", "2030-01-01"])
    assert (due.exit_code, due.output) == (0, "Nothing is due.\n")
    ahead = runner.invoke(app, ["clocks", "run", "--home", str(tmp_path), "--date", "2100-01-01"])
    assert ahead.exit_code == 4
    watched = runner.invoke(app, ["clocks", "watch", "--once", "--home", str(tmp_path)])
    assert watched.exit_code == 0, watched.output
    assert "0 sent" in watched.output
    empty = runner.invoke(app, ["clocks", "run", "--home", str(tmp_path / "none"), "--json"])
    assert empty.exit_code != 0
    assert "error" in json.loads(empty.output)
