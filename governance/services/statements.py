"""Each person's confidentiality statement: read, signed, and signed again when the terms changed.

Which statement counts is worked out from the request's events (`governance.requests.statements`),
here as by the signer. What is new since a person's last signature is told on the statement itself.
"""

from dataclasses import dataclass

from governance.decisions import Denial, check_permitted
from governance.errors import ObjectNotFoundError
from governance.papers import (
    GivenSignature,
    NdaSource,
    Paper,
    draft_nda,
    what_is_new,
    what_is_new_in_terms,
)
from governance.papers.words import day_words
from governance.permissions import Action, Actor, decide_action
from governance.requests.events import AgreementSent, NdaSigned
from governance.requests.model import RequestPerson
from governance.requests.state import DataRequest, Statement, Version
from governance.requests.statements import Acceptance, acceptance
from governance.requests.states import Act
from governance.requests.terms import scope_terms
from governance.services.kept_papers import keep_paper, kept_paper, kept_terms
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, refuse
from governance.services.requests import RequestView, act_on_request, read_request
from governance.services.signatures import (
    check_own_name,
    meant_version,
    request_events,
    signer_name,
)
from governance.store import NotFoundError
from governance.store.statement_lists import StatementWaiting, list_statements_waiting
from governance.store.streams import PROGRAMME


@dataclass(frozen=True, slots=True)
class PersonsStatement:
    """A person's statement for a version.

    Attributes:
        paper: What they signed, where it counts and was signed here; else what there is to sign,
            with what is new in its terms.
        standing: Whether they accepted the version's terms.
    """

    paper: Paper
    standing: Acceptance

    @property
    def accepted(self) -> bool:
        """Whether nothing is left to sign."""
        return self.standing.accepted is not None


def read_statement(
    p: Programme, actor: Actor, number: str, person: str, *, version: int | None = None
) -> PersonsStatement | None:
    """A person's confidentiality statement; None before the sharing agreement went out.

    Args:
        p: The programme.
        actor: Who reads.
        number: The request.
        person: Whose it is.
        version: The newest unless told.

    Raises:
        AccessDeniedError: The actor may not read the request, or a paper on file was altered.
        NotFoundError: The request does not name that person.
    """
    view = read_request(p, actor, number)
    meant = meant_version(view, version)
    named = _named(meant, person)
    if meant.agreement is None:
        return None
    standing = acceptance(view.request, meant, person)
    given = standing.accepted
    if given is not None and given.digest is not None:
        signed = kept_paper(p, number, given.digest).signed(_given(p, number, person, given.digest))
        return PersonsStatement(signed, standing)
    paper = _draft(p, view.request, meant, named, sent=meant.agreement, before=standing.last)
    return PersonsStatement(paper, standing)


def sign_nda(
    p: Programme,
    actor: Actor,
    number: str,
    *,
    digest: str,
    name: str,
    version: int | None = None,
    based_on: int | None = None,
    once: str | None = None,
) -> RequestView:
    """Sign one's own confidentiality statement by typing one's name.

    Raises:
        AccessDeniedError: The request does not name the actor, or the text is another one.
        DocumentError: The name is not the actor's own.
        NotFoundError: There is no statement yet.
        StaleError: Something happened since `based_on`.
    """
    shown = read_statement(p, actor, number, actor.by, version=version)
    if shown is None:
        raise NotFoundError("The statement is signed once the sharing agreement is out.")
    if digest != shown.paper.digest:
        denial = Denial(
            "nda.digest",
            "The statement's text is not the one that was shown.",
            "Read it again, then sign.",
            p.rules.chain_clause,
        )
        refuse(p, actor, Act.SIGN_NDA.value, number, denial)
    check_own_name(actor, name)
    keep_paper(p, number, shown.paper)
    facts = {"person": actor.by, "signed_on": p.today, "digest": digest, "name": name.strip()}
    return act_on_request(
        p, actor, number, Act.SIGN_NDA, facts, version=version, based_on=based_on, once=once
    )


def list_own_waiting(p: Programme, actor: Actor) -> tuple[StatementWaiting, ...]:
    """Requests whose statement the actor has yet to sign, or to sign again; by number.

    Raises:
        AccessDeniedError: The actor has no lists; recorded.
    """
    with denials_recorded(p, actor, Action.LIST_OWN_REQUESTS.value, PROGRAMME):
        check_permitted(decide_action(actor, Action.LIST_OWN_REQUESTS, today=p.today))
        with p.store.read() as unit:
            return list_statements_waiting(unit, actor.by)


def _named(version: Version, person: str) -> RequestPerson:
    content = version.submitted or version.content
    found = next((x for x in content.people if x.id == person), None)
    if found is None:
        raise NotFoundError("The request does not name that person.")
    return found


def _draft(
    p: Programme,
    request: DataRequest,
    version: Version,
    person: RequestPerson,
    *,
    sent: AgreementSent,
    before: Statement | None,
) -> Paper:
    news: tuple[str, ...] = ()
    since = ""
    if before is not None:
        news = _news(p, request, version, sent, before)
        signed = f"{person.name} signed on {day_words(before.signed_on)}"
        since = f"What is new in the terms since {signed}, for version {before.version}"
    return draft_nda(
        NdaSource(
            profile=p.profile,
            number=request.number,
            title=(version.submitted or version.content).title,
            person=person,
            agreement=sent.agreement,
            agreement_digest=sent.digest,
            drafted_on=sent.effective_on,
            terms_digest=sent.terms,
            news=news,
            news_title=since,
        )
    )


def _news(
    p: Programme, request: DataRequest, version: Version, sent: AgreementSent, before: Statement
) -> tuple[str, ...]:
    """What is new, in words: by the terms as kept, else by the texts, else by the request itself.

    Agreements sent before terms were recorded are compared text by text.
    """
    old = kept_terms(p, request.number, before.terms_digest)
    new = kept_terms(p, request.number, sent.terms)
    if old is not None and new is not None and (told := what_is_new_in_terms(old, new)):
        return told
    given_for = request.version(before.version)
    told = () if given_for is None else what_is_new_in_terms(
        scope_terms(given_for), scope_terms(version)
    )  # fmt: skip
    try:
        texts = what_is_new(
            kept_paper(p, request.number, before.agreement),
            kept_paper(p, request.number, sent.digest),
        )
    except (NotFoundError, ObjectNotFoundError):
        texts = ()
    return tuple(dict.fromkeys((*told, *texts))) or ("The text of the sharing agreement.",)


def _given(p: Programme, number: str, person: str, digest: str) -> tuple[GivenSignature, ...]:
    return tuple(
        GivenSignature(
            party=e.person,
            name=signer_name(p, e.name, e.by),
            given_at=e.at,
            identity=e.by,
            digest=digest,
        )
        for e in request_events(p, number)
        if isinstance(e, NdaSigned) and e.person == person and e.digest == digest
    )
