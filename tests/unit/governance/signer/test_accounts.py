"""Who is mapped, and to whose rejected records: data stewards only, of their own agency."""

from datetime import UTC, date, datetime
from typing import Any

from governance.people import Person, PortalRole
from governance.signer.accounts import build_mapping

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def person(name: str, **changes: Any) -> Person:
    facts: dict[str, Any] = {
        "id": f"p-{name}",
        "name": name.title(),
        "email": f"{name}@example.org",
        "account": f"os|{name}",
        "employer": "An agency",
        "agency": "sde",
        "employment_class": "state_employee",
        "employed_from": date(2020, 1, 1),
    }
    return Person(**(facts | changes))


def mapped(*people: Person, named: frozenset[str] = frozenset()) -> dict[str, str | None]:
    mapping = build_mapping({p.id: p for p in people}, named, {}, version=1, now=NOW, fresh_days=7)
    return {account.account: account.agency for account in mapping.accounts}


def test_a_data_steward_is_mapped_with_the_agency_they_answer_for() -> None:
    steward = person("gray", roles=(PortalRole.DATA_STEWARD,))

    assert mapped(steward) == {"gray": "sde"}


def test_a_researcher_of_an_agency_gets_none_of_its_rejected_records() -> None:
    researcher = person("ruiz")

    assert mapped(researcher) == {}
    assert mapped(researcher, named=frozenset({"p-ruiz"})) == {"ruiz": None}


def test_a_steward_without_an_agency_is_a_steward_of_nobody() -> None:
    adrift = person("lee", agency=None, roles=(PortalRole.DATA_STEWARD,))

    assert mapped(adrift) == {}
    assert mapped(adrift, named=frozenset({"p-lee"})) == {"lee": None}
