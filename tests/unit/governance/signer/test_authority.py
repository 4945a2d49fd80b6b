"""Who may write what of records and of the board, as the signer judges it: truth tables."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from governance.audit.tags import Tag
from governance.board import events as b
from governance.board.bylaws import MotionKind
from governance.board.model import Choice
from governance.people import Person, PersonChanged, PersonEnded, PersonRegistered, PortalRole
from governance.permissions.cast import CAST, TODAY, example_body
from governance.services.founding import FOUNDING
from governance.services.people import SIGN_IN
from governance.signer.authority import BODY_ACTIONS, Newcomers, judge_body, judge_person

AT = datetime(2026, 3, 20, 15, tzinfo=UTC)
BODY = "data_governing_board"
R = PortalRole
NEWCOMERS = Newcomers(restricted_classes=frozenset({"state_employee"}))
PEOPLE = {a.person.id: a.person for a in CAST.values() if a.person is not None}


def person(name: str, *roles: PortalRole, **changes: Any) -> Person:
    facts: dict[str, Any] = {
        "id": name, "name": name, "email": f"{name}@example.org", "employer": "Not stated",
        "employment_class": "other", "roles": roles or (R.REQUESTOR,),
        "employed_from": date(2026, 1, 1),
    }  # fmt: skip
    return Person(**(facts | changes))


def registered(by: str, new: Person) -> PersonRegistered:
    return PersonRegistered(subject=new.id, at=AT, by=by, person=new)


def changed(by: str, new: Person) -> PersonChanged:
    return PersonChanged(subject=new.id, at=AT, by=by, person=new, reason="So.")


def as_now(who: str, /, **changes: Any) -> Person:
    return PEOPLE[who].model_copy(update=changes)


SIGNED_IN = "https://idp.example.org|1"
PERSON_CASES = {
    "an operator registers a data owner": (
        registered("operator", person("new", R.DATA_OWNER, agency="sde")), True),
    "an operator registers an employee of the state": (
        registered("operator", person("new", employment_class="state_employee")), True),
    "an owner registers another": (
        registered("owner", person("new", R.DATA_OWNER, agency="sde")), False),
    "an operator who left registers somebody": (
        registered("left-operator", person("new")), False),
    "the clock registers somebody": (registered("clock", person("new")), False),
    "a requestor names a newcomer": (registered("requestor", person("new")), True),
    "a requestor who left names a newcomer": (registered("left-requestor", person("new")), False),
    "a requestor names a newcomer of the state": (
        registered("requestor", person("new", employment_class="state_employee")), False),
    "a requestor names a newcomer of an agency": (
        registered("requestor", person("new", agency="sde")), False),
    "a requestor names a newcomer with a sign-in": (
        registered("requestor", person("new", account=SIGNED_IN)), False),
    "a requestor names an operator": (registered("requestor", person("new", R.OPERATOR)), False),
    "a requestor puts a record in another's place": (
        registered("requestor", person("owner")), False),
    "an operator changes another's roles": (
        changed("operator", as_now("requestor", roles=(R.REQUESTOR, R.SIGNATORY),
                                   parties=("SDE",))), True),
    "an operator makes themself a data owner": (
        changed("operator", as_now("operator", roles=(R.DATA_OWNER,), agency="sde")), False),
    "an operator is made a data owner as well": (
        changed("named-operator", as_now("operator", roles=(R.OPERATOR, R.DATA_OWNER),
                                         agency="sde")), False),
    "an auditor is made an operator as well": (
        changed("operator", as_now("auditor", roles=(R.AUDITOR, R.OPERATOR))), False),
    "a requestor makes themself an owner": (
        changed("requestor", as_now("requestor", roles=(R.DATA_OWNER,), agency="sde")), False),
    "an auditor changes a record": (changed("auditor", as_now("requestor", name="X")), False),
    "an operator puts one person's record under another's id": (
        PersonChanged(subject="stranger", at=AT, by="operator", person=as_now("owner"),
                      reason="So."), False),
    "an operator ends an employment": (
        PersonEnded(subject="owner", at=AT, by="operator", last_day=TODAY, reason="So."), True),
    "an owner ends an employment": (
        PersonEnded(subject="operator", at=AT, by="owner", last_day=TODAY, reason="So."), False),
    "a first sign-in makes a requestor": (
        registered(SIGN_IN, person("new", account=SIGNED_IN)), True),
    "a first sign-in makes an owner": (
        registered(SIGN_IN, person("new", R.DATA_OWNER, agency="sde", account=SIGNED_IN)), False),
    "a first sign-in makes an employee of the state": (
        registered(SIGN_IN, person("new", account=SIGNED_IN, employment_class="state_employee")),
        False),
    "a sign-in binds a record that waits for it": (
        changed(SIGN_IN, as_now("owner", account=SIGNED_IN)), True),
    "a sign-in gives a role": (
        changed(SIGN_IN, as_now("requestor", roles=(R.REQUESTOR, R.DATA_OWNER))), False),
    "a sign-in takes a role": (changed(SIGN_IN, as_now("owner", roles=(R.REQUESTOR,))), True),
    "a sign-in changes an agency": (changed(SIGN_IN, as_now("owner", agency="dol")), False),
    "a sign-in ends an employment": (
        PersonEnded(subject="owner", at=AT, by=SIGN_IN, last_day=TODAY, reason="So."), False),
    "the shell makes a second operator": (registered(FOUNDING, person("new", R.OPERATOR)), False),
}  # fmt: skip


@pytest.mark.parametrize("case", PERSON_CASES)
def test_who_may_write_a_persons_record(case: str) -> None:
    event, may = PERSON_CASES[case]
    denials = judge_person(event, PEOPLE, NEWCOMERS, on=TODAY)
    assert (not denials) is may, denials


def test_what_a_sign_in_and_the_shell_may_depends_on_settings_and_on_who_is_there() -> None:
    groups = Newcomers(provider_roles=frozenset({R.DATA_OWNER}))
    owner = person("new", R.DATA_OWNER, account=SIGNED_IN)
    assert judge_person(registered(SIGN_IN, owner), PEOPLE, groups, on=TODAY) == ()
    operator = person("new", R.OPERATOR, account=SIGNED_IN)
    assert judge_person(registered(SIGN_IN, operator), PEOPLE, groups, on=TODAY)

    taken = {"held": person("held", account=SIGNED_IN)}
    other = person("held", account="https://idp.example.org|2")
    assert judge_person(changed(SIGN_IN, other), taken, groups, on=TODAY)

    first = person("new", R.OPERATOR)
    assert judge_person(registered(FOUNDING, first), {}, NEWCOMERS, on=TODAY) == ()
    assert judge_person(registered(FOUNDING, person("new", R.DATA_OWNER)), {}, NEWCOMERS, on=TODAY)
    gone = {"o": person("o", R.OPERATOR, employed_until=date(2026, 3, 19))}
    assert judge_person(registered(FOUNDING, first), gone, NEWCOMERS, on=TODAY) == ()


def of_board(what: type[b.BodyEvent], by: str, /, **facts: Any) -> b.BodyEvent:
    return what(at=AT, by=by, **({"subject": "M-1"} | facts))


MEETING: dict[str, Any] = {"subject": "DGB-1"}
OFFICE = {"operator", "named-operator"}
SITS = {"owner", "alternate", "named-owner", "other-owner", "holder"}
FREE = SITS - {"named-owner"}
"""Who may sit and is not recused: the motion names the owner for `dol`."""
BODY_CASES: dict[type[b.BodyEvent], tuple[dict[str, Any], set[str]]] = {
    b.SeatFilled: ({"subject": BODY, "agency": "sde", "person": "alternate"}, OFFICE),
    b.SeatVacated: ({"subject": BODY, "agency": "sde"}, OFFICE),
    b.AlternateNamed: ({"subject": BODY, "agency": "sde", "person": "steward"},
                       {*OFFICE, "owner"}),
    b.ProxyFiled: ({"subject": BODY, "agency": "sde", "holder": "holder", "valid_from": TODAY,
                    "valid_until": TODAY}, {"owner"}),
    b.ProxyWithdrawn: ({"subject": BODY, "agency": "sde", "holder": "holder"}, {"owner"}),
    b.MeetingNoticed: ({**MEETING, "starts_at": AT, "public": True}, OFFICE),
    b.MeetingOpened: (MEETING, OFFICE),
    b.MeetingEnded: ({**MEETING, "tag": Tag.MEETING_CLOSED, "reason": "Done."}, OFFICE),
    b.PersonArrived: ({**MEETING, "person": "owner"}, OFFICE),
    b.PersonDeparted: ({**MEETING, "person": "owner"}, OFFICE),
    b.MotionMoved: ({"subject": "M-2", "meeting": "DGB-1", "kind": MotionKind.DATA_REQUEST,
                     "text": "Approve it.", "about": "Q0001"}, SITS),
    b.InterestDeclared: ({"text": "A grant."}, SITS),
    b.MotionPut: ({}, {"operator"}),
    b.VoteCast: ({"agency": "sde", "choice": Choice.IN_FAVOR}, {"owner", "alternate", "holder"}),
    b.MotionDecided: ({"tag": Tag.MOTION_PASSED, "in_favor": 1, "represented": 1,
                       "quorum_needed": 1, "approval_needed": 1}, {"operator"}),
    b.AgencyAdmitted: ({"agency": "ohe"}, OFFICE),
}  # fmt: skip
_NAMES = {b.VoteCast: "person", b.InterestDeclared: "person", b.ProxyFiled: "given_by"}


def test_every_event_of_the_board_has_its_row() -> None:
    assert set(BODY_CASES) == set(BODY_ACTIONS) == set(b.BodyEvent.__subclasses__())


@pytest.mark.parametrize("kind", BODY_CASES, ids=lambda kind: kind.__name__)
def test_who_may_write_what_of_the_board(kind: type[b.BodyEvent]) -> None:
    facts, may = BODY_CASES[kind]
    authors = [*PEOPLE, "clock", "nobody-known"]
    for by in authors:
        own = {_NAMES[kind]: by} if kind in _NAMES else {}
        event = of_board(kind, by, **(facts | own))
        denials = judge_body(event, example_body(), PEOPLE.get(by), on=TODAY)
        assert (not denials) is (by in may), (by, denials)


@pytest.mark.parametrize("kind", _NAMES, ids=lambda kind: kind.__name__)
def test_nobody_votes_declares_or_gives_a_letter_in_anothers_name(
    kind: type[b.BodyEvent],
) -> None:
    event = of_board(kind, "owner", **(BODY_CASES[kind][0] | {_NAMES[kind]: "other-owner"}))
    denials = judge_body(event, example_body(), PEOPLE["owner"], on=TODAY)
    assert "another's name" in denials[-1].reason


def test_nobody_takes_a_seat_or_stands_in_by_their_own_word() -> None:
    for kind in (b.SeatFilled, b.AlternateNamed):
        event = of_board(kind, "operator", subject=BODY, agency="sde", person="operator")
        (denial,) = judge_body(event, example_body(), PEOPLE["operator"], on=TODAY)
        assert denial.rule == "action.four_eyes"


def test_the_right_is_that_of_the_day() -> None:
    event = of_board(b.MeetingOpened, "left-operator", **MEETING)
    author = PEOPLE["left-operator"]
    assert judge_body(event, example_body(), author, on=TODAY)[0].rule == "person.employed"
    assert judge_body(event, example_body(), author, on=date(2026, 3, 19)) == ()
