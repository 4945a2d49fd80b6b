"""Concurrent votes, double clicks and two browsers: nothing lost, nothing doubled, on both stores.

Threads share one `Store`; processes each open their own, as portal workers do.
"""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from governance.decisions import AccessDeniedError
from governance.people import PersonChanged
from governance.requests.states import Act, Status
from governance.services.ledger import verify
from governance.services.requests import autosave, begin_request, read_request
from governance.store import StaleError, Store, StoreBusyError, engine
from governance.store import tables as t
from tests.lib.board import AGENCIES
from tests.lib.programme import Office
from tests.lib.requests import build_content

PROCESSES, EACH = 3, 10


def at_once(acts: Iterable[Callable[[], Any]]) -> list[Any]:
    """Results of all, run at the same instant in threads; an error is its result."""
    acts = list(acts)
    gate = threading.Barrier(len(acts))
    found: list[Any] = [None] * len(acts)

    def one(number: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            found[number] = act()
        except Exception as error:  # noqa: BLE001  the result of this one
            found[number] = error

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def tags(office: Office) -> Counter[str]:
    with office.programme.store.read() as unit:
        return Counter(unit.connection.scalars(sa.select(t.ledger_entries.c.tag)))


def test_votes_at_the_same_instant_all_count_once(office: Office) -> None:
    office.seat_everyone()
    number = office.to_vote()
    office.meet()
    office.put(number, "MO-1")
    found = at_once(partial(office.vote, agency, "MO-1") for agency in AGENCIES * 3)
    refused = [x for x in found if isinstance(x, AccessDeniedError)]
    assert len(refused) == 2 * len(AGENCIES)
    assert all("locked" in error.message for error in refused)
    assert tags(office)["vote:cast"] == len(AGENCIES)
    assert tags(office)["action:denied"] == len(refused)
    with office.programme.store.read() as unit:
        votes = unit.body(office.programme.board)[0].motions["MO-1"].votes
    assert sorted(vote.agency for vote in votes) == sorted(AGENCIES)
    assert verify(office.programme).verified


def test_a_double_click_begins_and_submits_once(office: Office) -> None:
    p, ruiz = office.programme, office.actor("p-ruiz")
    numbers = at_once([lambda: begin_request(p, ruiz, build_content(), once="form")] * 6)
    assert len(set(numbers)) == 1, numbers
    found = at_once(
        [lambda: office.act("p-ruiz", numbers[0], Act.SUBMIT, based_on=1, once="s")] * 6
    )
    assert {x.latest.status for x in found} == {Status.SUBMITTED}
    assert tags(office)["data_request:drafted"] == tags(office)["data_request:submitted"] == 1


def test_two_browsers_one_wins_and_the_other_is_told(office: Office) -> None:
    p, ruiz = office.programme, office.actor("p-ruiz")
    number = office.begin()
    contents = [build_content(title=f"Window {n}") for n in range(6)]
    found = at_once(
        partial(office.act, "p-ruiz", number, Act.SAVE_DRAFT, content=content, based_on=1)
        for content in contents
    )
    assert sum(isinstance(x, StaleError) for x in found) == 5
    won = next(x for x in found if not isinstance(x, StaleError))
    assert read_request(p, ruiz, number).latest.content == won.latest.content
    base = read_request(p, ruiz, number).draft
    assert base is not None
    typed = at_once(
        partial(autosave, p, ruiz, number, {"title": str(n)}, based_on=base.revision)
        for n in range(6)
    )
    assert sum(isinstance(x, StaleError) for x in typed) == 5


def test_running_numbers_are_unique(office: Office) -> None:
    p, ruiz = office.programme, office.actor("p-ruiz")
    numbers = at_once([lambda: begin_request(p, ruiz, build_content())] * 10)
    assert sorted(numbers) == [f"Q{n:04d}" for n in range(1, 11)]


PROCESS = """
import sys
from datetime import UTC, datetime
from governance.people import PersonChanged
from governance.store import Store
store, name = Store.open(sys.argv[1]), sys.argv[2]
for number in range(int(sys.argv[3])):
    with store.begin() as unit:
        person = unit.person("p-ruiz").model_copy(update={"employer": f"{name} {number}"})
        event = PersonChanged(
            subject="p-ruiz", at=datetime.now(UTC), by=name, person=person, reason="Race."
        )
        at = unit.load("person", "p-ruiz").position
        unit.append("person", "p-ruiz", (event,), based_on=at, actor=name)
store.close()
"""


@pytest.mark.slow
def test_processes_append_without_loss_to_one_whole_chain(office: Office) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, office.database_url, f"worker{n}", str(EACH)],
            stderr=subprocess.PIPE,
        )
        for n in range(PROCESSES)
    ]
    for process in running:
        _, errors = process.communicate(timeout=90)
        assert process.returncode == 0, errors.decode()[-800:]
    assert tags(office)["person:changed"] == PROCESSES * EACH
    with office.programme.store.read() as unit:
        events = unit.load("person", "p-ruiz").events[1:]
    for n in range(PROCESSES):
        own = [e["person"]["employer"] for e in events if e["by"] == f"worker{n}"]
        assert own == [f"worker{n} {i}" for i in range(EACH)]
    assert verify(office.programme).verified


def test_a_writer_waits_for_a_reader_never(office: Office) -> None:
    with office.programme.store.read() as unit:
        before = unit.load("person", "p-ruiz").position
        changed = office.people["p-ruiz"].model_copy(update={"employer": "Elsewhere"})
        event = PersonChanged(
            subject="p-ruiz", at=office.clock(), by="p-office", person=changed, reason="Moved."
        )
        with office.programme.store.begin() as writer:
            writer.append("person", "p-ruiz", (event,), based_on=before, actor="p-office")
        fresh = unit.connection.scalar(
            sa.select(sa.func.max(t.stream_events.c.position)).where(
                t.stream_events.c.subject == "p-ruiz"
            )
        )
        assert fresh == before  # one consistent look


def test_waiting_for_others_is_bounded_and_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.2)
    other = Store.open(office.database_url)  # as another process would
    before = tags(office)
    with office.programme.store.begin():
        for begin in (other.begin, office.programme.store.begin):
            with pytest.raises(StoreBusyError, match="nothing was changed"), begin():
                pass
    with other.begin() as unit:  # and afterwards it works
        assert unit.position("person", "p-ruiz") == 1
    other.close()
    assert tags(office) == before
