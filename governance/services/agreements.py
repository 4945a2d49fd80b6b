"""Sharing agreements: drafted, sent, kept, signed. Statements: `governance.services.statements`.

A paper that goes out is kept under its own digest, and what is signed is that digest: nobody signs
a text made anew. Papers lie with the programme's documents, where the data plane cannot reach.
"""

import contextlib
from dataclasses import dataclass
from datetime import date
from typing import Final

from governance.decisions import Denial
from governance.digests import sha256_of
from governance.errors import DocumentError, PreconditionFailedError
from governance.papers import (
    GivenSignature,
    Paper,
    SharingSource,
    binding_terms,
    draft_sharing_agreement,
    sharing_parties,
)
from governance.permissions import Actor
from governance.requests.events import AgreementSigned
from governance.requests.state import DataRequest, Version
from governance.requests.states import Act
from governance.services.kept_papers import keep_paper, keep_terms, kept_paper
from governance.services.programme import Programme
from governance.services.recording import refuse
from governance.services.requests import RequestView, act_on_request, read_request
from governance.services.signatures import (
    check_own_name,
    meant_version,
    request_events,
    signer_name,
)

_PDF: Final = b"%PDF-"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the operating office adds when it drafts an agreement.

    Attributes:
        effective_on, ends_on: Legal dates, both inclusive.
        irb: What is on file of an institutional review board, or empty.
    """

    effective_on: date
    ends_on: date
    irb: str = ""


def draft_agreement(
    p: Programme, actor: Actor, number: str, terms: Terms, *, version: int | None = None
) -> Paper:
    """The sharing agreement as it would go out today; nothing is kept.

    Raises:
        AccessDeniedError: The actor may not send it.
        DocumentError: The dates contradict each other.
        LedgerError: The version was never submitted.
    """
    view = read_request(p, actor, number)
    meant = meant_version(view, version)
    return draft_sharing_agreement(_source(p, actor, view, meant, terms))


def send_agreement(
    p: Programme,
    actor: Actor,
    number: str,
    terms: Terms,
    *,
    digest: str | None = None,
    version: int | None = None,
    based_on: int | None = None,
    once: str | None = None,
) -> RequestView:
    """Keep the agreement and send it out for signature.

    Args:
        p: The programme.
        actor: Of the operating office.
        number: The request.
        terms: Dates, and what a review board said.
        digest: Of the text the actor looked at; another text is refused.
        version: The newest unless told.
        based_on: Position of the request when the form was opened.
        once: The form's token.

    Raises:
        AccessDeniedError: The actor may not, or the text is another one by now.
        DocumentError: The dates contradict each other.
        StaleError: Something happened since `based_on`.
    """
    view = read_request(p, actor, number)
    meant = meant_version(view, version)
    if once is not None and meant.agreement is not None:
        # A second click on the form that sent it: the paper is out, nothing is drafted again.
        return view
    source = _source(p, actor, view, meant, terms)
    paper, binding = draft_sharing_agreement(source), binding_terms(source)
    if digest is not None and digest != paper.digest:
        refuse(
            p,
            actor,
            Act.SEND_AGREEMENT.value,
            number,
            Denial(
                "sharing_agreement.digest",
                "The agreement's text is not the one you looked at.",
                "Look at it again, then send it.",
                p.rules.chain_clause,
            ),
        )
    keep_paper(p, number, paper)
    keep_terms(p, number, binding)
    content = meant.submitted or meant.content
    facts = {
        "agreement": paper.id,
        "digest": paper.digest,
        "parties": sharing_parties(content, p.profile),
        "effective_on": terms.effective_on,
        "ends_on": terms.ends_on,
        "terms": binding.digest,
    }
    return act_on_request(
        p,
        actor,
        number,
        Act.SEND_AGREEMENT,
        facts,
        version=meant.number,
        based_on=based_on,
        once=once,
    )


def read_agreement(
    p: Programme, actor: Actor, number: str, *, version: int | None = None
) -> Paper | None:
    """The agreement that went out, with the signatures given so far; None before it went out.

    Raises:
        AccessDeniedError: The actor may not read the request.
        LedgerError: What lies there is not what went out.
    """
    view = read_request(p, actor, number)
    meant = meant_version(view, version)
    if meant.agreement is None:
        return None
    paper = kept_paper(p, number, meant.agreement.digest)
    return paper.signed(_given(p, number, meant.number))


def sign_agreement(
    p: Programme,
    actor: Actor,
    number: str,
    party: str,
    *,
    digest: str,
    name: str = "",
    signed_pdf: bytes | None = None,
    version: int | None = None,
    based_on: int | None = None,
    once: str | None = None,
) -> RequestView:
    """Sign for a party: by typing one's name, or by filing the signed PDF.

    Args:
        p: The programme.
        actor: A signatory of the party.
        number: The request.
        party: As named in the agreement.
        digest: Of the text that was shown.
        name: Typed; must be the actor's own. Beside a PDF it may be empty.
        signed_pdf: Bytes of the signed document; its SHA-256 is recorded.
        version: The newest unless told.
        based_on: Position of the request when the form was opened.
        once: The form's token.

    Raises:
        AccessDeniedError: The actor does not sign for the party, or the text is another one.
        DocumentError: Neither a name nor a PDF, or the name is not the actor's.
        StaleError: Something happened since `based_on`.
    """
    facts = {"party": party, "digest": digest, "signed_on": p.today, "name": name.strip()}
    if signed_pdf is None or name.strip():
        check_own_name(actor, name)
    if signed_pdf is not None:
        facts["uploaded"] = _keep_signed(p, actor, number, signed_pdf)
    return act_on_request(
        p,
        actor,
        number,
        Act.SIGN_AGREEMENT,
        facts,
        version=version,
        based_on=based_on,
        once=once,
    )


def _source(
    p: Programme, actor: Actor, view: RequestView, meant: Version, terms: Terms
) -> SharingSource:
    """What the agreement is drafted from, for who may send it."""
    if not view.may(Act.SEND_AGREEMENT, meant.number):
        refuse(
            p,
            actor,
            Act.SEND_AGREEMENT.value,
            view.request.number,
            Denial(
                "sharing_agreement.send",
                "The operating office drafts the sharing agreement, once the board approved.",
                "Ask the operating office.",
                p.rules.chain_clause,
            ),
        )
    if terms.ends_on < terms.effective_on:
        raise DocumentError.counted("The form has", "ends_on: it is before the first day")
    content = meant.submitted or meant.content
    return SharingSource(
        profile=p.profile,
        rules=p.rules,
        contracts=p.contracts,
        agreements=p.agreements,
        request=view.request,
        version=meant.number,
        parties=sharing_parties(content, p.profile),
        drafted_on=p.today,
        effective_on=terms.effective_on,
        ends_on=terms.ends_on,
        irb=terms.irb,
        earlier=_earlier(p, view.request, meant),
    )


def _earlier(p: Programme, request: DataRequest, version: Version) -> Paper | None:
    """The newest agreement that went out before this version's."""
    sent = [v.agreement for v in request.versions if v.number < version.number and v.agreement]
    return kept_paper(p, request.number, sent[-1].digest) if sent else None


def _keep_signed(p: Programme, actor: Actor, number: str, document: bytes) -> str:
    problem = ""
    if len(document) > p.settings.upload_max_bytes:
        problem = f"the file is larger than {p.settings.upload_max_bytes} bytes"
    elif not document.startswith(_PDF):
        problem = "the file is no PDF"
    if problem:
        raise DocumentError.counted("The form has", f"signed_pdf: {problem}")
    view = read_request(p, actor, number)
    if not view.may(Act.SIGN_AGREEMENT):
        reason = "You sign for no party of this agreement whose signature is missing."
        remedy = "A signatory of the party signs."
        denial = Denial("sharing_agreement.party", reason, remedy, p.rules.chain_clause)
        refuse(p, actor, Act.SIGN_AGREEMENT.value, number, denial)
    digest = sha256_of(document)
    with contextlib.suppress(PreconditionFailedError):  # the same file is kept already
        p.documents.put(f"signed/{number}/{digest}.pdf", document, if_none_match=True)
    return digest


def _given(p: Programme, number: str, version: int) -> tuple[GivenSignature, ...]:
    return tuple(
        GivenSignature(
            party=e.party,
            name=signer_name(p, e.name, e.by),
            given_at=e.at,
            identity=e.by,
            digest=e.digest,
            uploaded=e.uploaded is not None,
        )
        for e in request_events(p, number)
        if isinstance(e, AgreementSigned) and e.version == version
    )
