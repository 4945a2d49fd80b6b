"""Builders of data requests: a university evaluator asks for education and wage data."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from governance.agreements.model import Agreement
from governance.board.model import MotionFacts, Seat
from governance.contracts.model import DatasetContract
from governance.decisions import Decision
from governance.facts import Handled
from governance.grants.model import LedgerReference, PartySignature, SharingAgreement
from governance.requests import commands as c
from governance.requests.compile import (
    ApprovedRequest,
    BoardApproval,
    OwnerApproval,
)
from governance.requests.events import ReviewChoice
from governance.requests.handling import handle
from governance.requests.making import content_digest
from governance.requests.model import RequestContent, RequestedDataset, RequestPerson
from governance.requests.persons import PersonFacts
from governance.requests.rules import load_rules
from governance.requests.state import DataRequest, apply
from governance.requests.states import Role
from tests.lib.board import (
    AGENCIES,
    build_alternate,
    build_facts,
    build_motion,
)
from tests.lib.builders import build_agreement, build_column, build_contract

RULES = load_rules()
NUMBER = "Q0042"
TODAY = date(2026, 3, 20)
NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
SUBMITTED_AT = datetime(2026, 2, 2, 15, 0, tzinfo=UTC)
DIGEST = "ab" * 32


def build_request_person(**changes: Any) -> RequestPerson:
    facts: dict[str, Any] = {
        "id": "p-ruiz",
        "name": "Dana Ruiz",
        "employer": "Example University",
        "employment_class": "university",
        "role": "requestor",
    }
    return RequestPerson(**(facts | changes))


RUIZ = build_request_person()
CHEN = build_request_person(
    id="p-chen",
    name="Lin Chen",
    employer="Department of Labor",
    employment_class="state_employee",
    role="authorized_representative",
)
OKAFOR = build_request_person(id="p-okafor", name="Ada Okafor", role="analyst")


def build_content(**changes: Any) -> RequestContent:
    facts: dict[str, Any] = {
        "title": "Attendance and first wages",
        "purpose": "Whether attendance support pays off in work.",
        "purposes": {"sde": "evaluation", "dol": "Evaluation"},
        "legal_basis": "34 CFR 99.35",
        "ferpa_basis": "audit_or_evaluation",
        "learning_agenda": "Question 3.",
        "datasets": (
            RequestedDataset(dataset="sde/enrollment", variables=("grade", "year", "town")),
            RequestedDataset(dataset="dol/quarterly_wages", variables=("amount", "year")),
        ),
        "people": (RUIZ, CHEN, OKAFOR),
        "organization": "Example University",
        "secure_environment": "The enclave.",
        "analysis_plan": "Means by grade.",
        "dissemination_plan": "A report, shown to both agencies before.",
        "ends_on": date(2026, 12, 31),
        "destruction_on": date(2027, 1, 31),
    }
    return RequestContent(**(facts | changes))


def build_contracts() -> dict[str, DatasetContract]:
    """Enrollment and wages; `disability` is sensitive and not covered by the agreement."""
    base = build_contract()
    enrollment = build_contract(
        (*base.columns, build_column("disability", role="sensitive"), build_column("note")),
        person=base.person,
        year_column="year",
    )
    wages = build_contract(agency="dol", dataset="quarterly_wages")
    plain = build_contract(
        (build_column("sector", dimension=True),), agency="oec", dataset="centers"
    )
    return {x.id: x for x in (enrollment, wages, plain)}


def build_agreements(**changes: Any) -> dict[str, Agreement]:
    from tests.lib.builders import build_terms

    contracts = build_contracts()
    enrollment, wages = contracts["sde/enrollment"], contracts["dol/quarterly_wages"]
    covered = tuple(x.name for x in enrollment.columns if x.name != "note")
    return {
        "MOU-SDE": build_agreement(
            enrollment,
            agreement_id="MOU-SDE",
            terms=(build_terms(enrollment, columns=covered),),
            **changes,
        ),
        "MOU-DOL": build_agreement(
            agreement_id="MOU-DOL",
            agency="dol",
            terms=(build_terms(wages, minimum_cell_count=11),),
            **changes,
        ),
        "MOU-OEC": build_agreement(contracts["oec/centers"], agreement_id="MOU-OEC", **changes),
    }


def build_vote_on(
    content: RequestContent, *, votes: str = "yyyyy", number: str = NUMBER, **changes: Any
) -> MotionFacts:
    named: dict[str, Any] = {
        "subject": number,
        "subject_digest": content_digest(content),
        "requestors": content.requestors,
        "requestor_employers": content.requestor_employers,
    }
    motion = build_motion(**(named | changes))
    return build_facts(votes, motion=motion)


def build_ledger(seq: int) -> LedgerReference:
    return LedgerReference(chain="governance", seq=seq, hash="cd" * 32)


def build_signed(**changes: Any) -> SharingAgreement:
    facts: dict[str, Any] = {
        "id": "DSA-0042",
        "effective_on": date(2026, 3, 15),
        "ends_on": date(2027, 3, 14),
        "signatures": tuple(
            PartySignature(party=party, signed_on=date(2026, 3, 16))
            for party in ("SDE", "DOL", "Example University")
        ),
        "digest": DIGEST,
        "clause": "DSA-0042 §7",
    }
    return SharingAgreement(**(facts | changes))


def build_approved(content: RequestContent | None = None, **changes: Any) -> ApprovedRequest:
    content = content or build_content()
    digest = content_digest(content)
    facts: dict[str, Any] = {
        "number": NUMBER,
        "requestor": content.people[0].id if content.people else "p-ruiz",
        "content": content,
        "owners": tuple(
            OwnerApproval(
                agency=agency,
                decided_on=date(2026, 3, 1),
                content_digest=digest,
                ledger=build_ledger(10 + n),
            )
            for n, agency in enumerate(content.agencies)
        ),
        "board": BoardApproval(motion=build_vote_on(content), ledger=build_ledger(20)),
        "sharing_agreement": build_signed(),
        "people": tuple(
            PersonFacts(
                id=p.id,
                nda_signed_on=date(2026, 3, 17),
                training_valid_until=date(2026, 12, 1),
                employed_from=date(2020, 1, 1),
            )
            for p in content.people
        ),
        "bundle_version": 1,
        "issued_at": NOW,
        "granted_from": TODAY,
    }
    return ApprovedRequest(**(facts | changes))


def build_context(**changes: Any) -> c.Context:
    facts: dict[str, Any] = {
        "rules": RULES,
        "seats": {
            a: Seat(agency=a, member=f"p-{a}", alternates=(build_alternate(f"alt-{a}"),))
            for a in AGENCIES
        },
    }
    return c.Context(**(facts | changes))


class Life:
    """Walks a request through its commands, one day later each time; keeps every event.

    `do` asserts that the command was permitted; `refuse` that it was not, and gives the decision.
    """

    def __init__(self, context: c.Context | None = None) -> None:
        self.context = context or build_context()
        self.request: DataRequest | None = None
        self.events: list[Any] = []
        self.at = SUBMITTED_AT

    def give(self, kind: type[c.RequestCommand], role: Role, **facts: Any) -> Handled:
        self.at += timedelta(hours=1)
        by = facts.pop("by", {Role.REQUESTOR: "p-ruiz"}.get(role, "p-office"))
        command = kind(by=by, at=self.at, role=role, request=NUMBER, **facts)
        return handle(self.request, command, self.context)

    def do(self, kind: type[c.RequestCommand], role: Role, **facts: Any) -> DataRequest:
        handled = self.give(kind, role, **facts)
        assert handled.decision.permitted, handled.decision.denials
        assert handled.events
        return self.take(handled.events)

    def take(self, events: Iterable[Any]) -> DataRequest:
        for event in events:
            self.request = apply(self.request, event)
            self.events.append(event)
        assert self.request is not None
        return self.request

    def refuse(self, kind: type[c.RequestCommand], role: Role, **facts: Any) -> Decision:
        handled = self.give(kind, role, **facts)
        assert not handled.decision.permitted
        assert not handled.events
        return handled.decision

    def submit(self, content: RequestContent | None = None, *, version: int = 1) -> None:
        content = content or build_content()
        self.do(c.SaveDraft, Role.REQUESTOR, content=content, version=version)
        self.do(c.Submit, Role.REQUESTOR, version=version)

    def review(self, agency: str, choice: str = "approve", **facts: Any) -> DataRequest:
        given: dict[str, Any] = {
            "by": f"p-{agency}",
            "agency": agency,
            "choice": ReviewChoice(choice),
            "reason": "As agreed.",
        }
        return self.do(c.ReviewPart, Role.DATA_OWNER, **(given | facts))

    def to_vote(self) -> None:
        self.submit()
        self.do(c.AcceptComplete, Role.OPERATOR)
        self.review("sde")
        self.review("dol")

    def to_agreement(self, **motion: Any) -> None:
        self.to_vote()
        self.do(c.RecordVote, Role.OPERATOR, motion=build_vote_on(build_content(), **motion))
        self.send()

    def send(self, version: int = 1) -> None:
        self.do(
            c.SendAgreement,
            Role.OPERATOR,
            version=version,
            agreement="DSA-0042",
            digest=DIGEST,
            parties=("SDE", "DOL", "Example University"),
            effective_on=date(2026, 3, 15),
            ends_on=date(2027, 3, 14),
        )

    def sign_all(self, version: int = 1) -> None:
        for party in ("SDE", "DOL", "Example University"):
            self.do(
                c.SignAgreement,
                Role.PARTY,
                version=version,
                party=party,
                digest=DIGEST,
                signed_on=date(2026, 3, 16),
            )

    def to_grant(self) -> None:
        self.to_agreement()
        self.sign_all()
        self.do(c.Grant, Role.SIGNER, bundle_version=1, bundle_digest=DIGEST)
