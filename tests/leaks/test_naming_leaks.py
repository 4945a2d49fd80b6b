"""Naming somebody by address tells a requestor nothing of who is on record; on both databases."""

from typing import Any

import pytest

from governance.decisions import AccessDeniedError
from governance.people import Person
from governance.permissions import Actor
from governance.requests.model import RequestContent, RequestedDataset, RequestPerson
from governance.requests.states import Act
from governance.services.ledger import list_entries, read_entry
from governance.services.named_people import name_person, read_named
from governance.services.people import SignInClaims, change_person, read_person, sign_in
from governance.services.requests import act_on_request, begin_request, read_request
from governance.services.transparency import read_source
from tests.lib.programme import Office, build_person
from tests.lib.requests import build_content, build_request_person

KNOWN, WAITS = "known@example.org", "waits@example.org"
CANARY = "Zzyxqua"


@pytest.fixture
def office(office: Office) -> Office:  # a programme that knows somebody under an address
    people = {
        "p-zz": build_person(
            "p-zz", name=f"{CANARY} Canarysson", email=KNOWN, employer=f"{CANARY} Department",
            agency="dol", employment_class="state_employee", account="idp|zz",
        ),
        "p-waits": build_person("p-waits", name=f"{CANARY} Waits", email=WAITS),
    }  # fmt: skip
    office.register(people)
    office.people |= people
    return office


def name(office: Office, email: str, **changes: Any) -> RequestPerson:
    typed = {"name": "L. Typed", "employer": "Typed Inc.", "employment_class": "university",
             "role": "authorized_representative"}  # fmt: skip
    by: Actor = office.actor(str(changes.pop("by", "p-ruiz")))
    return name_person(office.programme, by, email=email, **(typed | changes))


def ask(office: Office, *named: RequestPerson) -> str:
    enrollment = next(d for d in build_content().datasets if d.agency == "sde")
    centers = RequestedDataset(dataset="oec/centers", variables=("sector",))
    content: RequestContent = build_content(
        people=(build_request_person(), *named),
        datasets=(enrollment, centers),
        purposes={"sde": "evaluation", "oec": "evaluation"},
    )
    number = begin_request(office.programme, office.actor("p-ruiz"), content)
    office.act("p-ruiz", number, Act.SUBMIT)
    return number


def all_that_is_shown(office: Office, number: str, who: str = "p-ruiz") -> str:
    p, actor = office.programme, office.actor(who)
    shown = [repr(read_request(p, actor, number))]
    for entry in list_entries(p, actor, per_page=500).items:
        try:
            shown.append(repr(read_entry(p, actor, entry.seq)))
        except AccessDeniedError as error:
            shown.append(repr(error.decision))
    return "\n".join(shown)


def rules_of(office: Office, number: str, **facts: Any) -> list[str]:
    with pytest.raises(AccessDeniedError) as refused:
        act_on_request(
            office.programme, office.actor("p-office"), number, Act.ACCEPT_COMPLETE, facts
        )
    return [denial.rule for denial in refused.value.decision.denials]


def record_of(office: Office, person: str) -> Person:
    return read_person(office.programme, office.actor("p-office"), person)[0]


def test_an_address_on_record_and_one_that_is_not_look_alike(office: Office) -> None:
    p = office.programme
    named = {email: name(office, email) for email in (KNOWN, WAITS, "nobody@example.org")}
    facts = [one.model_dump(exclude={"id"}) for one in named.values()]
    assert facts[0] == facts[1] == facts[2]
    assert facts[0]["name"] == "L. Typed"
    assert {"p-zz", "p-waits"}.isdisjoint(one.id for one in named.values())
    newest = list_entries(p, office.actor("p-ruiz"), per_page=3).items
    assert [e.tag for e in newest] == ["person:registered"] * 3
    assert {e.subject for e in newest} == {one.id for one in named.values()}
    twice = [name(office, KNOWN, once="token") for _ in range(2)]
    assert twice[0] == twice[1]
    own = name(office, "P-Ruiz@example.org")
    assert (own.id, own.name) == ("p-ruiz", "Dana Ruiz")
    number = ask(office, named[KNOWN])
    for who in ("p-ruiz", "p-sde"):
        assert CANARY not in all_that_is_shown(office, number, who)
    assert "L. Typed" not in read_source(p).withheld_names
    with pytest.raises(AccessDeniedError):
        read_named(p, office.actor("p-ruiz"), number)


def test_the_office_settles_who_is_meant_before_owners_see_the_request(office: Office) -> None:
    p, by = office.programme, office.actor("p-office")
    known, newcomer = name(office, KNOWN), name(office, "new@example.org", role="analyst")
    number = ask(office, known, newcomer)
    (one,) = read_named(p, by, number)[known.id]
    assert (one.id, one.name) == ("p-zz", f"{CANARY} Canarysson")
    assert rules_of(office, number) == ["request.named"]
    assert rules_of(office, number, same={known.id: "p-waits"}) == ["request.named"]
    answer = {known.id: "p-zz"}
    view = act_on_request(p, by, number, Act.ACCEPT_COMPLETE, {"same": answer}, once="t")
    people = {x.id: x for x in (view.latest.submitted or view.latest.content).people}
    assert set(people) == {"p-ruiz", "p-zz", newcomer.id}
    assert (people["p-zz"].agency, people["p-zz"].role) == ("dol", "authorized_representative")
    assert view.latest.content == view.latest.submitted
    assert read_request(p, office.actor("p-zz"), number).request.number == number
    assert CANARY in all_that_is_shown(office, number)
    assert record_of(office, newcomer.id).named_by is None
    gone = record_of(office, known.id)
    assert not gone.employed(p.today)
    office.act("p-office", number, Act.RETURN, mend=["Say more."])
    mended = read_request(p, office.actor("p-ruiz"), number)
    assert mended.draft is not None
    assert known.id not in str(mended.draft.content)
    again = ask(office, name(office, "new@example.org"))
    (meant,) = read_named(p, by, again).values()
    assert meant[0].id == newcomer.id
    assert p.store.compare() == ()


def test_what_the_office_corrects_in_a_typed_record_is_what_owners_see(office: Office) -> None:
    p, by = office.programme, office.actor("p-office")
    newcomer = name(office, "new@example.org", employment_class="state_employee")
    assert newcomer.employment_class == "other"
    number = ask(office, newcomer)
    changes = {"employment_class": "state_employee", "employer": "Department of Labor"}
    change_person(p, by, newcomer.id, changes=changes, reason="Its office confirmed it.")
    view = act_on_request(p, by, number, Act.ACCEPT_COMPLETE)
    (seen,) = [x for x in view.latest.content.people if x.id == newcomer.id]
    assert (seen.employment_class, seen.employer) == ("state_employee", "Department of Labor")
    assert seen.role == "authorized_representative"


def test_another_person_the_same_one_twice_and_oneself(office: Office) -> None:
    first, second = name(office, KNOWN), name(office, KNOWN, role="analyst")
    number = ask(office, first, second)
    both = {first.id: "p-zz", second.id: "p-zz"}
    assert rules_of(office, number, same=both) == ["request.person_twice"]
    view = act_on_request(
        office.programme, office.actor("p-office"), number, Act.ACCEPT_COMPLETE,
        {"same": {first.id: first.id, second.id: "p-zz"}},
    )  # fmt: skip
    assert {first.id, "p-zz"} < {x.id for x in view.latest.content.people}
    operator = name(office, "p-office@example.org")
    third = ask(office, operator)
    assert rules_of(office, third, same={operator.id: "p-office"}) == ["action.four_eyes"]
    act_on_request(
        office.programme, office.actor("p-office2"), third, Act.ACCEPT_COMPLETE,
        {"same": {operator.id: "p-office"}},
    )  # fmt: skip


def test_a_first_sign_in_takes_the_office_s_record_before_what_requestors_typed(
    office: Office,
) -> None:
    p = office.programme
    name(office, WAITS)
    typed = [name(office, "new@example.org", by=who) for who in ("p-ruiz", "p-holder")]
    waits = sign_in(p, "idp|w", SignInClaims("Whoever", WAITS, email_verified=True))
    assert waits.id == "p-waits"
    unsure = sign_in(p, "idp|x", SignInClaims("Somebody", "new@example.org"))
    assert unsure.id not in {x.id for x in typed}
    new = sign_in(p, "idp|n", SignInClaims("New Comer", "new@example.org", email_verified=True))
    assert new.id in {x.id for x in typed}
    assert not new.is_only_named
    assert "L. Typed" in read_source(p).withheld_names


def test_however_many_share_an_address_who_is_on_record_is_found(office: Office) -> None:
    """Nobody is hidden from the office, or from their own sign-in, by naming them often."""
    p = office.programme
    for email in (KNOWN, WAITS):
        for _ in range(51):
            name(office, f"x{email}", name="A. First")
    number = ask(office, name(office, KNOWN))
    (meant,) = read_named(p, office.actor("p-office"), number).values()
    assert [x.id for x in meant] == ["p-zz"]
    assert sign_in(p, "idp|w", SignInClaims("W", WAITS, email_verified=True)).id == "p-waits"
