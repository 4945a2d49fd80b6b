"""Facts behind an entry about one person are read by that person, the office and the auditor."""

from pathlib import Path

import sqlalchemy as sa

from governance.clocks.reminding import remind
from governance.permissions import PUBLIC, Actor
from governance.requests import commands as c
from governance.requests.states import Role
from governance.services.ledger import read_entry
from governance.store import tables as t
from tests.lib.notices import build_notice
from tests.lib.programme import Office
from tests.lib.requests import TODAY, Life


def test_who_reads_what_concerns_one_person(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.register()
    p, life = office.programme, Life()
    life.to_agreement()
    life.do(c.SignNda, Role.PERSON, by="p-okafor", person="p-okafor", signed_on=TODAY)
    with p.store.begin() as unit:
        for event in life.events:
            unit.append("request", "Q0042", [event], based_on=None, actor=event.by)
    remind(p, [build_notice(to="p-okafor")])

    def readers(tag: str) -> set[str]:
        with p.store.read() as unit:
            rows = t.ledger_entries
            query = sa.select(sa.func.max(rows.c.seq)).where(rows.c.tag == tag)
            seq = unit.connection.scalar(query)
        asked: dict[str, Actor] = {x: office.actor(x) for x in office.people} | {"public": PUBLIC}
        return {x for x, actor in asked.items() if read_entry(p, actor, seq).facts is not None}

    office_and_auditor = {"p-office", "p-office2", "p-audit"}
    assert readers("nda:signed") == {"p-okafor", *office_and_auditor}
    assert readers("reminder:sent") == {"p-okafor", *office_and_auditor}
    assert readers("person:registered") >= office_and_auditor
    own = {"p-ruiz", "p-chen", "p-okafor"}
    assert readers("data_request:drafted") == own | office_and_auditor
    assert readers("data_request:submitted") == {*office.people, "public"}
    p.close()
