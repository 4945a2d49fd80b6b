"""The request form: begun, typed with autosave, checked against the agreements, submitted, amended.

Persons are named by their address and taken as the office keeps them; a form never says who employs
somebody. A button beside Save adds or removes a dataset or person, so that it works without script.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from governance.errors import DocumentError
from governance.people import Person
from governance.permissions import Action
from governance.portal.catalogue_words import choice_words
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.navigation import NavItem
from governance.portal.numbers import whole_number
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.targets import about_request
from governance.portal.times import say_eastern
from governance.portal.visits import Visit, VisitDep
from governance.requests.model import RequestContent, RequestType
from governance.requests.states import Act
from governance.services.draft_checks import check_draft
from governance.services.named_people import name_person
from governance.services.requests import (
    RequestView,
    act_on_request,
    autosave,
    begin_request,
    read_request,
)
from governance.services.values import plain

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
add_said(
    request_begun="The request is begun. Nobody else sees it before you submit it.",
    request_submitted="Your request is submitted. The operating office checks it for completeness.",
    request_amended="The next version is a draft. What was granted goes on meanwhile.",
)
ROLES: Final = {
    "requestor": "Requestor",
    "authorized_representative": "Authorized representative (named under FERPA; signs)",
    "analyst": "Analyst",
}
CLASSES: Final = {
    "state_employee": "Employee of the state",
    "state_official": "Official of the state",
    "municipal": "Municipality",
    "federal": "Federal government",
    "university": "University",
    "nonprofit": "Nonprofit organization",
    "contractor": "Contractor",
    "other": "Other",
}
_TYPES: Final = {t.value: t.value.capitalize() for t in RequestType}
_FERPA: Final = {
    "audit_or_evaluation": "Audit or evaluation of a federal or state education program",
    "compliance": "Enforcement of or compliance with federal legal requirements",
}
_WORDS: Final = 20_000
PURPOSE_FIELDS: Final = (
    Field("title", "Name of the request", required=True, maximum=300),
    Field("type", "Type", "select", choices=_TYPES, required=True),
    Field("continues", "Number of the request it continues, repeats or modifies", when_empty=None),
    Field("purpose", "Purpose and scope", "textarea", required=True, maximum=_WORDS),
    Field("legal_basis", "Legal basis", "textarea", rows=3, required=True, maximum=_WORDS),
    Field("ferpa_basis", "Basis under FERPA, for education data", "radios", choices=_FERPA,
          when_empty=None, hint="34 CFR 99.31(a)(3) and 99.35. Leave it for other data."),
    Field("learning_agenda", "How it fits the learning agenda", "textarea", rows=3,
          maximum=_WORDS),
)  # fmt: skip
PLAN_FIELDS: Final = (
    Field("organization", "Requesting organization", required=True, maximum=300),
    Field("requestor_agency", "Participating agency that asks, if one does", "select",
          when_empty=None),
    Field("funder", "Funder", maximum=300),
    Field("secure_environment", "Secure environment", "textarea", rows=3, required=True,
          maximum=_WORDS, hint="Where the data is used, and how it is protected there."),
    Field("analysis_plan", "Analysis", "textarea", required=True, maximum=_WORDS),
    Field("dissemination_plan", "Dissemination", "textarea", required=True, maximum=_WORDS,
          hint="Each contributing agency sees the output before it is published."),
    Field("ends_on", "Last day of use", "day", required=True),
    Field("destruction_on", "Destruction by", "day", required=True),
)  # fmt: skip
NEW_PERSON: Final = (
    Field("new_person.name", "Name", autocomplete="off"),
    Field("new_person.email", "E-mail address", "email", autocomplete="off",
          hint="Under it the office finds them at the completeness check, if they are on record."),
    Field("new_person.employer", "Employer", autocomplete="off"),
    Field("new_person.employment_class", "Kind of employer", "select", choices=CLASSES,
          hint="Whom the state employs, the operating office confirms; until then it says other."),
    Field("new_person.role", "Role in the project", "select", choices=ROLES),
)  # fmt: skip
ADD_DATASET: Final = "add_dataset"
TOTALS_HINT: Final = (
    "Names of variables, as amount, pay: they are counted, summed and averaged, never grouped or "
    "filtered by. Asking for less is approved more easily."
)
_ROW: Final = re.compile(r"(datasets|people)\.([0-9]{1,3})\.")


def spec_for(visit: Visit, content: Mapping[str, Any]) -> FormSpec:
    """The fields for what stands in the form: one group a dataset, an agency, a person."""
    p = visit.programme
    fields: list[Field] = [*PURPOSE_FIELDS]
    agencies: dict[str, None] = {}
    for n, part in enumerate(_rows(content, "datasets")):
        contract = p.contracts.get(str(part.get("dataset")))
        names = {c.name: choice_words(c) for c in contract.columns} if contract else {}
        for gone in part.get("variables") or ():
            names.setdefault(str(gone), f"{gone} (not in the catalogue)")
        agencies[str(part.get("dataset")).split("/", 1)[0]] = None
        fields += [
            Field(f"datasets.{n}.dataset", "Dataset", "hidden"),
            Field(f"datasets.{n}.variables", "Variables", "checkboxes", choices=names),
            Field(f"datasets.{n}.years", "Years", hint="As 2019, 2020. Leave it empty for all."),
            Field(f"datasets.{n}.totals_only", "Only in totals and means", hint=TOTALS_HINT),
        ]
    for agency in agencies:
        held = [a for a in p.agreements.values() if a.agency == agency and a.in_force(p.today)]
        purposes = {x: x.capitalize() for a in held for x in a.purposes}
        label = f"Which purpose {p.profile.agency_code(agency)}'s agreement permits"
        fields.append(Field(f"purposes.{agency}", label, "select", choices=purposes))
    for n, _ in enumerate(_rows(content, "people")):
        fields += [
            Field(f"people.{n}.id", "Person", "hidden"),
            Field(f"people.{n}.role", "Role in the project", "select", choices=ROLES),
        ]
    choices = {a.id: a.name for a in p.profile.agencies}
    plans = [
        Field(f.name, f.label, f.kind, f.hint, choices, when_empty=None)
        if f.name == "requestor_agency"
        else f
        for f in PLAN_FIELDS
    ]
    datasets = {
        c.id: f"{c.title} ({c.id})" for c in sorted(p.contracts.values(), key=lambda c: c.id)
    }
    add = Field(ADD_DATASET, "Add a dataset", "select", choices=datasets)
    position = Field("position", "Position", "hidden")
    return FormSpec((*fields, *plans, *NEW_PERSON, add, position))


def _rows(content: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = content.get(name)
    return [r for r in found if isinstance(r, Mapping)] if isinstance(found, list | tuple) else []


def shown_values(content: Mapping[str, Any]) -> dict[str, Any]:
    """Values for the fields: years as text."""
    parts = [
        {
            **part,
            "years": ", ".join(str(y) for y in part.get("years") or ()),
            "totals_only": ", ".join(str(v) for v in part.get("totals_only") or ()),
        }
        for part in _rows(content, "datasets")
    ]
    return {**content, "datasets": parts}


def sent_rows(visit: Visit) -> dict[str, list[dict[str, Any]]]:
    """As many datasets and persons as the form that was sent has."""
    most = {"datasets": -1, "people": -1}
    for name in visit.form:
        found = _ROW.match(name)
        if found:
            most[found[1]] = max(most[found[1]], int(found[2]))
    rows: dict[str, list[dict[str, Any]]] = {"datasets": [], "people": []}
    for kind, last in most.items():
        for n in range(min(last, 199) + 1):
            key = "dataset" if kind == "datasets" else "id"
            rows[kind].append({key: str(visit.form.get(f"{kind}.{n}.{key}", ""))})
    return rows


def typed_content(form: Form, old: Mapping[str, Any]) -> dict[str, Any]:
    """The request's content from what was typed; persons as they stood in the form already."""
    typed = form.content()
    for name in ("new_person", ADD_DATASET, "position"):
        typed.pop(name, None)
    filters = {p.get("dataset"): p.get("row_filter") or () for p in _rows(old, "datasets")}
    typed["datasets"] = [
        {
            **part,
            "years": _years(str(part.get("years") or "")),
            "totals_only": _listed(str(part.get("totals_only") or "")),
            "row_filter": plain(filters.get(part.get("dataset"), ())),
        }
        for part in _rows(typed, "datasets")
    ]
    purposes = typed.get("purposes") or {}
    kept = {k: v for k, v in (old.get("purposes") or {}).items() if "/" in k}
    typed["purposes"] = kept | {k: v for k, v in purposes.items() if v}
    known = {str(row.get("id")): row for row in _rows(old, "people")}
    typed["people"] = [
        {**known.get(str(row.get("id")), {}), "id": row.get("id"), "role": row.get("role")}
        for row in _rows(typed, "people")
    ]
    return typed


def _listed(text: str) -> list[str]:
    return [word for word in re.split(r"[,;\s]+", text) if word]


def _years(text: str) -> list[int | str] | None:
    years = _listed(text)
    return [int(y) if re.fullmatch(r"[0-9]{1,9}", y) else y for y in years] or None


def person_facts(person: Person) -> dict[str, Any]:
    """What a form says of somebody on record."""
    return {
        "name": person.name,
        "employer": person.employer,
        "agency": person.agency,
        "employment_class": person.employment_class,
    }


@router.page("GET", "/requests/new", asks=Action.BEGIN_REQUEST)
def ask_new(visit: VisitDep) -> Response:
    """Before a request begins: what it takes, and what it may follow."""
    form = FormSpec(PURPOSE_FIELDS[:3]).bind({"type": "initial"})
    return visit.page("requests/new.html", form=form)


@router.page("POST", "/requests/new", asks=Action.BEGIN_REQUEST)
def begin(visit: VisitDep) -> Response:
    """Begin a draft; who begins it is its first person."""
    form = FormSpec(PURPOSE_FIELDS[:3]).read(visit.form)
    content = form.content()
    person = visit.actor.person
    earlier = _earlier(visit, content.get("continues"))
    if person is not None:
        own = {"id": person.id, "role": "requestor", **person_facts(person)}
        content = {"organization": person.employer, "people": [own], **earlier, **content}
    try:
        number = begin_request(visit.programme, visit.actor, content, once=form.token)
    except DocumentError as error:
        return visit.page("requests/new.html", status=422, form=form.refused(error))
    return visit.redirect(f"/requests/{number}/edit", said="request_begun")


def _earlier(visit: Visit, number: object) -> dict[str, Any]:
    """The content of the request that this one continues, to begin with."""
    if not isinstance(number, str) or not re.fullmatch(r"[A-Za-z0-9._-]{1,63}", number):
        return {}
    view = read_request(visit.programme, visit.actor, number)
    content = view.latest.submitted or view.latest.content
    return dict(plain(content))


@router.page("GET", "/requests/{number}/edit", asks=Act.SAVE_DRAFT, about=about_request)
def ask_edit(visit: VisitDep, number: str) -> Response:
    """The form, with what was typed last."""
    view = read_request(visit.programme, visit.actor, number)
    content = _content(view)
    values = shown_values(content) | {"position": view.position}
    revision = view.draft.revision if view.draft else 0
    form = spec_for(visit, content).bind(values, based_on=revision)
    return _show(visit, view, form, content)


def _show(
    visit: Visit, view: RequestView, form: Form, content: Mapping[str, Any], status: int = 200
) -> Response:
    people = _rows(content, "people")
    titles = {c.id: c.title for c in visit.programme.contracts.values()}
    return visit.page(
        "requests/edit.html",
        status=status,
        view=view,
        form=form,
        people=people,
        datasets=[str(r.get("dataset")) for r in _rows(content, "datasets")],
        titles=titles,
        purpose_names=[f.name for f in PURPOSE_FIELDS],
        plan_names=[f.name for f in PLAN_FIELDS],
        new_names=[f.name for f in NEW_PERSON],
        purposes=[n for n in form.fields if n.startswith("purposes.")],
        checked=check_draft(visit.programme, view),
    )


def _content(view: RequestView) -> dict[str, Any]:
    if view.draft is not None:
        return dict(view.draft.content)
    return dict(plain(view.latest.content))


@router.page("POST", "/requests/{number}/draft", asks=Act.SAVE_DRAFT, about=about_request)
def keep_typed(visit: VisitDep, number: str) -> Response:
    """Autosave: mistakes and all, no entry of the ledger; says how much the checks find."""
    view = read_request(visit.programme, visit.actor, number)
    form = spec_for(visit, sent_rows(visit)).read(visit.form)
    content = typed_content(form, _content(view))
    revision = autosave(visit.programme, visit.actor, number, content, based_on=form.based_on or 0)
    view = read_request(visit.programme, visit.actor, number)
    found = check_draft(visit.programme, view).to_mend
    said = f"Draft saved {say_eastern(visit.now)}. {_say_found(found)}"
    return JSONResponse({"based_on": revision, "said": said})


def _say_found(found: int) -> str:
    if not found:
        return "The checks below find nothing to mend."
    things = "1 thing" if found == 1 else f"{found} things"
    return f"The checks below find {things} to mend."


@router.page("POST", "/requests/{number}/edit", asks=Act.SAVE_DRAFT, about=about_request)
def take_edit(visit: VisitDep, number: str) -> Response:
    """Save, add or remove a dataset or person, or go on to submitting."""
    view = read_request(visit.programme, visit.actor, number)
    rows = sent_rows(visit)
    form = spec_for(visit, rows).read(visit.form)
    content = typed_content(form, _content(view))
    do = str(visit.form.get("do", "save"))
    where = f"/requests/{number}/edit"
    try:
        anchor = _change_rows(visit, content, do, form)
        if anchor:
            autosave(visit.programme, visit.actor, number, content, based_on=form.based_on or 0)
            return visit.redirect(f"{where}#{anchor}")
        position = form["position"].value
        act_on_request(
            visit.programme,
            visit.actor,
            number,
            Act.SAVE_DRAFT,
            {"content": content},
            based_on=whole_number(position),
            once=form.token,
        )
    except DocumentError as error:
        problems = [p.removeprefix("content.") for p in error.problems or (error.message,)]
        return _show(visit, view, form.with_problems(problems), content, 422)
    if do == "submit":
        return visit.redirect(f"/requests/{number}/submit")
    return visit.redirect(where, said="saved")


def _change_rows(visit: Visit, content: dict[str, Any], do: str, form: Form) -> str:
    """Add or remove a row as the button says; where the page then stands, or empty."""
    wanted = form[ADD_DATASET].value
    if do == ADD_DATASET:
        known = {str(d.get("dataset")) for d in _rows(content, "datasets")}
        if wanted not in visit.programme.contracts or wanted in known:
            raise DocumentError("", problems=(f"{ADD_DATASET}: choose a dataset not yet there",))
        content["datasets"] = [*content["datasets"], {"dataset": wanted, "variables": []}]
        return "datasets"
    if do == "add_person":
        content["people"] = [*content["people"], _newcomer(visit, form)]
        return "people"
    kind, _, index = do.removeprefix("remove_").partition(":")
    row = whole_number(index)
    if kind in {"datasets", "people"} and row is not None and row < len(content[kind]):
        content[kind] = [r for n, r in enumerate(content[kind]) if n != row]
        return kind
    return ""


def _newcomer(visit: Visit, form: Form) -> dict[str, Any]:
    typed = {f.name.partition(".")[2]: form[f.name].value.strip() for f in NEW_PERSON}
    missing = [f"new_person.{k}: Field required" for k, v in typed.items() if not v]
    if missing:
        raise DocumentError("", problems=tuple(missing))
    try:
        named = name_person(visit.programme, visit.actor, **typed, once=form.token)
    except DocumentError as error:
        problems = tuple(f"new_person.{p}" for p in error.problems)
        raise DocumentError("", problems=problems or (error.message,)) from None
    return dict(plain(named))


@router.page("GET", "/requests/{number}/submit", asks=Act.SUBMIT, about=about_request)
def ask_submit(visit: VisitDep, number: str) -> Response:
    """Everything once more, with what is missing."""
    view = read_request(visit.programme, visit.actor, number)
    form = FormSpec(()).bind(based_on=view.position)
    return visit.page("requests/submit.html", view=view, form=form)


@router.page("POST", "/requests/{number}/submit", asks=Act.SUBMIT, about=about_request)
def submit(visit: VisitDep, number: str) -> Response:
    """Hand it in."""
    form = FormSpec(()).read(visit.form)
    act_on_request(
        visit.programme,
        visit.actor,
        number,
        Act.SUBMIT,
        {},
        based_on=form.based_on,
        once=form.token,
    )
    return visit.redirect(f"/requests/{number}", said="request_submitted")


@router.page("GET", "/requests/{number}/amend", asks=Act.AMEND, about=about_request)
def ask_amend(visit: VisitDep, number: str) -> Response:
    """What an amendment means."""
    view = read_request(visit.programme, visit.actor, number)
    form = FormSpec(()).bind(based_on=view.position)
    return visit.page("requests/amend.html", view=view, form=form)


@router.page("POST", "/requests/{number}/amend", asks=Act.AMEND, about=about_request)
def amend(visit: VisitDep, number: str) -> Response:
    """Open the next version with the content of the one in force."""
    form = FormSpec(()).read(visit.form)
    view = read_request(visit.programme, visit.actor, number)
    live = view.request.live or view.latest
    content: RequestContent = live.submitted or live.content
    act_on_request(
        visit.programme,
        visit.actor,
        number,
        Act.AMEND,
        {"content": plain(content)},
        version=live.number,
        based_on=form.based_on,
        once=form.token,
    )
    return visit.redirect(f"/requests/{number}/edit", said="request_amended")
