"""People at the command line: list, add, change, end."""

from datetime import datetime
from typing import Annotated, Any

import typer

from governance.canonical import Json
from governance.cli_session import As, AsJson, Home, reported, say, session
from governance.errors import DocumentError
from governance.people import Person, PortalRole
from governance.services import open_programme
from governance.services.founding import register_first_operator
from governance.services.people import (
    PeopleQuery,
    change_person,
    end_person,
    list_people,
    register_person,
)
from governance.settings import load_settings

people_app = typer.Typer(help="People of the programme.", no_args_is_help=True)

PersonArgument = Annotated[str, typer.Argument(help="The person's id.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the record.")]
Name = Annotated[str | None, typer.Option(help="As written on papers.")]
EmailOption = Annotated[str | None, typer.Option(help="Where mail goes.")]
Employer = Annotated[str | None, typer.Option(help="Who employs them.")]
AgencyOption = Annotated[
    str | None, typer.Option(help="The participating agency that employs them, by its id.")
]
EmploymentOption = Annotated[
    str | None,
    typer.Option(
        help="state_employee, state_official, municipal, federal, university, nonprofit, "
        "contractor or other."
    ),
]
Roles = Annotated[list[PortalRole] | None, typer.Option("--role", help="Repeatable.")]
Parties = Annotated[
    list[str] | None, typer.Option("--party", help="For whom a signatory signs; repeatable.")
]
Account = Annotated[
    str | None, typer.Option(help="How they sign in: issuer and subject, or os|USER.")
]
From = Annotated[datetime | None, typer.Option("--from", help="First day.", formats=["%Y-%m-%d"])]
Day = Annotated[
    datetime,
    typer.Option(
        help="First day without access; a day to come is scheduled.", formats=["%Y-%m-%d"]
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the control plane's command line."""
    app.add_typer(people_app, name="people")


@people_app.command("list")
def list_(
    text: Annotated[str, typer.Option(help="In id, name, address or employer.")] = "",
    role: Annotated[PortalRole | None, typer.Option(help="Only with this role.")] = None,
    agency: AgencyOption = None,
    employed: Annotated[bool, typer.Option(help="Only those employed today.")] = False,
    page: Annotated[int, typer.Option(min=1)] = 1,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """List people, by name."""
    with session(home, as_, as_json=as_json, command="people list") as here:
        query = PeopleQuery(
            text=text, role=role, agency=agency, employed=employed or None, page=page, per_page=50
        )
        found = list_people(here.programme, here.actor, query)
        facts: dict[str, Json] = {
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
            "people": [person.model_dump(mode="json") for person in found.items],
        }
        lines = [_line(person) for person in found.items]
        here.say(facts, [*lines, f"Page {found.page} of {found.pages}; {found.total} people."])


@people_app.command("add")
def add(
    name: Annotated[str, typer.Option(help="As written on papers.")],
    email: Annotated[str, typer.Option(help="Where mail goes.")],
    employer: Annotated[str, typer.Option(help="Who employs them.")],
    employment: EmploymentOption = "other",
    person_id: Annotated[
        str | None, typer.Option("--id", help="Internal id; unset: a random one.")
    ] = None,
    agency: AgencyOption = None,
    role: Roles = None,
    party: Parties = None,
    account: Account = None,
    from_: From = None,
    first: Annotated[
        bool, typer.Option("--first", help="The first operator, while the office has nobody.")
    ] = False,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Make a person's record."""
    given = _given(name, email, employer, employment, agency, role, party, account, from_)
    if person_id is not None:
        given["id"] = person_id
    if first:
        with reported(as_json=as_json):
            programme = open_programme(load_settings(home))
            try:
                given.setdefault("employed_from", programme.today)
                person = register_first_operator(programme, given)
            finally:
                programme.close()
            say(_facts(person), [_line(person)], as_json=as_json)
        return
    with session(home, as_, as_json=as_json, command="people add") as here:
        given.setdefault("employed_from", here.programme.today)
        person = register_person(here.programme, here.actor, given)
        here.say(_facts(person), [_line(person)])


@people_app.command("change")
def change(
    person: PersonArgument,
    reason: Reason,
    name: Name = None,
    email: EmailOption = None,
    employer: Employer = None,
    employment: EmploymentOption = None,
    agency: AgencyOption = None,
    role: Roles = None,
    party: Parties = None,
    account: Account = None,
    from_: From = None,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given of a person's record; the rest stays."""
    given = _given(name, email, employer, employment, agency, role, party, account, from_)
    with session(home, as_, as_json=as_json, command="people change") as here:
        if not given:
            raise DocumentError("Nothing is to be changed: give at least one option.")
        changed = change_person(here.programme, here.actor, person, given, reason=reason)
        here.say(_facts(changed), [_line(changed)])


@people_app.command("end")
def end(
    person: PersonArgument,
    left_on: Day,
    reason: Reason,
    home: Home = None,
    as_: As = None,
    as_json: AsJson = False,
) -> None:
    """Record that somebody left: from that day on they have access to no request's data.

    Today or before, access ends at once; a day to come is scheduled.
    """
    with session(home, as_, as_json=as_json, command="people end") as here:
        p, day = here.programme, left_on.date()
        ended = end_person(p, here.actor, person, left_on=day, reason=reason)
        when = f"Access ends when {day} begins (Eastern time)."
        here.say(_facts(ended), [_line(ended), when if day > p.today else "Access has ended."])


def _given(
    name: str | None,
    email: str | None,
    employer: str | None,
    employment: str | None,
    agency: str | None,
    role: list[PortalRole] | None,
    party: list[str] | None,
    account: str | None,
    from_: datetime | None,
) -> dict[str, Any]:
    given = {
        "name": name,
        "email": email,
        "employer": employer,
        "employment_class": employment,
        "agency": agency,
        "roles": role or None,
        "parties": party or None,
        "account": account,
        "employed_from": from_.date() if from_ else None,
    }
    return {field: value for field, value in given.items() if value is not None}


def _facts(person: Person) -> dict[str, Json]:
    return {"person": person.model_dump(mode="json")}


def _line(person: Person) -> str:
    roles = ", ".join(role.value for role in person.roles)
    until = f", last day with access {person.employed_until}" if person.employed_until else ""
    return f"{person.id}: {person.name}, {person.employer} ({roles}){until}"
