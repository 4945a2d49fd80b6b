"""The rules of people's records hold in the service: nobody empties the office, no auditor acts."""

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.decisions import AccessDeniedError
from governance.services.people import change_person, end_person, register_person
from governance.store import tables as t
from tests.lib.programme import Office


def test_rules_are_enforced_and_refusals_are_on_record(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.register()
    p, actor, other = office.programme, office.actor("p-office"), office.actor("p-office2")
    facts = {
        "name": "Ada", "email": "ada@example.org", "employer": "OPM",
        "roles": ["auditor", "operator"], "employment_class": "state_employee",
        "employed_from": date(2026, 1, 1),
    }  # fmt: skip
    with pytest.raises(AccessDeniedError, match="An auditor reads everything"):
        register_person(p, actor, facts)
    with pytest.raises(AccessDeniedError, match="about yourself"):
        change_person(p, actor, "p-office", {"roles": ["operator", "requestor"]}, reason="Mine.")
    end_person(p, actor, "p-office2", left_on=date(2026, 2, 2), reason="Left.")
    with pytest.raises(AccessDeniedError, match="No operator would be left"):
        end_person(p, other, "p-office", left_on=date(2026, 12, 31), reason="Left.")
    new = register_person(p, actor, facts | {"roles": ["operator"]})
    change_person(p, actor, new.id, {"roles": ["requestor"]}, reason="Another desk.")
    with p.store.read() as unit:
        entries = t.ledger_entries
        query = sa.select(sa.func.count()).where(entries.c.tag == "action:denied")
        assert unit.connection.scalar(query) == 3
    office.programme.close()
