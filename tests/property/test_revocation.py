"""After a revocation no order of commands or events leads to a permitted access."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit.tags import Tag
from governance.board.bylaws import load_bylaws
from governance.errors import LedgerError
from governance.grants import GrantBundle, decide_access
from governance.profile import load_profile
from governance.requests import commands as c
from governance.requests import events as ev
from governance.requests.compile import compile_grant
from governance.requests.handling import handle
from governance.requests.state import apply
from governance.requests.states import OPEN, TRANSITIONS, Role, Status
from governance.signer import replaying
from governance.signer.authority import Newcomers
from governance.signer.deciding import Rules, decide_grant
from tests.lib.grants import Keys
from tests.lib.requests import (
    DIGEST,
    NUMBER,
    RULES,
    Life,
    build_agreements,
    build_approved,
    build_content,
    build_contracts,
    build_vote_on,
)

pytestmark = pytest.mark.property

DAY = date(2026, 2, 3)
PARTIES = ("SDE", "DOL", "Example University")
PEOPLE = ("p-ruiz", "p-chen", "p-okafor")
PROGRAMME = Rules(RULES, build_contracts(), build_agreements())
GRANTED = compile_grant(build_approved(), PROGRAMME.contracts, PROGRAMME.agreements, RULES).bundle
AMENDED = build_content(funder="A foundation")
SENT: dict[str, Any] = {
    "agreement": "DSA-1", "digest": DIGEST, "parties": PARTIES, "effective_on": DAY,
    "ends_on": date(2027, 3, 1),
}  # fmt: skip
MOVE: dict[str, Any] = {"on": DAY, "reason": "Said."}
LEFT: dict[str, Any] = {"person": "p-chen", "left_on": date(2026, 2, 1)}
COMMANDS: list[tuple[type[c.RequestCommand], Role, dict[str, Any]]] = [
    (c.SaveDraft, Role.REQUESTOR, {"content": AMENDED}),
    (c.Amend, Role.REQUESTOR, {"content": AMENDED}),
    (c.Submit, Role.REQUESTOR, {}),
    (c.AcceptComplete, Role.OPERATOR, {}),
    (c.RecordVote, Role.OPERATOR, {"motion": build_vote_on(AMENDED, id="M-2")}),
    (c.SendAgreement, Role.OPERATOR, SENT),
    *((c.SignAgreement, Role.PARTY, {"party": p, "digest": DIGEST, "signed_on": DAY})
      for p in PARTIES),
    (c.SignNda, Role.PERSON, {"by": "p-chen", "person": "p-chen", "signed_on": DAY}),
    (c.RecordTraining, Role.OPERATOR, {"person": "p-chen", "valid_until": date(2026, 12, 1)}),
    (c.RecordLeaver, Role.OPERATOR, LEFT),
    (c.RecordLeaver, Role.OPERATOR, LEFT | {"mistaken": True}),
    *((c.Grant, Role.SIGNER, {"bundle_version": n, "bundle_digest": DIGEST}) for n in (2, 9)),
    (c.Revoke, Role.OPERATOR, MOVE),
    (c.Withdraw, Role.REQUESTOR, MOVE),
    (c.Supersede, Role.SIGNER, MOVE),
    (c.CertifyDestruction, Role.REQUESTOR, {"digest": DIGEST, "survives": "nothing"}),
    (c.Close, Role.OPERATOR, MOVE),
]  # fmt: skip
FACTS: dict[Tag, tuple[Callable[..., ev.RequestEvent], dict[str, Any]]] = {
    Tag.DATA_REQUEST_DRAFTED: (ev.Drafted, {"content": AMENDED}),
    Tag.DATA_REQUEST_SUBMITTED: (ev.Submitted, {"content_digest": DIGEST}),
    Tag.DATA_REQUEST_RETURNED: (ev.Returned, {"sent_by": "office", "mend": ("More.",)}),
    Tag.DATA_REQUEST_FOUND_COMPLETE: (ev.FoundComplete, {"review": ()}),
    Tag.DATA_REQUEST_PART_REVIEWED: (
        ev.PartReviewed, {"agency": "sde", "choice": ev.ReviewChoice.APPROVE, "reason": "Good."},
    ),
    Tag.INTEREST_DECLARED: (ev.InterestDeclared, {"person": "p-sde", "text": "A relative."}),
    Tag.SHARING_AGREEMENT_SENT: (ev.AgreementSent, SENT),
    Tag.SHARING_AGREEMENT_SIGNED: (
        ev.AgreementSigned, {"party": "SDE", "signed_on": DAY, "digest": DIGEST},
    ),
    Tag.NDA_SIGNED: (ev.NdaSigned, {"person": "p-chen", "signed_on": DAY}),
    Tag.TRAINING_RECORDED: (
        ev.TrainingRecorded, {"person": "p-chen", "valid_until": date(2026, 12, 1)},
    ),
    Tag.CONDITION_MET: (ev.ConditionMet, {"condition": "C1", "met_on": DAY}),
    Tag.PERSON_LEFT: (ev.PersonLeft, LEFT | {"mistaken": True}),
    Tag.DATA_REQUEST_GRANTED: (ev.Granted, {"bundle_version": 9, "bundle_digest": DIGEST}),
    Tag.DESTRUCTION_CERTIFIED: (ev.Certified, {"digest": DIGEST, "survives": "nothing"}),
}  # fmt: skip
DECIDED: dict[str, Any] = {"motion": "M-2", "decided_on": DAY}
COMMAND = 3
"""Parts of a command; a row of the table has two."""
ROWS = [(tag, to) for row in TRANSITIONS for tag in row.tags for to in row.to]
GIVEN = st.tuples(st.sampled_from(COMMANDS), st.integers(1, 3))
RAW = st.tuples(st.sampled_from(ROWS), st.integers(1, 3))


@dataclass
class Programme:
    """A request, and a signer that looks at it after every entry."""

    life: Life = field(default_factory=Life)
    published: GrantBundle | None = GRANTED

    def give(self, given: tuple[Any, int]) -> None:
        """A command, if it is permitted."""
        (kind, role, facts), version = given
        self.life.take(self.life.give(kind, role, version=version, **dict(facts)).events)

    def write(self, raw: tuple[tuple[Tag, Status], int]) -> None:
        """An event past every rule, if it follows from the state at all."""
        (tag, status), version = raw
        kind, facts = FACTS.get(tag, (ev.Moved, MOVE | {"tag": tag}))
        if tag.value.startswith("data_request:approved") or tag is Tag.DATA_REQUEST_DENIED:
            kind, facts = ev.Decided, DECIDED | {"tag": tag}
        self.life.at += timedelta(hours=1)
        event = kind(
            subject=NUMBER, at=self.life.at, by="p-x", version=version, status=status, **facts
        )
        try:
            apply(self.life.request, event)
        except LedgerError:
            return
        self.life.take([event])

    def sign(self) -> None:
        found = replaying.Life(NUMBER, self.life.request)
        records = replaying.Records(BOARD, Newcomers(), load_profile())
        verdict = decide_grant(
            records, found, self.published, PROGRAMME,
            bundle_version=(self.published.version if self.published else 0) + 1, now=self.life.at,
        )  # fmt: skip
        self.published = verdict.bundle or self.published

    def permitted(self) -> list[str]:
        """Who has access by what is published, on the day of the revocation or later."""
        assert self.published is not None
        keys = Keys(expires_at=self.published.expires_at)
        verified = keys.verified(self.published, self.published.issued_at)
        days = (self.life.at.date() + timedelta(days=n) for n in (0, 30, 90))
        return [p for day in days for p in PEOPLE if decide_access(verified, p, day).permitted]


BOARD = next(b for b in load_bylaws().bodies if b.body == "data_governing_board")


AMENDING = (
    c.Amend, c.Submit, c.AcceptComplete, c.RecordVote, c.SendAgreement, c.SignAgreement, c.Grant,
)  # fmt: skip


def amended(programme: Programme, steps: int) -> None:
    """Version 2 on its way: so many steps of it."""
    programme.life.to_grant()
    for kind in AMENDING[:steps]:
        version = 1 if kind is c.Amend else 2
        for given_step in COMMANDS:
            if given_step[0] is kind:
                programme.give((given_step, version))


@given(
    st.integers(0, len(AMENDING)), st.integers(1, 2), st.lists(st.one_of(GIVEN, RAW), max_size=30)
)
def test_what_was_revoked_stays_revoked(steps: int, given_on: int, after: list[Any]) -> None:
    programme = Programme()
    amended(programme, steps)
    assert programme.life.request is not None
    command = c.Revoke(
        by="p-office", at=programme.life.at, role=Role.OPERATOR, request=NUMBER, version=given_on,
        **MOVE,
    )  # fmt: skip
    handled = handle(programme.life.request, command, programme.life.context)
    if not handled.decision.permitted:
        return
    programme.life.take(handled.events)
    programme.sign()
    for step in (None, *after):
        if step is not None:
            (programme.give if len(step[0]) == COMMAND else programme.write)(step)
        request = programme.life.request
        assert request is not None
        assert request.revoked is not None
        assert request.live is None
        assert not {v.status for v in request.versions} & OPEN
        programme.sign()
    assert programme.published is not None
    assert programme.published.revoked is not None
    assert programme.permitted() == []
