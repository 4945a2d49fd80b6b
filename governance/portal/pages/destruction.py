"""The destruction certificate: said, looked at, certified, read."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from starlette.responses import Response

from governance.errors import DocumentError
from governance.papers import Paper
from governance.papers.destruction import Destroyed, Survivor
from governance.permissions import Action
from governance.portal.forms import BASED_ON_FIELD, ONCE_FIELD, Field, Form, FormSpec
from governance.portal.navigation import NavItem
from governance.portal.papers_shown import paper_html, paper_pdf
from governance.portal.routes import PortalRouter
from governance.portal.said import add_said
from governance.portal.targets import about_request, asked_version
from governance.portal.visits import Visit, VisitDep
from governance.requests.state import Version
from governance.requests.states import Act
from governance.services.destruction import (
    Told,
    certify_destruction,
    draft_certificate,
    read_certificate,
)
from governance.services.requests import RequestView, read_request
from governance.store import NotFoundError

router = PortalRouter()
NAVIGATION: tuple[NavItem, ...] = ()
add_said(destruction_certified="Destruction is certified. The operating office checks and closes.")
_MOST: Final = 50
_ROW: Final = re.compile(r"(destroyed|survives)\.([0-9]{1,3})\.([a-z]+)")
_LONGEST: Final = 500
_COLUMNS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "destroyed": (
        ("what", "What was destroyed", "For example: extract of linked records, 2 files"),
        ("where", "Where it was", "Machine, folder, medium"),
        ("how", "How", "For example: key destroyed, disk overwritten"),
        ("on", "On", ""),
    ),
    "survives": (
        ("what", "What is left", "For example: published tables, backups"),
        ("where", "Where", ""),
        ("until", "Until when", "A date, or what ends it"),
        ("protected", "How nobody reads it until then", ""),
    ),
}
Rows = dict[str, list[dict[str, str]]]


def _spec(rows: Rows) -> FormSpec:
    fields = [
        Field(
            f"{group}.{n}.{name}",
            label,
            "day" if name == "on" else "text",
            hint,
            required=True,
            maximum=None if name == "on" else _LONGEST,
        )
        for group, columns in _COLUMNS.items()
        for n, _ in enumerate(rows[group])
        for name, label, hint in columns
    ]
    capacity = Field(
        "capacity",
        "You certify as",
        required=True,
        maximum=200,
        hint="For example: authorized representative of the university",
    )
    return FormSpec((*fields, capacity, Field("digest", "Digest", "hidden", when_empty=None)))


def _empty(group: str) -> dict[str, str]:
    return {name: "" for name, _, _ in _COLUMNS[group]}


def _sent_rows(visit: Visit) -> Rows:
    """The rows that say anything, gaps closed; one of each table at least to begin with."""
    found: dict[str, dict[int, dict[str, str]]] = {"destroyed": {}, "survives": {}}
    for name, value in visit.form.multi_items():
        match = _ROW.fullmatch(name)
        if match and isinstance(value, str) and match[3] in _empty(match[1]):
            found[match[1]].setdefault(int(match[2]), _empty(match[1]))[match[3]] = value.strip()
    return {
        group: [row for _, row in sorted(rows.items()) if any(row.values())][:_MOST]
        for group, rows in found.items()
    }


def _form(visit: Visit, rows: Rows) -> Form:
    flat = {
        f"{group}.{n}.{name}": value
        for group, several in rows.items()
        for n, row in enumerate(several)
        for name, value in row.items()
    }
    kept = ("capacity", "digest", ONCE_FIELD, BASED_ON_FIELD)
    return _spec(rows).read(flat | {name: visit.form.get(name, "") for name in kept})


def _told(form: Form, rows: Rows) -> Told:
    """What the form says.

    Raises:
        DocumentError: A day is none.
    """
    problems, destroyed = [], []
    for n, row in enumerate(rows["destroyed"]):
        try:
            on = date.fromisoformat(row["on"])
        except ValueError:
            problems.append(f"destroyed.{n}.on: Enter a date.")
            continue
        destroyed.append(Destroyed(row["what"], row["where"], row["how"], on))
    if problems:
        raise DocumentError.counted("The form has", *problems)
    survives = tuple(Survivor(**row) for row in rows["survives"])
    return Told(tuple(destroyed), survives, form["capacity"].value)


@router.page(
    "GET", "/requests/{number}/destruction", asks=Act.CERTIFY_DESTRUCTION, about=about_request
)
def ask_certify(visit: VisitDep, number: str) -> Response:
    """What was destroyed, how and when; what survives, where and until when."""
    view = read_request(visit.programme, visit.actor, number)
    rows: Rows = {"destroyed": [_empty("destroyed")], "survives": []}
    form = _spec(rows).bind(based_on=view.position)
    return _show(visit, view, form)


@router.page(
    "POST", "/requests/{number}/destruction", asks=Act.CERTIFY_DESTRUCTION, about=about_request
)
def certify(visit: VisitDep, number: str) -> Response:
    """Add a line, show the certificate, or certify exactly the one that was shown."""
    view = read_request(visit.programme, visit.actor, number)
    rows, do = _sent_rows(visit), str(visit.form.get("do", "show"))
    if do.startswith("add_") and do[4:] in rows:
        rows[do[4:]].append(_empty(do[4:]))
    if not rows["destroyed"]:
        rows["destroyed"].append(_empty("destroyed"))
    form = _form(visit, rows)
    if do.startswith("add_"):
        return _show(visit, view, form)
    try:
        told, digest = _told(form, rows), form["digest"].value
        if do != "certify" or not digest:
            paper = draft_certificate(
                visit.programme, visit.actor, number, told, version=asked_version(visit)
            )
            return _show(visit, view, _with_digest(form, rows, paper), paper=paper)
        certify_destruction(
            visit.programme,
            visit.actor,
            number,
            told,
            digest=digest,
            version=asked_version(visit),
            based_on=form.based_on,
            once=form.token,
        )
    except DocumentError as error:
        return _show(visit, view, form.refused(error), status=422)
    return visit.redirect(f"/requests/{number}", said="destruction_certified")


def _with_digest(form: Form, rows: Rows, paper: Paper) -> Form:
    values = {name: bound.values for name, bound in form.fields.items()}
    shown = values | {"digest": (paper.digest,)}
    return _spec(rows).bind(shown, based_on=form.based_on)


def _show(
    visit: Visit, view: RequestView, form: Form, *, paper: Paper | None = None, status: int = 200
) -> Response:
    groups: dict[str, dict[int, list[str]]] = {"destroyed": {}, "survives": {}}
    for name in form.fields:
        match = _ROW.fullmatch(name)
        if match:
            groups[match[1]].setdefault(int(match[2]), []).append(name)
    return visit.page(
        "after/destruction.html",
        status=status,
        view=view,
        form=form,
        groups={g: list(rows.values()) for g, rows in groups.items()},
        paper=paper,
        paper_html=paper_html(paper, level=3) if paper else "",
    )


@router.page("GET", "/requests/{number}/certificate", asks=Action.READ_REQUEST, about=about_request)
def show_certificate(visit: VisitDep, number: str) -> Response:
    """The certificate that was given, as a page or PDF.

    Raises:
        NotFoundError: None was given.
    """
    versions = read_request(visit.programme, visit.actor, number).request.versions
    asked = asked_version(visit)
    given = [v for v in versions if v.certified and asked in {None, v.number}]
    if not given:
        raise NotFoundError("No destruction is certified yet.")
    version = given[-1]
    try:
        paper = read_certificate(visit.programme, visit.actor, number, version=version.number)
    except NotFoundError:  # it was given on paper; its digest and what survives are on record
        return _show_given(visit, number, version, None)
    if visit.request.query_params.get("format") == "pdf":
        return paper_pdf(paper)
    return _show_given(visit, number, version, paper)


def _show_given(visit: Visit, number: str, version: Version, paper: Paper | None) -> Response:
    return visit.page(
        "after/certificate.html",
        number=number,
        version=version,
        paper=paper,
        paper_html=paper_html(paper) if paper else "",
    )
