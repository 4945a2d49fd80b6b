"""People's records: found, made, changed and ended by the operating office."""

from datetime import date
from typing import Any, Final

from starlette.responses import Response

from governance.errors import DocumentError
from governance.people import Person, PortalRole
from governance.permissions import Action, Target, decide_action
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.list_pages import asked_list, show_list
from governance.portal.lists import Column, ListSpec, Wishes
from governance.portal.navigation import Area, NavItem, may
from governance.portal.pages.request_form import CLASSES
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.targets import about_person
from governance.portal.visits import Visit, VisitDep
from governance.requests.state import PersonChain
from governance.services.people import (
    PeopleQuery,
    change_person,
    end_person,
    list_people,
    read_person,
    register_person,
)
from governance.services.requests import read_request
from governance.store.paging import Page

router = PortalRouter()
NAVIGATION = (NavItem(Area.OFFICE, "People", "/people", may(Action.READ_PEOPLE)),)
add_said(
    person_registered="The person is on record.",
    person_changed="The record is changed.",
    person_left="It is recorded. The person has no access to any request's data.",
    person_leaves="It is scheduled. Until that day begins (Eastern time) nothing changes.",
)
ROLES: Final = {
    PortalRole.REQUESTOR.value: "Requestor: asks for data",
    PortalRole.DATA_OWNER.value: "Data owner: decides for an agency",
    PortalRole.DATA_STEWARD.value: "Data steward: delivers an agency's data",
    PortalRole.SIGNATORY.value: "Signatory: signs for the parties named below",
    PortalRole.OPERATOR.value: "Operator: of the operating office",
    PortalRole.AUDITOR.value: "Auditor: reads everything, changes nothing",
}
_SHORT: Final = {k: v.partition(":")[0] for k, v in ROLES.items()}
_REASON: Final = Field(
    "reason", "Reason", "textarea", rows=3, required=True, maximum=4000,
    hint="It stands in the record.",
)  # fmt: skip
END_FORM: Final = FormSpec(
    (
        Field(
            "left_on", "Left on", "day", required=True,
            hint="The first day without access. Today or before: access ends at once. A day to "
                 "come is scheduled.",
        ),
        _REASON,
    )
)  # fmt: skip


def _spec(visit: Visit, *, change: bool) -> FormSpec:
    agencies = {a.id: a.name for a in visit.programme.profile.agencies}
    fields = (
        Field("name", "Name", required=True, autocomplete="off"),
        Field("email", "E-mail address", "email", required=True, autocomplete="off"),
        Field("employer", "Employer", required=True),
        Field("agency", "Agency of the programme that employs them", "select", choices=agencies,
              when_empty=None, hint="Data owners and data stewards need one."),
        Field("employment_class", "Kind of employer", "select", choices=CLASSES, required=True),
        Field("roles", "Roles", "checkboxes", choices=ROLES, required=True),
        Field("parties", "Signs for", "textarea", rows=3,
              hint="Parties of sharing agreements, one a line. For signatories only."),
        Field("employed_from", "First day", "day", required=True),
        Field("account", "Account at the identity provider", when_empty=None, autocomplete="off",
              hint="Issuer, a vertical bar, and subject. Empty: the first sign-in under the "
                   "address is theirs."),
    )  # fmt: skip
    last = Field("employed_until", "Last day with access", "day", hint="Empty: the end is open.")
    return FormSpec((*fields, last, _REASON) if change else fields)


def _facts(form: Form) -> dict[str, Any]:
    typed = form.content()
    parties = [x.strip() for x in str(typed.pop("parties", "")).splitlines() if x.strip()]
    return {k: v for k, v in typed.items() if k != "reason"} | {"parties": parties}


def _values(person: Person) -> dict[str, Any]:
    values: dict[str, Any] = person.model_dump(mode="json")
    return values | {"parties": "\n".join(person.parties)}


def _list_spec(visit: Visit) -> ListSpec[Person]:
    agencies = {a.id: a.code for a in visit.programme.profile.agencies}
    today = visit.today
    return ListSpec(
        "people",
        "People",
        (
            Column("name", "Name", lambda x: x.name, link=lambda x: f"/people/{x.id}"),
            Column("email", "E-mail address", lambda x: x.email),
            Column("employer", "Employer", lambda x: x.employer),
            Column("agency", "Agency", lambda x: x.agency, choices=agencies,
                   shown=lambda x: agencies.get(x.agency or "", x.agency or "")),
            Column("role", "Roles", lambda x: ", ".join(r.value for r in x.roles),
                   shown=lambda x: ", ".join(_SHORT[r.value] for r in x.roles), choices=_SHORT),
            Column("employed_from", "First day", lambda x: x.employed_from, kind="day"),
            Column("employed_until", "Last day with access", lambda x: x.employed_until,
                   kind="day"),
            Column("employed", "Employed today", lambda x: x.employed(today), only_export=True,
                   sortable=False, choices={"yes": "Yes", "no": "No"}),
            Column("id", "Id", lambda x: x.id, only_export=True),
        ),
        sort="name",
        search="name, address, employer and id",
        empty="Nobody is on record yet. Register the first person.",
        by_service=True,
    )  # fmt: skip


@router.page("GET", "/people", asks=Action.READ_PEOPLE)
def show_people(visit: VisitDep) -> Response:
    """Everybody on record, by name unless asked otherwise."""
    listing = asked_list(visit, _list_spec(visit), lambda wishes: _found(visit, wishes))
    return show_list(visit, "people/list.html", listing, may_change=_may(visit))


def _found(visit: Visit, wishes: Wishes) -> Page[Person]:
    role, employed = wishes.filters.get("role"), wishes.filters.get("employed")
    query = PeopleQuery(
        text=wishes.text,
        role=PortalRole(role) if role else None,
        agency=wishes.filters.get("agency"),
        employed=None if employed is None else employed == "yes",
        sort=wishes.sort,
        descending=wishes.descending,
        page=wishes.page,
        per_page=wishes.per_page,
    )
    return list_people(visit.programme, visit.actor, query)


def _may(visit: Visit, person: str | None = None) -> bool:
    target = Target(person=person)
    decision = decide_action(visit.actor, Action.CHANGE_PEOPLE, target, today=visit.today)
    return decision.permitted


@router.page("GET", "/people/new", asks=Action.CHANGE_PEOPLE)
def ask_new(visit: VisitDep) -> Response:
    """The form of a new record."""
    form = _spec(visit, change=False).bind({"employed_from": visit.today.isoformat()})
    return visit.page("people/new.html", form=form)


@router.page("POST", "/people/new", asks=Action.CHANGE_PEOPLE)
def register(visit: VisitDep) -> Response:
    """Make the record."""
    form = _spec(visit, change=False).read(visit.form)
    try:
        made = register_person(visit.programme, visit.actor, _facts(form), once=form.token)
    except DocumentError as error:
        return visit.page("people/new.html", form=form.refused(error), status=422)
    return visit.redirect(f"/people/{made.id}", said="person_registered")


@router.page("GET", "/people/{person}", asks=Action.READ_PEOPLE, about=about_person)
def show_person(visit: VisitDep, person: str) -> Response:
    """A person's record; one's own for everybody."""
    found, _ = read_person(visit.programme, visit.actor, person)
    return visit.page(
        "people/show.html",
        record=found,
        roles=[ROLES[r.value] for r in found.roles],
        kind=CLASSES.get(found.employment_class, found.employment_class),
        agency=visit.programme.profile.agency_name(found.agency) if found.agency else "",
        employed=found.employed(visit.today),
        may_change=_may(visit, person),
    )


@router.page("GET", "/people/{person}/change", asks=Action.CHANGE_PEOPLE, about=about_person)
def ask_change(visit: VisitDep, person: str) -> Response:
    """The form with the record as it is."""
    found, position = read_person(visit.programme, visit.actor, person)
    form = _spec(visit, change=True).bind(_values(found), based_on=position)
    return visit.page("people/change.html", record=found, form=form)


@router.page("POST", "/people/{person}/change", asks=Action.CHANGE_PEOPLE, about=about_person)
def change(visit: VisitDep, person: str) -> Response:
    """Put the record as it is from now on."""
    found, _ = read_person(visit.programme, visit.actor, person)
    form = _spec(visit, change=True).read(visit.form)
    reason = str(form.content()["reason"])
    try:
        change_person(
            visit.programme, visit.actor, person, _facts(form), reason=reason,
            based_on=form.based_on,
        )  # fmt: skip
    except DocumentError as error:
        refused = form.refused(error)
        return visit.page("people/change.html", record=found, form=refused, status=422)
    return visit.redirect(f"/people/{person}", said="person_changed")


@router.page("GET", "/people/{person}/end", asks=Action.CHANGE_PEOPLE, about=about_person)
def ask_end(visit: VisitDep, person: str) -> Response:
    """Before access ends."""
    found, position = read_person(visit.programme, visit.actor, person)
    form = END_FORM.bind(_as_recorded(visit, person), based_on=position)
    return visit.page("people/end.html", record=found, form=form)


def _as_recorded(visit: Visit, person: str) -> dict[str, str]:
    """What the form begins with: the leaving that a request records, or today."""
    number = visit.request.query_params.get("request", "")
    if number:
        people = read_request(visit.programme, visit.actor, number).request.people
        left_on = people.get(person, PersonChain()).left_on
        if left_on is not None:
            reason = f"Left, as recorded in request {number}."
            return {"left_on": left_on.isoformat(), "reason": reason}
    return {"left_on": visit.today.isoformat()}


@router.page("POST", "/people/{person}/end", asks=Action.CHANGE_PEOPLE, about=about_person)
def end(visit: VisitDep, person: str) -> Response:
    """Record that they left, or will leave."""
    found, _ = read_person(visit.programme, visit.actor, person)
    form = END_FORM.read(visit.form)
    typed = form.content()
    try:
        left_on = _day(typed["left_on"])
        end_person(
            visit.programme, visit.actor, person, left_on=left_on,
            reason=str(typed["reason"]), based_on=form.based_on,
        )  # fmt: skip
    except DocumentError as error:
        refused = form.refused(error)
        return visit.page("people/end.html", record=found, form=refused, status=422)
    said = "person_leaves" if left_on > visit.today else "person_left"
    return visit.redirect(f"/people/{person}", said=said)


def _day(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        problem = "left_on: Field required" if not text else "left_on: choose a day"
        raise DocumentError.counted("The form has", problem) from None
