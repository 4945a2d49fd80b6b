"""Whether a person may use a grant today: the whole chain, worked out anew at every query.

The chain (programme manual, "A request"): request approved -> sharing agreement signed by every
party -> the person's NDA and training in date, and employed -> grant live. Each broken link is one
denial; all are given. An approval is not yet access, and access is never a stored flag.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from governance.decisions import Decision, Denial
from governance.grants.bundle import VerifiedBundle
from governance.grants.model import GrantBundle, GrantedDataset, GrantedPerson

LEGAL_ZONE: Final = ZoneInfo("America/New_York")
"""Legal dates are Connecticut's."""

GRANT_RULES: Final = (
    "grant.revoked",
    "grant.in_force",
    "approval.decided",
    "sharing_agreement.signed",
    "sharing_agreement.in_force",
    "grant.conditions",
)
PERSON_RULES: Final = ("grant.names_person", "person.nda", "person.training", "person.employment")

_OPM: Final = "the programme's operating office"


def legal_today(now: datetime) -> date:
    """The legal date at an instant."""
    return now.astimezone(LEGAL_ZONE).date()


def decide_access(verified: VerifiedBundle, person_id: str, today: date) -> Decision:
    """Judge every link of the chain on a legal date.

    Args:
        verified: A bundle that passed `verify_bundle`.
        person_id: Who asks, from the signed people mapping.
        today: Legal date in America/New_York.

    Returns:
        Every rule that ran, and one denial per broken link, with clause and remedy.
    """
    bundle = verified.bundle
    denials = [*_judge_grant(bundle, today)]
    person = bundle.person(person_id)
    if person is None:
        denials.extend(_judge_nobody(bundle, person_id))
    else:
        denials.extend(_judge_person(bundle, person, today))
    return Decision(GRANT_RULES + PERSON_RULES, tuple(denials))


def decide_dataset(verified: VerifiedBundle, granted: GrantedDataset, person_id: str) -> Decision:
    """Judge what a dataset asks of the person who uses it."""
    rule = "dataset.employment_class"
    person = verified.bundle.person(person_id)
    allowed = granted.employment_classes
    if allowed and (person is None or person.employment_class not in allowed):
        denial = Denial(
            rule,
            f"{granted.dataset} is open only to: {', '.join(allowed)}.",
            "A person so employed must run the query.",
            granted.clause,
        )
        return Decision((rule,), (denial,))
    return Decision((rule,))


def _judge_grant(bundle: GrantBundle, today: date) -> Iterator[Denial]:
    if bundle.revoked is not None and bundle.revoked.on <= today:
        yield _deny(
            bundle,
            "grant.revoked",
            f"The grant was revoked on {bundle.revoked.on}: {bundle.revoked.reason}",
            f"Ask {_OPM} what a new request would need.",
        )
    if today < bundle.granted_from:
        yield _deny(
            bundle,
            "grant.in_force",
            f"The grant begins on {bundle.granted_from}.",
            "Wait for that date.",
        )
    if today > bundle.granted_until:
        yield _deny(
            bundle,
            "grant.in_force",
            f"The grant ended on {bundle.granted_until}.",
            f"Ask {_OPM} for a continuation.",
        )
    for approval in bundle.approvals:
        if today < approval.decided_on:
            yield Denial(
                "approval.decided",
                f"The approval of {approval.body} is dated {approval.decided_on}.",
                "Wait for that date.",
                approval.clause,
            )
    yield from _judge_agreement(bundle, today)
    for condition in bundle.conditions:
        unmet = condition.met_on is None or condition.met_on > today
        if condition.blocks_access and unmet:
            yield _deny(
                bundle,
                "grant.conditions",
                f"Condition {condition.id} of the approval is not met: {condition.text}",
                f"Meet it and show {_OPM}.",
            )


def _judge_agreement(bundle: GrantBundle, today: date) -> Iterator[Denial]:
    agreement = bundle.sharing_agreement
    waiting = [s.party for s in agreement.signatures if s.signed_on is None or s.signed_on > today]
    if waiting:
        yield Denial(
            "sharing_agreement.signed",
            f"The sharing agreement {agreement.id} is not signed by: {', '.join(waiting)}.",
            "Each of them signs; then the grant is published anew.",
            agreement.clause,
        )
    if not agreement.effective_on <= today <= agreement.ends_on:
        yield Denial(
            "sharing_agreement.in_force",
            f"The sharing agreement {agreement.id} is in force from {agreement.effective_on} "
            f"to {agreement.ends_on}.",
            f"Ask {_OPM} for a renewal.",
            agreement.clause,
        )


def _judge_nobody(bundle: GrantBundle, person_id: str) -> Iterator[Denial]:
    """Whom the grant does not name: what of their chain was missing, or that nobody asked."""
    left_out = next((p for p in bundle.left_out if p.id == person_id), None)
    if left_out is None:
        yield _deny(
            bundle,
            "grant.names_person",
            f"The grant of {bundle.project} does not name you.",
            f"Ask the project's authorized representative to add you by an amendment, "
            f"and {_OPM} to publish it.",
        )
        return
    for link in left_out.missing:
        yield Denial(link.rule, link.reason, link.remedy, link.clause)


def _judge_person(bundle: GrantBundle, person: GrantedPerson, today: date) -> Iterator[Denial]:
    if person.nda_signed_on is None or person.nda_signed_on > today:
        yield _deny(
            bundle,
            "person.nda",
            "Your confidentiality and non-disclosure statement is not signed.",
            f"Sign it; {_OPM} records it and publishes the grant anew.",
        )
    if person.training_valid_until is None or person.training_valid_until < today:
        until = person.training_valid_until
        yield _deny(
            bundle,
            "person.training",
            "You have no training on record."
            if until is None
            else f"Your training was valid until {until}.",
            f"Take the training; {_OPM} records it and publishes the grant anew.",
        )
    ended = person.employed_until is not None and person.employed_until < today
    if ended or today < person.employed_from:
        yield _deny(
            bundle,
            "person.employment",
            f"You are not on record as employed by {person.employer} today.",
            "Your employer confirms the employment to the operating office; leavers' access ends.",
        )


def _deny(bundle: GrantBundle, rule: str, reason: str, remedy: str) -> Denial:
    default = f"access chain of sharing agreement {bundle.sharing_agreement.id}"
    return Denial(rule, reason, remedy, bundle.clause_of(rule, default))
