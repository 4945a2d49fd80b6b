"""Who may do what, for any actor: fewer roles never permit more, and leavers do nothing."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from governance.people.model import Person, PortalRole
from governance.permissions import PUBLIC, Action, Actor, Target, decide_action, visible_request
from governance.permissions.cast import CAST, TODAY, example_body, example_request
from governance.permissions.rights import PUBLIC_ACTIONS, READING
from governance.requests.states import Act, Status

NAMES = tuple(a.by for a in CAST.values() if a.person is not None)
AGENCIES = ("sde", "dol", "dcf")
PARTIES = ("SDE", "Example University", "Other Institute")

people = st.builds(
    Person,
    id=st.sampled_from(NAMES),
    name=st.just("Somebody"),
    email=st.just("somebody@example.org"),
    employer=st.just("Somewhere"),
    agency=st.none() | st.sampled_from(AGENCIES),
    employment_class=st.just("other"),
    roles=st.lists(st.sampled_from(PortalRole), min_size=1, unique=True).map(tuple),
    parties=st.lists(st.sampled_from(PARTIES), unique=True).map(tuple),
    employed_from=st.just(date(2020, 1, 1)),
    employed_until=st.none() | st.just(TODAY),
)
statuses = st.sampled_from(Status)
actions = st.sampled_from([*Action, *Act])


@st.composite
def targets(draw: st.DrawFn) -> Target:
    """Anything may be left out."""
    request = draw(st.none() | statuses.map(example_request))
    return Target(
        request=request,
        version=request.latest if request and draw(st.booleans()) else None,
        body=example_body() if draw(st.booleans()) else None,
        motion=draw(st.none() | st.just("M-1")),
        agency=draw(st.none() | st.sampled_from(AGENCIES)),
        person=draw(st.none() | st.sampled_from(NAMES)),
        party=draw(st.none() | st.sampled_from(PARTIES)),
    )


def may(actor: Actor, action: Action | Act, target: Target, today: date = TODAY) -> bool:
    return decide_action(actor, action, target, today=today).permitted


@given(people, actions, targets(), st.data())
def test_losing_a_role_never_permits_more(
    person: Person, action: Action | Act, target: Target, data: st.DataObject
) -> None:
    fewer = tuple(r for r in person.roles if data.draw(st.booleans()))
    less = person.model_copy(update={"roles": fewer})
    assert may(Actor(person), action, target) or not may(Actor(less), action, target)


@given(people, actions, targets())
def test_without_agency_or_parties_nothing_more_is_permitted(
    person: Person, action: Action | Act, target: Target
) -> None:
    less = person.model_copy(update={"agency": None, "parties": ()})
    assert may(Actor(person), action, target) or not may(Actor(less), action, target)


@given(actions, targets())
def test_the_public_reads_what_is_public_and_nothing_else(
    action: Action | Act, target: Target
) -> None:
    assert may(PUBLIC, action, target) is (action in PUBLIC_ACTIONS)


@given(people, actions, targets(), st.integers(1, 4000))
def test_who_left_is_the_public(
    person: Person, action: Action | Act, target: Target, days: int
) -> None:
    left = person.model_copy(update={"employed_until": TODAY})
    after = TODAY + timedelta(days=days)
    assert may(Actor(left), action, target, after) is may(PUBLIC, action, target, after)


@given(people, actions, targets())
def test_who_only_audits_changes_nothing(
    person: Person, action: Action | Act, target: Target
) -> None:
    auditor = Actor(person.model_copy(update={"roles": (PortalRole.AUDITOR,)}))
    if isinstance(action, Act) or action not in READING:
        assert not may(auditor, action, target)


@given(people, actions, targets())
def test_the_answer_is_the_same_twice_and_speaks_whenever_it_refuses(
    person: Person, action: Action | Act, target: Target
) -> None:
    decision = decide_action(Actor(person), action, target, today=TODAY)
    assert decision == decide_action(Actor(person), action, target, today=TODAY)
    assert decision.checked
    assert decision.permitted is not bool(decision.denials)


@given(people, statuses)
def test_somebody_sees_a_draft_only_if_it_concerns_them(person: Person, status: Status) -> None:
    request = example_request(status)
    seen = visible_request(Actor(person), request, today=TODAY, body=example_body())
    inside = person.id in {"requestor", *request.latest.content.requestors}
    office = {PortalRole.OPERATOR, PortalRole.AUDITOR} & set(person.roles)
    if status is Status.DRAFT:
        assert (seen is not None) is (inside or bool(office))
    elif seen is not None and not (inside or office):
        assert all(v.content == v.submitted for v in seen.versions)
