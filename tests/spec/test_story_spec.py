"""The programme's own story, on the rules alone: from the form to a revoked grant.

A university evaluator asks for education, wage and child-care data. It is returned, resubmitted;
two owners approve and one asks for a change; a meeting has no quorum, the rescheduled one decides
with one member recused and one proxy, on a condition. The agreement is signed; one person lacks the
NDA. An amendment adds a variable while the grant goes on. Then it is revoked.
"""

from datetime import date, datetime, timedelta
from typing import Any

from governance.board import commands as b
from governance.board.bylaws import MotionKind
from governance.board.explain import explain
from governance.board.handling import handle
from governance.board.model import Choice, MotionCondition, MotionFacts
from governance.board.state import BodyState
from governance.board.state import apply as apply_body
from governance.board.voting import decide_motion
from governance.decisions import Decision
from governance.grants import decide_access
from governance.grants.model import GrantBundle, Revocation
from governance.requests import commands as c
from governance.requests.chain import Outside, gather_chain
from governance.requests.compile import Compiled, compile_grant, compile_revocation
from governance.requests.making import content_digest
from governance.requests.model import RequestContent, RequestedDataset
from governance.requests.states import Role, Status
from tests.lib.board import AGENCIES, BOARD, START
from tests.lib.grants import Keys
from tests.lib.requests import (
    DIGEST,
    NOW,
    RULES,
    TODAY,
    Life,
    build_agreements,
    build_content,
    build_contracts,
    build_ledger,
)

CENTERS = RequestedDataset(dataset="oec/centers", variables=("sector",))
PARTIES = ("SDE", "DOL", "OEC", "Example University")
AGAIN = START + timedelta(days=7)


def content_of(*enrollment: str, **changes: Any) -> RequestContent:
    asked = RequestedDataset(dataset="sde/enrollment", variables=enrollment)
    facts: dict[str, Any] = {
        "datasets": (asked, build_content().datasets[1], CENTERS),
        "purposes": dict.fromkeys(("sde", "dol", "oec"), "evaluation"),
    }
    return build_content(**(facts | changes))


def vote(content: RequestContent) -> MotionFacts:
    """No quorum on the first day; on the second all but one, who is recused, one by proxy."""
    state = BodyState(BOARD)

    def give(command: type[b.BodyCommand], at: datetime, /, **facts: Any) -> None:
        nonlocal state
        facts.setdefault("by", "p-office")
        handled = handle(state, command(at=at, **facts))
        assert handled.decision.permitted, handled.decision.denials
        events: Any = handled.events
        for event in events:
            state = apply_body(state, event)

    for agency in AGENCIES:
        give(b.FillSeat, START - timedelta(days=90), agency=agency, person=f"p-{agency}")
    give(b.NoticeMeeting, START - timedelta(days=8), meeting="DGB-3", starts_at=START)
    give(b.OpenMeeting, START, meeting="DGB-3")
    for person in ("p-sde", "p-dol"):
        give(b.Arrive, START, meeting="DGB-3", person=person)
    give(b.EndMeeting, START, meeting="DGB-3", adjourn=True, reason="No quorum.")
    give(b.NoticeMeeting, START, meeting="DGB-3b", starts_at=AGAIN, rescheduled_from="DGB-3")
    give(
        b.FileProxy, START, by="p-cscu", agency="cscu", holder="p-holder",
        valid_from=AGAIN.date(), valid_until=AGAIN.date(),
    )  # fmt: skip
    give(b.OpenMeeting, AGAIN, meeting="DGB-3b")
    for person in ("p-sde", "p-dol", "p-oec", "p-dcf", "p-holder"):
        give(b.Arrive, AGAIN, meeting="DGB-3b", person=person)
    give(
        b.MoveMotion, AGAIN, by="p-sde", meeting="DGB-3b", motion="M-1", about="Q0042",
        kind=MotionKind.DATA_REQUEST, text="Approve request Q0042.",
        about_digest=content_digest(content), requestors=content.requestors,
        requestor_employers=content.requestor_employers,
        conditions=(MotionCondition(id="C1", text="Show the tables to DOL first."),),
    )  # fmt: skip
    give(b.DeclareInterest, AGAIN, by="p-dcf", motion="M-1", text="A relative works on it.")
    give(b.PutMotion, AGAIN, motion="M-1")
    for agency, by in (("sde", "p-sde"), ("dol", "p-dol"), ("oec", "p-oec"), ("cscu", "p-holder")):
        give(
            b.CastVote, AGAIN, by=by, motion="M-1", agency=agency, choice=Choice.IN_FAVOR,
            rationale="The safeguards suffice.",
        )  # fmt: skip
    give(b.CloseVote, AGAIN, motion="M-1")
    return state.facts("M-1")


def compiled(life: Life, motion: MotionFacts, version: int, bundle: int) -> Compiled:
    assert life.request is not None
    found = life.request.version(version)
    assert found is not None
    outside = Outside(
        motion=motion,
        owner_entries={a: build_ledger(n) for n, a in enumerate(("sde", "dol", "oec"), 10)},
        board_entry=build_ledger(20),
        employed={p: (date(2020, 1, 1), None) for p in ("p-ruiz", "p-chen", "p-okafor")},
    )
    chain = gather_chain(
        life.request, found, outside, rules=RULES, bundle_version=bundle, issued_at=NOW
    )
    return compile_grant(chain, build_contracts(), build_agreements(), RULES)


def may(bundle: GrantBundle, person: str) -> Decision:
    """The data plane's answer, after signing and verification."""
    verified = Keys(expires_at=NOW + timedelta(days=99)).verified(bundle, NOW)
    return decide_access(verified, person, TODAY)


def test_the_story() -> None:
    life = Life()
    life.submit(content_of("grade", "year"))
    life.do(c.Return, Role.OPERATOR, mend=("Say where the data is used.",))
    life.submit(content_of("grade", "year", secure_environment="The state's enclave."))
    life.do(c.AcceptComplete, Role.OPERATOR)
    life.review("sde")
    life.review("oec")
    assert life.review("dol", "ask_changes").latest.status is Status.RETURNED
    content = content_of("grade", secure_environment="The state's enclave.")
    wages = RequestedDataset(dataset="dol/quarterly_wages", variables=("amount",))
    content = content.model_copy(
        update={"datasets": (content_of("grade", "year").datasets[0], wages, CENTERS)}
    )
    life.submit(content)
    assert life.do(c.AcceptComplete, Role.OPERATOR).latest.to_review == ("dol",)
    life.review("dol")

    motion = vote(content)
    outcome = decide_motion(motion)
    assert (outcome.represented, outcome.filled_seats, outcome.passed) == (4, 5, True)
    text = explain(outcome)
    for words in ("takes up DGB-3", "p-holder (proxy)", "p-dcf is recused: they declared an"):
        assert words in text
    request = life.do(c.RecordVote, Role.OPERATOR, motion=motion)
    assert request.latest.status is Status.APPROVED_WITH_CONDITIONS

    life.do(
        c.SendAgreement, Role.OPERATOR, agreement="DSA-0042", digest=DIGEST, parties=PARTIES,
        effective_on=date(2026, 3, 15), ends_on=date(2027, 3, 14),
    )  # fmt: skip
    unsigned = compiled(life, motion, 1, 1)
    assert {d.rule for d in unsigned.decision.denials} == {
        "chain.signatures",
        "chain.conditions",
        "chain.people",
    }
    for party in PARTIES:
        life.do(c.SignAgreement, Role.PARTY, party=party, digest=DIGEST, signed_on=TODAY)
    life.do(c.MeetCondition, Role.OPERATOR, condition="C1", met_on=TODAY)
    for person in ("p-ruiz", "p-chen", "p-okafor"):
        valid = date(2026, 12, 1)
        life.do(c.RecordTraining, Role.OPERATOR, person=person, valid_until=valid)
    for person in ("p-ruiz", "p-chen"):
        life.do(c.SignNda, Role.PERSON, by=person, person=person, signed_on=TODAY)

    first = compiled(life, motion, 1, 1)
    assert first.bundle is not None, first.decision.denials
    assert [(p.person, p.denials[0].rule) for p in first.left_out] == [("p-okafor", "person.nda")]
    assert may(first.bundle, "p-ruiz").permitted
    assert not may(first.bundle, "p-okafor").permitted
    life.do(c.Grant, Role.SIGNER, bundle_version=1, bundle_digest=DIGEST)

    wider = content.model_copy(
        update={"datasets": (content_of("grade", "year", "town").datasets[0], wages, CENTERS)}
    )
    life.do(c.Amend, Role.REQUESTOR, content=wider)
    life.do(c.Submit, Role.REQUESTOR, version=2)
    request = life.do(c.AcceptComplete, Role.OPERATOR, version=2)
    assert request.latest.to_review == ("sde",)
    assert request.live is request.versions[0]
    assert compiled(life, motion, 1, 2).bundle is not None
    life.review("sde", version=2)
    stale = life.refuse(c.RecordVote, Role.OPERATOR, version=2, motion=motion)
    assert [d.rule for d in stale.denials] == ["vote.content"]
    second = vote(wider)
    life.do(c.RecordVote, Role.OPERATOR, version=2, motion=second)
    life.do(
        c.SendAgreement, Role.OPERATOR, version=2, agreement="DSA-0042-A", digest=DIGEST,
        parties=PARTIES, effective_on=date(2026, 3, 15), ends_on=date(2027, 3, 14),
    )  # fmt: skip
    for party in PARTIES:
        life.do(c.SignAgreement, Role.PARTY, version=2, party=party, digest=DIGEST, signed_on=TODAY)
    life.do(c.MeetCondition, Role.OPERATOR, version=2, condition="C1", met_on=TODAY)
    life.do(c.RecordLeaver, Role.REQUESTOR, version=2, person="p-chen", left_on=life.at.date())
    # The variable added is a new term: who signed before signs again, or has no access to it.
    waits = compiled(life, second, 2, 2)
    assert waits.bundle is None
    told = {p.person: p.denials[0] for p in waits.left_out}
    assert "The statement for the changed terms is missing" in told["p-ruiz"].reason
    assert "/requests/Q0042/nda?version=2" in told["p-ruiz"].remedy
    assert compiled(life, motion, 1, 2).bundle is not None
    life.do(c.SignNda, Role.PERSON, version=2, by="p-ruiz", person="p-ruiz", signed_on=TODAY)
    amended = compiled(life, second, 2, 2)
    assert amended.bundle is not None, amended.decision.denials
    granted = amended.bundle.dataset("sde/enrollment")
    assert granted is not None
    assert granted.columns == ("grade", "year", "town")
    assert [p.person for p in amended.left_out] == ["p-chen", "p-okafor"]
    life.do(c.Grant, Role.SIGNER, version=2, bundle_version=2, bundle_digest=DIGEST)
    life.do(c.Supersede, Role.SIGNER, on=TODAY, reason="Version 2 is granted.")

    life.do(c.Revoke, Role.DATA_OWNER, by="p-sde", version=2, on=TODAY, reason="Terms were broken.")
    revoked = compile_revocation(
        amended.bundle, Revocation(on=TODAY, reason="Terms were broken."), NOW, RULES
    )
    assert revoked.version == 3
    assert "Terms were broken." in may(revoked, "p-ruiz").denials[0].reason
    again = compiled(life, second, 2, 3)
    assert again.bundle is not None
    assert again.bundle.revoked is not None
    life.do(
        c.CertifyDestruction, Role.REQUESTOR, version=2, digest=DIGEST,
        survives="backups in the enclave until 2026-07-01",
    )  # fmt: skip
    request = life.do(c.Close, Role.OPERATOR, version=2, on=TODAY, reason="Checked.")
    assert [v.status for v in request.versions] == [Status.SUPERSEDED, Status.CLOSED]
