"""Who is to be told of publications on their way: who looks, who may publish, who records. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from governance.clocks.directory import Directory
from governance.clocks.model import PublicationLife
from governance.mail.notices import Capacity, Notice, NoticeKind, notice_to
from governance.mail.paths import publication_path
from governance.people.model import Person
from governance.profile import Profile
from governance.register.proposals import ProposalState
from governance.requests.deadlines import bracket
from governance.requests.rules import RequestRules

_REMINDERS: Final = (7, 1)
"""Days before an agency's last day on which it is reminded."""


def publication_notices(
    life: PublicationLife, people: Directory, rules: RequestRules, profile: Profile, today: date
) -> Iterator[Notice]:
    """Every notice about a proposal that people should have by today."""
    proposal = life.proposal
    state = proposal.state(today, profile.publication_review)
    due = proposal.facts.due_on
    if state is ProposalState.READY:
        cleared = ((p, Capacity.REQUESTOR) for p in people.requestors(life.request))
        yield from _tell(life, NoticeKind.PUBLICATION_CLEARED, cleared)
        recording = ((p, Capacity.OPERATOR) for p in people.operators())
        yield from _tell(life, NoticeKind.PUBLICATION_TO_RECORD, recording)
        return
    content = life.request.latest.submitted or life.request.latest.content
    for agency in proposal.unseen:
        office = profile.agency_code(agency)
        owners = [(p, Capacity.DATA_OWNER) for p in people.deciders(agency, life.request, content)]
        left = (due - today).days
        if left >= 0:
            anchor = bracket(left, _REMINDERS) or "proposed"
            kind = NoticeKind.PUBLICATION_TO_SEE
            yield from _tell(life, kind, owners, anchor, office=office, by=due)
            continue
        week = (-left - 1) // rules.deadlines.overdue_every_days
        told = [*owners, *((p, Capacity.OPERATOR) for p in people.operators())]
        kind = NoticeKind.PUBLICATION_OVERDUE
        yield from _tell(life, kind, told, f"late/{week}", office=office, by=due, days=-left)


def _tell(
    life: PublicationLife,
    kind: NoticeKind,
    to: Iterable[tuple[Person, Capacity]],
    anchor: object = "",
    **facts: object,
) -> Iterator[Notice]:
    one = life.proposal.facts
    for person, capacity in to:
        yield notice_to(
            person,
            kind,
            capacity,
            about=one.request,
            path=publication_path(one.request, one.publication),
            anchor=f"{one.publication}/{anchor}",
            **facts,
        )
