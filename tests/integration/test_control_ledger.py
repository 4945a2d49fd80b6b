"""The board's ledger on SQLite and PostgreSQL: verified, copied outside, proved from, erased."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from governance.audit import (
    Checkpoint,
    LedgerReport,
    ProblemKind,
    Tag,
    verify_consistency,
    verify_inclusion,
)
from governance.audit.segments import entries_key, payloads_key, read_payloads
from governance.audit.tags import CONFIDENTIAL_FACTS
from governance.decisions import AccessDeniedError
from governance.errors import LedgerError
from governance.permissions import PUBLIC
from governance.requests.states import Act
from governance.services import ledger
from governance.services.attachments import (
    Upload,
    file_attachment,
    list_attachments,
    read_attachment,
)
from governance.services.ledger_copy import checkpoint_due
from governance.services.people import end_person
from governance.services.requests import read_request
from governance.store import NotFoundError
from governance.stored_ledger import verify_stored
from tests.lib.programme import Office

KINDS = ProblemKind


@pytest.fixture(scope="module")
def story(office_template: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office with a story, closed: a request approved, a denial."""
    office = office_template.copy(tmp_path_factory.mktemp("story") / "office")
    office.seat_everyone()
    number = office.to_approved()
    with pytest.raises(AccessDeniedError):
        office.act("p-holder", number, Act.SEND_AGREEMENT)
    office.programme.close()
    return office


@pytest.fixture
def told(story: Office, tmp_path: Path) -> Iterator[Office]:
    """That office, to do with it what one likes."""
    office = story.copy(tmp_path / "office")
    yield office
    office.discard()


def unguarded(office: Office, *statements: str) -> None:
    """As the database's owner could: triggers dropped, then whatever."""
    database = office.programme.store.database
    with database.engine.connect() as connection, connection.begin():
        if database.sqlite:
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in connection.exec_driver_sql(query).scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        else:
            for table in ("ledger_entries", "ledger_payloads", "stream_events"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements:
            connection.exec_driver_sql(statement)


def found(office: Office, **options: Any) -> set[tuple[ProblemKind, int]]:
    report = ledger.verify(office.programme, **options)
    return {(problem.kind, problem.seq) for problem in report.problems}


def outside(office: Office) -> LedgerReport:
    p = office.programme
    return verify_stored(ledger.copy_store(p), ledger.known_keys(p))


class TestVerify:
    def test_a_whole_ledger_verifies(self, told: Office) -> None:
        report = ledger.verify(told.programme)
        assert report.verified, report.problems
        assert report.entries == report.payloads > 40

    @pytest.mark.parametrize(
        ("statement", "expected"),
        [
            ("UPDATE ledger_entries SET tag = 'vote:cast' WHERE seq = 9", {(KINDS.ALTERED, 9)}),
            ("UPDATE ledger_entries SET subject = 'x' WHERE seq = 9", {(KINDS.ALTERED, 9)}),
            (
                "UPDATE ledger_entries SET at = '2020-01-01T00:00:00.000000+00:00' WHERE seq = 9",
                {(KINDS.ALTERED, 9), (KINDS.BACK_DATED, 9)},
            ),
            ("UPDATE ledger_entries SET at = 'yesterday' WHERE seq = 9", {(KINDS.ALTERED, 9)}),
            (
                "UPDATE ledger_payloads SET facts = '{}' WHERE seq = 9",
                {(KINDS.PAYLOAD_ALTERED, 9)},
            ),
            ("DELETE FROM ledger_payloads WHERE seq = 9", {(KINDS.PAYLOAD_REMOVED, 9)}),
            (
                "UPDATE stream_events SET subject = 'p-other' WHERE seq = 9",
                {(KINDS.MISFILED, 9)},
            ),
            ("UPDATE ledger_head SET hash = 'ab'", {(KINDS.ALTERED, -1)}),
        ],
    )
    def test_tampering_is_named(
        self, told: Office, statement: str, expected: set[tuple[ProblemKind, int]]
    ) -> None:
        unguarded(told, statement)
        last = ledger.verify(told.programme, with_payloads=False).entries
        expected = {(kind, last if seq < 0 else seq) for kind, seq in expected}
        assert expected <= found(told)

    def test_a_removed_entry_is_named(self, told: Office) -> None:
        unguarded(
            told,
            "DELETE FROM stream_events WHERE seq = 9",
            "DELETE FROM ledger_payloads WHERE seq = 9",
            "DELETE FROM ledger_entries WHERE seq = 9",
        )
        assert (KINDS.REMOVED, 9) in found(told)

    def test_two_entries_that_changed_places_are_named(self, told: Office) -> None:
        columns = ("at", "tag", "subject", "commitment", "prev", "once", "hash")
        unguarded(
            told,
            "CREATE TABLE spare AS SELECT * FROM ledger_entries WHERE seq IN (9, 10)",
            "UPDATE ledger_entries SET once = '' WHERE seq IN (9, 10)",
            *(
                f"UPDATE ledger_entries SET {', '.join(f'{c} = (SELECT {c} FROM spare WHERE seq = {b})' for c in columns)} WHERE seq = {a}"  # noqa: E501  one statement
                for a, b in ((9, 10), (10, 9))
            ),
        )
        assert {(KINDS.ALTERED, 9), (KINDS.ALTERED, 10)} <= found(told)

    def test_a_row_of_a_list_that_says_something_else_is_found(self, told: Office) -> None:
        unguarded(told, "UPDATE request_rows SET status = 'granted'")
        (problem,) = ledger.verify(told.programme).problems
        assert problem.kind is KINDS.DERIVED
        assert "request_rows Q0001 is changed" in problem.detail

    def test_a_chain_rewritten_whole_is_shown_by_the_checkpoint_outside(self, told: Office) -> None:
        p = told.programme
        made = ledger.make_checkpoint(p)
        assert made is not None
        rewrite(told)
        assert {kind for kind, _ in found(told, with_read_models=False)} >= {KINDS.REWRITTEN}
        with pytest.raises(LedgerError, match="does not continue"):
            ledger.make_checkpoint(p)

    def test_a_chain_cut_at_its_end_is_shown_too(self, told: Office) -> None:
        p = told.programme
        made = ledger.make_checkpoint(p)
        assert made is not None
        last = made.size
        unguarded(
            told,
            f"DELETE FROM stream_events WHERE seq = {last}",
            f"DELETE FROM ledger_payloads WHERE seq = {last}",
            f"DELETE FROM ledger_entries WHERE seq = {last}",
        )
        assert (KINDS.REMOVED, last) in found(told)
        with pytest.raises(LedgerError, match="does not continue"):
            ledger.make_checkpoint(p)


def rewrite(office: Office) -> None:
    """Every entry's subject changed and the chain linked anew: consistent in itself."""
    from governance.audit import Entry, link
    from governance.store import chain_rows
    from governance.store import tables as t

    with office.programme.store.read() as unit:
        entries = [chain_rows.entry_of(row) for row in chain_rows.stream_rows(unit)]
    unguarded(office)
    previous: Entry | None = None
    with office.programme.store.database.engine.connect() as connection, connection.begin():
        for entry in entries:
            previous = link(
                previous, at=entry.at + timedelta(seconds=1), tag=entry.tag,
                subject=entry.subject, commitment=entry.commitment, once=entry.once,
            )  # fmt: skip
            row = previous.to_dict()
            connection.execute(
                sa.update(t.ledger_entries).where(t.ledger_entries.c.seq == row["seq"]).values(row)
            )
        assert previous is not None
        connection.execute(sa.update(t.ledger_head).values(hash=previous.hash))


class TestCopyOutside:
    def test_the_public_verifies_it_without_the_database(self, told: Office) -> None:
        p = told.programme
        first = ledger.make_checkpoint(p)
        assert first is not None
        assert ledger.make_checkpoint(p) == first
        report = outside(told)
        assert report.verified, report.problems
        assert (report.entries, report.last_checkpoint) == (first.size, first.size)
        assert report.payloads + report.withheld == first.size
        assert report.withheld > 0
        told.begin()
        second = ledger.make_checkpoint(p)
        assert second is not None
        assert second.size == first.size + 1
        assert outside(told).checkpoints == 2
        assert ledger.verify(p).last_checkpoint == second.size

    def test_confidential_facts_are_not_in_it_and_votes_are(self, told: Office) -> None:
        p = told.programme
        ledger.make_checkpoint(p)
        store = ledger.copy_store(p)
        text = b"".join(store.read(info.key) for info in store.list("payloads/"))
        assert b"Whether attendance support pays off" not in text
        assert b"Dana Ruiz" not in text
        assert b"@example.org" not in text
        assert b"The safeguards suffice." in text
        lines = [line for i in store.list("payloads/") for line in store.read(i.key).splitlines()]
        published = {json.loads(line)["facts"]["tag"] for line in lines if b'"facts"' in line}
        assert Tag.VOTE_CAST.value in published
        assert not published & {tag.value for tag in CONFIDENTIAL_FACTS}

    @pytest.mark.parametrize("what", ["entry", "facts", "checkpoint"])
    def test_tampering_with_the_copy_is_named(self, told: Office, what: str) -> None:
        p = told.programme
        made = ledger.make_checkpoint(p)
        assert made is not None
        store = ledger.copy_store(p)
        vote = next(e for e in ledger.list_entries(p, PUBLIC, tags=[Tag.VOTE_CAST]).items)
        if what == "entry":
            lines = store.read(entries_key(1)).splitlines()
            lines[vote.seq - 1] = json.dumps(vote.to_dict() | {"subject": "other"}).encode()
            store.put(entries_key(1), b"\n".join(lines))
            assert (KINDS.ALTERED, vote.seq) in {(x.kind, x.seq) for x in outside(told).problems}
        elif what == "facts":
            there = read_payloads(store.read(payloads_key(1)))
            store.put(payloads_key(1), there.without([vote.seq]).to_bytes())
            assert [(x.kind, x.seq) for x in outside(told).problems] == [
                (KINDS.PAYLOAD_REMOVED, vote.seq)
            ]
        else:
            key = f"checkpoints/{made.size:012d}.json"
            store.put(key, store.read(key).replace(b'"sig":"', b'"sig":"A'))
            assert KINDS.CHECKPOINT_REFUSED in {x.kind for x in outside(told).problems}
            assert KINDS.CHECKPOINT_REFUSED in {kind for kind, _ in found(told)}

    def test_a_crash_between_its_steps_is_mended_by_the_next(self, told: Office) -> None:
        p = told.programme
        made = ledger.make_checkpoint(p)
        assert made is not None
        store = ledger.copy_store(p)
        store.delete("checkpoints/latest.json")
        store.delete(f"checkpoints/{made.size:012d}.json")
        again = ledger.make_checkpoint(p)
        assert again is not None
        assert (again.size, again.root) == (made.size, made.root)
        assert outside(told).verified

    def test_proofs(self, told: Office) -> None:
        p = told.programme
        with pytest.raises(NotFoundError):
            ledger.prove_inclusion(p, 1)
        old = ledger.make_checkpoint(p)
        told.begin()
        new = ledger.make_checkpoint(p)
        assert old is not None
        assert new is not None
        proof = ledger.prove_inclusion(p, 7)
        path = [bytes.fromhex(node) for node in proof.path]
        leaf, root = bytes.fromhex(proof.entry.hash), bytes.fromhex(new.root)
        assert verify_inclusion(leaf, 6, new.size, path, root)
        assert not verify_inclusion(leaf, 5, new.size, path, root)
        latest, nodes = ledger.prove_consistency(p, old.size)
        assert latest == new
        assert verify_consistency(
            old.size, bytes.fromhex(old.root), new.size, root, [bytes.fromhex(n) for n in nodes]
        )

    def test_a_checkpoint_is_due_after_so_many_entries(self, told: Office) -> None:
        p = told.programme
        p.settings.__dict__["checkpoint_every"] = 10
        assert checkpoint_due(p)
        ledger.make_checkpoint(p)
        assert not checkpoint_due(p)

    def test_an_anchor_kept_by_somebody_else_shows_a_rewrite_with_the_key(
        self, told: Office
    ) -> None:
        p = told.programme
        anchor: Checkpoint | None = ledger.make_checkpoint(p)
        assert anchor is not None
        rewrite(told)
        for info in list(ledger.copy_store(p).list()):
            ledger.copy_store(p).delete(info.key)
        assert ledger.make_checkpoint(p) is not None  # whoever holds the key can
        assert KINDS.REWRITTEN not in {kind for kind, _ in found(told, with_read_models=False)}
        kinds = {kind for kind, _ in found(told, anchors=[anchor], with_read_models=False)}
        assert KINDS.REWRITTEN in kinds


class TestErasing:
    def test_facts_go_and_the_chain_says_so(self, told: Office) -> None:
        p, op = told.programme, told.actor("p-office")
        ledger.make_checkpoint(p)
        denied = ledger.list_entries(p, PUBLIC, tags=[Tag.ACTION_DENIED]).items[0]
        said = ledger.erase(p, op, denied.seq, reason="Asked for by the person.")
        assert said.tag == Tag.PAYLOAD_ERASED
        view = ledger.read_entry(p, told.actor("p-audit"), denied.seq)
        assert (view.facts, view.erased) == (None, True)
        report = ledger.verify(p)
        assert (report.verified, report.erased) == (True, 1)
        ledger.make_checkpoint(p)
        assert outside(told).verified
        with pytest.raises(LedgerError, match="before"):
            ledger.erase(p, op, denied.seq, reason="Again.")
        with pytest.raises(LedgerError, match="stays"):
            ledger.erase(p, op, said.seq, reason="That too.")
        with pytest.raises(AccessDeniedError):
            ledger.erase(p, told.actor("p-audit"), 5, reason="No.")

    def test_what_later_entries_follow_from_stays(self, told: Office) -> None:
        p, op = told.programme, told.actor("p-office")
        submitted = ledger.list_entries(p, PUBLIC, tags=[Tag.DATA_REQUEST_SUBMITTED]).items[0]
        with pytest.raises(AccessDeniedError, match="follows from those facts"):
            ledger.erase(p, op, submitted.seq, reason="No.")
        vote = ledger.list_entries(p, PUBLIC, tags=[Tag.VOTE_CAST]).items[0]
        with pytest.raises(AccessDeniedError, match="follows from those facts"):
            ledger.erase(p, op, vote.seq, reason="No.")
        drafted = ledger.list_entries(p, PUBLIC, tags=[Tag.DATA_REQUEST_DRAFTED]).items[0]
        with pytest.raises(AccessDeniedError, match="follows from those facts"):
            ledger.erase(p, op, drafted.seq, reason="What was submitted is what was drafted.")
        for kind, subject in (("request", "Q0001"), ("person", "p-holder")):
            with pytest.raises(AccessDeniedError, match=r"not over|employed today"):
                ledger.erase_record(p, op, kind, subject, reason="No.")  # type: ignore[arg-type]  # a kind
        assert ledger.verify(p).verified

    def test_a_person_and_a_request_are_forgotten_whole(self, told: Office) -> None:
        p, op = told.programme, told.actor("p-office")
        draft = told.begin()
        upload = Upload("other", "Notes", "text/plain", b"About a person.")
        file_attachment(p, told.actor("p-ruiz"), draft, upload)
        office_of = p.today - timedelta(days=1)
        end_person(p, op, "p-holder", last_day=office_of, reason="Left.")
        told.act("p-ruiz", draft, Act.WITHDRAW, on=p.today, reason="Not needed.")
        assert ledger.erase_record(p, op, "person", "p-holder", reason="Left long ago.") == 2
        assert ledger.erase_record(p, op, "request", draft, reason="Never submitted.") >= 1
        with pytest.raises(NotFoundError):
            read_request(p, op, draft)
        assert list(p.documents.list(f"attachments/{draft}/")) == []
        report = ledger.verify(p)
        assert report.verified, report.problems

    def test_a_draft_that_was_saved_over_can_go(self, told: Office) -> None:
        p, op, number = told.programme, told.actor("p-office"), told.begin()
        told.act("p-ruiz", number, Act.SAVE_DRAFT, content={"title": "A name by mistake"})
        told.act("p-ruiz", number, Act.SAVE_DRAFT, content={"title": "Without it"})
        mistake = ledger.list_entries(p, PUBLIC, tags=[Tag.DATA_REQUEST_DRAFTED]).items[1]
        ledger.erase(p, op, mistake.seq, reason="A name by mistake.")
        view = read_request(p, told.actor("p-ruiz"), number)
        assert (view.latest.content.title, view.position) == ("Without it", 3)
        told.act("p-ruiz", number, Act.WITHDRAW, on=p.today, reason="No.", based_on=3)
        assert ledger.verify(p).verified


class TestAttachments:
    def test_filed_listed_read_on_record(self, told: Office) -> None:
        p, ruiz = told.programme, told.actor("p-ruiz")
        upload = Upload("irb_approval", "IRB approval", "application/pdf", b"%PDF-1.7 x")
        one = file_attachment(p, ruiz, "Q0001", upload, once="u")
        assert file_attachment(p, ruiz, "Q0001", upload, once="u") == one
        assert list_attachments(p, told.actor("p-sde"), "Q0001") == (one,)
        assert len(list(p.documents.list("attachments/"))) == 1
        assert read_attachment(p, told.actor("p-sde"), "Q0001", one.id) == (one, b"%PDF-1.7 x")
        newest = ledger.list_entries(p, PUBLIC).items[0]
        assert newest.tag == Tag.ATTACHMENT_READ
        view = ledger.read_entry(p, told.actor("p-audit"), newest.seq)
        assert view.facts is not None
        assert view.facts["by"] == "p-sde"
        assert ledger.read_entry(p, PUBLIC, newest.seq).facts is None
        with pytest.raises(AccessDeniedError):
            list_attachments(p, told.actor("p-holder"), "Q0001")
        with pytest.raises(AccessDeniedError):
            read_attachment(p, told.actor("p-holder"), "Q0001", one.id)
        with pytest.raises(NotFoundError):
            read_attachment(p, ruiz, "Q0001", "a-none")
        assert p.store.compare() == ()

    def test_another_document_in_its_place_is_not_given(self, told: Office) -> None:
        p, ruiz = told.programme, told.actor("p-ruiz")
        upload = Upload("other", "Note", "text/plain", b"as filed")
        one = file_attachment(p, ruiz, "Q0001", upload)
        p.documents.put(f"attachments/Q0001/{one.id}", b"another")
        with pytest.raises(LedgerError, match="not the one"):
            read_attachment(p, ruiz, "Q0001", one.id)


def test_keys_are_made_once_and_for_the_owner_alone(small_office: Office, tmp_path: Path) -> None:
    p = small_office.programme
    assert p.signer.public_key == p.signer.public_key
    assert len(p.secret) == 32
    for name in ("ledger.pem", "secret"):
        path = tmp_path / "office" / "keys" / name
        assert path.stat().st_mode & 0o777 == 0o600
