"""Signing: the sharing agreement goes out, is read, and is signed; each person's own statement."""

from datetime import date
from typing import Any

from starlette.responses import Response

from governance.errors import DocumentError
from governance.permissions import Action
from governance.portal.forms import Field, Form, FormSpec
from governance.portal.navigation import NavItem
from governance.portal.papers_shown import paper_html, paper_pdf
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.targets import about_own_statement, about_request, asked_version
from governance.portal.uploads import read_upload
from governance.portal.visits import Visit, VisitDep
from governance.requests.states import Act
from governance.services.agreements import (
    Terms,
    draft_agreement,
    read_agreement,
    send_agreement,
    sign_agreement,
)
from governance.services.requests import RequestView, read_request
from governance.services.statements import read_statement, sign_nda
from governance.store import NotFoundError

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
add_said(
    agreement_sent="The sharing agreement is out for signature.",
    agreement_signed="Your signature is recorded: when, by whom, and under which digest.",
    nda_signed="Your confidentiality statement is signed.",
)
_NAME = Field(
    "name",
    "Type your name to sign",
    required=True,
    autocomplete="name",
    hint="As it stands on your account. Typing it is your signature.",
)
_DIGEST = Field("digest", "Digest", "hidden")
SEND_FORM = FormSpec(
    (
        Field("effective_on", "In force from", "day", required=True),
        Field("ends_on", "In force until", "day", required=True),
        Field(
            "irb",
            "Institutional review board",
            "textarea",
            rows=3,
            maximum=4000,
            hint="What is on file, where one is needed. Leave it empty otherwise.",
        ),
        Field("digest", "Digest", "hidden", when_empty=None),
    )
)
NDA_FORM = FormSpec((_NAME, _DIGEST))


def _terms(form: Form) -> Terms:
    """Dates of the form.

    Raises:
        DocumentError: One is missing or no date.
    """
    days, problems = {}, []
    for name in ("effective_on", "ends_on"):
        try:
            days[name] = date.fromisoformat(form[name].value)
        except ValueError:
            problems.append(f"{name}: Enter a date.")
    if problems:
        raise DocumentError.counted("The form has", *problems)
    return Terms(days["effective_on"], days["ends_on"], form["irb"].value.strip())


@router.page("GET", "/requests/{number}/send", asks=Act.SEND_AGREEMENT, about=about_request)
def ask_send(visit: VisitDep, number: str) -> Response:
    """Dates of the agreement; then its text is shown before it goes out."""
    view = read_request(visit.programme, visit.actor, number)
    content = view.latest.submitted or view.latest.content
    values = {"effective_on": visit.today, "ends_on": content.ends_on}
    form = SEND_FORM.bind(values, based_on=view.position)
    return visit.page("signing/send.html", view=view, form=form, paper=None)


@router.page("POST", "/requests/{number}/send", asks=Act.SEND_AGREEMENT, about=about_request)
def send(visit: VisitDep, number: str) -> Response:
    """Show the text with these dates, or send exactly the text that was shown."""
    view = read_request(visit.programme, visit.actor, number)
    form = SEND_FORM.read(visit.form)
    digest = form["digest"].value
    try:
        terms = _terms(form)
        if str(visit.form.get("do")) != "send" or not digest:
            return _show_draft(visit, view, form, terms)
        send_agreement(
            visit.programme,
            visit.actor,
            number,
            terms,
            digest=digest,
            version=asked_version(visit),
            based_on=form.based_on,
            once=form.token,
        )
    except DocumentError as error:
        refused = form.refused(error)
        return visit.page("signing/send.html", status=422, view=view, form=refused, paper=None)
    return visit.redirect(f"/requests/{number}", said="agreement_sent")


def _show_draft(visit: Visit, view: RequestView, form: Form, terms: Terms) -> Response:
    number = view.request.number
    paper = draft_agreement(
        visit.programme, visit.actor, number, terms, version=asked_version(visit)
    )
    values: dict[str, Any] = form.content() | {"digest": paper.digest}
    bound = SEND_FORM.bind(values, based_on=form.based_on)
    return visit.page(
        "signing/send.html", view=view, form=bound, paper=paper, paper_html=paper_html(paper)
    )


@router.page("GET", "/requests/{number}/agreement", asks=Action.READ_REQUEST, about=about_request)
def show_agreement(visit: VisitDep, number: str) -> Response:
    """The agreement that went out, its signatures, and the form for whose turn it is."""
    return _show_agreement(visit, number, None)


def _show_agreement(visit: Visit, number: str, form: Form | None, status: int = 200) -> Response:
    view = read_request(visit.programme, visit.actor, number)
    paper = read_agreement(visit.programme, visit.actor, number, version=asked_version(visit))
    if paper is None:
        raise NotFoundError("The sharing agreement has not gone out yet.")
    if visit.request.query_params.get("format") == "pdf":
        return paper_pdf(paper)
    bound = form or _sign_spec(visit, view).bind({"digest": paper.digest}, based_on=view.position)
    return visit.page(
        "signing/agreement.html",
        status=status,
        view=view,
        paper=paper,
        paper_html=paper_html(paper),
        form=bound,
        may_sign=view.may(Act.SIGN_AGREEMENT, asked_version(visit)) and bool(_own(visit, view)),
        query="?" + visit.request.url.query if visit.request.url.query else "",
    )


def _own(visit: Visit, view: RequestView) -> dict[str, str]:
    """Parties the actor signs for whose signature is missing."""
    version = view.request.version(asked_version(visit) or view.latest.number) or view.latest
    person, sent = visit.actor.person, version.agreement
    if person is None or sent is None:
        return {}
    profile = visit.programme.profile
    own = [p for p in person.parties if p in sent.parties and p not in version.signatures]
    return {party: profile.party_name(party) for party in own}


def _sign_spec(visit: Visit, view: RequestView) -> FormSpec:
    return FormSpec(
        (
            Field(
                "party", "Party you sign for", "select", choices=_own(visit, view), required=True
            ),
            Field("name", _NAME.label, hint=_NAME.hint, autocomplete="name"),
            Field(
                "signed_pdf",
                "Or file the document signed by hand",
                "file",
                hint="A PDF. Its digest is recorded in place of a typed signature.",
                accept=".pdf,application/pdf",
            ),
            _DIGEST,
        )
    )


@router.page(
    "POST",
    "/requests/{number}/agreement",
    asks=Act.SIGN_AGREEMENT,
    about=about_request,
    uploads=True,
)
def sign(visit: VisitDep, number: str) -> Response:
    """Sign for a party: by typed name or with a signed PDF."""
    view = read_request(visit.programme, visit.actor, number)
    form = _sign_spec(visit, view).read(visit.form)
    uploaded = read_upload(visit, "signed_pdf")
    try:
        sign_agreement(
            visit.programme,
            visit.actor,
            number,
            form["party"].value,
            digest=form["digest"].value,
            name=form["name"].value,
            signed_pdf=uploaded.content if uploaded else None,
            version=asked_version(visit),
            based_on=None,
            once=form.token,
        )
    except DocumentError as error:
        return _show_agreement(visit, number, form.refused(error), 422)
    return visit.redirect(f"/requests/{number}/agreement", said="agreement_signed")


@router.page("GET", "/requests/{number}/nda", asks=Act.SIGN_NDA, about=about_own_statement)
def ask_nda(visit: VisitDep, number: str) -> Response:
    """One's own confidentiality statement."""
    return _show_nda(visit, number, None)


def _show_nda(visit: Visit, number: str, form: Form | None, status: int = 200) -> Response:
    version = asked_version(visit)
    own = read_statement(visit.programme, visit.actor, number, visit.actor.by, version=version)
    if own is None:
        raise NotFoundError("The statement is signed once the sharing agreement is out.")
    paper = own.paper
    if visit.request.query_params.get("format") == "pdf":
        return paper_pdf(paper)
    view = read_request(visit.programme, visit.actor, number)
    bound = form or NDA_FORM.bind({"digest": paper.digest}, based_on=view.position)
    return visit.page(
        "signing/nda.html",
        status=status,
        view=view,
        paper=paper,
        paper_html=paper_html(paper),
        form=bound,
        standing=own.standing,
        version=version or view.latest.number,
        query="?" + visit.request.url.query if visit.request.url.query else "",
    )


@router.page("POST", "/requests/{number}/nda", asks=Act.SIGN_NDA, about=about_own_statement)
def sign_own(visit: VisitDep, number: str) -> Response:
    """Sign it by typing one's name."""
    form = NDA_FORM.read(visit.form)
    try:
        sign_nda(
            visit.programme,
            visit.actor,
            number,
            digest=form["digest"].value,
            name=form["name"].value,
            version=asked_version(visit),
            once=form.token,
        )
    except DocumentError as error:
        return _show_nda(visit, number, form.refused(error), 422)
    return visit.redirect(f"/requests/{number}", said="nda_signed")
