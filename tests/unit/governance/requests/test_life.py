"""Whole lives of requests, command by command; each is also replayed from its stored events."""

from datetime import date
from typing import Any

import pytest

from governance.audit.tags import Tag
from governance.board.model import MotionCondition
from governance.requests import commands as c
from governance.requests.changes import compare
from governance.requests.events import parse_event
from governance.requests.model import RequestContent, RequestedDataset, RequestType
from governance.requests.state import replay
from governance.requests.states import Role, Status
from tests.lib.board import build_interest
from tests.lib.requests import (
    CHEN,
    DIGEST,
    OKAFOR,
    RUIZ,
    Life,
    build_content,
    build_context,
    build_request_person,
    build_vote_on,
)


@pytest.fixture
def life() -> Life:
    return Life()


def replayed(life: Life) -> None:
    """The stored events give the same state again."""
    stored = [event.model_dump_json() for event in life.events]
    assert replay(parse_event(text) for text in stored) == life.request


def test_a_whole_life(life: Life) -> None:
    life.to_grant()
    assert life.request is not None
    assert life.request.live is life.request.latest
    life.do(c.SignNda, Role.PERSON, person="p-ruiz", signed_on=date(2026, 3, 17), by="p-ruiz")
    life.do(c.RecordTraining, Role.OPERATOR, person="p-ruiz", valid_until=date(2027, 2, 1))
    life.do(c.RecordLeaver, Role.REQUESTOR, person="p-okafor", left_on=date(2026, 2, 2))
    early = life.refuse(c.MarkExpiring, Role.CLOCK, on=date(2026, 10, 1), reason="Clock.")
    assert "Wait until 60 days before" in early.denials[0].remedy
    life.do(c.MarkExpiring, Role.CLOCK, on=date(2026, 11, 1), reason="Clock.")
    life.refuse(c.End, Role.CLOCK, on=date(2026, 12, 31), reason="Clock.")
    life.do(c.End, Role.CLOCK, on=date(2027, 1, 1), reason="Clock.")
    life.do(c.CertifyDestruction, Role.REQUESTOR, digest=DIGEST, survives="nothing")
    request = life.do(c.Close, Role.OPERATOR, on=date(2027, 2, 1), reason="Certificate checked.")
    assert request.latest.status is Status.CLOSED
    assert request.latest.next is Role.NOBODY
    assert [s.signed_on for s in request.people["p-ruiz"].statements] == [date(2026, 3, 17)]
    replayed(life)


def test_an_incomplete_form_is_not_submitted_and_says_what_is_missing(life: Life) -> None:
    life.do(c.SaveDraft, Role.REQUESTOR, content=RequestContent(title="Only a title"))
    decision = life.refuse(c.Submit, Role.REQUESTOR)
    fields = {d.rule.removeprefix("request.") for d in decision.denials}
    assert {"purpose", "datasets", "people", "ends_on", "destruction_on"} <= fields
    assert "title" not in fields
    odd = build_content(
        type=RequestType.CONTINUATION,
        destruction_on=date(2026, 1, 1),
        ferpa_basis=None,
        people=(RUIZ,),
        purposes={},
        datasets=(RequestedDataset(dataset="sde/enrollment"),),
    )
    life.do(c.SaveDraft, Role.REQUESTOR, content=odd)
    words = " ".join(d.remedy for d in life.refuse(c.Submit, Role.REQUESTOR).denials)
    for wanted in (
        "of which this is a continuation",
        "on or after the last day of use",
        "Choose variables.",
        "permitted purpose",
        "audit or evaluation",
        "authorized representative",
    ):
        assert wanted in words


def test_returned_and_resubmitted_only_what_changed_is_reviewed_again(life: Life) -> None:
    life.submit()
    life.do(c.Return, Role.OPERATOR, mend=("Say where the data is used.",))
    life.do(c.Submit, Role.REQUESTOR)
    life.do(c.AcceptComplete, Role.OPERATOR)
    life.review("sde")
    request = life.review("dol", "ask_changes", reason="Leave the year out.")
    assert request.latest.status is Status.RETURNED
    assert request.latest.mend == ("dol: Leave the year out.",)
    changed = build_content(
        datasets=(
            build_content().datasets[0],
            RequestedDataset(dataset="dol/quarterly_wages", variables=("amount",)),
        )
    )
    life.submit(changed)
    assert life.request is not None
    seen = life.request.latest
    assert seen.before is not None
    assert seen.submitted is not None
    assert [x.words for x in compare(seen.before, seen.submitted)] == [
        "dol/quarterly_wages: variables removed: year"
    ]
    request = life.do(c.AcceptComplete, Role.OPERATOR)
    assert request.latest.to_review == ("dol",)
    assert request.latest.carried_over == ("sde",)
    assert life.review("dol").latest.status is Status.BOARD_VOTE
    replayed(life)


def test_one_owner_s_rejection_denies_when_all_have_decided(life: Life) -> None:
    life.submit()
    life.do(c.AcceptComplete, Role.OPERATOR)
    assert life.review("dol", "reject", reason="Not lawful.").latest.status is Status.OWNER_REVIEW
    request = life.review("sde")
    assert request.latest.status is Status.DENIED
    assert request.latest.decided is not None
    assert request.latest.decided.reasons == ("dol: Not lawful.",)
    replayed(life)


REVIEWERS = [
    # who reviews for SDE, what is declared, the refusal (None: permitted)
    ("p-sde", (), None),
    ("p-dol", (), "not the data owner"),
    ("alt-sde", (), "only while the data owner is recused"),
    ("p-sde", ("p-sde",), "You are recused"),
    ("alt-sde", ("p-sde",), None),
    ("alt-sde", ("p-sde", "alt-sde"), "You are recused"),
]


@pytest.mark.parametrize(("by", "declared", "refusal"), REVIEWERS)
def test_the_owner_decides_and_when_recused_the_alternate(
    by: str, declared: tuple[str, ...], refusal: str | None
) -> None:
    life = Life(build_context(interests=tuple(build_interest(p) for p in declared)))
    life.submit()
    life.do(c.AcceptComplete, Role.OPERATOR)
    if refusal is None:
        request = life.review("sde", by=by)
        assert request.latest.reviews["sde"].as_alternate is (by == "alt-sde")
        return
    with pytest.raises(AssertionError, match=refusal):
        life.review("sde", by=by)


@pytest.mark.parametrize("last", [False, True])
def test_what_an_owner_decided_falls_with_their_interest(life: Life, last: bool) -> None:
    """Whether others still decide or the board waits already: the alternate decides anew."""
    life.submit()
    life.do(c.AcceptComplete, Role.OPERATOR)
    life.review("sde")
    if last:
        assert life.review("dol").latest.status is Status.BOARD_VOTE
    declared = life.do(c.DeclareInterest, Role.DATA_OWNER, by="p-sde", text="My brother's study.")
    assert declared.latest.status is Status.OWNER_REVIEW
    assert set(declared.latest.to_review) == ({"sde"} if last else {"dol", "sde"})
    assert "sde" not in declared.latest.reviews
    assert "sde" not in declared.latest.approved
    with pytest.raises(AssertionError, match="You are recused"):
        life.review("sde")
    life.review("sde", by="alt-sde")
    if not last:
        life.review("dol")
    assert life.request is not None
    assert life.request.latest.status is Status.BOARD_VOTE
    assert life.request.latest.reviews["sde"].by == "alt-sde"
    # Another member's interest, who decided nothing here, reopens nothing.
    other = life.do(c.DeclareInterest, Role.DATA_OWNER, by="p-oec", text="A friend's study.")
    assert other.latest.status is Status.BOARD_VOTE
    replayed(life)


def test_whoever_began_a_request_is_no_reviewer_of_it(life: Life) -> None:
    by = {"by": "p-sde"}
    life.do(c.SaveDraft, Role.REQUESTOR, content=build_content(), **by)
    life.do(c.Submit, Role.REQUESTOR, **by)
    life.do(c.AcceptComplete, Role.OPERATOR)
    with pytest.raises(AssertionError, match="the request is your own"):
        life.review("sde")
    life.review("sde", by="alt-sde")
    life.review("dol")
    motion = build_vote_on(build_content())
    missed = life.refuse(c.RecordVote, Role.OPERATOR, motion=motion)
    assert missed.denials[0].rule == "vote.recusals"


def test_an_owner_whose_agency_asks_is_recused_and_the_alternate_decides(life: Life) -> None:
    life.submit(build_content(requestor_agency="dol"))
    life.do(c.AcceptComplete, Role.OPERATOR)
    with pytest.raises(AssertionError, match="employer is the requestor"):
        life.review("dol")
    assert life.review("dol", by="alt-dol").latest.to_review == ("sde",)
    with pytest.raises(AssertionError, match="no part of this request"):
        life.review("dol", by="alt-dol")


def test_the_vote_is_computed_and_must_be_about_this_request(life: Life) -> None:
    life.to_vote()
    content = build_content()
    wrong = life.refuse(c.RecordVote, Role.OPERATOR, motion=build_vote_on(content, number="Q0001"))
    assert wrong.denials[0].rule == "vote.subject"
    other = life.refuse(c.RecordVote, Role.OPERATOR, motion=build_vote_on(build_content(title="X")))
    assert [d.rule for d in other.denials] == ["vote.content"]
    unnamed = build_vote_on(content, requestors=())
    missed = life.refuse(c.RecordVote, Role.OPERATOR, motion=unnamed)
    assert missed.denials[0].rule == "vote.recusals"
    no_quorum = life.refuse(
        c.RecordVote, Role.OPERATOR, motion=build_vote_on(content, votes="yy---")
    )
    assert "Reschedule" in no_quorum.denials[0].remedy
    request = life.do(c.RecordVote, Role.OPERATOR, motion=build_vote_on(content, votes="yyyyn"))
    assert request.latest.status is Status.DENIED
    replayed(life)


def test_conditions_of_board_and_owners_hold_the_grant_back(life: Life) -> None:
    life.submit()
    life.do(c.AcceptComplete, Role.OPERATOR)
    life.review("sde", conditions=("Show it to us first.",))
    life.review("dol")
    condition = MotionCondition(id="C1", text="Two checkers.")
    motion = build_vote_on(build_content(), conditions=(condition,))
    request = life.do(c.RecordVote, Role.OPERATOR, motion=motion)
    assert request.latest.status is Status.APPROVED_WITH_CONDITIONS
    assert request.latest.decided is not None
    assert set(request.latest.decided.conditions) == {"C1", "sde-1"}
    life.send()
    unsigned = life.refuse(c.Grant, Role.SIGNER, bundle_version=1, bundle_digest=DIGEST)
    assert [d.rule for d in unsigned.denials] == ["grant.signed", "grant.conditions"]
    life.refuse(c.MeetCondition, Role.OPERATOR, condition="C9", met_on=date(2026, 3, 17))
    for known in ("C1", "sde-1"):
        life.do(c.MeetCondition, Role.OPERATOR, condition=known, met_on=date(2026, 3, 17))
    life.sign_all()
    life.do(c.Grant, Role.SIGNER, bundle_version=1, bundle_digest=DIGEST)
    replayed(life)


def test_signatures_are_of_parties_on_the_document_sent_and_once(life: Life) -> None:
    life.to_agreement()
    day = date(2026, 3, 16)
    for facts, rule in (
        ({"party": "OEC", "digest": DIGEST}, "sharing_agreement.party"),
        ({"party": "SDE", "digest": "00" * 32}, "sharing_agreement.digest"),
    ):
        refused = life.refuse(c.SignAgreement, Role.PARTY, signed_on=day, **facts)
        assert refused.denials[0].rule == rule
    life.do(c.SignAgreement, Role.PARTY, party="SDE", digest=DIGEST, signed_on=day)
    again = life.refuse(c.SignAgreement, Role.PARTY, party="SDE", digest=DIGEST, signed_on=day)
    assert again.denials[0].rule == "sharing_agreement.once"
    for by, person in (("p-office", "p-ruiz"), ("p-nobody", "p-nobody")):
        life.refuse(c.SignNda, Role.PERSON, by=by, person=person, signed_on=day)


def test_an_agreement_must_last_as_long_as_the_use(life: Life) -> None:
    life.to_vote()
    life.do(c.RecordVote, Role.OPERATOR, motion=build_vote_on(build_content()))
    refused = life.refuse(
        c.SendAgreement, Role.OPERATOR, agreement="DSA-1", digest=DIGEST, parties=("A", "B"),
        effective_on=date(2026, 3, 1), ends_on=date(2026, 6, 1),
    )  # fmt: skip
    assert refused.denials[0].rule == "sharing_agreement.term"


def test_an_amendment_is_reviewed_while_the_old_grant_goes_on(life: Life) -> None:
    life.to_grant()
    wider = build_content(
        datasets=(
            RequestedDataset(
                dataset="sde/enrollment", variables=("grade", "year", "town", "disability")
            ),
            build_content().datasets[1],
        )
    )
    life.do(c.Amend, Role.REQUESTOR, content=wider)
    twice = life.refuse(c.Amend, Role.REQUESTOR, content=wider)
    assert twice.denials[0].rule == "request.amendment"
    life.do(c.Submit, Role.REQUESTOR, version=2)
    request = life.do(c.AcceptComplete, Role.OPERATOR, version=2)
    assert request.live is not None
    assert request.live.number == 1
    assert request.latest.to_review == ("sde",)
    assert request.latest.carried_over == ("dol",)
    life.review("sde", version=2)
    life.do(c.RecordVote, Role.OPERATOR, version=2, motion=build_vote_on(wider))
    life.send(version=2)
    life.sign_all(version=2)
    early = life.refuse(c.Supersede, Role.SIGNER, on=date(2026, 6, 1), reason="Version 2.")
    assert "Grant the amendment first." in early.denials[0].remedy
    old = life.refuse(c.Grant, Role.SIGNER, version=2, bundle_version=1, bundle_digest=DIGEST)
    assert old.denials[0].rule == "grant.version"
    life.do(c.Grant, Role.SIGNER, version=2, bundle_version=2, bundle_digest=DIGEST)
    request = life.do(c.Supersede, Role.SIGNER, on=date(2026, 6, 1), reason="Version 2.")
    assert request.versions[0].status is Status.SUPERSEDED
    assert request.live is request.latest
    replayed(life)


def test_an_unchanged_amendment_of_silent_fields_goes_straight_to_the_board(life: Life) -> None:
    life.to_grant()
    life.do(c.Amend, Role.REQUESTOR, content=build_content(funder="A foundation"))
    life.do(c.Submit, Role.REQUESTOR, version=2)
    request = life.do(c.AcceptComplete, Role.OPERATOR, version=2)
    assert request.latest.status is Status.BOARD_VOTE
    assert request.latest.carried_over == ("dol", "sde")
    replayed(life)


def test_revocation_ends_it_and_asks_for_destruction(life: Life) -> None:
    life.to_grant()
    why: dict[str, Any] = {"on": date(2026, 6, 1), "reason": "Terms were broken."}
    life.do(c.Amend, Role.REQUESTOR, content=build_content(funder="X"))
    stranger = life.refuse(c.Revoke, Role.DATA_OWNER, by="p-oec", **why)
    assert stranger.denials[0].rule == "review.owner"
    request = life.do(c.Revoke, Role.DATA_OWNER, by="p-sde", **why)
    onward = life.refuse(c.Submit, Role.REQUESTOR, version=2)
    assert onward.denials[0].rule == "request.revoked"
    assert request.revoked is not None
    assert life.refuse(c.Withdraw, Role.REQUESTOR, version=2, **why).denials[0].rule == (
        "request.revoked"
    )
    assert [v.status for v in request.versions] == [Status.REVOKED, Status.REVOKED]
    assert request.live is None
    life.refuse(c.Grant, Role.SIGNER, bundle_version=2, bundle_digest=DIGEST)
    life.do(c.CertifyDestruction, Role.REQUESTOR, digest=DIGEST, survives="backups until July")
    replayed(life)


def test_withdrawn_before_it_is_granted_and_not_after(life: Life) -> None:
    life.submit()
    request = life.do(c.Withdraw, Role.REQUESTOR, on=date(2026, 3, 1), reason="No funds.")
    assert request.latest.status is Status.WITHDRAWN
    granted = Life()
    granted.to_grant()
    refused = granted.refuse(c.Withdraw, Role.REQUESTOR, on=date(2026, 6, 1), reason="Done.")
    assert "uses the data until the end date" in refused.denials[0].remedy


def test_only_who_asks_acts_for_the_request(life: Life) -> None:
    life.submit()
    why: dict[str, Any] = {"on": date(2026, 3, 1), "reason": "No funds."}
    for by in ("p-stranger", "p-okafor"):
        assert life.refuse(c.Withdraw, Role.REQUESTOR, by=by, **why).denials[0].rule == (
            "request.own"
        )
    life.do(c.Withdraw, Role.REQUESTOR, by="p-chen", **why)


def test_who_left_is_left_out_of_every_version(life: Life) -> None:
    life.to_grant()
    life.do(c.Amend, Role.REQUESTOR, content=build_content(funder="X"))
    request = life.do(
        c.RecordLeaver, Role.OPERATOR, version=1, person="p-chen", left_on=date(2026, 2, 1)
    )
    assert request.people["p-chen"].left_on == date(2026, 2, 1)
    replayed(life)


def test_what_does_not_exist_cannot_be_commanded(life: Life) -> None:
    assert life.refuse(c.Submit, Role.REQUESTOR).denials[0].rule == "request.exists"
    wrong = life.refuse(c.SaveDraft, Role.OPERATOR, content=build_content())
    assert wrong.denials[0].rule == "request.role"
    life.submit()
    assert life.refuse(c.Return, Role.OPERATOR, version=2, mend=("x",)).denials
    assert life.events[0].tag is Tag.DATA_REQUEST_DRAFTED


CHANGES = [
    # what changes, whose review it asks for
    ({}, ()),
    ({"title": "Another"}, ()),
    ({"funder": "Another"}, ()),
    ({"purpose": "Another"}, ("dol", "sde")),
    ({"dissemination_plan": "Another"}, ("dol", "sde")),
    ({"ends_on": date(2027, 1, 15)}, ("dol", "sde")),
    ({"purposes": {"sde": "evaluation", "dol": "other"}}, ("dol",)),
    ({"people": (RUIZ, CHEN)}, ()),
    ({"people": (RUIZ, CHEN, OKAFOR, build_request_person(id="p-new"))}, ("dol", "sde")),
    ({"people": (RUIZ, CHEN, OKAFOR.model_copy(update={"employer": "X"}))}, ("dol", "sde")),
    (
        {
            "datasets": (
                *build_content().datasets,
                RequestedDataset(dataset="oec/centers", variables=("sector",)),
            )
        },
        ("dol", "oec", "sde"),
    ),
    (
        {
            "datasets": (
                build_content().datasets[0].model_copy(update={"years": (2020,)}),
                build_content().datasets[1],
            )
        },
        ("sde",),
    ),
]


@pytest.mark.parametrize(("change", "agencies"), CHANGES)
def test_whose_review_a_change_asks_for(
    change: dict[str, object], agencies: tuple[str, ...]
) -> None:
    from governance.requests.changes import agencies_to_review

    old, new = build_content(), build_content(**change)
    assert agencies_to_review(old, new) == agencies
    assert bool(compare(old, new)) == bool(change)
    assert agencies_to_review(None, new) == new.agencies


def test_the_last_of_several_rejections_and_wishes_are_all_told(life: Life) -> None:
    for choice, status in (("reject", Status.DENIED), ("ask_changes", Status.RETURNED)):
        both = Life()
        both.submit()
        both.do(c.AcceptComplete, Role.OPERATOR)
        both.review("sde", choice, reason="First.")
        request = both.review("dol", choice, reason="Second.")
        assert request.latest.status is status
        told = request.latest.decided.reasons if request.latest.decided else request.latest.mend
        assert told == ("sde: First.", "dol: Second.")


def test_an_owner_named_in_the_request_is_recused(life: Life) -> None:
    life.submit(build_content(people=(RUIZ, CHEN, build_request_person(id="p-sde"))))
    life.do(c.AcceptComplete, Role.OPERATOR)
    with pytest.raises(AssertionError, match="the request is your own"):
        life.review("sde")
