"""An agency's own page: decisions that wait, who uses its data, deliveries and their health."""

from typing import Final

from starlette.responses import Response

from governance.event_feed import DestructionRow, SubmissionRow
from governance.people import PortalRole
from governance.permissions import Action, Target, decide_action
from governance.portal.exports import export
from governance.portal.lists import Column, ListSpec, Row, arrange, read_wishes
from governance.portal.navigation import Area, NavItem, has_role
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.visits import Visit, VisitDep
from governance.services.agencies import read_agency
from governance.services.feed import read_agency_feed
from governance.services.links import confirm_link_destroyed

router = PortalRouter()
_CONCERNED = has_role(
    PortalRole.DATA_OWNER, PortalRole.DATA_STEWARD, PortalRole.OPERATOR, PortalRole.AUDITOR
)
NAVIGATION = (
    NavItem(Area.AGENCY, "Overview", "/agency", _CONCERNED),
    NavItem(Area.AGENCY, "Submissions", "/agency/submissions", _CONCERNED),
    NavItem(Area.AGENCY, "Destructions", "/agency/destructions", _CONCERNED),
)
add_said(link_destroyed="It is on record that your agency destroyed its link.")
STATES: Final = {
    "received": "Received",
    "landed": "Landed",
    "held": "Held for its risk",
    "rejected": "Rejected whole",
    "refused": "Refused",
    "duplicate": "Sent twice",
    "failed": "Failed",
    "superseded": "Replaced by a newer one",
}


def _codes(row: SubmissionRow) -> str:
    told = [f"{code} ({count})" for code, count in sorted(row.codes.items())]
    return ", ".join([*told, *row.reasons])


SUBMISSIONS: ListSpec[SubmissionRow] = ListSpec(
    "submissions",
    "Submissions",
    (
        Column("received_at", "Received", lambda s: s.received_at, kind="instant"),
        Column("dataset", "Dataset", lambda s: s.dataset),
        Column("period", "Period", lambda s: s.period),
        Column("revision", "Revision", lambda s: s.revision, kind="number"),
        Column("state", "State", lambda s: s.state, choices=STATES,
               shown=lambda s: STATES.get(s.state, s.state)),
        Column("rows_read", "Records read", lambda s: s.rows_read, kind="number"),
        Column("rows_landed", "Landed", lambda s: s.rows_landed, kind="number"),
        Column("rows_quarantined", "Set aside", lambda s: s.rows_quarantined, kind="number"),
        Column("failed_pct", "Set aside, %", lambda s: s.failed_pct, kind="number"),
        Column("errors", "Errors", lambda s: s.errors, kind="number", only_export=True),
        Column("warnings", "Warnings", lambda s: s.warnings, kind="number", only_export=True),
        Column("codes", "Findings", _codes, sortable=False,
               shown=lambda s: _codes(s) or "None"),
        Column("id", "Submission", lambda s: s.id, only_export=True),
    ),
    sort="received_at",
    descending=True,
    search="datasets, periods and findings",
    empty="The data plane has not told of any submission yet. Each stands here once received.",
)  # fmt: skip
DESTRUCTIONS: ListSpec[DestructionRow] = ListSpec(
    "destructions",
    "Destructions",
    (
        Column("destroyed_at", "Destroyed", lambda d: d.destroyed_at, kind="instant"),
        Column("what", "What", lambda d: d.what, shown=lambda d: d.what.capitalize()),
        Column("dataset", "Dataset", lambda d: d.dataset),
        Column("due_on", "Due", lambda d: d.due_on, kind="day"),
        Column("in_time", "In time", lambda d: d.in_time),
        Column("clause", "Clause", lambda d: d.clause, sortable=False),
        Column("certificate_sha256", "Certificate", lambda d: d.certificate_sha256,
               only_export=True),
    ),
    sort="destroyed_at",
    descending=True,
    search="datasets and clauses",
    empty="Nothing was destroyed yet. Raw files and rows set aside are, a few days after landing.",
)  # fmt: skip


def about_agency(visit: Visit) -> Target:
    """The agency that the address or form names, else the person's own, else the first one."""
    named = visit.form.get("agency") or visit.request.query_params.get("agency")
    known = {a.id for a in visit.programme.profile.agencies}
    agencies = sorted({c.agency for c in visit.programme.contracts.values()})
    named = named if isinstance(named, str) and named in known else None
    return Target(agency=named or visit.actor.agency or next(iter(agencies), None))


def _agency(visit: Visit) -> str:
    return visit.target.agency or ""


def _choices(visit: Visit) -> dict[str, str]:
    """Agencies the person may look at, where there are several."""
    profile, today = visit.programme.profile, visit.today
    found = {
        a.id: a.name
        for a in profile.agencies
        if decide_action(
            visit.actor, Action.LIST_AGENCY_DATA, Target(agency=a.id), today=today
        ).permitted
    }
    return found if len(found) > 1 else {}


@router.page("GET", "/agency", asks=Action.LIST_AGENCY_DATA, about=about_agency)
def show_agency(visit: VisitDep) -> Response:
    """What waits for the agency, who uses its data until when, how its deliveries fare."""
    p, agency = visit.programme, _agency(visit)
    confirm = decide_action(
        visit.actor, Action.CONFIRM_LINK_DESTRUCTION, visit.target, today=visit.today
    )
    return visit.page(
        "agency/overview.html",
        agency=agency,
        name=p.profile.agency_name(agency),
        choices=_choices(visit),
        view=read_agency(p, visit.actor, agency),
        health=read_agency_feed(p, visit.actor, agency).health(),
        states=STATES,
        datasets={c.dataset: c for c in p.contracts.values() if c.agency == agency},
        may_confirm=confirm.permitted,
        decides=PortalRole.DATA_OWNER in visit.actor.roles and visit.actor.agency == agency,
        board=p.board.body,
    )


@router.page("POST", "/agency/links", asks=Action.CONFIRM_LINK_DESTRUCTION, about=about_agency)
def confirm_link(visit: VisitDep) -> Response:
    """Record that the agency destroyed its link from source id to synthetic id."""
    number = str(visit.form.get("number", ""))
    confirm_link_destroyed(visit.programme, visit.actor, number, _agency(visit))
    return visit.redirect(f"/agency?agency={_agency(visit)}", said="link_destroyed")


@router.page("GET", "/agency/submissions", asks=Action.LIST_AGENCY_DATA, about=about_agency)
def show_submissions(visit: VisitDep) -> Response:
    """Every submission the data plane told of, with its counts and findings."""
    feed = read_agency_feed(visit.programme, visit.actor, _agency(visit))
    return _show_list(visit, SUBMISSIONS, list(feed.submissions.values()))


@router.page("GET", "/agency/destructions", asks=Action.LIST_AGENCY_DATA, about=about_agency)
def show_destructions(visit: VisitDep) -> Response:
    """What was destroyed of the agency's data, when it was due, and under which clause."""
    feed = read_agency_feed(visit.programme, visit.actor, _agency(visit))
    return _show_list(visit, DESTRUCTIONS, list(feed.destructions))


def _show_list(visit: Visit, spec: ListSpec[Row], rows: list[Row]) -> Response:
    choices = _choices(visit)
    if choices:
        filters = {"agency": ("Agency", choices)}
        spec = ListSpec(
            spec.name, spec.caption, spec.columns, spec.sort, spec.descending, spec.search,
            spec.empty, spec.exports, filters,
        )  # fmt: skip
    wishes = read_wishes(spec, visit.request.query_params)
    listing = arrange(spec, wishes, rows, visit.path)
    if wishes.format is not None:
        return export(listing)
    name = visit.programme.profile.agency_name(_agency(visit))
    return visit.page("agency/list.html", listing=listing, name=name)
