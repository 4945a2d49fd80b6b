"""A programme for tests: a database of its own, a clock that is told, people who may act."""

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from governance.board import commands as b
from governance.people import Person, PersonRegistered, PortalRole
from governance.permissions import Actor
from governance.requests import RequestContent
from governance.requests.states import Act
from governance.services import open_programme
from governance.services.board import BodyView, act_on_body
from governance.services.founding import FOUNDING
from governance.services.requests import RequestView, act_on_request, begin_request
from governance.settings import GovernanceSettings
from tests.lib.board import AGENCIES
from tests.lib.requests import RULES, build_agreements, build_content, build_contracts

MEETS_AT = datetime(2026, 3, 12, 14, 0, tzinfo=UTC)
STARTS_AT = datetime(2026, 2, 2, 15, 0, tzinfo=UTC)


class Clock:
    """The programme's time; a test moves it on."""

    def __init__(self, now: datetime = STARTS_AT) -> None:
        self.now = now
        self.tick = timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.now += self.tick
        return self.now

    def to(self, at: datetime) -> None:
        self.now = max(self.now, at)


def build_person(person_id: str, *roles: PortalRole, **changes: Any) -> Person:
    facts: dict[str, Any] = {
        "id": person_id,
        "name": f"Person {person_id}",
        "email": f"{person_id}@example.org",
        "employer": "Example University",
        "employment_class": "university",
        "roles": roles or (PortalRole.REQUESTOR,),
        "employed_from": date(2020, 1, 1),
    }
    return Person(**(facts | changes))


def people_of_the_programme() -> dict[str, Person]:
    """Who is in the requests' builders, an owner and a member each agency, the office, others."""
    found = [
        build_person("p-ruiz", PortalRole.REQUESTOR, name="Dana Ruiz"),
        build_person(
            "p-chen", PortalRole.REQUESTOR, name="Lin Chen", employer="Department of Labor",
            employment_class="state_employee",
        ),
        build_person("p-okafor", PortalRole.REQUESTOR, name="Ada Okafor"),
        build_person("p-office", PortalRole.OPERATOR, employment_class="state_employee"),
        build_person("p-office2", PortalRole.OPERATOR, employment_class="state_employee"),
        build_person("p-audit", PortalRole.AUDITOR, employment_class="state_employee"),
        build_person("p-holder", PortalRole.REQUESTOR, employment_class="state_employee"),
        build_person(
            "p-signs", PortalRole.SIGNATORY, parties=("SDE", "DOL", "OEC", "Example University")
        ),
    ]  # fmt: skip
    for agency in ("cscu", "dcf", "dol", "oec", "sde"):
        owner = {"agency": agency, "employer": agency, "employment_class": "state_employee"}
        found.append(build_person(f"p-{agency}", PortalRole.DATA_OWNER, **owner))
        found.append(build_person(f"alt-{agency}", PortalRole.DATA_OWNER, **owner))
    return {x.id: x for x in found}


class Office:
    """A programme with people; `actor("p-ruiz")` acts."""

    def __init__(
        self,
        home: Path,
        database_url: str | None = None,
        *,
        migrate: bool = True,
        **settings: Any,
    ) -> None:
        url = None if database_url is None else SecretStr(database_url)
        for folder in ("datasets", "agreements"):
            (home / "schemas" / folder).mkdir(parents=True, exist_ok=True)
        named = {"storage": "local", **settings}
        given = GovernanceSettings(home=home, database_url=url, **named)
        self.clock = Clock()
        self.programme = replace(
            open_programme(given, clock=self.clock),
            contracts=build_contracts(),
            agreements=build_agreements(),
            rules=RULES,
        )
        if migrate:
            self.programme.store.migrate()
        self.database_url = given.database
        self.people = people_of_the_programme()

    def register(self, people: Mapping[str, Person] | None = None) -> None:
        """Put the people on record, in one transaction: the first operator, who puts the others."""
        named = (people or self.people).values()
        with self.programme.store.begin() as unit:
            for person in sorted(named, key=lambda x: x.id != "p-office"):
                if unit.load("person", person.id).position:
                    continue
                by = FOUNDING if person.id == "p-office" else "p-office"
                event = PersonRegistered(subject=person.id, at=self.clock(), by=by, person=person)
                unit.append("person", person.id, (event,), based_on=0, actor=by)

    def actor(self, person_id: str) -> Actor:
        return Actor(person=self.people[person_id])

    def act(self, person_id: str, number: str, act: Act, **facts: Any) -> RequestView:
        """A command on a request; `based_on`, `once` and `version` go to the service."""
        named = {k: facts.pop(k) for k in ("based_on", "once", "version") if k in facts}
        return act_on_request(self.programme, self.actor(person_id), number, act, facts, **named)

    def on_board(self, person_id: str, command: type[b.BodyCommand], **facts: Any) -> BodyView:
        """A command on the board; `based_on` and `once` go to the service."""
        named = {k: facts.pop(k) for k in ("based_on", "once") if k in facts}
        body = self.programme.board.body
        return act_on_body(self.programme, self.actor(person_id), body, command, facts, **named)

    def begin(self, content: RequestContent | None = None) -> str:
        """A draft of the university's evaluator."""
        return begin_request(self.programme, self.actor("p-ruiz"), content or build_content())

    def seat_everyone(self) -> None:
        for agency in AGENCIES:
            self.on_board("p-office", b.FillSeat, agency=agency, person=f"p-{agency}")

    def to_vote(self, content: RequestContent | None = None) -> str:
        """A request that waits for the board."""
        number = self.begin(content)
        self.act("p-ruiz", number, Act.SUBMIT)
        view = self.act("p-office", number, Act.ACCEPT_COMPLETE)
        for agency in view.latest.to_review:
            self.act(
                f"p-{agency}",
                number,
                Act.REVIEW_PART,
                agency=agency,
                choice="approve",
                reason="Yes.",
            )
        return number

    def meet(self, meeting: str = "M-1", starts_at: datetime = MEETS_AT) -> None:
        """A meeting in session with everybody present."""
        self.on_board("p-office", b.NoticeMeeting, meeting=meeting, starts_at=starts_at)
        self.clock.to(starts_at)
        self.on_board("p-office", b.OpenMeeting, meeting=meeting)
        for agency in AGENCIES:
            self.on_board("p-office", b.Arrive, meeting=meeting, person=f"p-{agency}")

    def put(self, number: str, motion: str, meeting: str = "M-1") -> None:
        """A motion on a request, its vote called."""
        self.on_board(
            "p-sde", b.MoveMotion, meeting=meeting, motion=motion, kind="data_request",
            text=f"Approve request {number}.", about=number,
        )  # fmt: skip
        self.on_board("p-office", b.PutMotion, motion=motion)

    def vote(self, agency: str, motion: str, **facts: Any) -> BodyView:
        given = {"choice": "in_favor", "rationale": "The safeguards suffice.", **facts}
        return self.on_board(f"p-{agency}", b.CastVote, motion=motion, agency=agency, **given)

    def to_approved(self, motion: str = "MO-1", meeting: str = "M-1") -> str:
        """A request the board approved."""
        number = self.to_vote()
        self.meet(meeting)
        self.put(number, motion, meeting)
        for agency in AGENCIES:
            self.vote(agency, motion)
        self.on_board("p-office", b.CloseVote, motion=motion)
        self.act("p-office", number, Act.RECORD_VOTE, motion=motion)
        return number

    def discard(self) -> None:
        """Close it, and give its database's space back."""
        self.programme.close()
        if self.database_url.startswith("postgresql"):
            server, name = self.database_url.rsplit("/", 1)
            engine = sa.create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
            engine.dispose()

    def copy(self, home: Path) -> "Office":
        """Another programme that begins as this one stands; this one is closed before.

        Quicker than telling a long story again for each test.
        """
        self.programme.close()
        shutil.copytree(self.programme.settings.home, home, ignore=_logs)
        url = None
        if self.database_url.startswith("postgresql"):
            url = fresh_database(self.database_url, template=self.database_url.rsplit("/", 1)[1])
        made = Office(home, url, migrate=False)
        made.clock.now = self.clock.now
        made.people = dict(self.people)
        return made


def _logs(_folder: str, names: list[str]) -> list[str]:
    """A closed SQLite database is one file; its logs are of no use."""
    return [name for name in names if name.endswith(("-wal", "-shm"))]


def fresh_database(url: str, template: str = "template1") -> str:
    """A new database in the server of `url`: empty, or a copy of another one nobody uses now."""
    name = f"office_{secrets.token_hex(6)}"
    engine = sa.create_engine(url.rsplit("/", 1)[0] + "/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return url.rsplit("/", 1)[0] + f"/{name}"
