"""Who may take no part in a motion: declared interests, and those the facts show by themselves.

A recused person counts neither as present nor as voting on that motion, in any capacity: not in the
own seat, not as a proxy's holder, not as an alternate; and their proxy letter is void for it, since
nobody may do through another what they may not do.

Source:
    C.G.S. § 1-85 (no official action with a substantial conflict of interest), § 1-86 (potential
    conflicts are declared).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.board.model import MotionFacts


class Ground(StrEnum):
    """Why somebody is recused."""

    OWN_REQUEST = "own_request"
    OWN_EMPLOYER = "own_employer"
    DECLARED = "declared"


GROUND_WORDS: Mapping[Ground, str] = {
    Ground.OWN_REQUEST: "the request is their own",
    Ground.OWN_EMPLOYER: "their employer is the requestor",
    Ground.DECLARED: "they declared an interest",
}


@dataclass(frozen=True, slots=True)
class Recusal:
    """One person's recusal, with every ground."""

    person: str
    grounds: tuple[Ground, ...]

    @property
    def words(self) -> str:
        """The grounds as a sentence's part."""
        return "; ".join(GROUND_WORDS[g] for g in self.grounds)


def find_recusals(facts: MotionFacts) -> dict[str, Recusal]:
    """Every recused person, by id.

    A declaration after the vote was closed does not undo the vote; it stands in the record.
    """
    grounds: dict[str, list[Ground]] = {}
    for person in facts.motion.requestors:
        grounds.setdefault(person, []).append(Ground.OWN_REQUEST)
    for person in sorted(_employed_by_requestor(facts)):
        grounds.setdefault(person, []).append(Ground.OWN_EMPLOYER)
    closed = facts.motion.closed_at or facts.meeting.ended_at
    for interest in facts.interests:
        if closed is None or interest.declared_at <= closed:
            listed = grounds.setdefault(interest.person, [])
            if Ground.DECLARED not in listed:
                listed.append(Ground.DECLARED)
    return {person: Recusal(person, tuple(found)) for person, found in grounds.items()}


def _employed_by_requestor(facts: MotionFacts) -> set[str]:
    """Members, holders of proxies and others whose employer is a requestor.

    An agency's own alternate is not among them unless the bylaws say so: a recused owner's agency
    decides through its alternate, who nearly always is its employee.
    """
    requestors = set(facts.motion.requestor_employers)
    if not requestors:
        return set()
    found = {p for p, facts_of in facts.people.items() if facts_of.employer in requestors}
    alternates = {a.person for s in facts.seats if s.agency in requestors for a in s.alternates}
    if facts.rules.employer_bars_alternate:
        found |= alternates
    else:
        found -= alternates
    return found | {s.member for s in facts.seats if s.agency in requestors and s.member}
