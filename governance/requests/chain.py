"""From a request's replayed state to the facts a grant is compiled from.

What the state does not hold is handed in: the board's facts of the vote, where each decision stands
in the ledger, and who is employed since when.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from governance.board.model import MotionFacts
from governance.calendar import legal_date
from governance.errors import LedgerError
from governance.grants.model import (
    Condition,
    LedgerReference,
    PartySignature,
    Revocation,
    SharingAgreement,
)
from governance.requests.compile import (
    ApprovedRequest,
    BoardApproval,
    OwnerApproval,
)
from governance.requests.links import knows_link
from governance.requests.making import content_digest
from governance.requests.model import EmploymentClass
from governance.requests.persons import Employer, OtherStatement, PersonFacts
from governance.requests.rules import RequestRules
from governance.requests.state import DataRequest, PersonChain, Version
from governance.requests.statements import Acceptance, acceptance, training_until


@dataclass(frozen=True, slots=True)
class Outside:
    """What is recorded outside the request.

    Attributes:
        motion: Facts of the vote, from the board's own events; None when there was none.
        owner_entries: Ledger entry of each owner's decision, by agency.
        board_entry: Ledger entry of the vote.
        employed: First and last day of employment, by person; an open end is None.
        employment_classes, employers: As the person's record says today, by person.
        links_destroyed: Agencies that confirmed that their link to their persons is destroyed.
    """

    motion: MotionFacts | None = None
    owner_entries: Mapping[str, LedgerReference] = field(default_factory=dict)
    board_entry: LedgerReference | None = None
    employed: Mapping[str, tuple[date, date | None]] = field(default_factory=dict)
    employment_classes: Mapping[str, EmploymentClass] = field(default_factory=dict)
    employers: Mapping[str, Employer] = field(default_factory=dict)
    links_destroyed: frozenset[str] = frozenset()


def gather_chain(
    request: DataRequest,
    version: Version,
    outside: Outside,
    *,
    rules: RequestRules,
    bundle_version: int,
    issued_at: datetime,
) -> ApprovedRequest:
    """The facts of one version's chain, complete or not: `compile_grant` names what is missing.

    Args:
        request: Replayed.
        version: Of that request.
        outside: What the request itself does not record.
        rules: The programme's.
        bundle_version: Of the bundle to be compiled.
        issued_at: UTC; the grant begins on its legal date, or with the sharing agreement.

    Raises:
        LedgerError: The version was never submitted: there is nothing to grant.
    """
    content = version.submitted
    if content is None:
        raise LedgerError(f"Version {version.number} of {request.number} was never submitted.")
    agreement = _agreement(version, rules)
    begins = legal_date(issued_at)
    if agreement is not None:
        begins = max(begins, agreement.effective_on)
    return ApprovedRequest(
        number=request.number,
        requestor=request.requestor,
        content=content,
        carried_over=tuple(c for c in version.approved.values() if c != content),
        owners=_owners(version, outside),
        board=_board(outside),
        sharing_agreement=agreement,
        conditions=_conditions(version),
        people=tuple(
            _person(p.id, request, version, outside, rules=rules).model_copy(
                update={"knows_link": knows_link(p.agency, content, outside.links_destroyed)}
            )
            for p in content.people
        ),
        bundle_version=bundle_version,
        issued_at=issued_at,
        granted_from=begins,
        revoked=_revocation(request),
    )


def _owners(version: Version, outside: Outside) -> tuple[OwnerApproval, ...]:
    return tuple(
        OwnerApproval(
            agency=agency,
            decided_on=legal_date(version.reviews[agency].at),
            content_digest=content_digest(content),
            conditions=version.reviews[agency].conditions,
            ledger=outside.owner_entries[agency],
        )
        for agency, content in sorted(version.approved.items())
        if agency in version.reviews and agency in outside.owner_entries
    )


def _board(outside: Outside) -> BoardApproval | None:
    if outside.motion is None or outside.board_entry is None:
        return None
    return BoardApproval(motion=outside.motion, ledger=outside.board_entry)


def _agreement(version: Version, rules: RequestRules) -> SharingAgreement | None:
    sent = version.agreement
    if sent is None:
        return None
    return SharingAgreement(
        id=sent.agreement,
        effective_on=sent.effective_on,
        ends_on=sent.ends_on,
        signatures=tuple(
            PartySignature(party=party, signed_on=version.signatures.get(party))
            for party in sent.parties
        ),
        digest=sent.digest,
        clause=f"{sent.agreement}; {rules.chain_clause}",
    )


def _conditions(version: Version) -> tuple[Condition, ...]:
    asked = version.decided.conditions if version.decided else {}
    return tuple(
        Condition(id=key, text=text, met_on=version.conditions_met.get(key))
        for key, text in asked.items()
    )


def _person(
    person: str, request: DataRequest, version: Version, outside: Outside, *, rules: RequestRules
) -> PersonFacts:
    chain = request.people.get(person, PersonChain())
    begins, ends = employed_days(chain, *outside.employed.get(person, (None, None)))
    standing = acceptance(request, version, person)
    return PersonFacts(
        id=person,
        nda_signed_on=standing.signed_on,
        nda_of_other_terms=other_statement(standing, version),
        training_valid_until=training_until(request, person, rules),
        employed_from=begins,
        employed_until=ends,
        employment_class=outside.employment_classes.get(person),
        employer=outside.employers.get(person),
    )


def employed_days(
    chain: PersonChain, begins: date | None, ends: date | None
) -> tuple[date | None, date | None]:
    """First and last day with access by employment: by the person's record and by the request.

    Access ends at once: the day somebody leaves is no longer a day of access.
    """
    if chain.left_on is None:
        return begins, ends
    last = chain.left_on - timedelta(days=1)
    return begins, last if ends is None else min(ends, last)


def other_statement(standing: Acceptance, version: Version) -> OtherStatement | None:
    """The statement that was given under other terms than the version's, where none counts."""
    before = standing.last
    if before is None or standing.accepted is not None:
        return None
    return OtherStatement(signed_on=before.signed_on, version=before.version, needed=version.number)


def _revocation(request: DataRequest) -> Revocation | None:
    taken = request.revoked
    return None if taken is None else Revocation(on=taken.on, reason=taken.reason)
