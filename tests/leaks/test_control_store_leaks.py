"""Words planted in every confidential field reach no public entry, copy, error, log or webhook."""

import contextlib
import json
import logging
from typing import Any

import pytest
import sqlalchemy as sa

from governance.audit.tags import Tag
from governance.errors import ProgrammeError
from governance.permissions import PUBLIC
from governance.requests.states import Act
from governance.services import ledger
from governance.services.attachments import Upload, file_attachment, read_attachment
from governance.services.people import change_person, end_person, register_person
from governance.services.requests import autosave, read_request
from governance.services.webhooks import register_webhook
from governance.store import tables as t
from tests.lib.programme import Office
from tests.lib.requests import build_content, build_request_person

CANARY = "Zyxquil"
TEXTS = (
    "title", "purpose", "legal_basis", "learning_agenda", "organization", "funder",
    "secure_environment", "analysis_plan", "dissemination_plan",
)  # fmt: skip


def rename(office: Office) -> None:
    """The persons' names on record become the word too: a form names them as they are called."""
    p, op = office.programme, office.actor("p-office")
    for name in ("ruiz", "chen"):
        change_person(p, op, f"p-{name}", {"name": f"{CANARY} {name}"}, reason="Renamed.")


def planted() -> Any:
    people = tuple(
        build_request_person(id=f"p-{name}", name=f"{CANARY} {name}", employer=CANARY, role=role)
        for name, role in (("ruiz", "requestor"), ("chen", "authorized_representative"))
    )
    return build_content(people=people, **{field: f"{CANARY} {field}" for field in TEXTS})


def walk(office: Office) -> list[str]:
    """Everybody writes the word wherever they may; messages of what was refused."""
    p, op, ruiz = office.programme, office.actor("p-office"), office.actor("p-ruiz")
    register_webhook(p, op, "http://127.0.0.1:9/hook", list(Tag))
    office.seat_everyone()
    rename(office)
    number = office.begin(planted())
    autosave(p, ruiz, number, {"title": CANARY}, based_on=0)
    office.act("p-ruiz", number, Act.SAVE_DRAFT, content=planted())
    office.act("p-ruiz", number, Act.SUBMIT)
    office.act("p-office", number, Act.RETURN, mend=[f"{CANARY} must go"])
    office.act("p-ruiz", number, Act.SUBMIT)
    office.act("p-office", number, Act.ACCEPT_COMPLETE)
    office.act("p-dol", number, Act.DECLARE_INTEREST, text=f"{CANARY} is my cousin")
    filed = file_attachment(p, ruiz, number, Upload("other", CANARY, "text/plain", CANARY.encode()))
    read_attachment(p, op, number, filed.id)
    part = {"agency": "sde", "choice": "reject", "reason": CANARY, "conditions": [CANARY]}
    office.act("p-sde", number, Act.REVIEW_PART, **part)
    made = register_person(
        p, op,
        {"name": CANARY, "email": f"{CANARY}@example.org", "employer": CANARY,
         "employment_class": "other", "account": CANARY, "employed_from": "2026-01-01"},
    )  # fmt: skip
    change_person(p, op, made.id, {"employer": f"{CANARY} 2"}, reason=CANARY)
    end_person(p, op, made.id, left_on=p.today, reason=CANARY)
    messages = []
    for refused in (
        lambda: read_request(p, office.actor("p-holder"), number),
        lambda: read_request(p, op, CANARY),
        lambda: office.act("p-ruiz", number, Act.SUBMIT, content={"ends_on": CANARY, CANARY: 1}),
        lambda: office.act("p-ruiz", number, Act.WITHDRAW, on=CANARY, reason=CANARY),
        lambda: office.act("p-ruiz", number, Act.CLOSE, on=p.today, reason=CANARY),
        lambda: office.act("p-ruiz", number, Act.SUBMIT, based_on=1),
        lambda: register_person(p, op, {"name": CANARY, "email": CANARY, "roles": [CANARY]}),
        lambda: register_webhook(p, op, f"http://{CANARY}.example.org", [Tag.VOTE_CAST]),
        lambda: file_attachment(p, ruiz, number, Upload("other", CANARY, CANARY, b"x")),
    ):
        with pytest.raises(ProgrammeError) as caught:
            refused()
        messages += [caught.value.message, json.dumps(caught.value.facts, default=str)]
    return messages


def test_nothing_planted_leaves(small_office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    office = small_office
    messages = walk(office)
    p = office.programme
    ledger.make_checkpoint(p)
    copy = b"".join(p.policy.read(info.key) for info in p.policy.list())
    with p.store.read() as unit:
        entries = unit.connection.execute(sa.select(t.ledger_entries)).all()
        outbox = unit.connection.execute(sa.select(t.outbox)).all()
    public = [
        ledger.read_entry(p, PUBLIC, entry.seq).facts
        for entry in ledger.list_entries(p, PUBLIC, per_page=50).items
    ]
    assert len(outbox) > 10
    assert len(entries) > 30
    for where, text in {
        "errors": "".join(messages),
        "log": caplog.text,
        "entries": repr(entries),
        "copy": copy.decode(),
        "webhooks": repr(outbox),
        "public facts": repr(public),
        "verification": repr(ledger.verify(p)),
    }.items():
        assert CANARY.casefold() not in text.casefold(), where


def test_a_database_that_fails_quotes_nothing(
    small_office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    office = small_office
    rename(office)
    number = office.begin(planted())
    with office.programme.store.database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("ALTER TABLE request_rows RENAME COLUMN title TO other")
    with pytest.raises(ProgrammeError) as caught:
        office.act("p-ruiz", number, Act.SUBMIT)
    seen: BaseException | None = caught.value
    while seen is not None:
        assert CANARY not in str(seen)
        seen = seen.__context__ if not seen.__suppress_context__ else None
    with contextlib.suppress(ProgrammeError):
        ledger.verify(office.programme)
    assert CANARY not in caplog.text
