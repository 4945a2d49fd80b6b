"""Whatever people try, the database says what a pure replay says; whatever is tampered with shows.

On SQLite: that both databases behave alike is proven by tests/integration/test_control_store*.py.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.audit.chain import Row, link, verify_chain, verify_rows
from governance.board import commands as b
from governance.canonical import canonical_json
from governance.decisions import AccessDeniedError
from governance.digests import sha256_of
from governance.permissions import Target, acting_role, decide_action
from governance.requests import commands as c
from governance.requests.handling import handle
from governance.requests.state import DataRequest, apply
from governance.requests.states import Act
from governance.services import ledger
from governance.services.request_commands import COMMANDS
from governance.services.values import plain
from governance.store import Store
from governance.store.chain_rows import entry_of, stream_rows
from tests.lib.programme import STARTS_AT, Office
from tests.lib.requests import DIGEST, build_content

pytestmark = pytest.mark.property

DAY = date(2026, 3, 16)
PARTIES = ["SDE", "DOL", "Example University"]
TRIES: list[tuple[Act, dict[str, Any]]] = [
    (Act.SAVE_DRAFT, {"content": build_content(title="Other")}),
    (Act.SAVE_DRAFT, {"content": build_content()}),
    (Act.SUBMIT, {}),
    (Act.RETURN, {"mend": ["More."]}),
    (Act.ACCEPT_COMPLETE, {}),
    (Act.DECLARE_INTEREST, {"text": "A relative works on it."}),
    *(
        (Act.REVIEW_PART, {"agency": agency, "choice": choice, "reason": "So."})
        for agency in ("sde", "dol")
        for choice in ("approve", "approve", "ask_changes")
    ),
    (Act.SEND_AGREEMENT, {
        "agreement": "DSA-1", "digest": DIGEST, "parties": PARTIES,
        "effective_on": DAY, "ends_on": DAY + timedelta(days=365),
    }),
    (Act.SIGN_AGREEMENT, {"party": "SDE", "digest": DIGEST, "signed_on": DAY}),
    (Act.SIGN_NDA, {"person": "p-ruiz", "signed_on": DAY}),
    (Act.WITHDRAW, {"reason": "No longer."}),
]  # fmt: skip
PEOPLE = ("p-ruiz", "p-chen", "p-office", "p-sde", "alt-sde", "p-dol", "p-signs", "p-audit")
# Mostly whoever may: random people alone get nowhere.
LIKELY = {
    Act.SAVE_DRAFT: "p-ruiz", Act.SUBMIT: "p-ruiz", Act.RETURN: "p-office",
    Act.ACCEPT_COMPLETE: "p-office", Act.DECLARE_INTEREST: "p-dol", Act.SEND_AGREEMENT: "p-office",
    Act.SIGN_AGREEMENT: "p-signs", Act.SIGN_NDA: "p-ruiz", Act.WITHDRAW: "p-chen",
}  # fmt: skip


@st.composite
def tries(draw: st.DrawFn) -> list[tuple[str, Act, dict[str, Any]]]:
    found = []
    for act, facts in draw(st.lists(st.sampled_from(TRIES), min_size=4, max_size=14)):
        likely = f"p-{facts['agency']}" if "agency" in facts else LIKELY[act]
        who = draw(st.sampled_from([likely] * 6 + list(PEOPLE)))
        found.append((who, act, facts))
    return found


@pytest.fixture(scope="module")
def seated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    office = Office(tmp_path_factory.mktemp("office"))
    office.register()
    office.seat_everyone()
    office.on_board("p-office", b.NameAlternate, agency="sde", person="alt-sde")
    office.clock.tick = timedelta(0)  # so that model and service judge at one instant
    yield office
    office.programme.close()


def model_step(
    office: Office, request: DataRequest, who: str, act: Act, facts: dict[str, Any]
) -> DataRequest | None:
    """What the pure rules say; None when they refuse."""
    p, actor = office.programme, office.actor(who)
    with p.store.read() as unit:
        body = unit.body(p.board)[0]
    named = {k: facts[k] for k in ("agency", "person", "party") if k in facts}
    target = Target(request=request, version=request.latest, body=body, **named)
    if not decide_action(actor, act, target, today=p.today).permitted:
        return None
    role = acting_role(actor, act, target)
    command = COMMANDS[act].model_validate_json(
        canonical_json(
            {
                **plain(facts), "by": who, "at": office.clock.now.isoformat(),
                "role": role and role.value, "request": request.number, "version": 1,
            }
        )
    )  # fmt: skip
    handled = handle(request, command, c.Context(p.rules, body.seats))
    if not handled.decision.permitted:
        return None
    after = request
    for event in handled.events:
        after = apply(after, event)  # type: ignore[arg-type]  # a request's events
    return after


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tried=tries())
def test_the_services_do_what_the_pure_rules_say(
    seated: Office, tried: list[tuple[str, Act, dict[str, Any]]]
) -> None:
    p, office = seated.programme, seated
    number = office.begin()
    with p.store.read() as unit:
        model = unit.request(number)
    assert model is not None
    for who, act, said in tried:
        office.clock.now += timedelta(minutes=1)
        facts = {**said, "on": p.today} if act is Act.WITHDRAW else said
        expected = model_step(office, model, who, act, facts)
        try:
            office.act(who, number, act, **facts)
        except AccessDeniedError:
            assert expected is None, (who, act)
        else:
            assert expected is not None, (who, act)
            model = expected
        with p.store.read() as unit:
            assert unit.request(number) == model
    assert p.store.compare() == ()


def test_the_whole_of_it_verifies(seated: Office) -> None:
    assert ledger.verify(seated.programme).verified


# ---- tampering --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Path]:
    """A ledger with a checkpoint outside, and its file, closed."""
    folder = tmp_path_factory.mktemp("story")
    office = Office(folder)
    office.register()
    office.seat_everyone()
    office.to_approved()
    ledger.make_checkpoint(office.programme)
    office.begin()
    office.programme.close()
    file = folder / "governance.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return office, file


TAMPERED = {
    "ledger_entries": ("at", "tag", "subject", "commitment", "prev", "once", "hash"),
    "ledger_payloads": ("salt", "facts"),
    "stream_events": ("kind", "subject", "position"),
}
VALUES = st.one_of(
    st.sampled_from(
        ["", "vote:cast", "x", "00" * 32, "2020-01-01T00:00:00.000000+00:00", "{}", "nonsense"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_changed_or_removed_row_is_named(story: tuple[Office, Path], data: st.DataObject) -> None:
    office, file = story
    copy = file.with_name("tampered.db")
    for old in file.parent.glob("tampered.db*"):
        old.unlink()
    shutil.copy(file, copy)
    table = data.draw(st.sampled_from(sorted(TAMPERED)))
    column = data.draw(st.sampled_from((*TAMPERED[table], None)))
    with closing(sqlite3.connect(copy)) as connection:  # foreign keys are not looked at so
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in connection.execute(triggers).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        (last,) = connection.execute("SELECT MAX(seq) FROM ledger_entries").fetchone()
        seq = data.draw(st.integers(1, last))
        if column is None:
            connection.execute(f"DELETE FROM {table} WHERE seq = ?", (seq,))
        else:
            value: Any = data.draw(st.integers(1000, 2000) if column == "position" else VALUES)
            query = f"SELECT {column} FROM {table} WHERE seq = ?"
            if connection.execute(query, (seq,)).fetchone() == (value,):
                value = f"{value}!"
            changing = f"UPDATE {table} SET {column} = ? WHERE seq = ?"
            connection.execute(changing, (value, seq))
        connection.commit()
    p = replace(office.programme, store=Store.open(f"sqlite:///{copy}"))
    report = ledger.verify(p)
    p.close()
    assert not report.verified, (table, column, seq)
    assert seq in {problem.seq for problem in report.problems}, (report.problems, table, column)


# ---- the fast walk ----------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(st.sampled_from(["vote:cast", "x:y", 'a"b', "é"]), st.text(max_size=8)),
        max_size=8,
    ),
    st.data(),
)
def test_the_walk_over_rows_finds_what_the_walk_over_entries_finds(
    told: list[tuple[str, str]], data: st.DataObject
) -> None:
    entries, previous = [], None
    for number, (tag, subject) in enumerate(told):
        previous = link(
            previous, at=STARTS_AT + timedelta(seconds=number), tag=tag, subject=subject,
            commitment=sha256_of(subject.encode()),
        )  # fmt: skip
        entries.append(previous)
    rows: list[Row] = []
    for entry in entries:
        d: Any = entry.to_dict()
        names = ("seq", "at", "tag", "subject", "commitment", "prev", "once", "hash")
        rows.append(tuple(d[name] for name in names))
    if rows:
        index = data.draw(st.integers(0, len(rows) - 1))
        change = data.draw(
            st.sampled_from(["none", "drop", "double", "move", "tag", "prev", "hash"])
        )
        row = rows[index]
        if change == "drop":
            del rows[index]
        elif change == "double":
            rows.insert(index, row)
        elif change == "move":
            rows.append(rows.pop(index))
        elif change in {"tag", "prev", "hash"}:
            place = {"tag": 2, "prev": 5, "hash": 7}[change]
            rows[index] = (*row[:place], "00" * 32, *row[place + 1 :])  # type: ignore[assignment]  # alike
    assert verify_rows(rows) == verify_chain(entry_of(row) for row in rows)
    for entry in entries:
        plainly = canonical_json(
            ["ledger-entry-v1", entry.seq, entry.to_dict()["at"], entry.tag, entry.subject,
             entry.commitment, entry.prev, entry.once]
        )  # fmt: skip
        assert entry.hash == sha256_of(plainly)


def test_stored_rows_are_read_as_entries(seated: Office) -> None:
    with seated.programme.store.read() as unit:
        rows = list(stream_rows(unit))
    assert verify_rows(rows) == verify_chain(entry_of(row) for row in rows)
