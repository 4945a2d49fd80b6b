"""Mails tell number, title, status and dates, and nothing else that was typed anywhere."""

from datetime import date, timedelta

from governance.clocks import due_today
from governance.mail import Notice, NoticeKind, compose
from governance.people.model import PortalRole
from governance.requests import commands as c
from governance.requests.events import ReviewChoice
from governance.requests.states import Role
from tests.lib.clocks import build_people, build_person, build_state, noon
from tests.lib.notices import BASE_URL, PROFILE, WRITTEN_AT
from tests.lib.requests import (
    CHEN,
    OKAFOR,
    RUIZ,
    RULES,
    Life,
    build_content,
    build_request_person,
    build_vote_on,
)

PLANTED = "zebra-canary"
START = date(2026, 2, 2)
CONTENT = build_content(
    title="A title that may be told",
    **{
        name: f"{PLANTED}-{name}"
        for name in (
            "purpose", "legal_basis", "learning_agenda", "organization", "funder",
            "secure_environment", "analysis_plan", "dissemination_plan",
        )
    },
    people=(
        RUIZ,
        CHEN,
        OKAFOR,
        build_request_person(id="p-left", name=f"{PLANTED}-person", role="analyst"),
    ),
)  # fmt: skip


def told(life: Life, *days: int) -> dict[NoticeKind, str]:
    """Everything that is sent on those days after the start, by kind."""
    people = build_people()
    people["p-left"] = build_person(
        "p-left",
        PortalRole.REQUESTOR,
        name=f"{PLANTED}-person",
        employed_until=START - timedelta(days=1),
    )
    state = build_state(life, people=people)
    found: dict[NoticeKind, str] = {}
    for day in days:
        for due in due_today(state, noon(START + timedelta(days=day)), RULES, PROFILE):
            if isinstance(due, Notice):
                message = compose(due, PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
                found[due.kind] = found.get(due.kind, "") + message.model_dump_json()
    return found


def test_nothing_that_was_typed_but_the_title_is_in_any_mail() -> None:
    found: dict[NoticeKind, str] = {}
    life = Life()
    life.submit(CONTENT)
    found |= told(life, 0, 30)
    life.do(c.Return, Role.OPERATOR, mend=(f"{PLANTED}-mend",))
    found |= told(life, 0, 60)
    life.submit(CONTENT)
    life.do(c.AcceptComplete, Role.OPERATOR)
    found |= told(life, 0, 60)
    life.review("sde", reason=f"{PLANTED}-reason", conditions=(f"{PLANTED}-condition",))
    life.review("dol", ReviewChoice.APPROVE.value, reason=f"{PLANTED}-reason")
    life.do(c.RecordVote, Role.OPERATOR, motion=build_vote_on(CONTENT))
    life.send()
    found |= told(life, 0, 60)
    life.sign_all()
    decided = life.request.latest.decided if life.request else None
    for condition in decided.conditions if decided else ():
        life.do(c.MeetCondition, Role.OPERATOR, condition=condition, met_on=START)
    life.do(c.Grant, Role.SIGNER, bundle_version=1, bundle_digest="ab" * 32)
    found |= told(life, 0, 5, 280, 325)
    life.do(c.Revoke, Role.OPERATOR, on=START, reason=f"{PLANTED}-revoked")
    found |= told(life, 3, 20, 90)
    expected = {
        NoticeKind.ACTION_WAITING, NoticeKind.OVERDUE, NoticeKind.RETURNED, NoticeKind.DECIDED,
        NoticeKind.AGREEMENT_TO_SIGN, NoticeKind.NDA_MISSING, NoticeKind.TRAINING_MISSING,
        NoticeKind.GRANT_PUBLISHED, NoticeKind.GRANT_EXPIRING, NoticeKind.GRANT_REVOKED,
        NoticeKind.DESTRUCTION_DUE, NoticeKind.DESTRUCTION_OVERDUE, NoticeKind.LEAVER,
        NoticeKind.BUNDLES_STALE,
    }  # fmt: skip
    assert set(found) == expected
    assert {kind for kind, words in found.items() if PLANTED in words} == set()
    untitled = {k for k, w in found.items() if "A title that may be told" not in w}
    assert untitled == {NoticeKind.BUNDLES_STALE}
