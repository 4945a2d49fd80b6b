"""An agency's own page: decisions that wait, who uses its data, deliveries and their health."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from governance.event_feed import DestructionRow, SubmissionRow
from governance.people import PortalRole
from governance.permissions import Action, Target
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, ListSpec, Row
from governance.portal.navigation import Area, NavItem, has_role
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.visits import Visit, VisitDep
from governance.register import MatchLine
from governance.services.agencies import Use, list_matches, list_uses, read_agency
from governance.services.feed import read_agency_feed
from governance.services.links import confirm_link_destroyed
from governance.services.publications import list_to_see
from governance.services.work import read_agency_work

router = PortalRouter()
CONCERNED_ROLES: Final = (
    PortalRole.DATA_OWNER, PortalRole.DATA_STEWARD, PortalRole.OPERATOR, PortalRole.AUDITOR,
)  # fmt: skip
_CONCERNED = has_role(*CONCERNED_ROLES)
NAVIGATION = (
    NavItem(Area.AGENCY, "Overview", "/agency", _CONCERNED),
    NavItem(Area.AGENCY, "Submissions", "/agency/submissions", _CONCERNED),
    NavItem(Area.AGENCY, "Destructions", "/agency/destructions", _CONCERNED),
    NavItem(Area.AGENCY, "Projects", "/agency/uses", _CONCERNED),
    NavItem(Area.AGENCY, "Matching", "/agency/matches", _CONCERNED),
)
add_said(link_destroyed="It is on record that your agency destroyed its link.")
ON_THE_OVERVIEW: Final = 10
"""Projects and files that the overview shows; their lists have the others."""
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


@dataclass(frozen=True, slots=True)
class _Sent:
    """A line of the match log, and the agency that sent the file."""

    agency: str
    line: MatchLine


_LINKS: Final = {"": "None", "open": "Not destroyed yet", "destroyed": "Destroyed"}


def _datasets(use: Use) -> str:
    return "; ".join(f"{title} ({count} variables)" for title, count in use.datasets)


def _submissions(choices: Mapping[str, str]) -> ListSpec[SubmissionRow]:
    return ListSpec(
        "submissions",
        "Submissions",
        (
            Column("received_at", "Received", lambda s: s.received_at, kind="instant"),
            *_of_agency(choices, lambda s: s.agency),
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
            Column("codes", "Findings", _codes, shown=lambda s: _codes(s) or "None"),
            Column("id", "Submission", lambda s: s.id, only_export=True),
        ),
        sort="received_at",
        descending=True,
        search="datasets, periods and findings",
        empty="The data plane has not told of any submission yet. Each stands here once received.",
    )  # fmt: skip


def _destructions(choices: Mapping[str, str]) -> ListSpec[DestructionRow]:
    return ListSpec(
        "destructions",
        "Destructions",
        (
            Column("destroyed_at", "Destroyed", lambda d: d.destroyed_at, kind="instant"),
            *_of_agency(choices, lambda d: d.agency),
            Column("what", "What", lambda d: d.what, shown=lambda d: d.what.capitalize()),
            Column("dataset", "Dataset", lambda d: d.dataset),
            Column("due_on", "Due", lambda d: d.due_on, kind="day"),
            Column("in_time", "In time", lambda d: d.in_time, choices={"yes": "Yes", "no": "No"}),
            Column("clause", "Clause", lambda d: d.clause),
            Column("certificate_sha256", "Certificate", lambda d: d.certificate_sha256,
                   only_export=True),
        ),
        sort="destroyed_at",
        descending=True,
        search="datasets and clauses",
        empty="Nothing was destroyed yet. Raw files and rows set aside are, a few days after "
              "landing.",
    )  # fmt: skip


def _uses(choices: Mapping[str, str]) -> ListSpec[Use]:
    return ListSpec(
        "uses",
        "Projects with a grant in force",
        (
            Column("number", "Request", lambda u: u.number,
                   link=lambda u: f"/requests/{u.number}"),
            *_of_agency(choices, lambda u: u.agency),
            Column("title", "Title", lambda u: u.title),
            Column("organization", "Organization", lambda u: u.organization),
            Column("datasets", "Datasets", _datasets),
            Column("status", "Status", lambda u: u.status, kind="status",
                   choices={"granted": "Granted", "expiring": "Expiring"}),
            Column("until", "Until", lambda u: u.until, kind="day"),
            Column("link", "Own link", lambda u: u.link or None,
                   choices={"open": "Not destroyed yet", "destroyed": "Destroyed"},
                   shown=lambda u: _LINKS[u.link]),
        ),
        sort="number",
        search="requests, organizations and datasets",
        empty="No project has a grant for this data today.",
    )  # fmt: skip


def _matches(choices: Mapping[str, str]) -> ListSpec[_Sent]:
    return ListSpec(
        "matches",
        "Files sent for matching",
        (
            Column("received", "Received", lambda m: m.line.received, kind="day"),
            *_of_agency(choices, lambda m: m.agency),
            Column("request", "Request", lambda m: m.line.request),
            Column("file_name", "File", lambda m: m.line.file_name),
            Column("match_date", "Matched", lambda m: m.line.match_date, kind="day"),
            Column("destroyed_date", "Destroyed", lambda m: m.line.destroyed_date, kind="day"),
        ),
        sort="received",
        descending=True,
        search="requests and files",
        empty="No file of this agency was sent for matching.",
    )  # fmt: skip


def _of_agency(choices: Mapping[str, str], agency: Callable[[Row], str]) -> tuple[Column[Row], ...]:
    """The agency's column, where the person looks at several."""
    if not choices:
        return ()
    return (
        Column("agency", "Agency", agency, choices=choices,
               shown=lambda row: choices.get(agency(row), agency(row))),
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
    found = {
        a.id: a.name
        for a in visit.programme.profile.agencies
        if visit.may(Action.LIST_AGENCY_DATA, Target(agency=a.id))
    }
    return found if len(found) > 1 else {}


@router.page("GET", "/agency", asks=Action.LIST_AGENCY_DATA, about=about_agency)
def show_agency(visit: VisitDep) -> Response:
    """What waits for the agency, who uses its data until when, how its deliveries fare."""
    p, agency = visit.programme, _agency(visit)
    return visit.page(
        "agency/overview.html",
        agency=agency,
        name=p.profile.agency_name(agency),
        choices=_choices(visit),
        view=read_agency(p, visit.actor, agency),
        outputs=list_to_see(p, visit.actor, agency),
        work=read_agency_work(p, visit.actor, agency),
        health=read_agency_feed(p, visit.actor, agency).health(),
        states=STATES,
        datasets={c.dataset: c for c in p.contracts.values() if c.agency == agency},
        may_confirm=visit.may(Action.CONFIRM_LINK_DESTRUCTION),
        decides=PortalRole.DATA_OWNER in visit.actor.roles and visit.actor.agency == agency,
        board=p.board.body,
        most=ON_THE_OVERVIEW,
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
    feeds = [read_agency_feed(visit.programme, visit.actor, a) for a in _looked_at(visit)]
    rows = [row for feed in feeds for row in feed.submissions.values()]
    return _show_list(visit, _submissions(_choices(visit)), rows)


@router.page("GET", "/agency/destructions", asks=Action.LIST_AGENCY_DATA, about=about_agency)
def show_destructions(visit: VisitDep) -> Response:
    """What was destroyed of the agency's data, when it was due, and under which clause."""
    feeds = [read_agency_feed(visit.programme, visit.actor, a) for a in _looked_at(visit)]
    rows = [row for feed in feeds for row in feed.destructions]
    return _show_list(visit, _destructions(_choices(visit)), rows)


@router.page("GET", "/agency/uses", asks=Action.LIST_AGENCY_DATA, about=about_agency)
def show_uses(visit: VisitDep) -> Response:
    """Every project that may use the agency's data now."""
    p, actor = visit.programme, visit.actor
    rows = [use for agency in _looked_at(visit) for use in list_uses(p, actor, agency)]
    return _show_list(visit, _uses(_choices(visit)), rows)


@router.page("GET", "/agency/matches", asks=Action.LIST_AGENCY_DATA, about=about_agency)
def show_matches(visit: VisitDep) -> Response:
    """Every file the agency sent for matching."""
    p, actor = visit.programme, visit.actor
    rows = [_Sent(a, line) for a in _looked_at(visit) for line in list_matches(p, actor, a)]
    return _show_list(visit, _matches(_choices(visit)), rows)


def _looked_at(visit: Visit) -> tuple[str, ...]:
    """The agency the address names, else one's own, else every one the person may look at."""
    if visit.request.query_params.get("agency") or visit.actor.agency:
        return (_agency(visit),)
    return tuple(_choices(visit)) or (_agency(visit),)


def _show_list(visit: Visit, spec: ListSpec[Row], rows: list[Row]) -> Response:
    looked_at = _looked_at(visit)
    one = visit.programme.profile.agency_name(looked_at[0]) if len(looked_at) == 1 else ""
    listing = held_list(visit, spec, rows)
    return show_list(visit, "agency/list.html", listing, name=one or "Every agency")
