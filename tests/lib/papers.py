"""Sources of papers: the programme's story at the board, and the approved request."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from governance.board import commands as b
from governance.board.bylaws import MotionKind
from governance.board.handling import handle
from governance.board.model import BoardPerson, Choice, MotionCondition
from governance.board.state import BodyState
from governance.board.state import apply as apply_body
from governance.papers import MeetingSource, PacketSource, SharingSource
from governance.profile import load_profile
from governance.requests import commands as c
from governance.requests.making import content_digest
from governance.requests.model import RequestContent
from governance.requests.state import DataRequest
from governance.requests.states import Role
from tests.lib.board import AGENCIES, BOARD, START
from tests.lib.requests import (
    NUMBER,
    RULES,
    TODAY,
    Life,
    build_agreements,
    build_content,
    build_contracts,
)

PROFILE = load_profile()
MEETING, AGAIN = "DGB-2026-03", "DGB-2026-03b"
NAMES = {
    "cscu": "Jo Cellan", "dcf": "Dee Fareed", "dol": "Dov Olin", "oec": "Oona Eck", "sde": "S. Ede",
}  # fmt: skip


class Body:
    """Walks a body through commands."""

    def __init__(self) -> None:
        self.state = BodyState(BOARD)

    def give(self, command: type[b.BodyCommand], at: datetime, /, **facts: Any) -> None:
        facts.setdefault("by", "p-office")
        handled = handle(self.state, command(at=at, **facts))
        assert handled.decision.permitted, handled.decision.denials
        events: Any = handled.events
        for event in events:
            self.state = apply_body(self.state, event)


def build_body(content: RequestContent | None = None, *, until: str = "closed") -> BodyState:
    """No quorum on the first day; a week later all but one, who is recused, one by proxy.

    Args:
        content: What is voted on.
        until: `noticed`: only the rescheduled meeting's notice; `moved`: before the vote; `closed`.
    """
    content = content or build_content()
    body, again = Body(), START + timedelta(days=7)
    for agency in AGENCIES:
        long_before = START - timedelta(days=90)
        body.give(
            b.FillSeat, long_before, agency=agency, person=f"p-{agency}", name=NAMES[agency]
        )  # fmt: skip
    body.give(b.NoticeMeeting, START - timedelta(days=8), meeting=MEETING, starts_at=START)
    body.give(b.OpenMeeting, START, meeting=MEETING)
    body.give(b.Arrive, START, meeting=MEETING, person="p-sde")
    body.give(b.EndMeeting, START, meeting=MEETING, adjourn=True, reason="No quorum.")
    body.give(b.NoticeMeeting, START, meeting=AGAIN, starts_at=again, rescheduled_from=MEETING)
    if until == "noticed":
        return body.state
    body.give(
        b.FileProxy, START, by="p-cscu", agency="cscu", holder="p-holder",
        valid_from=again.date(), valid_until=again.date(),
        holder_facts=BoardPerson(name="Hollis Older"),
    )  # fmt: skip
    body.give(b.OpenMeeting, again, meeting=AGAIN)
    for person in ("p-sde", "p-dol", "p-oec", "p-dcf", "p-holder"):
        body.give(b.Arrive, again, meeting=AGAIN, person=person)
    body.give(
        b.MoveMotion, again, by="p-sde", meeting=AGAIN, motion="M-1", about=NUMBER,
        kind=MotionKind.DATA_REQUEST, text=f"Approve request {NUMBER}.",
        about_digest=content_digest(content), requestors=content.requestors,
        requestor_employers=content.requestor_employers,
        conditions=(MotionCondition(id="C1", text="Show the tables to DOL first."),),
    )  # fmt: skip
    body.give(b.DeclareInterest, again, by="p-dcf", motion="M-1", text="A relative works on it.")
    if until == "moved":
        return body.state
    body.give(b.PutMotion, again, motion="M-1")
    for agency, by in (("sde", "p-sde"), ("dol", "p-dol"), ("oec", "p-oec"), ("cscu", "p-holder")):
        body.give(
            b.CastVote, again, by=by, motion="M-1", agency=agency, choice=Choice.IN_FAVOR,
            rationale=f"The safeguards suffice for {agency}.",
        )  # fmt: skip
    body.give(b.CloseVote, again, motion="M-1")
    body.give(
        b.EndMeeting, again + timedelta(minutes=70), meeting=AGAIN, adjourn=False, reason="Done."
    )
    return body.state


def build_meeting_source(**changes: Any) -> MeetingSource:
    facts: dict[str, Any] = {
        "profile": PROFILE,
        "body": build_body(),
        "meeting": AGAIN,
        "issued_on": TODAY,
        "requests": {NUMBER: request_at_vote()},
    }
    return MeetingSource(**(facts | changes))


def build_packet_source(**changes: Any) -> PacketSource:
    facts: dict[str, Any] = {
        "meeting": build_meeting_source(body=build_body(until="noticed")),
        "rules": RULES,
        "contracts": build_contracts(),
        "agreements": build_agreements(),
    }
    return PacketSource(**(facts | changes))


def request_at_vote() -> DataRequest:
    """Waiting for the board, after it was returned once and mended."""
    life = Life()
    life.submit()
    life.do(c.Return, Role.OPERATOR, mend=("Say where the data is used.",))
    mended = build_content(
        secure_environment="The state's enclave, at the university's site.",
        people=build_content().people[:2],
    )
    life.submit(mended)
    life.do(c.AcceptComplete, Role.OPERATOR)
    life.review("sde", conditions=("Show the tables to SDE first.",))
    return life.review("dol", reason="The scope is narrow.")


def approved_request() -> DataRequest:
    """Approved, its agreement out for signature."""
    life = Life()
    life.to_agreement()
    assert life.request is not None
    return life.request


def build_sharing_source(**changes: Any) -> SharingSource:
    facts: dict[str, Any] = {
        "profile": PROFILE,
        "rules": RULES,
        "contracts": build_contracts(),
        "agreements": build_agreements(),
        "request": approved_request(),
        "version": 1,
        "parties": ("SDE", "DOL", "Example University"),
        "drafted_on": TODAY,
        "effective_on": TODAY,
        "ends_on": TODAY + timedelta(days=365),
    }
    return SharingSource(**(facts | changes))


def with_content(content: RequestContent, **changes: Any) -> SharingSource:
    """The agreement's source with another content approved."""
    source = build_sharing_source()
    version = replace(source.request.versions[0], submitted=content)
    request = replace(source.request, versions=(version,))
    return replace(source, request=request, **changes)
