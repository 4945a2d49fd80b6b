"""The office's own records: costs, and public-records requests with their letter."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from starlette.responses import Response

from governance.errors import DocumentError
from governance.papers.records import RecordsRequest
from governance.permissions import Action
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, Filter, ListSpec
from governance.portal.navigation import Area, NavItem, may
from governance.portal.papers_shown import paper_html, paper_pdf
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.visits import Visit, VisitDep
from governance.register import Cost
from governance.services.public_records import public_records
from governance.services.records import record_cost, route_request
from governance.services.told import Routed, list_routed

router = PortalRouter()
NAVIGATION = (
    NavItem(Area.OFFICE, "Costs", "/office/costs", may(Action.RECORD_COST)),
    NavItem(Area.OFFICE, "Records requests", "/office/records", may(Action.ROUTE_RECORDS_REQUEST)),
)
add_said(cost_recorded="The cost is recorded; the annual report counts it.")
COST_FORM: Final = FormSpec(
    (
        Field("year", "Year", "number", required=True, hint="Of the annual report it belongs to."),
        Field(
            "heading", "Heading", required=True, maximum=300, hint="As Staff, or Secure hosting."
        ),
        Field("cents", "Amount in dollars", required=True, hint="As 1,250 or 1250.50."),
        Field("note", "Note", "textarea", rows=3, maximum=4000),
    )
)
_AMOUNT: Final = re.compile(r"\$?\s?([0-9]{1,3}(?:,[0-9]{3})*|[0-9]{1,12})(?:\.([0-9]{2}))?")
_LARGEST_REFERENCE: Final = 60


def _costs_spec(costs: Iterable[Cost]) -> ListSpec[Cost]:
    years = {str(year): str(year) for year in sorted({c.year for c in costs}, reverse=True)}
    return ListSpec(
        "costs",
        "Costs recorded",
        (
            Column("year", "Year", lambda c: c.year, choices=years),
            Column("heading", "Heading", lambda c: c.heading),
            Column("usd", "Amount", lambda c: c.cents / 100, kind="number",
                   shown=lambda c: f"${c.cents / 100:,.2f}"),
            Column("note", "Note", lambda c: c.note, shown=lambda c: c.note or "None"),
        ),
        sort="year",
        descending=True,
        search="years, headings and notes",
        empty="No cost is recorded yet.",
    )  # fmt: skip


@router.page("GET", "/office/costs", asks=Action.RECORD_COST)
def show_costs(visit: VisitDep) -> Response:
    """What was recorded, and the form for one more."""
    return _show_costs(visit, COST_FORM.bind({"year": visit.today.year}))


def _show_costs(visit: Visit, form: Form, status: int = 200) -> Response:
    costs = public_records(visit.programme).source.costs
    listing = held_list(visit, _costs_spec(costs), costs)
    return show_list(visit, "office/costs.html", listing, status=status, form=form)


@router.page("POST", "/office/costs", asks=Action.RECORD_COST)
def take_cost(visit: VisitDep) -> Response:
    """Record a cost."""
    form = COST_FORM.read(visit.form)
    typed = form.content()
    try:
        facts = typed | {"cents": _cents(str(typed["cents"] or ""))}
        record_cost(visit.programme, visit.actor, facts, once=form.token)
    except DocumentError as error:
        return _show_costs(visit, form.refused(error), 422)
    return visit.redirect("/office/costs", said="cost_recorded")


def _cents(text: str) -> int:
    """An amount in dollars as cents.

    Raises:
        DocumentError: It is none.
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        problem = "cents: write an amount in dollars, as 1250.50"
        raise DocumentError.counted("The form has", problem)
    return int(found[1].replace(",", "")) * 100 + int(found[2] or 0)


def _records_spec(visit: Visit) -> FormSpec:
    p = visit.programme
    agencies = {a.id: a.name for a in p.profile.agencies}
    datasets = {c.id: f"{c.title} ({c.id})" for c in p.contracts.values()}
    return FormSpec(
        (
            Field("reference", "Reference", required=True, maximum=_LARGEST_REFERENCE,
                  hint="The office's own number for it, as FOI-2026-014."),
            Field("received_on", "Received", "day", required=True),
            Field("asks_for", "What is asked for", "textarea", required=True, maximum=20_000,
                  hint="In the requester's words. They go to the agency by mail and are not kept: "
                       "only which agencies answer, by when, and the letter's digest are."),
            Field("dataset", "Data set, where it is known", "select",
                  choices=dict(sorted(datasets.items(), key=lambda x: x[1]))),
            Field("agency", "Agency, where it is known", "select", choices=agencies),
            Field("requester", "Requester's name", maximum=300, autocomplete="off",
                  hint="For the letter and the agency; it is not kept."),
            Field("address", "Requester's address", "textarea", rows=3, maximum=1000,
                  hint="For the letter and the agency; it is not kept."),
        )
    )  # fmt: skip


@router.page("GET", "/office/records", asks=Action.ROUTE_RECORDS_REQUEST)
def show_records(visit: VisitDep) -> Response:
    """Requests that were routed, and the form to route one."""
    form = _records_spec(visit).bind({"received_on": visit.today.isoformat()})
    return _show_records(visit, form)


def _show_records(visit: Visit, form: Form, status: int = 200) -> Response:
    routed = list_routed(visit.programme, visit.actor)
    listing = held_list(visit, _routed_spec(visit), routed)
    return show_list(visit, "office/records.html", listing, status=status, form=form)


def _routed_spec(visit: Visit) -> ListSpec[Routed]:
    agencies = {a.id: a.name for a in visit.programme.profile.agencies}

    def names_of(ids: Iterable[str]) -> str:
        return ", ".join(agencies.get(a, a) for a in ids)

    def shown(routed: Routed) -> str:
        return names_of(routed.agencies) or "The letter asks back"

    return ListSpec(
        "records-requests",
        "Public-records requests routed",
        (
            Column("reference", "Reference", lambda r: r.reference),
            Column("received_on", "Received", lambda r: r.received_on, kind="day"),
            Column("agencies", "Answers", lambda r: ", ".join(r.agencies), shown=shown),
            Column("written_to", "Written to", lambda r: ", ".join(r.written_to),
                   shown=lambda r: names_of(r.written_to) or "Nobody"),
            Column("by_hand", "The office forwards to", lambda r: ", ".join(r.by_hand),
                   shown=lambda r: names_of(r.by_hand) or "Nobody"),
            Column("answer_by", "Answer by", lambda r: r.answer_by, kind="day"),
            Column("at", "Routed", lambda r: r.at, kind="instant"),
            Column("digest", "Digest of the letter", lambda r: r.digest, only_export=True),
        ),
        sort="at",
        descending=True,
        search="references and agencies",
        empty="No public-records request was routed yet.",
        filters={"agency": Filter("Agency", agencies, lambda r, agency: agency in r.agencies)},
    )  # fmt: skip


@router.page("POST", "/office/records", asks=Action.ROUTE_RECORDS_REQUEST)
def route(visit: VisitDep) -> Response:
    """Route it and write the letter: shown at once, since its words are not kept.

    The same form sent again gives the same letter and writes nothing; that is how the PDF is taken.
    """
    form = _records_spec(visit).read(visit.form)
    try:
        asked = _asked(form.content())
        routed, _ = route_request(visit.programme, visit.actor, asked, once=form.token)
    except DocumentError as error:
        return _show_records(visit, form.refused(error), 422)
    letter = routed.letter
    if visit.form.get("format") == "pdf":
        return paper_pdf(letter)
    return visit.page(
        "office/letter.html",
        letter_html=paper_html(letter),
        routed=routed,
        form=form,
        once=form.token or "",
        places=list(zip(routed.agencies, routed.because, strict=True)),
    )


def _asked(typed: dict[str, Any]) -> RecordsRequest:
    problems = []
    reference = str(typed["reference"] or "").strip()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ./_-]*", reference):
        problems.append("reference: use letters, digits and dashes")
    try:
        received = date.fromisoformat(str(typed["received_on"]))
    except ValueError:
        problems.append("received_on: choose a day")
        received = date.min
    if not str(typed["asks_for"]).strip():
        problems.append("asks_for: say what is asked for")
    if problems:
        raise DocumentError.counted("The form has", *problems)
    address = tuple(x.strip() for x in str(typed["address"]).splitlines() if x.strip())
    return RecordsRequest(
        reference, str(typed["asks_for"]), received, dataset=typed["dataset"],
        agency=typed["agency"], requester=typed["requester"], address=address,
    )  # fmt: skip
