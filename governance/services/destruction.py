"""Destruction certificates: drafted, looked at, certified under their digest, kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from governance.decisions import Denial
from governance.errors import DocumentError
from governance.papers import Paper
from governance.papers.destruction import (
    Destroyed,
    DestructionSource,
    Survivor,
    draft_destruction_certificate,
    survives_words,
)
from governance.permissions import Actor
from governance.requests.state import Version
from governance.requests.states import Act
from governance.services.kept_papers import keep_paper, kept_paper
from governance.services.programme import Programme
from governance.services.recording import refuse
from governance.services.requests import RequestView, act_on_request, read_request
from governance.store import NotFoundError


@dataclass(frozen=True, slots=True)
class Told:
    """What the certificate says.

    Attributes:
        survives: Empty: nothing does.
        capacity: In which capacity the person certifies.
    """

    destroyed: tuple[Destroyed, ...]
    survives: tuple[Survivor, ...]
    capacity: str


def draft_certificate(
    p: Programme, actor: Actor, number: str, told: Told, *, version: int | None = None
) -> Paper:
    """The certificate as it would be certified today; nothing is kept.

    Raises:
        AccessDeniedError: The actor may not certify.
        DocumentError: Something is not said, or was destroyed in the future.
    """
    view, meant = _read(p, actor, number, version)
    if not view.may(Act.CERTIFY_DESTRUCTION, meant.number):
        rule = "destruction.certify"
        reason = "Who acts for the request certifies, once the use is over."
        remedy = "Ask the requestor or the authorized representative."
        denial = Denial(rule, reason, remedy, p.rules.destruction_clause)
        refuse(p, actor, Act.CERTIFY_DESTRUCTION.value, number, denial)
    problems = _problems(told, p.today)
    if problems:
        raise DocumentError.counted("The form has", *problems)
    return draft_destruction_certificate(
        DestructionSource(
            profile=p.profile,
            request=view.request,
            version=meant.number,
            destroyed=told.destroyed,
            survives=told.survives,
            certified_by=actor.person.name if actor.person else actor.by,
            capacity=told.capacity.strip(),
            certified_on=p.today,
        )
    )


def certify_destruction(
    p: Programme,
    actor: Actor,
    number: str,
    told: Told,
    *,
    digest: str,
    version: int | None = None,
    based_on: int | None = None,
    once: str | None = None,
) -> RequestView:
    """Certify exactly the text that was looked at; it is kept under its digest.

    Args:
        p: The programme.
        actor: Who acts for the request.
        number: The request.
        told: What was destroyed and what survives.
        digest: Of the text that was shown.
        version: The newest whose data is to be destroyed unless told; it is certified of all.
        based_on: Position of the request when the form was opened.
        once: The form's token.

    Raises:
        AccessDeniedError: The actor may not, or the text is another one by now.
        DocumentError: Something is not said.
        StaleError: Something happened since `based_on`.
    """
    view, meant = _read(p, actor, number, version)
    if once is not None and meant.certified is not None and meant.certified.digest == digest:
        return view  # a second click: it is certified
    paper = draft_certificate(p, actor, number, told, version=meant.number)
    if paper.digest != digest:
        rule = "destruction.digest"
        reason = "The certificate's text is not the one you looked at."
        denial = Denial(rule, reason, "Look at it again.", p.rules.destruction_clause)
        refuse(p, actor, Act.CERTIFY_DESTRUCTION.value, number, denial)
    keep_paper(p, number, paper)
    facts = {"digest": digest, "survives": survives_words(told.survives)}
    return act_on_request(
        p,
        actor,
        number,
        Act.CERTIFY_DESTRUCTION,
        facts,
        version=meant.number,
        based_on=based_on,
        once=once,
    )


def read_certificate(
    p: Programme, actor: Actor, number: str, *, version: int | None = None
) -> Paper:
    """The certificate that was given.

    Raises:
        AccessDeniedError: The actor may not read the request, or the text was altered.
        NotFoundError: None was given, or it was given on paper.
    """
    _, meant = _read(p, actor, number, version)
    if meant.certified is None:
        raise NotFoundError("No destruction is certified yet.")
    return kept_paper(p, number, meant.certified.digest)


def _read(
    p: Programme, actor: Actor, number: str, version: int | None
) -> tuple[RequestView, Version]:
    view = read_request(p, actor, number)
    newest = view.request.to_destroy[-1] if view.request.to_destroy else view.latest
    meant = newest if version is None else view.request.version(version)
    if meant is None:
        raise NotFoundError("The request has no such version.")
    return view, meant


def _problems(told: Told, today: date) -> Sequence[str]:
    found = []
    if not told.destroyed:
        found.append("destroyed.0.what: Say what was destroyed")
    for n, one in enumerate(told.destroyed):
        missing = [k for k in ("what", "where", "how") if not getattr(one, k).strip()]
        found += [f"destroyed.{n}.{k}: Field required" for k in missing]
        if one.on > today:
            found.append(f"destroyed.{n}.on: This is in the future")
    for n, left in enumerate(told.survives):
        names = ("what", "where", "until", "protected")
        missing = [k for k in names if not getattr(left, k).strip()]
        found += [f"survives.{n}.{k}: Field required" for k in missing]
    if not told.capacity.strip():
        found.append("capacity: Field required")
    return found
