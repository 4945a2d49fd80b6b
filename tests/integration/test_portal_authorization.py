"""Every route, every kind of person, every status: the app answers what the rules say.

Each route is really asked. Who is refused gets 403 (the public is led to sign in, a program gets
401), and nothing is written but the refusal itself. Who is allowed is never stopped by the gate.
"""

import asyncio
import functools
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from fastapi.routing import APIRoute

from governance.board.state import BodyState
from governance.permissions import Action, Actor, Target, decide_action
from governance.portal import answers, create_app, gate
from governance.portal.declared import DECLARED, Declared, Open, declared_of
from governance.portal.routes import PortalRoute
from governance.requests.state import DataRequest
from governance.requests.states import Act, Status
from tests.lib.asking import Answered, Asker
from tests.lib.statuses import CAST, PLACES, EveryStatus

pytestmark = pytest.mark.xdist_group("portal_authorization")

GATE_RULES: Final = {
    "action.known", "person.employed", "action.role", "action.four_eyes", "action.recused",
    "request.transition",
}  # fmt: skip
FOR_AN_AGENCY: Final = {
    Act.REVIEW_PART, Action.NAME_ALTERNATE, Action.FILE_PROXY, Action.CAST_VOTE,
    Action.CONFIRM_LINK_DESTRUCTION,
}  # fmt: skip
_GROWING: Final = ("ledger_", "stream", "sqlite_")
LEFT: Final = {k for k in CAST if k.endswith("who left")}


@dataclass(eq=False)
class World:
    """The programme, its application, and its database as it was built."""

    every: EveryStatus
    asker: Asker
    database: Path
    kept: sqlite3.Connection
    watch: sqlite3.Connection
    seen: int = -1

    @functools.cache  # noqa: B019  one world a module
    def request(self, status: Status) -> DataRequest:
        with self.every.p.store.read() as unit:
            found = unit.request(self.every.numbers[status])
        assert found is not None
        return found

    @functools.cache  # noqa: B019  one world a module
    def body(self) -> BodyState:
        with self.every.p.store.read() as unit:
            return unit.body(self.every.p.board)[0]

    def live(self) -> sqlite3.Connection:
        return sqlite3.connect(self.database)

    def restore(self) -> None:
        with self.live() as live:
            self.kept.backup(live)
        live.close()
        self.changed()

    def changed(self) -> bool:
        """Whether anybody wrote since this was asked last."""
        before, self.seen = self.seen, self.watch.execute("PRAGMA data_version").fetchone()[0]
        return self.seen != before

    def entries(self, after: int = -1) -> list[tuple[int, str, Any]]:
        """Sequence number, tag and facts of the newest entries."""
        with self.live() as live:
            found = live.execute(
                "SELECT seq, tag, facts FROM ledger_entries JOIN ledger_payloads USING (seq)"
                " WHERE seq > ? ORDER BY seq",
                (after,),
            ).fetchall()
        live.close()
        return [(seq, tag, json.loads(facts)) for seq, tag, facts in found]

    def head(self) -> int:
        with self.live() as live:
            found = live.execute("SELECT max(seq) FROM ledger_entries").fetchone()
        live.close()
        return int(found[0])

    def rest(self) -> dict[str, list[Any]]:
        """Everything but the ledger."""
        with self.live() as live:
            tables = [
                r[0] for r in live.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if not r[0].startswith(_GROWING)
            ]  # fmt: skip
            found = {t: live.execute(f"SELECT * FROM {t}").fetchall() for t in tables}
        live.close()
        return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("everybody")
    every = EveryStatus(home, base_url="http://127.0.0.1:8000")
    every.office.clock.tick = timedelta(0)
    database = home / "governance.db"
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with sqlite3.connect(database) as live:
        live.backup(kept)
    live.close()
    asker = Asker(every.p, dict(CAST))
    watch = sqlite3.connect(database)
    with pytest.MonkeyPatch.context() as patch:  # one request at a time needs no other thread
        patch.setattr(gate, "run_in_threadpool", _at_once)
        patch.setattr(answers, "run_in_threadpool", _at_once)
        yield World(every, asker, database, kept, watch)
    watch.close()
    kept.close()
    every.p.close()


async def _at_once(work: Callable[..., Any], *given: Any) -> Any:
    return work(*given)


def place(declared: Declared, number: str = "", **places: str) -> str:
    """A route's address."""
    known = {**PLACES, **places, "number": number}
    return re.sub(r"{(\w+)}", lambda m: known.get(m[1], "1"), declared.path)


def meant(world: World, declared: Declared, actor: Actor, status: Status | None) -> Target:
    """What a route is about, said here once more by its path alone."""
    names = set(re.findall(r"{(\w+)}", declared.path))
    named = {n: PLACES[n] for n in names if n in PLACES}
    own = declared.path.split("/")[1] == "agency"  # one's own agency's pages
    request = world.request(status) if "number" in names and status is not None else None
    version = request.version(1) if request is not None else None
    party = None
    if version is not None and version.agreement is not None and actor.person is not None:
        parties = [x for x in actor.person.parties if x in version.agreement.parties]
        unsigned = [x for x in parties if x not in version.signatures]
        party = next(iter(unsigned or parties), None)
    return Target(
        request=request,
        version=version,
        body=world.body() if names & {"number", "body"} else None,
        motion=named.get("motion"),
        agency=actor.agency if names & {"number", "body"} or own else named.get("agency"),
        person=actor.by if request is not None else named.get("person"),
        party=party,
    )


Case = tuple[Declared, str, str]
"""A route, its address, a kind of person."""


def judge(
    world: World, routes: list[Declared], status: Status | None
) -> tuple[list[Case], list[tuple[Case, set[str]]]]:
    """Who is allowed, and who is refused by which rules."""
    allowed: list[Case] = []
    refused: list[tuple[Case, set[str]]] = []
    number = world.every.numbers[status] if status else ""
    # the superseded version is an older one
    suffix = "?version=1" if status is Status.SUPERSEDED else ""
    for declared in routes:
        assert isinstance(declared.asks, tuple)
        for kind in CAST:
            actor = world.every.actor(kind)
            target = meant(world, declared, actor, status)
            decisions = [
                decide_action(actor, action, target, today=world.every.p.today)
                for action in declared.asks
            ]
            case = (declared, place(declared, number) + suffix, kind)
            if any(d.permitted for d in decisions):
                allowed.append(case)
            else:
                refused.append((case, {d.rule for d in decisions[0].denials}))
    return allowed, refused


def check_refused(case: Case, answer: Answered) -> None:
    declared, path, kind = case
    where = (declared.method, path, kind, answer.status)
    signed_in = CAST[kind] is not None and kind not in LEFT
    if declared.kind == "api":
        forged = kind in LEFT and declared.writes  # the session ended before the form was read
        assert answer.status == (403 if signed_in or forged else 401), where
    elif signed_in or declared.writes:
        assert answer.status == 403, where
        if kind not in LEFT:
            assert "You may not do this" in answer.text, where
    else:
        assert answer.status == 303, where
        assert answer.headers["location"].startswith("/sign-in?"), where


def check_allowed(world: World, case: Case, answer: Answered, before: int) -> None:
    declared, path, kind = case
    where = (declared.method, path, kind, answer.status)
    assert answer.status < 500, where
    assert answer.status != 401, where
    assert not answer.headers.get("location", "").startswith("/sign-in"), where
    if not declared.writes:
        assert answer.status in {200, 301, 303, 404, 422}, where
    elif answer.status == 403:  # the command's own rules, told in the ledger
        assert "Please send the form again" not in answer.text, where
        denied = [facts for _, tag, facts in world.entries(before) if tag == "action:denied"]
        assert denied, where
        assert not {r for facts in denied for r in facts["facts"]["rules"]} & GATE_RULES, where


def own_part(world: World, case: Case) -> bytes | None:
    """Who acts for an agency says for which; everything else is sent empty."""
    declared, _, kind = case
    if not isinstance(declared.asks, tuple) or declared.asks[0] not in FOR_AN_AGENCY:
        return None
    part = {"agency": world.every.actor(kind).agency or ""}
    return (json.dumps(part) if declared.kind == "api" else urlencode(part)).encode()


async def ask_all(world: World, routes: list[Declared], status: Status | None) -> tuple[int, int]:
    allowed, refused = judge(world, routes, status)
    head, rest = world.head(), world.rest()
    expected: list[tuple[str, set[str]]] = []
    for case, rules in refused:
        check_refused(case, await world.asker.ask(*case))
        if CAST[case[2]] is not None and case[2] not in LEFT:
            expected.append((str(CAST[case[2]]), rules))
    written = world.entries(head)
    assert {tag for _, tag, _ in written} <= {"action:denied"}
    found = [(facts["by"], set(facts["facts"]["rules"])) for _, _, facts in written]
    assert found == expected
    assert world.rest() == rest
    world.restore()
    for case in allowed:
        answer = await world.asker.ask(*case, form=own_part(world, case))
        check_allowed(world, case, answer, head)
        if case[0].writes and world.changed():
            world.restore()
    assert world.rest() == rest
    return len(allowed), len(refused)


ABOUT_A_REQUEST: Final = [
    d for d in DECLARED if "{number}" in d.path and not isinstance(d.asks, Open)
]
ABOUT_OTHERS: Final = [
    d for d in DECLARED if "{number}" not in d.path and not isinstance(d.asks, Open)
]


@pytest.mark.parametrize("status", list(Status))
def test_every_person_on_a_request_in_each_status(world: World, status: Status) -> None:
    allowed, refused = asyncio.run(ask_all(world, ABOUT_A_REQUEST, status))
    assert allowed + refused == len(ABOUT_A_REQUEST) * len(CAST)


def test_every_person_on_everything_else(world: World) -> None:
    allowed, refused = asyncio.run(ask_all(world, ABOUT_OTHERS, None))
    assert allowed + refused == len(ABOUT_OTHERS) * len(CAST)


def test_open_routes_write_nothing_and_say_why(world: World) -> None:
    async def ask_open() -> None:
        for declared in DECLARED:
            if isinstance(declared.asks, Open):
                assert declared.asks.why.endswith("."), declared.path
                for kind in CAST:
                    answer = await world.asker.ask(declared, place(declared), kind)
                    assert answer.status < 500, (declared.path, kind)

    head = world.head()
    asyncio.run(ask_open())
    assert world.head() == head


def test_no_route_lacks_a_declaration(world: World) -> None:
    app = create_app(world.every.p)
    seen = []
    for route in app.routes:
        assert isinstance(route, PortalRoute), getattr(route, "path", route)
        declared = declared_of(route)
        assert declared is not None, route.path
        assert route.methods == {declared.method}
        assert route.path == declared.path
        seen.append(declared)
    assert isinstance(route, APIRoute)
    assert {id(d) for d in seen} <= {id(d) for d in DECLARED}
    assert len(seen) >= 90
