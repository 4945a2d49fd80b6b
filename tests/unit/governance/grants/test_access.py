from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from governance.grants import (
    Condition,
    PartySignature,
    Revocation,
    decide_access,
    decide_dataset,
    legal_today,
)
from governance.grants.model import LeftOutPerson, MissingLink
from tests.lib.grants import (
    TODAY,
    Keys,
    build_dataset,
    build_grant,
    build_person,
    build_sharing_agreement,
)

DAY = timedelta(days=1)
KEYS = Keys()


def denied(on: date = TODAY, person: str = "p-ruiz", **changes: Any) -> list[str]:
    verified = KEYS.verified(build_grant(**changes))
    return [d.rule for d in decide_access(verified, person, on).denials]


def test_a_whole_chain_permits() -> None:
    decision = decide_access(KEYS.verified(), "p-ruiz", TODAY)
    assert decision.permitted
    assert len(decision.checked) == 10


# Each row breaks one link only: what is changed, and the rule that denies.
LINKS = [
    ({"granted_from": TODAY + DAY}, "grant.in_force"),
    ({"granted_until": TODAY - DAY}, "grant.in_force"),
    ({"revoked": Revocation(on=TODAY, reason="breach")}, "grant.revoked"),
    ({"conditions": (Condition(id="c1", text="show the IRB letter"),)}, "grant.conditions"),
    (
        {"conditions": (Condition(id="c1", text="a letter", met_on=TODAY + DAY),)},
        "grant.conditions",
    ),
    (
        {
            "sharing_agreement": build_sharing_agreement(
                signatures=(PartySignature(party="SDE", signed_on=None),)
            )
        },
        "sharing_agreement.signed",
    ),
    (
        {
            "sharing_agreement": build_sharing_agreement(
                signatures=(PartySignature(party="SDE", signed_on=TODAY + DAY),)
            )
        },
        "sharing_agreement.signed",
    ),
    (
        {"sharing_agreement": build_sharing_agreement(ends_on=TODAY - DAY)},
        "sharing_agreement.in_force",
    ),
    (
        {"sharing_agreement": build_sharing_agreement(effective_on=TODAY + DAY)},
        "sharing_agreement.in_force",
    ),
    ({"people": ()}, "grant.names_person"),
    ({"people": (build_person(id="p-other"),)}, "grant.names_person"),
    ({"people": (build_person(nda_signed_on=None),)}, "person.nda"),
    ({"people": (build_person(nda_signed_on=TODAY + DAY),)}, "person.nda"),
    ({"people": (build_person(training_valid_until=None),)}, "person.training"),
    ({"people": (build_person(training_valid_until=TODAY - DAY),)}, "person.training"),
    ({"people": (build_person(employed_until=TODAY - DAY),)}, "person.employment"),
    ({"people": (build_person(employed_from=TODAY + DAY),)}, "person.employment"),
]


@pytest.mark.parametrize(("changes", "rule"), LINKS)
def test_each_broken_link_denies_by_its_own_rule(changes: dict[str, Any], rule: str) -> None:
    assert denied(**changes) == [rule]


# Each row keeps the link on its very last or first day: dates are inclusive.
EDGES: list[dict[str, Any]] = [
    {"granted_from": TODAY},
    {"granted_until": TODAY},
    {"revoked": Revocation(on=TODAY + DAY, reason="later")},
    {"conditions": (Condition(id="c1", text="met", met_on=TODAY),)},
    {"conditions": (Condition(id="c1", text="only noted", blocks_access=False),)},
    {"sharing_agreement": build_sharing_agreement(effective_on=TODAY, ends_on=TODAY)},
    {"people": (build_person(nda_signed_on=TODAY),)},
    {"people": (build_person(training_valid_until=TODAY),)},
    {"people": (build_person(employed_from=TODAY, employed_until=TODAY),)},
]


@pytest.mark.parametrize("changes", EDGES)
def test_dates_are_inclusive(changes: dict[str, Any]) -> None:
    assert denied(**changes) == []


def test_every_broken_link_is_told_at_once_with_clause_and_remedy() -> None:
    bundle = build_grant(
        granted_until=TODAY - DAY,
        people=(build_person(nda_signed_on=None, training_valid_until=None),),
        clauses={"person.nda": "DSA-0042 exhibit C"},
    )
    decision = decide_access(KEYS.verified(bundle), "p-ruiz", TODAY)
    assert [d.rule for d in decision.denials] == [
        "grant.in_force",
        "person.nda",
        "person.training",
    ]
    assert all(d.reason and d.remedy and d.clause for d in decision.denials)
    assert decision.denials[1].clause == "DSA-0042 exhibit C"


def test_who_was_left_out_is_told_what_was_missing() -> None:
    reason = "The statement for the changed terms is missing."
    link = MissingLink(rule="person.nda", reason=reason, remedy="Sign.", clause="DSA-0042 §4")
    left_out = (LeftOutPerson(id="p-chen", missing=(link,)),)
    bundle = build_grant(left_out=left_out)
    assert bundle.person("p-chen") is None
    (denial,) = decide_access(KEYS.verified(bundle), "p-chen", TODAY).denials
    assert (denial.rule, denial.reason, denial.clause) == ("person.nda", reason, "DSA-0042 §4")
    assert decide_access(KEYS.verified(bundle), "p-ruiz", TODAY).permitted
    with pytest.raises(ValidationError, match="twice"):
        build_grant(left_out=(LeftOutPerson(id="p-ruiz", missing=(link,)),))


def test_an_approval_of_tomorrow_is_none_today() -> None:
    late = build_grant().approvals[0].model_copy(update={"decided_on": TODAY + DAY})
    assert denied(approvals=(late,)) == ["approval.decided"]


def test_a_dataset_for_state_employees_only() -> None:
    granted = build_dataset(employment_classes=("state_employee",))
    for klass, permitted in (("university", False), ("state_employee", True)):
        bundle = build_grant(datasets=(granted,), people=(build_person(employment_class=klass),))
        assert decide_dataset(KEYS.verified(bundle), granted, "p-ruiz").permitted is permitted
    assert not decide_dataset(KEYS.verified(), granted, "nobody").permitted
    assert decide_dataset(KEYS.verified(), build_dataset(), "p-ruiz").permitted


def test_legal_dates_are_those_of_connecticut() -> None:
    assert legal_today(datetime(2026, 3, 3, 4, 59, tzinfo=UTC)) == date(2026, 3, 2)
    assert legal_today(datetime(2026, 3, 3, 5, 0, tzinfo=UTC)) == date(2026, 3, 3)
