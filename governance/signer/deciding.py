"""What is to be published for a request, from its replayed events: pure.

The bundle that the chain supports today; a revocation, when the request was revoked or when a
published bundle has lost its chain; or nothing. Two bundles say the same when they differ in
nothing but their number and their dates of issue.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance.agreements.model import Agreement
from governance.calendar import legal_date
from governance.contracts.model import DatasetContract
from governance.decisions import Denial
from governance.grants.model import GrantBundle, Revocation
from governance.requests.chain import gather_chain
from governance.requests.compile import Compiled, LeftOut, compile_grant, compile_revocation
from governance.requests.rules import RequestRules
from governance.requests.state import Version
from governance.requests.states import LIVE, Status
from governance.signer.replaying import Life, Records

_ISSUE: Final = frozenset({"version", "issued_at", "expires_at"})


@dataclass(frozen=True, slots=True)
class Rules:
    """The programme's own documents."""

    rules: RequestRules
    contracts: Mapping[str, DatasetContract]
    agreements: Mapping[str, Agreement]


@dataclass(frozen=True)
class Verdict:
    """What is to be published.

    Attributes:
        bundle: Unsigned; None when nothing is to be published.
        version: The version of the request it is of; None for a revocation.
        waiting: What is missing, where a version waits for its grant.
        left_out: Persons without a whole chain of their own.
    """

    bundle: GrantBundle | None = None
    version: Version | None = None
    waiting: tuple[Denial, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def decide_grant(
    records: Records,
    life: Life,
    published: GrantBundle | None,
    programme: Rules,
    *,
    bundle_version: int,
    now: datetime,
) -> Verdict:
    """Decide what is to be published for a request.

    Args:
        records: The ledger's.
        life: The request's.
        published: What is published now, by this signer; None for nothing.
        programme: Its rules, contracts and agreements.
        bundle_version: Of the bundle, should there be one.
        now: UTC.

    Returns:
        The newest version with a whole chain wins; an amendment without one leaves the version in
        force as it is.

    Raises:
        LedgerError: The request, or the board's vote, cannot be judged.
    """
    request = life.replayed()
    if request.revoked is not None:
        # At the latest on the day it was recorded, whatever day it names.
        on = min(request.revoked.on, legal_date(request.revoked.at))
        revocation = Revocation(on=on, reason=request.revoked.reason)
        return _revoke(published, revocation, programme.rules, now)
    waiting: tuple[Denial, ...] = ()
    for version in reversed(request.versions):
        if version.status is not Status.AGREEMENTS_OUT and version.status not in LIVE:
            continue
        compiled, denials = _compile(
            records, life, version, programme, bundle_version=bundle_version, now=now
        )
        if compiled.bundle is not None and not denials:
            return Verdict(compiled.bundle, version, waiting, compiled.left_out)
        if version.status in LIVE:
            return _suspend(published, denials, compiled, programme.rules, now)
        waiting = denials
    return Verdict(waiting=waiting)


def same_grant(one: GrantBundle, other: GrantBundle) -> bool:
    """Whether two bundles say the same, but for number and dates of issue."""
    return one.model_dump(exclude=set(_ISSUE)) == other.model_dump(exclude=set(_ISSUE))


def _compile(
    records: Records,
    life: Life,
    version: Version,
    programme: Rules,
    *,
    bundle_version: int,
    now: datetime,
) -> tuple[Compiled, tuple[Denial, ...]]:
    """The version compiled, and everything that speaks against signing it."""
    approved = gather_chain(
        life.replayed(),
        version,
        records.outside(life, version),
        rules=programme.rules,
        bundle_version=bundle_version,
        issued_at=now,
    )
    since = life.first_granted_on.get(version.number)
    if since is not None:
        # Published anew, it still begins when it began.
        approved = approved.model_copy(update={"granted_from": min(since, approved.granted_from)})
    compiled = compile_grant(approved, programme.contracts, programme.agreements, programme.rules)
    motion = version.decided.motion if version.decided else None
    doubts = () if motion is None else records.doubts(motion)
    unauthorized = tuple(
        denial
        for number in range(1, version.number + 1)
        for denial in life.unauthorized.get(number, ())
    )
    return compiled, (*compiled.decision.denials, *unauthorized, *doubts)


def _suspend(
    published: GrantBundle | None,
    denials: tuple[Denial, ...],
    compiled: Compiled,
    rules: RequestRules,
    now: datetime,
) -> Verdict:
    """A grant in force whose chain broke: taken back until it is whole again."""
    reasons = "; ".join(dict.fromkeys(denial.reason for denial in denials))
    revocation = Revocation(
        on=legal_date(now), reason=f"Its chain is not whole today: {reasons}"[:4000]
    )
    if published is not None and published.revoked is not None:
        return Verdict(waiting=denials, left_out=compiled.left_out)
    taken = _revoke(published, revocation, rules, now)
    return Verdict(taken.bundle, None, denials, compiled.left_out)


def _revoke(
    published: GrantBundle | None, revocation: Revocation, rules: RequestRules, now: datetime
) -> Verdict:
    """The version that takes a published bundle back; nothing where none is, or it says so."""
    if published is None or published.revoked == revocation:
        return Verdict()
    return Verdict(compile_revocation(published, revocation, now, rules))
