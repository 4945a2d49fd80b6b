"""Publications: proposed, seen by each contributing agency, recorded once they appeared.

What is proposed is confidential: its facts are read by the project, the contributing agencies' data
owners, the office and the auditor; the public chain has commitments only. What is recorded stands
in the register, its feed and the annual report.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from governance.audit.tags import Tag
from governance.calendar import legal_date
from governance.decisions import check_permitted
from governance.errors import DocumentError
from governance.facts import facts_of
from governance.permissions import Action, Actor, Target, decide_action
from governance.register.proposals import (
    Proposal,
    ProposalState,
    ProposedPublication,
    PublicationSeen,
    PublicationWithdrawn,
    Seen,
    contributors,
    decide_proposal,
    decide_recording,
    decide_seeing,
    decide_withdrawal,
)
from governance.register.source import Publication
from governance.requests.state import DataRequest
from governance.services.attachments import Upload, file_attachment
from governance.services.programme import Programme
from governance.services.recording import denials_recorded, note
from governance.services.values import plain
from governance.store import NotFoundError, UnitOfWork
from governance.store import tables as t
from governance.store.streams import PROGRAMME

PUBLICATION_TAGS: Final = (
    Tag.PUBLICATION_PROPOSED.value,
    Tag.PUBLICATION_SEEN.value,
    Tag.PUBLICATION_WITHDRAWN.value,
    Tag.PUBLICATION_RECORDED.value,
)
"""Entries about publications; their subject is the request."""


def propose_publication(
    p: Programme,
    actor: Actor,
    number: str,
    facts: Mapping[str, Any],
    *,
    output: Upload | None = None,
    once: str | None = None,
) -> Proposal:
    """Propose a publication; each contributing agency looks at it next.

    Args:
        p: The programme.
        actor: Who acts for the request.
        number: The request; it was granted.
        facts: `title`, `kind`, `venue`, `planned_on`.
        output: The output itself, filed as a confidential document of the request.
        once: The form's token: submitted twice, it is proposed once.

    Raises:
        AccessDeniedError: The actor may not, or nothing was granted; recorded.
        DocumentError: The form has mistakes.
        NotFoundError: There is no such request.
    """
    action = Action.PROPOSE_PUBLICATION
    mark = _mark("propose", number, actor, once)
    with denials_recorded(p, actor, action.value, number):
        with p.store.read() as unit:
            request = _permitted(p, unit, actor, action, number)
            check_permitted(decide_proposal(request, p.profile.publication_review))
            wanted = _proposed(p, request, facts)
        if output is not None:
            confidential = replace(output, kind="output", confidential=True)
            filed = file_attachment(p, actor, number, confidential, once=once)
            wanted = wanted.model_copy(update={"attachment": filed.id})
        with p.store.begin() as unit:
            request = _permitted(p, unit, actor, action, number)
            check_permitted(decide_proposal(request, p.profile.publication_review))
            if mark is not None and (seq := unit.find_once(mark)) is not None:
                return _of_entry(unit, number, seq)
            tag, told = Tag.PUBLICATION_PROPOSED, plain(wanted)
            note(p, unit, actor, tag, subject=number, facts=told, once=mark)
            return _one(unit, number, wanted.publication)


def see_publication(
    p: Programme,
    actor: Actor,
    number: str,
    publication: str,
    *,
    comment: str = "",
    agency: str | None = None,
    once: str | None = None,
) -> Proposal:
    """Note that a contributing agency saw the output; the first note of an agency stands.

    Args:
        p: The programme.
        actor: The agency's data owner, or its alternate.
        number: The request.
        publication: Id of the proposal.
        comment: What the agency wants to say to the project; it may be empty.
        agency: The actor's own unless told.
        once: The form's token.

    Raises:
        AccessDeniedError: The actor may not, or nothing waits for that agency; recorded.
        DocumentError: The comment is too long.
        NotFoundError: There is no such request or proposal.
    """
    action, own = Action.SEE_PUBLICATION, agency or actor.agency or ""
    with denials_recorded(p, actor, action.value, number), p.store.begin() as unit:
        _permitted(p, unit, actor, action, number, agency=own)
        proposal = _one(unit, number, publication)
        facts = {"publication": publication, "request": number, "agency": own, "comment": comment}
        seen = facts_of(PublicationSeen, facts, "The form")
        if own in proposal.seen:
            return proposal
        check_permitted(decide_seeing(proposal, own, p.profile.publication_review))
        mark = _mark(f"see:{publication}", number, actor, once)
        note(p, unit, actor, Tag.PUBLICATION_SEEN, subject=number, facts=plain(seen), once=mark)
        return _one(unit, number, publication)


def withdraw_publication(
    p: Programme,
    actor: Actor,
    number: str,
    publication: str,
    reason: str,
    *,
    once: str | None = None,
) -> Proposal:
    """Take a proposal back before it is published.

    Raises:
        AccessDeniedError: The actor may not, or it is published or taken back; recorded.
        DocumentError: No reason is given.
        NotFoundError: There is no such request or proposal.
    """
    action, mark = Action.PROPOSE_PUBLICATION, _mark(f"back:{publication}", number, actor, once)
    with denials_recorded(p, actor, action.value, number), p.store.begin() as unit:
        _permitted(p, unit, actor, action, number)
        proposal = _one(unit, number, publication)
        if mark is not None and unit.find_once(mark) is not None:
            return proposal
        check_permitted(decide_withdrawal(proposal, p.profile.publication_review))
        facts = {"publication": publication, "request": number, "reason": reason}
        taken = facts_of(PublicationWithdrawn, facts, "The form")
        tag = Tag.PUBLICATION_WITHDRAWN
        note(p, unit, actor, tag, subject=number, facts=plain(taken), once=mark)
        return _one(unit, number, publication)


def record_publication(
    p: Programme,
    actor: Actor,
    number: str,
    publication: str,
    facts: Mapping[str, Any],
    *,
    once: str | None = None,
) -> Publication:
    """Record that it appeared: every contributing agency saw it, or its time has run out.

    Args:
        p: The programme.
        actor: Of the operating office.
        number: The request.
        publication: Id of the proposal.
        facts: `address`, where it is, and `published_on`, not in the future; `title` where it
            appeared under another one.
        once: The form's token.

    Raises:
        AccessDeniedError: The actor may not, or an agency has not seen it; recorded.
        DocumentError: The form has mistakes.
        NotFoundError: There is no such request or proposal.
    """
    action, mark = Action.RECORD_PUBLICATION, _mark(f"pub:{publication}", number, actor, once)
    with denials_recorded(p, actor, action.value, number), p.store.begin() as unit:
        _permitted(p, unit, actor, action, number)
        proposal = _one(unit, number, publication)
        if mark is not None and unit.find_once(mark) is not None and proposal.published:
            return proposal.published
        review = p.profile.publication_review
        codes = {a.id: a.code for a in p.profile.agencies}
        check_permitted(decide_recording(proposal, p.today, review, codes))
        published = _published(p, proposal, facts)
        told = plain(published.model_dump(mode="json", exclude={"recorded_at"}))
        note(p, unit, actor, Tag.PUBLICATION_RECORDED, subject=number, facts=told, once=mark)
        return published


def list_publications(p: Programme, actor: Actor, number: str) -> tuple[Proposal, ...]:
    """A request's proposals and what came of them, the newest first.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        NotFoundError: There is no such request.
    """
    action = Action.READ_PUBLICATIONS
    with denials_recorded(p, actor, action.value, number), p.store.read() as unit:
        _permitted(p, unit, actor, action, number)
        found = read_proposals(unit, number).values()
    return tuple(sorted(found, key=lambda x: x.proposed_at, reverse=True))


def find_publication(p: Programme, actor: Actor, number: str, publication: str) -> Proposal:
    """One of them.

    Raises:
        AccessDeniedError: The actor may not; recorded.
        NotFoundError: There is no such request or proposal.
    """
    action = Action.READ_PUBLICATIONS
    with denials_recorded(p, actor, action.value, number), p.store.read() as unit:
        _permitted(p, unit, actor, action, number)
        return _one(unit, number, publication)


def list_to_see(p: Programme, actor: Actor, agency: str) -> tuple[Proposal, ...]:
    """Outputs that wait for an agency to look at them, the earliest last day first.

    Who may not read what is proposed, such as a data steward, is told of none.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    action, target = Action.LIST_AGENCY_DATA, Target(agency=agency)
    with denials_recorded(p, actor, action.value, PROGRAMME), p.store.read() as unit:
        check_permitted(decide_action(actor, action, target, today=p.today))
        waiting = [x for x in read_proposals(unit).values() if x.is_open and agency in x.unseen]
        found = [x for x in waiting if _may_read(p, unit, actor, x)]
    return tuple(sorted(found, key=lambda x: (x.facts.due_on, x.facts.publication)))


def list_in_motion(p: Programme, actor: Actor) -> tuple[Proposal, ...]:
    """Every proposal that is neither published nor taken back, what may be recorded first.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    action, review = Action.LIST_ALL_REQUESTS, p.profile.publication_review
    with denials_recorded(p, actor, action.value, PROGRAMME), p.store.read() as unit:
        check_permitted(decide_action(actor, action, today=p.today))
        found = [x for x in read_proposals(unit).values() if x.is_open]
    order = (ProposalState.READY, ProposalState.OVERDUE, ProposalState.WAITING)
    return tuple(
        sorted(found, key=lambda x: (order.index(x.state(p.today, review)), x.facts.due_on))
    )


def read_proposals(unit: UnitOfWork, number: str | None = None) -> dict[str, Proposal]:
    """Proposals by id, oldest first: a request's, or every one; erased ones are gone."""
    found: dict[str, Proposal] = {}
    for told in _told(unit, number):
        facts = told["facts"]
        before = found.get(str(facts.get("publication")))
        if told["tag"] == Tag.PUBLICATION_PROPOSED.value:
            proposed = facts_of(ProposedPublication, facts, told["tag"])
            at = datetime.fromisoformat(told["at"])
            found[proposed.publication] = Proposal(proposed, told["by"], at)
        elif before is not None:
            found[before.facts.publication] = _after(before, told)
    return found


def _after(before: Proposal, told: Mapping[str, Any]) -> Proposal:
    facts, at = told["facts"], datetime.fromisoformat(told["at"])
    match told["tag"]:
        case Tag.PUBLICATION_SEEN.value:
            seen = facts_of(PublicationSeen, facts, told["tag"])
            first = before.seen.get(seen.agency) or Seen(told["by"], at, seen.comment)
            return replace(before, seen={**before.seen, seen.agency: first})
        case Tag.PUBLICATION_WITHDRAWN.value:
            taken = facts_of(PublicationWithdrawn, facts, told["tag"])
            return replace(before, withdrawn=taken.reason)
        case _:
            published = facts_of(Publication, facts | {"recorded_at": at.isoformat()}, told["tag"])
            return replace(before, published=published)


def _told(unit: UnitOfWork, number: str | None) -> Iterator[dict[str, Any]]:
    entries, payloads = t.ledger_entries, t.ledger_payloads
    query = (
        select(payloads.c.facts)
        .join(entries, entries.c.seq == payloads.c.seq)
        .where(entries.c.tag.in_(PUBLICATION_TAGS))
        .order_by(entries.c.seq)
    )
    if number is not None:
        query = query.where(entries.c.subject == number)
    for row in unit.connection.scalars(query).all():
        yield json.loads(row)


def _permitted(
    p: Programme,
    unit: UnitOfWork,
    actor: Actor,
    action: Action,
    number: str,
    *,
    agency: str | None = None,
) -> DataRequest:
    request = unit.known_request(number)
    target = Target(request=request, body=unit.body(p.board)[0], agency=agency)
    check_permitted(decide_action(actor, action, target, today=p.today))
    return request


def _may_read(p: Programme, unit: UnitOfWork, actor: Actor, proposal: Proposal) -> bool:
    target = Target(request=unit.request(proposal.facts.request))
    return decide_action(actor, Action.READ_PUBLICATIONS, target, today=p.today).permitted


def _proposed(p: Programme, request: DataRequest, facts: Mapping[str, Any]) -> ProposedPublication:
    last = p.today + timedelta(days=p.profile.publication_review.days)
    given = {
        **plain({k: v for k, v in facts.items() if k not in _OWN}),
        "publication": f"pub-{secrets.token_hex(6)}",
        "request": request.number,
        "agencies": list(contributors(request)),
        "due_on": last.isoformat(),
    }
    wanted = facts_of(ProposedPublication, given, "The form")
    if wanted.planned_on < p.today:
        problem = "planned_on: choose a day from today on; agencies see an output before it appears"
        raise DocumentError.counted("The form has", problem)
    return wanted


_OWN: Final = frozenset({"publication", "request", "agencies", "due_on", "attachment"})
"""Nobody says these of a proposal: the programme knows them."""


def _published(p: Programme, proposal: Proposal, facts: Mapping[str, Any]) -> Publication:
    said = plain({k: v for k, v in facts.items() if k in {"title", "address", "published_on"}})
    given = {
        "title": proposal.facts.title,
        **said,
        "request": proposal.facts.request,
        "publication": proposal.facts.publication,
        "kind": proposal.facts.kind,
        "recorded_at": p.clock().isoformat(),
    }
    published = facts_of(Publication, given, "The form")
    cleared = proposal.cleared_on(p.profile.publication_review)
    problems = []
    if published.address is None:
        problems.append("address: say where it appeared")
    if published.published_on > p.today:
        problems.append("published_on: that day is still to come; record it once it appeared")
    if published.published_on < (cleared or legal_date(proposal.proposed_at)):
        words = "agencies had not seen it by then; an output is published after they have"
        problems.append(f"published_on: {words}")
    if problems:
        raise DocumentError.counted("The form has", *problems)
    return published


def _one(unit: UnitOfWork, number: str, publication: str) -> Proposal:
    found = read_proposals(unit, number).get(publication)
    if found is None:
        raise NotFoundError("The request has no proposed publication of that id.")
    return found


def _of_entry(unit: UnitOfWork, number: str, seq: int) -> Proposal:
    facts = unit.connection.scalar(
        select(t.ledger_payloads.c.facts).where(t.ledger_payloads.c.seq == seq)
    )
    return _one(unit, number, json.loads(facts or "{}").get("facts", {}).get("publication", ""))


def _mark(what: str, number: str, actor: Actor, once: str | None) -> str | None:
    return None if once is None else f"publication:{what}:{number}:{actor.by}:{once}"
