"""A programme for tests: a database of its own, a clock that is told, people who may act."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from governance.people import Person, PersonRegistered, PortalRole
from governance.permissions import Actor
from governance.services import open_programme
from governance.settings import GovernanceSettings
from tests.lib.requests import RULES, build_agreements, build_contracts

STARTS_AT = datetime(2026, 2, 2, 15, 0, tzinfo=UTC)


class Clock:
    """The programme's time; a test moves it on."""

    def __init__(self, now: datetime = STARTS_AT) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
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

    def __init__(self, home: Path, database_url: str | None = None, **settings: Any) -> None:
        url = None if database_url is None else SecretStr(database_url)
        for folder in ("datasets", "agreements"):
            (home / "schemas" / folder).mkdir(parents=True, exist_ok=True)
        given = GovernanceSettings(home=home, database_url=url, storage="local", **settings)
        self.clock = Clock()
        self.programme = replace(
            open_programme(given, clock=self.clock),
            contracts=build_contracts(),
            agreements=build_agreements(),
            rules=RULES,
        )
        self.programme.store.migrate()
        self.people = people_of_the_programme()

    def register(self, people: Mapping[str, Person] | None = None) -> None:
        """Put the people on record, in one transaction."""
        with self.programme.store.begin() as unit:
            for person in (people or self.people).values():
                if unit.load("person", person.id).position:
                    continue
                event = PersonRegistered(
                    subject=person.id, at=self.clock(), by="p-office", person=person
                )
                unit.append("person", person.id, (event,), based_on=0, actor="p-office")

    def actor(self, person_id: str) -> Actor:
        return Actor(person=self.people[person_id])


def fresh_database(url: str) -> str:
    """A new, empty database in the server of `url`."""
    name = f"office_{secrets.token_hex(6)}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.rsplit("/", 1)[0] + f"/{name}"
