"""Which of a person's confidentiality statements counts for a version, and until when trained.

A statement counts when it was given under terms equal to those of the version's agreement: of
that version or an earlier one, or of an agreement of the same version that was sent anew. So an
amendment that only names another person asks nobody to sign again, one that adds a variable
everybody.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from governance.calendar import add_months
from governance.requests.rules import RequestRules
from governance.requests.state import DataRequest, PersonChain, Statement, Version
from governance.requests.states import LIVE, Status


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How a person stands to the terms of one version.

    Attributes:
        accepted: The first statement that counts, or None.
        last: The newest of that or an earlier version, whether it counts or not.
    """

    accepted: Statement | None = None
    last: Statement | None = None

    @property
    def signed_on(self) -> date | None:
        """The date of the statement that counts."""
        return None if self.accepted is None else self.accepted.signed_on

    @property
    def again(self) -> bool:
        """Whether they signed before, under other terms: they sign again."""
        return self.accepted is None and self.last is not None


def acceptance(request: DataRequest, version: Version, person: str) -> Acceptance:
    """How a person stands to the terms of a version whose agreement is out.

    Of a version without an agreement nothing can be accepted yet.
    """
    if version.agreement is None:
        return Acceptance()
    chain = request.people.get(person, PersonChain())
    earlier = [s for s in chain.statements if s.version <= version.number]
    counting = (s for s in earlier if s.terms and s.terms == version.terms)
    return Acceptance(
        accepted=min(counting, key=lambda s: s.signed_on, default=None),
        last=earlier[-1] if earlier else None,
    )


def version_to_accept(request: DataRequest) -> Version:
    """The version whose terms people are asked to accept: the newest that is open or in force.

    Where none is, the last whose agreement went out; where none ever did, the newest.
    """
    newest_first = tuple(reversed(request.versions))
    sent = (v for v in newest_first if v.agreement is not None)
    return next(filter(_open, newest_first), next(sent, request.latest))


def _open(version: Version) -> bool:
    """Whether statements may be signed for it."""
    return version.status is Status.AGREEMENTS_OUT or version.status in LIVE


def statements_waiting(request: DataRequest) -> dict[str, Literal["missing", "again"]]:
    """Whose statement is missing, or asked for again, while it may be signed; by person.

    Who left is asked for nothing.
    """
    version = version_to_accept(request)
    if version.agreement is None or not _open(version):
        return {}
    gone = {p for p, chain in request.people.items() if chain.left_on is not None}
    found: dict[str, Literal["missing", "again"]] = {}
    for person in (version.submitted or version.content).requestors:
        standing = acceptance(request, version, person)
        if person not in gone and standing.accepted is None:
            found[person] = "again" if standing.again else "missing"
    return found


def has_accepted(request: DataRequest, person: str) -> bool:
    """Whether the person accepted the terms people are asked to accept."""
    return acceptance(request, version_to_accept(request), person).accepted is not None


def training_until(request: DataRequest, person: str, rules: RequestRules) -> date | None:
    """The last day on which a person's training counts; None when none is recorded.

    However long it was recorded for, it counts no longer than the rules allow from the day it was
    completed.
    """
    training = request.people.get(person, PersonChain()).training
    if training is None:
        return None
    longest = add_months(training.completed_on, rules.longest_training_months)
    return min(training.valid_until, longest)
