"""A programme with one request in every status, and somebody in every relation to them.

All requests ask for `sde` and `dol` data and name the same persons. `CAST` says who is who; the
words are those of `governance.permissions.cast`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from governance.board import commands as b
from governance.people import PortalRole
from governance.permissions import CLOCK, SIGNER, Actor
from governance.requests.model import RequestContent
from governance.requests.states import Act, Status
from governance.services.agreements import Terms, send_agreement, sign_agreement
from governance.services.people import end_person
from governance.services.requests import act_on_request, begin_request
from tests.lib.programme import MEETS_AT, Office, build_person
from tests.lib.requests import CHEN, OKAFOR, RUIZ, build_content, build_request_person

CAST: Final[Mapping[str, str | None]] = {
    "the public": None,
    "the requestor": "p-ruiz",
    "its representative": "p-chen",
    "its analyst": "p-okafor",
    "another requestor": "p-stranger",
    "an operator": "p-office",
    "an operator it names": "p-named-office",
    "the owner": "p-sde",
    "the alternate": "alt-sde",
    "an owner it names": "p-dol",
    "another owner": "p-dcf",
    "the steward": "p-stew-sde",
    "another steward": "p-stew-dcf",
    "the proxy's holder": "p-holder",
    "a party's signatory": "p-signs",
    "another signatory": "p-signs-not",
    "the auditor": "p-audit",
    "an auditor it names": "p-named-audit",
    "the requestor who left": "p-left",
    "an operator who left": "p-left-office",
}
PLACES: Final[Mapping[str, str]] = {
    "body": "data_governing_board", "meeting": "M-1", "motion": "MO-open", "person": "p-okafor",
    "agency": "sde", "dataset": "enrollment", "seq": "1",
}  # fmt: skip
"""What a parameter of a path stands for; `number` is the request's."""
LAST_DAY = date(2026, 12, 31)
_SOON: Final = date(2026, 3, 15)
_ENDS: Final = {
    Status.EXPIRING: date(2026, 4, 30),
    **dict.fromkeys((Status.ENDED, Status.DESTRUCTION_CERTIFIED, Status.CLOSED), _SOON),
}
_NAMED: Final = ("p-named-office", "p-dol", "p-named-audit")
_BOARD: Final = {"cscu": "p-cscu", "dcf": "p-dcf", "dol": "alt-dol", "oec": "p-oec", "sde": "p-sde"}
_R = PortalRole
_S = Status


def _more_people() -> list[Any]:
    state = {"employment_class": "state_employee"}
    return [
        build_person("p-stranger"),
        build_person("p-named-office", _R.OPERATOR, **state),
        build_person("p-stew-sde", _R.DATA_STEWARD, agency="sde", **state),
        build_person("p-stew-dcf", _R.DATA_STEWARD, agency="dcf", **state),
        build_person("p-signs-not", _R.SIGNATORY, parties=("Other Institute",)),
        build_person("p-named-audit", _R.AUDITOR, **state),
        build_person("p-left"),
        build_person("p-left-office", _R.OPERATOR, **state),
    ]


class EveryStatus:
    """The programme; `numbers` has the request in each status."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.office = Office(home, **settings)
        self.p = self.office.programme
        self.office.people |= {x.id: x for x in _more_people()}
        self.office.register()
        self.numbers: dict[Status, str] = {}
        self._build()

    def actor(self, kind: str) -> Actor:
        person = CAST[kind]
        return Actor() if person is None else Actor(self.office.people[person])

    def _act(self, who: Actor, number: str, act: Act, **facts: Any) -> Any:
        version = facts.pop("version", None)
        return act_on_request(self.p, who, number, act, facts, version=version)

    def _build(self) -> None:
        do = self.office.act
        self.office.seat_everyone()
        for agency in ("sde", "dol"):
            self.office.on_board(
                "p-office", b.NameAlternate, agency=agency, person=f"alt-{agency}", until=None
            )
        self.office.on_board(
            "p-sde", b.FileProxy, agency="sde", holder="p-holder",
            valid_from=date(2026, 3, 1), valid_until=date(2026, 12, 31),
        )  # fmt: skip
        self.numbers[_S.DRAFT] = self._begin(_S.DRAFT)
        for status in Status:
            if status is not _S.DRAFT:
                self.numbers[status] = self._begin(status)
                do("p-ruiz", self.numbers[status], Act.SUBMIT)
        do("p-office", self.numbers[_S.RETURNED], Act.RETURN, mend=("Name a funder.",))
        do("p-ruiz", self.numbers[_S.WITHDRAWN], Act.WITHDRAW, on=self.p.today, reason="No need.")
        before = (_S.DRAFT, _S.SUBMITTED, _S.RETURNED, _S.WITHDRAWN)
        reviewed = [n for s, n in self.numbers.items() if s not in before]
        for number in reviewed:
            do("p-office", number, Act.ACCEPT_COMPLETE)
        for status, number in self.numbers.items():
            if status not in {*before, _S.OWNER_REVIEW}:
                self._review(number, deny=status is _S.DENIED)
        self._meet()
        for status, number in self.numbers.items():
            if status in {*before, _S.OWNER_REVIEW, _S.BOARD_VOTE, _S.DENIED}:
                continue
            conditioned = status is _S.APPROVED_WITH_CONDITIONS
            self._vote(number, conditions=[{"id": "C1", "text": "Train."}] if conditioned else [])
            if status not in {_S.APPROVED, _S.APPROVED_WITH_CONDITIONS}:
                self._to_grant(number, grant=status is not _S.AGREEMENTS_OUT)
        self._replace(self.numbers[_S.SUPERSEDED])
        waiting = self.numbers[_S.BOARD_VOTE]
        self.office.on_board(
            "p-sde", b.MoveMotion, meeting="M-1", motion="MO-open", kind="data_request",
            text=f"Approve request {waiting}.", about=waiting,
        )  # fmt: skip
        self._afterwards()
        for person in ("p-left", "p-left-office"):
            ended = end_person(
                self.p, self.office.actor("p-office"), person,
                left_on=self.p.today - timedelta(days=1), reason="Left.",
            )  # fmt: skip
            self.office.people[person] = ended

    def _begin(self, status: Status) -> str:
        content = self._content(status)
        return begin_request(self.p, self.office.actor("p-ruiz"), content)

    def _content(self, status: Status, more: str = "") -> RequestContent:
        named = [
            build_request_person(
                id=p, name=self.office.people[p].name, role="analyst",
                employer=self.office.people[p].employer,
                employment_class=self.office.people[p].employment_class,
            )
            for p in _NAMED
        ]  # fmt: skip
        left = build_request_person(
            id="p-left", name="Person p-left", role="authorized_representative"
        )
        ends_on = _ENDS.get(status, LAST_DAY)
        return build_content(
            title=f"Study that is {status.value} {more}",
            people=(RUIZ, CHEN, OKAFOR, left, *named),
            ends_on=ends_on,
            destruction_on=ends_on + timedelta(days=30),
        )

    def _review(
        self, number: str, *, deny: bool, version: int = 1,
        agencies: tuple[str, ...] = ("dol", "sde"),
    ) -> None:  # fmt: skip
        for agency in reversed(agencies):
            person = _BOARD[agency]
            choice = "reject" if deny and agency == "dol" else "approve"
            self.office.act(
                person, number, Act.REVIEW_PART, agency=agency, choice=choice,
                reason="It serves.", version=version,
            )  # fmt: skip

    def _meet(self) -> None:
        office = self.office
        office.on_board("p-office", b.NoticeMeeting, meeting="M-1", starts_at=MEETS_AT)
        office.clock.to(MEETS_AT)
        office.on_board("p-office", b.OpenMeeting, meeting="M-1")
        for person in (*_BOARD.values(), "p-dol"):
            office.on_board("p-office", b.Arrive, meeting="M-1", person=person)

    def _vote(
        self, number: str, *, version: int = 1, conditions: Sequence[Mapping[str, str]] = ()
    ) -> None:
        office, motion = self.office, f"MO-{number}-{version}"
        office.on_board(
            "p-sde", b.MoveMotion, meeting="M-1", motion=motion, kind="data_request",
            text=f"Approve request {number}.", about=number, conditions=list(conditions),
        )  # fmt: skip
        office.on_board("p-office", b.PutMotion, motion=motion)
        for agency, person in _BOARD.items():
            office.on_board(
                person, b.CastVote, motion=motion, agency=agency, choice="in_favor",
                rationale="The safeguards suffice.",
            )  # fmt: skip
        office.on_board("p-office", b.CloseVote, motion=motion)
        office.act("p-office", number, Act.RECORD_VOTE, motion=motion, version=version)

    def _to_grant(self, number: str, *, grant: bool, version: int = 1) -> None:
        office, p = self.office, self.p
        terms = Terms(p.today, LAST_DAY + timedelta(days=60))
        view = send_agreement(p, office.actor("p-office"), number, terms, version=version)
        sent = view.request.versions[version - 1].agreement
        if not grant:
            return
        assert sent is not None
        for party in sent.parties:
            sign_agreement(
                p, office.actor("p-signs"), number, party, digest=sent.digest,
                name=office.people["p-signs"].name, version=version,
            )  # fmt: skip
        facts = {"bundle_version": version, "bundle_digest": "ab" * 32}
        self._act(SIGNER, number, Act.GRANT, version=version, **facts)

    def _replace(self, number: str) -> None:
        """A second version is granted and takes the first one's place."""
        do = self.office.act
        view = do("p-ruiz", number, Act.AMEND, content=self._content(Status.SUPERSEDED, "more"))
        assert view.latest.number == 2
        do("p-ruiz", number, Act.SUBMIT, version=2)
        view = do("p-office", number, Act.ACCEPT_COMPLETE, version=2)
        self._review(number, deny=False, version=2, agencies=view.latest.to_review)
        self._vote(number, version=2)
        self._to_grant(number, grant=True, version=2)
        self._act(SIGNER, number, Act.SUPERSEDE, version=1, on=self.p.today, reason="Replaced.")

    def _afterwards(self) -> None:
        n = self.numbers
        self.office.clock.to(datetime(2026, 3, 17, 15, tzinfo=UTC))
        on = {"on": self.p.today, "reason": "Its time has come."}
        self._act(CLOCK, n[_S.EXPIRING], Act.MARK_EXPIRING, **on)
        for status in (_S.ENDED, _S.DESTRUCTION_CERTIFIED, _S.CLOSED):
            self._act(CLOCK, n[status], Act.END, **on)
        self._act(self.office.actor("p-office"), n[_S.REVOKED], Act.REVOKE, **on)
        for status in (_S.DESTRUCTION_CERTIFIED, _S.CLOSED):
            self.office.act(
                "p-ruiz", n[status], Act.CERTIFY_DESTRUCTION, digest="cd" * 32,
                survives="The released tables.",
            )  # fmt: skip
        self.office.act("p-office", n[_S.CLOSED], Act.CLOSE, **on)
