"""A publication on its way: proposed, seen by every contributing agency, then recorded. Pure.

Each contributing agency sees the output before publication (the programme's way of a request, step
6). Who contributes is who has a dataset in what was granted, not in what was asked for once. What
is proposed is confidential until it is published.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from governance.calendar import legal_date
from governance.decisions import Decision, Denial
from governance.facts import Facts, Id, Name, Text
from governance.profile import PublicationReview
from governance.register.source import Publication, PublicationKind
from governance.requests.state import DataRequest

_GRANTED: Final = "publication.granted"
_OPEN: Final = "publication.open"
_SEEN: Final = "publication.seen"


class ProposedPublication(Facts):
    """What a project means to publish.

    Attributes:
        venue: Where it will appear.
        planned_on: The day it is meant to.
        attachment: Id of the output, filed with the request as a confidential document.
        agencies: Whose data it rests on: each of them looks at it first.
        due_on: Last day on which they do, inclusive.
    """

    publication: Id
    request: Id
    title: Annotated[Text, Field(max_length=300)]
    kind: PublicationKind
    venue: Annotated[Text, Field(max_length=300)]
    planned_on: date
    attachment: Id | None = None
    agencies: Annotated[tuple[Name, ...], Field(min_length=1)]
    due_on: date


class PublicationSeen(Facts):
    """An agency's note that it saw the output."""

    publication: Id
    request: Id
    agency: Name
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] = ""


class PublicationWithdrawn(Facts):
    """The project took the proposal back."""

    publication: Id
    request: Id
    reason: Text


@dataclass(frozen=True, slots=True)
class Seen:
    """Who noted for an agency that it saw the output, when (UTC), and what they said."""

    by: str
    at: datetime
    comment: str = ""


class ProposalState(StrEnum):
    """Where a proposal stands."""

    WAITING = "waiting"
    """Agencies have yet to look at it, and their time runs."""
    OVERDUE = "overdue"
    """Their time has run out, and their silence refuses."""
    READY = "ready"
    """It may be published."""
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed publication with what came of it.

    Attributes:
        proposed_by: Person id.
        proposed_at: UTC.
        seen: By agency; the first note stands.
        withdrawn: Why, once the project took it back.
        published: As recorded.
    """

    facts: ProposedPublication
    proposed_by: str
    proposed_at: datetime
    seen: Mapping[str, Seen] = field(default_factory=dict)
    withdrawn: str | None = None
    published: Publication | None = None

    @property
    def unseen(self) -> tuple[str, ...]:
        """Agencies that have not looked at it yet."""
        return tuple(a for a in self.facts.agencies if a not in self.seen)

    @property
    def is_open(self) -> bool:
        """Whether it is neither published nor taken back."""
        return self.published is None and self.withdrawn is None

    def state(self, today: date, review: PublicationReview) -> ProposalState:
        """Where it stands on a legal date."""
        if self.withdrawn is not None:
            return ProposalState.WITHDRAWN
        if self.published is not None:
            return ProposalState.PUBLISHED
        if not self.unseen:
            return ProposalState.READY
        if today <= self.facts.due_on:
            return ProposalState.WAITING
        silent = review.silence == "permits"
        return ProposalState.READY if silent else ProposalState.OVERDUE

    def cleared_on(self, review: PublicationReview) -> date | None:
        """The first legal date on which it might be published; None while an agency refuses."""
        days = [legal_date(seen.at) for seen in self.seen.values()]
        if self.unseen:
            if review.silence == "refuses":
                return None
            days.append(self.facts.due_on + timedelta(days=1))
        return max(days)


def contributors(request: DataRequest) -> tuple[str, ...]:
    """Agencies with a dataset in a version that was granted, in name order."""
    granted = (v.submitted for v in request.versions if v.granted is not None)
    return tuple(
        sorted({a for content in granted if content is not None for a in content.agencies})
    )


def decide_proposal(request: DataRequest, review: PublicationReview) -> Decision:
    """Whether there can be an output: only what was granted can lead to one."""
    denials = []
    if not contributors(request):
        reason = f"Request {request.number} was never granted, so no output can rest on its data."
        remedy = "Propose a publication once the grant is published."
        denials.append(Denial(_GRANTED, reason, remedy, review.clause))
    return Decision((_GRANTED,), tuple(denials))


def decide_seeing(proposal: Proposal, agency: str, review: PublicationReview) -> Decision:
    """Whether an agency may still note that it saw it."""
    denials = [*_open_denials(proposal, review)]
    if agency not in proposal.facts.agencies:
        reason = "The output does not rest on the agency's data."
        denials.append(Denial(_SEEN, reason, "Nothing is left to do.", review.clause))
    return Decision((_OPEN, _SEEN), tuple(denials))


def decide_withdrawal(proposal: Proposal, review: PublicationReview) -> Decision:
    """Whether it may still be taken back."""
    return Decision((_OPEN,), tuple(_open_denials(proposal, review)))


def decide_recording(
    proposal: Proposal, today: date, review: PublicationReview, codes: Mapping[str, str]
) -> Decision:
    """Whether it may be recorded as published: every agency saw it, or its time has run out.

    Args:
        proposal: As it stands.
        today: Legal date.
        review: The programme's rule.
        codes: Agencies as people write them, by id.
    """
    denials = [*_open_denials(proposal, review)]
    waits = proposal.state(today, review) in {ProposalState.WAITING, ProposalState.OVERDUE}
    for agency in proposal.unseen if waits else ():
        code = codes.get(agency, agency.upper())
        until = f"{proposal.facts.due_on:%B} {proposal.facts.due_on.day}"
        reason = f"{code} has not seen the output yet; its time ran until {until}."
        remedy = f"The data owner of {code} looks at it and says so; the office reminds them."
        if today <= proposal.facts.due_on:
            reason = f"{code} has not seen the output yet; it has until {until}."
        denials.append(Denial(_SEEN, reason, remedy, review.clause))
    return Decision((_OPEN, _SEEN), tuple(denials))


def _open_denials(proposal: Proposal, review: PublicationReview) -> Iterator[Denial]:
    if proposal.published is not None:
        reason = f"It is recorded as published on {proposal.published.published_on}."
        yield Denial(_OPEN, reason, "Nothing is left to do.", review.clause)
    elif proposal.withdrawn is not None:
        reason = "The project took the proposal back."
        yield Denial(_OPEN, reason, "The project proposes it anew.", review.clause)
