"""A request's life through the services, up to where a test begins."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from governance.board import commands as b
from governance.board.model import Choice
from governance.permissions import SIGNER, Actor
from governance.requests.states import Act
from governance.services import Programme
from governance.services.agreements import Terms, send_agreement, sign_agreement
from governance.services.board import act_on_body
from governance.services.requests import act_on_request, begin_request
from tests.lib.programme import Office
from tests.lib.requests import build_content

BOARD = "data_governing_board"
MEETING_AT = datetime(2026, 3, 12, 14, 0, tzinfo=UTC)
MEMBERS = ("cscu", "dcf", "dol", "oec", "sde")


class Journey:
    """Gives commands as people of an `Office`."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.p: Programme = office.programme

    def actor(self, person: str) -> Actor:
        return self.office.actor(person)

    def ask(self, number: str, who: str, act: Act, /, **facts: Any) -> Any:
        version = facts.pop("version", None)
        return act_on_request(self.p, self.actor(who), number, act, facts, version=version)

    def board(self, who: str, command: type[b.BodyCommand], /, **facts: Any) -> None:
        act_on_body(self.p, self.actor(who), BOARD, command, facts)

    def seat_members(self) -> None:
        for agency in MEMBERS:
            self.board("p-office", b.FillSeat, agency=agency, person=f"p-{agency}")

    def submit(self, **changes: Any) -> str:
        number = begin_request(self.p, self.actor("p-ruiz"), build_content(**changes))
        self.ask(number, "p-ruiz", Act.SUBMIT)
        return number

    def review(self, number: str, *, version: int | None = None) -> None:
        """Complete, and approved by each owner that is asked."""
        view = self.ask(number, "p-office", Act.ACCEPT_COMPLETE, version=version)
        for agency in view.latest.to_review:
            self.ask(
                number, f"p-{agency}", Act.REVIEW_PART, agency=agency, choice="approve",
                reason="It serves the purpose.", version=version,
            )  # fmt: skip

    def vote(
        self, number: str, *, at: datetime = MEETING_AT, meeting: str = "DGB-3", motion: str = "M-1"
    ) -> None:
        """A noticed meeting in which everybody votes in favor; the office records the vote."""
        self.board("p-office", b.NoticeMeeting, meeting=meeting, starts_at=at)
        self.office.clock.to(at)
        self.board("p-office", b.OpenMeeting, meeting=meeting)
        for agency in MEMBERS:
            self.board("p-office", b.Arrive, meeting=meeting, person=f"p-{agency}")
        self.board(
            "p-sde", b.MoveMotion, meeting=meeting, motion=motion, kind="data_request",
            text=f"Approve request {number}.", about=number,
        )  # fmt: skip
        self.board("p-office", b.PutMotion, motion=motion)
        for agency in MEMBERS:
            self.board(
                f"p-{agency}", b.CastVote, motion=motion, agency=agency, choice=Choice.IN_FAVOR,
                rationale="The safeguards suffice.",
            )  # fmt: skip
        self.board("p-office", b.CloseVote, motion=motion)
        self.board("p-office", b.EndMeeting, meeting=meeting, adjourn=False, reason="Done.")
        self.ask(number, "p-office", Act.RECORD_VOTE, motion=motion)

    def approved(self) -> str:
        """A request that the board approved."""
        self.seat_members()
        number = self.submit()
        self.review(number)
        self.vote(number)
        self.office.clock.to(MEETING_AT + timedelta(days=1))
        return number

    def to_grant(self, number: str) -> None:
        """Signed by every party, and granted."""
        terms = Terms(self.p.today, date(2027, 1, 31))
        view = send_agreement(self.p, self.actor("p-office"), number, terms)
        sent = view.latest.agreement
        assert sent is not None
        for party in sent.parties:
            sign_agreement(
                self.p, self.actor("p-signs"), number, party, digest=sent.digest,
                name=self.office.people["p-signs"].name,
            )  # fmt: skip
        facts = {"bundle_version": 1, "bundle_digest": "ab" * 32}
        act_on_request(self.p, SIGNER, number, Act.GRANT, facts, version=1)


FIRST_DAY = date(2026, 3, 16)
LAST_DAY = date(2026, 12, 31)
