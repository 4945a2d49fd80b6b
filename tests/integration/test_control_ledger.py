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
    Entry,
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
from governance.permissions import CLOCK, PUBLIC
from governance.requests.states import Act
from governance.services import ledger
from governance.services.attachments import (
    Upload,
    file_attachment,
    list_attachments,
    read_attachment,
)
from governance.services.erasing import (
    Erasable,
    ask_to_erase,
    confirm_erasure,
    drop_erasure,
    list_erasures,
)
from governance.services.ledger_copy import checkpoint_due
from governance.services.people import end_person
from governance.services.recording import record
from governance.services.requests import read_request
from governance.store import NotFoundError
from governance.stored_ledger import verify_stored
from tests.lib.erasing import ask, erased
from tests.lib.programme import Office

KINDS = ProblemKind
ENTRY = Erasable.ENTRY


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


def newest(office: Office, tag: Tag) -> Entry:
    return ledger.list_entries(office.programme, PUBLIC, tags=[tag]).items[0]


class TestErasing:
    def test_two_of_the_office_erase_and_the_chain_says_so(self, told: Office) -> None:
        p, first, second = told.programme, told.actor("p-office"), told.actor("p-office2")
        ledger.make_checkpoint(p)
        denied = newest(told, Tag.ACTION_DENIED)
        wanted = {"kind": "entry", "what": str(denied.seq), "reason": "asked_by_person"}
        asked = ask_to_erase(p, first, wanted | {"words": "Dana Ruiz wrote."}, once="t")
        again = ask_to_erase(p, first, wanted, once="t")
        assert again.seq == asked.seq
        view = ledger.read_entry(p, told.actor("p-audit"), denied.seq)
        assert view.facts is not None
        for who, rule in ((first, "asked for it yourself"), (told.actor("p-audit"), "may not")):
            with pytest.raises(AccessDeniedError, match=rule):
                confirm_erasure(p, who, asked.seq)
        with pytest.raises(AccessDeniedError):
            ask_to_erase(p, told.actor("p-audit"), wanted)
        with pytest.raises(AccessDeniedError):
            list_erasures(p, told.actor("p-ruiz"))
        with pytest.raises(NotFoundError):
            confirm_erasure(p, second, denied.seq)
        assert [(x.seq, x.outcome) for x in list_erasures(p, second)] == [(asked.seq, "waiting")]

        assert confirm_erasure(p, second, asked.seq) == 1
        assert confirm_erasure(p, second, asked.seq) == 0
        view = ledger.read_entry(p, told.actor("p-audit"), denied.seq)
        assert (view.facts, view.erased) == (None, True)
        said = ledger.read_entry(p, PUBLIC, newest(told, Tag.PAYLOAD_ERASED).seq)
        assert said.facts is not None
        assert said.facts["by"] == "p-office2"
        assert said.facts["facts"] == {
            "seq": denied.seq, "reason": "asked_by_person", "asked": asked.seq
        }  # fmt: skip
        closed = ledger.read_entry(p, PUBLIC, newest(told, Tag.ERASURE_CLOSED).seq)
        assert closed.facts is not None
        assert closed.facts["facts"]["outcome"] == "confirmed"
        asking = ledger.read_entry(p, PUBLIC, asked.seq)
        assert (asking.entry.tag, asking.facts) == (Tag.ERASURE_ASKED, None)
        report = ledger.verify(p)
        assert (report.verified, report.erased) == (True, 1)
        ledger.make_checkpoint(p)
        assert outside(told).verified
        copy = ledger.copy_store(p)
        assert b"Dana Ruiz wrote." not in b"".join(copy.read(i.key) for i in copy.list())

        with pytest.raises(AccessDeniedError, match="before"):
            ask(told, ENTRY, denied.seq)
        with pytest.raises(AccessDeniedError, match="stays"):
            ask(told, ENTRY, said.entry.seq)
        with pytest.raises(AccessDeniedError, match="were erased"):
            drop_erasure(p, first, asked.seq)

    def test_public_facts_leave_the_copy_outside_at_once(self, told: Office) -> None:
        p = told.programme
        made = record(p, told.actor("p-office"), Tag.COST_RECORDED, subject="programme",
                      facts={"note": "Paid to Dana Ruiz."})  # fmt: skip
        assert made is not None
        ledger.make_checkpoint(p)
        copy = ledger.copy_store(p)
        assert b"Paid to Dana" in copy.read(payloads_key(1))
        assert erased(told, ENTRY, made.seq) == 1
        assert b"Paid to Dana" not in copy.read(payloads_key(1))
        ledger.make_checkpoint(p)
        report = outside(told)
        assert (report.verified, report.erased) == (True, 1)

    def test_what_is_dropped_is_not_carried_out(self, told: Office) -> None:
        p, second = told.programme, told.actor("p-office2")
        asked = ask(told, ENTRY, newest(told, Tag.ACTION_DENIED).seq)
        for _ in range(2):
            drop_erasure(p, told.actor("p-office"), asked)
        with pytest.raises(AccessDeniedError, match="dropped"):
            confirm_erasure(p, second, asked)
        assert [x.outcome for x in list_erasures(p, second)] == ["dropped"]
        assert ledger.verify(p).erased == 0

    def test_nobody_erases_what_is_about_themself(self, told: Office) -> None:
        """They may ask; somebody else of the office does it, or nobody."""
        p, number = told.programme, "Q0001"
        with pytest.raises(AccessDeniedError):
            told.act("p-office2", number, Act.SUBMIT)
        own = newest(told, Tag.ACTION_DENIED).seq
        asked = ask(told, ENTRY, own)
        with pytest.raises(AccessDeniedError, match="about yourself"):
            confirm_erasure(p, told.actor("p-office2"), asked)
        asked = ask(told, ENTRY, own, who="p-office2")
        assert confirm_erasure(p, told.actor("p-office"), asked) == 1

    def test_what_later_entries_follow_from_stays(self, told: Office) -> None:
        p = told.programme
        for tag in (Tag.DATA_REQUEST_SUBMITTED, Tag.VOTE_CAST, Tag.DATA_REQUEST_DRAFTED):
            with pytest.raises(AccessDeniedError, match="follows from those facts"):
                erased(told, ENTRY, newest(told, tag).seq)
        for kind, subject in ((Erasable.REQUEST, "Q0001"), (Erasable.PERSON, "p-holder")):
            with pytest.raises(AccessDeniedError, match=r"not over|employed today"):
                ask(told, kind, subject)
        assert ledger.verify(p).verified

    def test_the_record_of_whom_grants_seats_or_records_rest_on_stays(self, told: Office) -> None:
        """The signer judges what they did by it."""
        p, day = told.programme, told.programme.today
        op = told.actor("p-office2")
        record(p, told.actor("p-holder"), Tag.LINK_DESTRUCTION_CONFIRMED, subject="Q0001",
               facts={"agency": "dol"})  # fmt: skip
        for who, why in (
            ("p-sde", "rests on a vote"),
            ("p-office", "rest on what"),
            ("p-holder", "rests on what the person did"),
        ):
            end_person(p, op, who, left_on=day, reason="Left.")
            with pytest.raises(AccessDeniedError, match=why):
                ask(told, Erasable.PERSON, who, who="p-office2")

    def test_a_person_and_a_request_are_forgotten_whole(self, told: Office) -> None:
        p, op = told.programme, told.actor("p-office")
        draft = told.begin()
        upload = Upload("other", "Notes", "text/plain", b"About a person.")
        file_attachment(p, told.actor("p-ruiz"), draft, upload)
        end_person(p, op, "p-holder", left_on=p.today, reason="Left.")
        told.act("p-ruiz", draft, Act.WITHDRAW, on=p.today, reason="Not needed.")
        reminded = record(p, CLOCK, Tag.REMINDER_SENT, subject=draft, facts={"why": "It waits."})
        assert erased(told, Erasable.PERSON, "p-holder") == 2
        asked = ask(told, Erasable.REQUEST, draft)
        assert confirm_erasure(p, told.actor("p-office2"), asked) >= 1
        with pytest.raises(NotFoundError):
            read_request(p, op, draft)
        assert reminded is not None
        assert ledger.read_entry(p, op, reminded.seq).facts is None
        assert list(p.documents.list(f"attachments/{draft}/")) == []
        p.documents.put(f"papers/{draft}/left", b"as a crash leaves it")
        assert confirm_erasure(p, told.actor("p-office2"), asked) == 0
        assert list(p.documents.list(f"papers/{draft}/")) == []
        report = ledger.verify(p)
        assert report.verified, report.problems

    def test_no_file_of_the_database_has_what_was_erased(
        self, told: Office, tmp_path: Path
    ) -> None:
        number, canary = told.begin(), "Zzyxqua"
        told.act("p-ruiz", number, Act.SAVE_DRAFT, content={"title": f"On {canary}"})
        told.act("p-ruiz", number, Act.WITHDRAW, on=told.programme.today, reason=f"So {canary}.")
        erased(told, Erasable.REQUEST, number)
        files = [f for f in (tmp_path / "office").rglob("*.db*") if f.is_file()]
        assert bool(files) == told.programme.store.database.sqlite
        assert [f.name for f in files if canary.encode() in f.read_bytes()] == []

    def test_a_draft_that_was_saved_over_can_go(self, told: Office) -> None:
        p, number = told.programme, told.begin()
        told.act("p-ruiz", number, Act.SAVE_DRAFT, content={"title": "A name by mistake"})
        told.act("p-ruiz", number, Act.SAVE_DRAFT, content={"title": "Without it"})
        mistake = ledger.list_entries(p, PUBLIC, tags=[Tag.DATA_REQUEST_DRAFTED]).items[1]
        assert erased(told, ENTRY, mistake.seq) == 1
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
