"""Publications of a project: proposed, seen by each contributing agency, recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.responses import Response

from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.list_pages import held_list, show_list
from governance.portal.lists import Column, ListSpec
from governance.portal.navigation import NavItem
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.targets import about_whole_request
from governance.portal.uploads import ACCEPT, read_upload
from governance.portal.visits import Visit, VisitDep
from governance.register.proposals import Proposal, ProposalState, contributors
from governance.register.source import Publication
from governance.services.attachments import Upload
from governance.services.public_records import public_records
from governance.services.publications import (
    find_publication,
    list_publications,
    propose_publication,
    record_publication,
    see_publication,
    withdraw_publication,
)

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
add_said(
    publication_proposed="The publication is proposed. Each contributing agency looks at it next.",
    publication_seen="It is on record that your agency has seen the output.",
    publication_withdrawn="The proposal is taken back.",
    publication_recorded="The publication is recorded and stands in the public register.",
)
KINDS: Final = {
    "article": "Article",
    "report": "Report",
    "brief": "Brief",
    "presentation": "Presentation",
    "thesis": "Thesis",
    "dashboard": "Dashboard",
    "dataset": "Table or dataset of results",
    "other": "Other",
}
STATES: Final = {
    "waiting": "With the agencies",
    "overdue": "An agency has not looked at it",
    "ready": "May be published",
    "published": "Published",
    "withdrawn": "Taken back",
}
PROPOSE: Final = FormSpec(
    (
        Field("title", "Title of the output", required=True, maximum=300),
        Field("kind", "Kind", "select", choices=KINDS, required=True),
        Field("venue", "Where it will appear", required=True, maximum=300,
              hint="A journal, a conference, a web site."),
        Field("planned_on", "Planned day", "day", required=True),
        Field("file", "The output as it will appear", "file", accept=ACCEPT,
              hint="The agencies look at it. It is filed as a confidential document."),
    )
)  # fmt: skip
SEE: Final = FormSpec(
    (
        Field("comment", "Comment to the project", "textarea", maximum=4000,
              hint="It may be empty. The project and the operating office read it."),
    )
)  # fmt: skip
WITHDRAW: Final = FormSpec((Field("reason", "Reason", required=True, maximum=300),))


def _record_form(proposal: Proposal) -> FormSpec:
    hint = "As it appeared; leave it as proposed if it did not change."
    return FormSpec(
        (
            Field("title", "Title", required=True, maximum=300, hint=hint),
            Field("address", "Web address", required=True, when_empty=None, maximum=1000,
                  hint="It begins with https://"),
            Field("published_on", "Published on", "day", required=True,
                  hint=f"Proposed for {_day(proposal.facts.planned_on)}."),
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """A proposal, or a publication recorded before proposals were asked for."""

    title: str
    kind: str
    state: str
    planned_on: date | None
    due_on: date | None
    unseen: tuple[str, ...]
    published_on: date | None
    address: str | None
    publication: str


@router.page(
    "GET", "/requests/{number}/publications", asks=Action.READ_PUBLICATIONS,
    about=about_whole_request,
)  # fmt: skip
def show_publications(visit: VisitDep, number: str) -> Response:
    """What was published, what is meant to be, and a form for one more."""
    return _show_all(visit, number, PROPOSE.bind())


@router.page(
    "POST", "/requests/{number}/publications", asks=Action.PROPOSE_PUBLICATION,
    about=about_whole_request, uploads=True,
)  # fmt: skip
def propose(visit: VisitDep, number: str) -> Response:
    """Propose one; each contributing agency looks at it next."""
    form = PROPOSE.read(visit.form)
    sent = read_upload(visit, "file")
    output = Upload("output", sent.name, sent.media_type, sent.content) if sent else None
    try:
        facts = form.content()
        propose_publication(
            visit.programme, visit.actor, number, facts, output=output, once=form.token
        )
    except DocumentError as error:
        return _show_all(visit, number, form.refused(error), 422)
    return visit.redirect(f"/requests/{number}/publications", said="publication_proposed")


@router.page(
    "GET", "/requests/{number}/publications/{publication}", asks=Action.READ_PUBLICATIONS,
    about=about_whole_request,
)  # fmt: skip
def show_publication(visit: VisitDep, number: str, publication: str) -> Response:
    """One of them: where it stands, who saw it, and what the reader may do."""
    return _show_one(visit, number, publication)


@router.page(
    "POST", "/requests/{number}/publications/{publication}/seen", asks=Action.SEE_PUBLICATION,
    about=about_whole_request,
)  # fmt: skip
def note_seen(visit: VisitDep, number: str, publication: str) -> Response:
    """Note that the reader's agency saw it."""
    form = SEE.read(visit.form)
    try:
        comment = str(form["comment"].value)
        see_publication(
            visit.programme, visit.actor, number, publication, comment=comment, once=form.token
        )
    except DocumentError as error:
        return _show_one(visit, number, publication, see=form.refused(error))
    return visit.redirect(_page(number, publication), said="publication_seen")


@router.page(
    "POST", "/requests/{number}/publications/{publication}/withdraw",
    asks=Action.PROPOSE_PUBLICATION, about=about_whole_request,
)  # fmt: skip
def withdraw(visit: VisitDep, number: str, publication: str) -> Response:
    """Take it back."""
    form = WITHDRAW.read(visit.form)
    try:
        reason = str(form["reason"].value)
        withdraw_publication(
            visit.programme, visit.actor, number, publication, reason, once=form.token
        )
    except DocumentError as error:
        return _show_one(visit, number, publication, withdraw=form.refused(error))
    return visit.redirect(_page(number, publication), said="publication_withdrawn")


@router.page(
    "POST", "/requests/{number}/publications/{publication}/published",
    asks=Action.RECORD_PUBLICATION, about=about_whole_request,
)  # fmt: skip
def record(visit: VisitDep, number: str, publication: str) -> Response:
    """Record that it appeared; it stands in the public register and the annual report."""
    p, actor = visit.programme, visit.actor
    form = _record_form(find_publication(p, actor, number, publication)).read(visit.form)
    try:
        record_publication(p, actor, number, publication, form.content(), once=form.token)
    except DocumentError as error:
        return _show_one(visit, number, publication, record=form.refused(error))
    return visit.redirect(_page(number, publication), said="publication_recorded")


def _show_all(visit: Visit, number: str, form: Form, status: int = 200) -> Response:
    p, request = visit.programme, visit.target.request
    proposals = list_publications(p, visit.actor, number)
    lines = [_line(visit, x) for x in proposals]
    lines += [_older(x) for x in public_records(p).source.published(number) if not x.publication]
    granted = contributors(request) if request is not None else ()
    return show_list(
        visit, "after/publications.html", held_list(visit, _spec(visit, number), lines),
        status=status, number=number, form=form, agencies=_names(visit, granted),
        may_propose=bool(granted) and visit.may(Action.PROPOSE_PUBLICATION),
        granted=bool(granted), review=p.profile.publication_review,
    )  # fmt: skip


def _show_one(visit: Visit, number: str, publication: str, **refused: Form) -> Response:
    p = visit.programme
    proposal = find_publication(p, visit.actor, number, publication)
    state = proposal.state(visit.today, p.profile.publication_review)
    own, forms = visit.actor.agency, {}
    if proposal.is_open and own in proposal.unseen and visit.may(Action.SEE_PUBLICATION):
        forms["see"] = SEE.bind()
    if state is ProposalState.READY and visit.may(Action.RECORD_PUBLICATION):
        forms["record"] = _record_form(proposal).bind({"title": proposal.facts.title})
    if proposal.is_open and visit.may(Action.PROPOSE_PUBLICATION):
        forms["withdraw"] = WITHDRAW.bind()
    return visit.page(
        "after/publication.html", status=422 if refused else 200, number=number, one=proposal,
        state=state.value, states=STATES, kinds=KINDS, forms={**forms, **refused},
        refused=next(iter(refused.values()), None), next=_next(visit, proposal, state),
        agency_name=p.profile.agency_name, own=own, review=p.profile.publication_review,
        document=_document(visit, proposal),
    )  # fmt: skip


def _next(visit: Visit, one: Proposal, state: ProposalState) -> tuple[str, str, date | None]:
    """Who acts next, what they do and what happens then, and until when."""
    agencies = _names(visit, one.unseen)
    match state:
        case ProposalState.WAITING:
            silence = visit.programme.profile.publication_review.silence
            then = "After that it may be published."
            if silence == "refuses":
                then = "It is not published before every one of them has."
            return agencies, f"looks at the output and says so. {then}", one.facts.due_on
        case ProposalState.OVERDUE:
            what = "has not looked at the output in time. It is not published before that."
            return agencies, what, None
        case ProposalState.READY:
            what = "records the publication once it has appeared. It is then in the register."
            return "The operating office", what, None
        case _:
            return "Nobody", "has anything left to do", None


def _document(visit: Visit, one: Proposal) -> str | None:
    if one.facts.attachment is None or not visit.may(Action.READ_ATTACHMENT):
        return None
    return f"/requests/{one.facts.request}/documents/{one.facts.attachment}"


def _line(visit: Visit, one: Proposal) -> _Line:
    state = one.state(visit.today, visit.programme.profile.publication_review)
    published = one.published
    return _Line(
        title=published.title if published else one.facts.title,
        kind=one.facts.kind,
        state=state.value,
        planned_on=one.facts.planned_on,
        due_on=one.facts.due_on,
        unseen=one.unseen if one.is_open else (),
        published_on=published.published_on if published else None,
        address=published.address if published else None,
        publication=one.facts.publication,
    )


def _older(published: Publication) -> _Line:
    return _Line(
        published.title, published.kind or "other", "published", None, None, (),
        published.published_on, published.address, "",
    )  # fmt: skip


def _spec(visit: Visit, number: str) -> ListSpec[_Line]:
    codes: Mapping[str, str] = {a.id: a.code for a in visit.programme.profile.agencies}
    return ListSpec(
        "publications",
        f"Publications of {number}",
        (
            Column("title", "Title", lambda x: x.title,
                   link=lambda x: _page(number, x.publication) if x.publication else x.address),
            Column("kind", "Kind", lambda x: x.kind, choices=KINDS, shown=lambda x: KINDS[x.kind]),
            Column("state", "State", lambda x: x.state, choices=STATES,
                   shown=lambda x: STATES[x.state]),
            Column("unseen", "Not seen by", lambda x: ", ".join(codes.get(a, a) for a in x.unseen)),
            Column("due_on", "Agencies see it by", lambda x: x.due_on, kind="day"),
            Column("planned_on", "Planned", lambda x: x.planned_on, kind="day"),
            Column("published_on", "Published", lambda x: x.published_on, kind="day"),
            Column("address", "Address", lambda x: x.address, only_export=True),
            Column("publication", "Id", lambda x: x.publication, only_export=True),
        ),
        sort="due_on",
        descending=True,
        search="titles and agencies",
        empty="No publication is proposed or recorded yet.",
    )  # fmt: skip


def _names(visit: Visit, agencies: tuple[str, ...]) -> str:
    return ", ".join(visit.programme.profile.agency_name(a) for a in agencies)


def _page(number: str, publication: str) -> str:
    return f"/requests/{number}/publications/{publication}"


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"
