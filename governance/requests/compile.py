"""Compile an approved, signed request into a grant bundle, or say every link that is missing.

The signer runs this with its own identity on the facts it read from the ledger: the board's vote is
computed anew from the meeting's facts, not taken from a field. What comes out is unsigned; it names
only the people whose own chain holds, and who was left out and why is said beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field

from governance.agreements.model import Agreement
from governance.board.bylaws import Bylaws, MotionKind
from governance.board.model import MotionFacts, with_rules
from governance.board.voting import MotionOutcome, decide_motion
from governance.calendar import legal_date
from governance.canonical import Json
from governance.contracts.model import DatasetContract
from governance.decisions import Decision, Denial, denial_facts
from governance.facts import Facts, Id, Name, PersonId, Text, facts_of, read_content
from governance.grants.model import (
    TOTALS_ONLY,
    Approval,
    Condition,
    GrantBundle,
    GrantedDataset,
    GrantedPerson,
    LedgerReference,
    LeftOutPerson,
    MissingLink,
    Revocation,
    SharingAgreement,
)
from governance.requests.changes import agencies_to_review
from governance.requests.making import content_digest
from governance.requests.model import RequestContent
from governance.requests.persons import PersonFacts, person_denials
from governance.requests.precheck import PrecheckReport, agreement_for, precheck
from governance.requests.rules import RequestRules

COMPILE_RULES = (
    "chain.owners",
    "chain.board",
    "chain.content",
    "chain.agreement",
    "chain.parties",
    "chain.signatures",
    "chain.conditions",
    "chain.term",
    "chain.people",
)
_OFFICE = "the operating office"


class OwnerApproval(Facts):
    """One owner's approval of its agency's part.

    Attributes:
        content_digest: Of the content approved; an earlier version's when the part is unchanged.
        conditions: What it asks for; each must be among the request's conditions.
    """

    agency: Name
    decided_on: date
    content_digest: Text
    conditions: tuple[Text, ...] = ()
    ledger: LedgerReference


class BoardApproval(Facts):
    """The vote, as facts to compute it from; its motion names the content by its digest."""

    motion: MotionFacts
    ledger: LedgerReference


class ApprovedRequest(Facts):
    """Everything a bundle is compiled from.

    Attributes:
        requestor: Who began the request.
        carried_over: Contents approved earlier that still stand for a part, by digest: an
            amendment's unchanged parts.
        sharing_agreement: With the signatures of its parties; an agency signs under its code.
        issued_at: UTC; legal dates are judged on its day.
    """

    number: Id
    requestor: PersonId
    content: RequestContent
    carried_over: tuple[RequestContent, ...] = ()
    owners: tuple[OwnerApproval, ...] = ()
    board: BoardApproval | None = None
    sharing_agreement: SharingAgreement | None = None
    conditions: tuple[Condition, ...] = ()
    people: tuple[PersonFacts, ...] = ()
    bundle_version: Annotated[int, Field(ge=1)]
    issued_at: AwareDatetime
    granted_from: date
    revoked: Revocation | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A person whom the bundle does not name, with every reason."""

    person: str
    name: str
    denials: tuple[Denial, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What compiling gave.

    Attributes:
        bundle: None unless the decision permits.
        left_out: People without a whole chain of their own.
        precheck: The scope against what is agreed today.
    """

    decision: Decision
    bundle: GrantBundle | None
    left_out: tuple[LeftOut, ...]
    precheck: PrecheckReport

    def to_dict(self) -> dict[str, Json]:
        """For `--json`."""
        return {
            "permitted": self.decision.permitted,
            "denials": [denial_facts(d) for d in self.decision.denials],
            "left_out": [
                {
                    "person": p.person,
                    "name": p.name,
                    "denials": [denial_facts(d) for d in p.denials],
                }
                for p in self.left_out
            ],
            "bundle": self.bundle.model_dump(mode="json") if self.bundle else None,
        }


def compile_grant(
    approved: ApprovedRequest,
    contracts: Mapping[str, DatasetContract],
    agreements: Mapping[str, Agreement],
    rules: RequestRules,
) -> Compiled:
    """Compile the bundle, or refuse with every missing link.

    Args:
        approved: The facts of the chain.
        contracts: By `agency/dataset`.
        agreements: By id.
        rules: The programme's.

    Returns:
        The unsigned bundle and who was left out; or the decision that refuses.
    """
    today = legal_date(approved.issued_at)
    report = precheck(approved.content, contracts, agreements, today, rules)
    outcome = decide_motion(approved.board.motion) if approved.board else None
    left_out = tuple(_left_out(approved, rules, today))
    until = _granted_until(approved, agreements, today)
    denials = (
        *_approval_denials(approved, outcome, rules),
        *_agreement_denials(approved, rules),
        *_condition_denials(approved, outcome, rules),
        *_term_denials(approved, until, rules, today),
        *_people_denials(approved, left_out, rules),
    )
    decision = Decision(COMPILE_RULES, denials) & report.decision
    bundle = None
    if decision.permitted and outcome is not None and until is not None:
        bundle = _bundle(approved, outcome, report, agreements=agreements, rules=rules, until=until)
    return Compiled(decision, bundle, left_out, report)


def compile_revocation(
    last: GrantBundle, revocation: Revocation, issued_at: datetime, rules: RequestRules
) -> GrantBundle:
    """The version that takes a grant back.

    It is made of the last bundle alone: whatever else is missing by now must not keep a revocation
    from going out.
    """
    return last.model_copy(
        update={
            "version": last.version + 1,
            "issued_at": issued_at,
            "expires_at": issued_at + timedelta(days=rules.bundle_days),
            "revoked": revocation,
        }
    )


def _approval_denials(
    approved: ApprovedRequest, outcome: MotionOutcome | None, rules: RequestRules
) -> Iterator[Denial]:
    clause = rules.chain_clause
    given = {a.agency: a for a in approved.owners}
    for agency in approved.content.agencies:
        if agency not in given:
            reason = f"The data owner of {agency} has not approved its part."
            yield Denial("chain.owners", reason, "The owner decides.", rules.review_clause)
        elif not _same_part(approved, agency, given[agency].content_digest):
            reason = f"What the data owner of {agency} approved is not what is to be granted."
            yield Denial("chain.content", reason, "The owner reviews it.", rules.review_clause)
    if approved.board is None or outcome is None:
        yield Denial("chain.board", "The board has not voted.", "Put it to the vote.", clause)
        return
    motion = approved.board.motion.motion
    if motion.subject != approved.number or motion.kind is not MotionKind.DATA_REQUEST:
        reason = f"The board's motion is not about {approved.number}."
        yield Denial("chain.board", reason, "Hand in the vote on it.", clause)
    if motion.subject_digest != content_digest(approved.content):
        reason = "What the board voted on is not what is to be granted."
        yield Denial("chain.content", reason, "The board votes on it.", clause)
    content = approved.content
    if not (
        set(motion.requestors) >= {approved.requestor, *content.requestors}
        and set(motion.requestor_employers) >= set(content.requestor_employers)
    ):
        reason = "The motion does not name every requestor and employer: recusals may be missed."
        yield Denial("chain.board", reason, "Move it again with them.", rules.recusal_clause)
    for denial in outcome.decision.denials:
        yield Denial("chain.board", denial.reason, denial.remedy, denial.clause)


def _same_part(approved: ApprovedRequest, agency: str, digest: str) -> bool:
    """Whether the owner approved this content, or an earlier one that is the same for it."""
    if digest == content_digest(approved.content):
        return True
    return any(
        content_digest(earlier) == digest
        and agency not in agencies_to_review(earlier, approved.content)
        for earlier in approved.carried_over
    )


def _agreement_denials(approved: ApprovedRequest, rules: RequestRules) -> Iterator[Denial]:
    agreement, clause = approved.sharing_agreement, rules.chain_clause
    if agreement is None:
        reason = "There is no sharing agreement."
        yield Denial("chain.agreement", reason, f"{_OFFICE} drafts it.", clause)
        return
    if agreement.digest is None:
        reason = f"The document of {agreement.id} is not recorded."
        yield Denial("chain.agreement", reason, "Record its digest.", agreement.clause)
    parties = {s.party.casefold() for s in agreement.signatures}
    recipient = approved.content.requestor_agency or approved.content.organization
    for party in (*approved.content.agencies, recipient):
        if party.casefold() not in parties:
            reason = f"{party} is no party to {agreement.id}."
            yield Denial("chain.parties", reason, "Draft it with every party.", agreement.clause)
    today = legal_date(approved.issued_at)
    for signature in agreement.signatures:
        if signature.signed_on is None or signature.signed_on > today:
            reason = f"{signature.party} has not signed {agreement.id}."
            yield Denial("chain.signatures", reason, f"{signature.party} signs.", agreement.clause)


def _condition_denials(
    approved: ApprovedRequest, outcome: MotionOutcome | None, rules: RequestRules
) -> Iterator[Denial]:
    today = legal_date(approved.issued_at)
    known = {c.id: c for c in approved.conditions}
    for asked in outcome.conditions if outcome else ():
        if asked.id not in known or known[asked.id].text != asked.text:
            reason = f"The board's condition {asked.id} is missing."
            yield Denial("chain.conditions", reason, "Carry it over.", rules.chain_clause)
        elif asked.blocks_access and not known[asked.id].blocks_access:
            reason = f"The board's condition {asked.id} must hold access back."
            yield Denial("chain.conditions", reason, "Carry it over.", rules.chain_clause)
    texts = {c.text for c in approved.conditions if c.blocks_access}
    for owner in approved.owners:
        for text in owner.conditions:
            if text not in texts:
                reason = f"A condition of the data owner of {owner.agency} is missing."
                yield Denial("chain.conditions", reason, "Carry it over.", rules.review_clause)
    for condition in approved.conditions:
        unmet = condition.met_on is None or condition.met_on > today
        if condition.blocks_access and unmet:
            reason = f"Condition {condition.id} is not met: {condition.text}"
            yield Denial(
                "chain.conditions", reason, f"Meet it; tell {_OFFICE}.", rules.chain_clause
            )


def _granted_until(
    approved: ApprovedRequest, agreements: Mapping[str, Agreement], today: date
) -> date | None:
    """The earliest end of all: the use asked for, the sharing agreement, each feed's agreement."""
    ends = [approved.content.ends_on]
    ends.append(approved.sharing_agreement.ends_on if approved.sharing_agreement else None)
    for asked in approved.content.datasets:
        found = agreement_for(asked.dataset, agreements.values(), today)
        ends.append(found[0].ends_on if found else None)
    known = [end for end in ends if end is not None]
    return min(known) if len(known) == len(ends) else None


def _term_denials(
    approved: ApprovedRequest, until: date | None, rules: RequestRules, today: date
) -> Iterator[Denial]:
    if until is None:
        if approved.content.ends_on is None:
            reason = "The request has no last day of use."
            yield Denial("chain.term", reason, "Amend the request.", rules.chain_clause)
    elif until < today or until < approved.granted_from:
        reason = f"The grant would have ended on {until}."
        yield Denial("chain.term", reason, "Ask for a continuation.", rules.chain_clause)
    agreement = approved.sharing_agreement
    if agreement is not None and approved.granted_from < agreement.effective_on:
        reason = f"The sharing agreement takes effect on {agreement.effective_on}."
        yield Denial("chain.term", reason, "Grant from that day on.", agreement.clause)


def _left_out(approved: ApprovedRequest, rules: RequestRules, today: date) -> Iterator[LeftOut]:
    known = {p.id: p for p in approved.people}
    for person in approved.content.people:
        facts = known.get(person.id, PersonFacts(id=person.id))
        denials = tuple(person_denials(approved.number, facts, person, rules=rules, today=today))
        if denials:
            yield LeftOut(person.id, person.name, denials)


def _people_denials(
    approved: ApprovedRequest, left_out: tuple[LeftOut, ...], rules: RequestRules
) -> Iterator[Denial]:
    if len(left_out) == len(approved.content.people):
        reason = "Nobody named has a whole chain: confidentiality statement, training, employment."
        remedy = "At least one person completes it."
        yield Denial("chain.people", reason, remedy, rules.chain_clause)


def _bundle(
    approved: ApprovedRequest,
    outcome: MotionOutcome,
    report: PrecheckReport,
    *,
    agreements: Mapping[str, Agreement],
    rules: RequestRules,
    until: date,
) -> GrantBundle | None:
    content, agreement, board = approved.content, approved.sharing_agreement, approved.board
    if agreement is None or board is None or report.output is None:
        return None
    today = legal_date(approved.issued_at)
    return GrantBundle(
        project=rules.numbers.project(approved.number),
        version=approved.bundle_version,
        title=content.title,
        request=approved.number,
        purpose=content.purpose,
        legal_basis=content.legal_basis,
        issued_at=approved.issued_at,
        expires_at=approved.issued_at + timedelta(days=rules.bundle_days),
        granted_from=approved.granted_from,
        granted_until=until,
        datasets=tuple(_datasets(content, agreements, rules, today)),
        people=tuple(_people(approved, rules, today)),
        left_out=tuple(_told(p) for p in _left_out(approved, rules, today)),
        output=report.output,
        approvals=(*_owner_approvals(approved, rules), _board_approval(board, outcome)),
        sharing_agreement=agreement,
        forbidden_combinations=report.combinations,
        conditions=approved.conditions,
        revoked=approved.revoked,
    )


def _datasets(
    content: RequestContent,
    agreements: Mapping[str, Agreement],
    rules: RequestRules,
    today: date,
) -> Iterator[GrantedDataset]:
    for asked in sorted(content.datasets, key=lambda d: d.dataset):
        restriction = rules.restriction(asked.dataset)
        found = agreement_for(asked.dataset, agreements.values(), today)
        cited = [f"{found[0].id} §{found[1].columns_clause}"] if found else []
        cited += [restriction.clause] if restriction else []
        yield GrantedDataset(
            dataset=asked.dataset,
            columns=asked.variables,
            row_filter=asked.row_filter,
            years=asked.years,
            masks=dict.fromkeys(sorted(asked.totals_only), TOTALS_ONLY),
            employment_classes=restriction.employment_classes if restriction else (),
            clause="; ".join(cited) or rules.chain_clause,
        )


def _people(approved: ApprovedRequest, rules: RequestRules, today: date) -> Iterator[GrantedPerson]:
    out = {p.person for p in _left_out(approved, rules, today)}
    known = {p.id: p for p in approved.people}
    for person in approved.content.people:
        facts = known.get(person.id)
        if facts is None or facts.employed_from is None or person.id in out:
            continue
        yield GrantedPerson(
            id=person.id,
            name=person.name,
            employer=person.employer,
            employment_class=person.employment_class,
            nda_signed_on=facts.nda_signed_on,
            training_valid_until=facts.training_valid_until,
            employed_from=facts.employed_from,
            employed_until=facts.employed_until,
        )


def _told(left_out: LeftOut) -> LeftOutPerson:
    """So that the data plane refuses with the reason."""
    missing = tuple(
        MissingLink(rule=d.rule, reason=d.reason, remedy=d.remedy, clause=d.clause)
        for d in left_out.denials
    )
    return LeftOutPerson(id=left_out.person, missing=missing)


def _owner_approvals(approved: ApprovedRequest, rules: RequestRules) -> Iterator[Approval]:
    for given in sorted(approved.owners, key=lambda a: a.agency):
        if given.agency in approved.content.agencies:
            yield Approval(
                body=f"data owner of {given.agency}",
                decided_on=given.decided_on,
                ledger=given.ledger,
                clause=rules.review_clause,
            )


def _board_approval(board: BoardApproval, outcome: MotionOutcome) -> Approval:
    body = outcome.facts.rules
    return Approval(
        body=body.title,
        decided_on=legal_date(outcome.facts.motion.put_at),
        ledger=board.ledger,
        clause=body.clause("approval"),
    )


def parse_approved(document: bytes, where: str, bylaws: Bylaws) -> ApprovedRequest:
    """Read an approved request; the motion may name its `body` in place of `rules`.

    Raises:
        DocumentError: The document has mistakes.
    """
    content = read_content(document, where)
    board = content.get("board")
    if isinstance(board, dict) and isinstance(board.get("motion"), dict):
        motion = with_rules(board["motion"], bylaws)
        content = content | {"board": board | {"motion": motion}}
    return facts_of(ApprovedRequest, content, where)
