"""A bundle is never signed on a database row's word: rows are altered, the signer says which."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from governance.audit.chain import Entry, commit_facts, format_instant, link
from governance.audit.tags import Tag
from governance.board import commands as b
from governance.board import events as board_events
from governance.board.model import Choice
from governance.canonical import canonical_json
from governance.decisions import Denial
from governance.errors import ConfigurationError
from governance.people import PersonChanged, PersonEnded, PersonRegistered, PortalRole
from governance.requests import events as ev
from governance.requests.states import Act, Status
from governance.services.ledger import make_checkpoint
from governance.services.recording import note
from governance.signer import Kept, LedgerRefusedError, RunReport, run_once
from tests.lib.amended import amended
from tests.lib.journey import BOARD, FIRST_DAY, MEETING_AT
from tests.lib.programme import build_person
from tests.lib.signing import DIGEST, PARTIES, PROJECT, Desk

TABLES = ("ledger_entries", "ledger_payloads", "stream_events")


@pytest.fixture
def desk(database_of_office: str | None, tmp_path: Path) -> Iterator[Desk]:
    """A programme whose owner dropped the triggers."""
    made = Desk(tmp_path, database_of_office)
    yield made
    made.office.programme.close()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Desk]:
    """The same on SQLite."""
    made = Desk(tmp_path)
    yield made
    made.office.programme.close()


class Owner:
    """Whoever owns the database: no trigger and no service stands in the way."""

    def __init__(self, desk: Desk) -> None:
        self.engine = desk.office.programme.store.database.engine
        self.sqlite = desk.office.programme.store.database.sqlite
        with self.engine.connect() as connection:
            for statement in self._drops(connection):
                connection.execute(text(statement))
            connection.commit()

    def _drops(self, connection: Any) -> list[str]:
        if self.sqlite:
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).scalars()
            return [f"DROP TRIGGER {name}" for name in names]
        return [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES]

    def run(self, statement: str, **values: Any) -> None:
        with self.engine.connect() as connection:
            connection.execute(text(statement), values)
            connection.commit()

    def rows(self, statement: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement)))

    def seq_of(self, tag: str) -> int:
        found = self.rows(f"SELECT seq FROM ledger_entries WHERE tag = '{tag}' ORDER BY seq DESC")
        return int(found[0].seq)

    def rewrite(self, seq: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Change the facts of an entry and hash everything after it anew: no link is broken."""
        rows = self.rows("SELECT * FROM ledger_entries ORDER BY seq")
        salts = {
            row.seq: (row.salt, row.facts)
            for row in self.rows("SELECT seq, salt, facts FROM ledger_payloads")
        }
        head: Entry | None = None
        for row in rows:
            commitment = row.commitment
            if row.seq == seq:
                salt, facts = salts[seq]
                forged = change(json.loads(facts))
                commitment = commit_facts(forged, bytes.fromhex(salt))
                told = canonical_json(forged).decode()
                self.run("UPDATE ledger_payloads SET facts = :f WHERE seq = :s", f=told, s=seq)
            entry = Entry.from_dict({**row._mapping, "commitment": commitment, "at": row.at})
            head = link(
                head, at=entry.at, tag=entry.tag, subject=entry.subject, commitment=commitment,
                once=entry.once,
            )  # fmt: skip
            self.run(
                "UPDATE ledger_entries SET commitment = :c, prev = :p, hash = :h WHERE seq = :s",
                c=head.commitment, p=head.prev, h=head.hash, s=head.seq,
            )  # fmt: skip
        if head is not None:
            self.run("UPDATE ledger_head SET hash = :h, at = :a", h=head.hash,
                     a=format_instant(head.at))  # fmt: skip


def alter_a_vote(owner: Owner) -> int:
    seq = owner.seq_of("vote:cast")
    owner.run(
        "UPDATE ledger_payloads SET facts = REPLACE(facts, 'in_favor', 'abstain') WHERE seq = :s",
        s=seq,
    )
    return seq


def alter_a_tag(owner: Owner) -> int:
    seq = owner.seq_of("data_request:approved")
    owner.run("UPDATE ledger_entries SET tag = 'data_request:denied' WHERE seq = :s", s=seq)
    return seq


def remove_an_entry(owner: Owner) -> int:
    seq = owner.seq_of("nda:signed") - 2
    for table in ("stream_events", "ledger_payloads", "ledger_entries"):
        owner.run(f"DELETE FROM {table} WHERE seq = :s", s=seq)
    return seq


def remove_facts(owner: Owner) -> int:
    seq = owner.seq_of("vote:cast")
    owner.run("DELETE FROM ledger_payloads WHERE seq = :s", s=seq)
    return seq


def swap_facts(owner: Owner) -> int:
    seq = owner.seq_of("nda:signed")
    ((salt, facts),) = owner.rows(f"SELECT salt, facts FROM ledger_payloads WHERE seq = {seq - 1}")
    owner.run(
        "UPDATE ledger_payloads SET salt = :a, facts = :f WHERE seq = :s", a=salt, f=facts, s=seq
    )
    return seq


def back_date(owner: Owner) -> int:
    seq = owner.seq_of("sharing_agreement:signed")
    owner.run("UPDATE ledger_entries SET at = :a WHERE seq = :s",
              a="2026-01-01T00:00:00.000000+00:00", s=seq)  # fmt: skip
    return seq


ALTERATIONS = [alter_a_vote, alter_a_tag, remove_an_entry, remove_facts, swap_facts, back_date]


@pytest.mark.parametrize("alter", ALTERATIONS)
def test_an_altered_row_is_named_and_nothing_is_signed(
    desk: Desk, alter: Callable[[Owner], int]
) -> None:
    number = desk.granted()
    seq = alter(Owner(desk))
    with pytest.raises(LedgerRefusedError, match=f"entry {seq}: ") as caught:
        desk.sign()
    assert seq in {problem.seq for problem in caught.value.problems}
    assert desk.versions() == []
    assert "grant:published" not in desk.tags()
    assert number not in str(caught.value)


def test_read_models_and_places_in_the_database_are_nobodys_word(local: Desk) -> None:
    number = local.journey.approved()
    owner = Owner(local)
    owner.run("UPDATE request_rows SET status = 'granted', live_version = 1")
    owner.run("UPDATE motion_rows SET passed = :t", t=True)
    owner.run("UPDATE stream_events SET subject = 'Q0099' WHERE kind = 'request' AND position > 3")
    assert local.sign().published == []
    assert local.versions() == []
    assert number == "Q0001"


def forge_votes(facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "choice": "in_favor"}


def voted_down(desk: Desk) -> int:
    """A request on which one member voted against; the entry of that vote."""
    journey = desk.journey
    journey.seat_members()
    number = journey.submit()
    journey.review(number)
    journey.board("p-office", b.NoticeMeeting, meeting="DGB-3", starts_at=MEETING_AT)
    desk.to(MEETING_AT)
    journey.board("p-office", b.OpenMeeting, meeting="DGB-3")
    for agency in ("cscu", "dcf", "dol", "oec", "sde"):
        journey.board("p-office", b.Arrive, meeting="DGB-3", person=f"p-{agency}")
    journey.board("p-sde", b.MoveMotion, meeting="DGB-3", motion="M-1", kind="data_request",
                  text="Approve it.", about=number)  # fmt: skip
    journey.board("p-office", b.PutMotion, motion="M-1")
    for agency in ("cscu", "dcf", "dol", "oec", "sde"):
        choice = Choice.AGAINST if agency == "sde" else Choice.IN_FAVOR
        journey.board(f"p-{agency}", b.CastVote, motion="M-1", agency=agency, choice=choice,
                      rationale="So.")  # fmt: skip
    return Owner(desk).seq_of("vote:cast")


def test_a_chain_rewritten_whole_does_not_continue_what_the_signer_verified(desk: Desk) -> None:
    seq = voted_down(desk)
    desk.sign()
    Owner(desk).rewrite(seq, forge_votes)
    with pytest.raises(LedgerRefusedError, match="does not continue what this signer verified"):
        desk.sign()


def test_a_chain_rewritten_whole_does_not_agree_with_the_checkpoint_outside(desk: Desk) -> None:
    seq = voted_down(desk)
    assert make_checkpoint(desk.office.programme) is not None
    Owner(desk).rewrite(seq, forge_votes)
    assert not desk.settings.memory_file.exists()
    with pytest.raises(LedgerRefusedError, match="checkpoint"):
        desk.sign()


def test_a_checkpoint_somebody_else_signed_is_refused(local: Desk) -> None:
    local.granted()
    make_checkpoint(local.office.programme)
    local.settings.ledger_keys_file.write_bytes(
        canonical_json({"crv": "P-256", "kty": "EC", "x": "A" * 43, "y": "A" * 43})
    )
    with pytest.raises(LedgerRefusedError, match="known keys"):
        local.sign()


def test_what_the_signer_remembers_is_not_forgotten_by_accident(local: Desk) -> None:
    local.granted()
    local.sign()
    local.settings.memory_file.write_bytes(b"{}")
    with pytest.raises(ConfigurationError, match="remembered"):
        local.sign()


def appended(desk: Desk, kind: Any, subject: str, event: Any) -> None:
    """Append as a portal that was taken over would: no service asks who may."""
    with desk.office.programme.store.begin() as unit:
        unit.append(kind, subject, (event,), based_on=None, actor=event.by)


def carried(desk: Desk, number: str, sitting: dict[str, str]) -> RunReport:
    """A motion that all who sit vote for, by agency; then the rest of the chain, and the signer."""
    board = desk.journey.board
    board("p-dol", b.MoveMotion, meeting="DGB-3", motion="M-1", kind="data_request",
          text="Approve it.", about=number)  # fmt: skip
    board("p-office", b.PutMotion, motion="M-1")
    for agency, person in sitting.items():
        board(person, b.CastVote, motion="M-1", agency=agency, choice=Choice.IN_FAVOR,
              rationale="So.")  # fmt: skip
    board("p-office", b.CloseVote, motion="M-1")
    desk.do(number, "p-office", Act.RECORD_VOTE, motion="M-1")
    desk.to(MEETING_AT + timedelta(days=6))
    desk.send(number)
    desk.sign_agreement(number)
    desk.train(number, "p-ruiz")
    desk.swear(number, "p-ruiz")
    return desk.sign()


def test_an_event_that_was_not_its_authors_to_write_is_no_link_of_a_chain(local: Desk) -> None:
    number = local.journey.approved()
    local.to(MEETING_AT + timedelta(days=6))
    local.send(number)
    local.train(number, "p-ruiz")
    local.swear(number, "p-ruiz")
    for party in PARTIES:
        signed = ev.AgreementSigned(
            subject=number, at=local.office.clock(), by="p-ruiz", version=1,
            status=Status.AGREEMENTS_OUT, party=party, signed_on=FIRST_DAY, digest=DIGEST,
        )  # fmt: skip
        appended(local, "request", number, signed)
    report = local.sign()
    assert report.published == []
    reasons = [d.reason for d in report.waiting[number] if d.rule == "chain.authority"]
    assert len(reasons) == 3
    assert "was not for p-ruiz to write" in reasons[0]


def test_a_person_who_signs_for_another_is_no_link_of_a_chain(local: Desk) -> None:
    number = local.granted("p-ruiz")
    local.sign()
    sworn = ev.NdaSigned(
        subject=number, at=local.office.clock(), by="p-ruiz", version=1, status=Status.GRANTED,
        person="p-chen", signed_on=FIRST_DAY,
    )  # fmt: skip
    appended(local, "request", number, sworn)
    report = local.sign()
    assert {d.rule for d in report.waiting[number]} == {"chain.authority"}
    taken = local.bundle().revoked
    assert taken is not None
    assert "nda:signed" in taken.reason


@pytest.mark.parametrize("by", ["p-ruiz", "p-dol"])
def test_an_interest_somebody_else_declared_is_no_link_of_a_chain(local: Desk, by: str) -> None:
    """It would recuse an owner, and the alternate would decide; whether the author may or not."""
    journey = local.journey
    journey.seat_members()
    number = journey.submit()
    forged = ev.InterestDeclared(
        subject=number, at=local.office.clock(), by=by, version=1, status=Status.SUBMITTED,
        person="p-signs", text="Not theirs to say.",
    )  # fmt: skip
    appended(local, "request", number, forged)
    journey.review(number)
    journey.vote(number)
    local.to(MEETING_AT + timedelta(days=6))
    local.send(number)
    local.sign_agreement(number)
    local.train(number, "p-ruiz")
    local.swear(number, "p-ruiz")
    report = local.sign()
    assert report.published == []
    doubts = [d.reason for d in report.waiting[number] if d.rule == "chain.authority"]
    assert doubts
    assert all(f"interest:declared) was not for {by} to write" in reason for reason in doubts)


def test_no_entry_moves_the_day_of_a_revocation(local: Desk) -> None:
    """Of an amended request another version may still be named, and any day."""
    number = amended(local)
    now = local.office.clock()
    later = now + timedelta(days=600)
    for version, at in ((2, now), (1, later)):
        appended(local, "request", number, ev.Moved(
            tag=Tag.DATA_REQUEST_REVOKED, subject=number, at=at, by="p-ruiz", version=version,
            status=Status.REVOKED, on=at.date(), reason="So.",
        ))  # fmt: skip
        local.sign()
        taken = local.bundle().revoked
        assert taken is not None
        assert taken.on == local.today()


@pytest.mark.parametrize("case", ["a later day", "a mistake, of the amendment"])
def test_who_left_is_not_brought_back_by_who_may_not(local: Desk, case: str) -> None:
    number = amended(local)
    gone = {"person": "p-chen", "left_on": local.today()}
    local.do(number, "p-office", Act.RECORD_LEAVER, version=2, **gone)
    local.sign()
    assert [p.id for p in local.bundle().people] == ["p-ruiz"]
    now, mistaken = local.office.clock(), case != "a later day"
    later = now if mistaken else now + timedelta(days=600)
    back = ev.PersonLeft(
        subject=number, at=later, by="p-ruiz", version=2, status=Status.AGREEMENTS_OUT,
        person="p-chen", left_on=later.date(), mistaken=mistaken,
    )  # fmt: skip
    appended(local, "request", number, back)
    report = local.sign()
    assert "(person:left) was not for p-ruiz to write" in reasons(report.waiting[number])
    assert local.bundle().revoked is not None


def test_a_training_that_says_it_is_completed_later_counts_from_its_entry(local: Desk) -> None:
    number = local.granted("p-ruiz")
    later = local.today() + timedelta(days=5_000)
    trained = ev.TrainingRecorded(
        subject=number, at=local.office.clock(), by="p-office", version=1,
        status=Status.AGREEMENTS_OUT, person="p-ruiz", valid_until=later, completed_on=later,
    )  # fmt: skip
    appended(local, "request", number, trained)
    local.sign()
    (person,) = local.bundle().people
    assert person.training_valid_until is not None
    assert person.training_valid_until < local.today() + timedelta(days=1_000)


def test_a_vote_somebody_else_wrote_is_no_vote(local: Desk) -> None:
    number = local.granted()
    forged = board_events.VoteCast(
        subject="M-1", at=local.office.clock(), by="p-ruiz", agency="sde", person="p-sde",
        choice=Choice.IN_FAVOR, rationale="",
    )  # fmt: skip
    appended(local, "body", "data_governing_board", forged)
    assert "chain.authority" in {d.rule for d in local.sign().waiting[number]}


def test_an_office_worker_made_up_afterwards_gives_no_authority(local: Desk) -> None:
    """A record registered after the act does not make the act its author's."""
    number = local.journey.approved()
    local.to(MEETING_AT + timedelta(days=6))
    local.send(number)
    local.sign_agreement(number)
    local.swear(number, "p-ruiz")
    trained = ev.TrainingRecorded(
        subject=number, at=local.office.clock(), by="p-made", version=1,
        status=Status.AGREEMENTS_OUT, person="p-ruiz", valid_until=FIRST_DAY + timedelta(days=90),
    )  # fmt: skip
    appended(local, "request", number, trained)
    person = build_person("p-made", PortalRole.OPERATOR)
    made = PersonRegistered(subject="p-made", at=local.office.clock(), by="p-office", person=person)
    appended(local, "person", "p-made", made)
    assert "chain.authority" in {d.rule for d in local.sign().waiting[number]}


def reasons(denials: Iterable[Denial]) -> str:
    """What the authority rule says, in one text."""
    return " ".join(d.reason for d in denials if d.rule == "chain.authority")


def test_a_seat_somebody_without_the_right_filled_carries_no_motion_until_it_is_mended(
    desk: Desk,
) -> None:
    """The forged entry goes straight to the database, as the portal would write it."""
    journey, office = desk.journey, desk.office
    journey.seat_members()
    number = journey.submit()
    journey.review(number)
    forged = board_events.SeatFilled(
        subject=BOARD, at=office.clock(), by="p-ruiz", agency="sde", person="alt-sde"
    )
    appended(desk, "body", BOARD, forged)
    seq = Owner(desk).seq_of("seat:filled")
    # The portal's board now has another member for the agency, and the vote goes its way.
    journey.board("p-office", b.NoticeMeeting, meeting="DGB-3", starts_at=MEETING_AT)
    desk.to(MEETING_AT)
    journey.board("p-office", b.OpenMeeting, meeting="DGB-3")
    sitting = {"cscu": "p-cscu", "dcf": "p-dcf", "dol": "p-dol", "oec": "p-oec", "sde": "alt-sde"}
    for person in sitting.values():
        journey.board("p-office", b.Arrive, meeting="DGB-3", person=person)
    report = carried(desk, number, sitting)
    assert report.published == []
    said = reasons(report.waiting[number])
    assert f"Entry {seq} (seat:filled) was not for p-ruiz to write" in said
    assert "[action.role]" in said
    assert desk.versions() == []

    # Whoever may puts the seat right; a motion put from then on carries again.
    journey.board("p-office", b.FillSeat, agency="sde", person="p-sde")
    second = journey.submit(title="Another study")
    journey.review(second)
    journey.vote(second, at=MEETING_AT + timedelta(days=28), meeting="DGB-4", motion="M-2")
    desk.send(second)
    desk.sign_agreement(second)
    desk.train(second, "p-ruiz")
    desk.swear(second, "p-ruiz")
    report = desk.sign()
    assert reasons(report.waiting.get(second, ())) == ""
    assert ("grants/p20-q0002", 1) in report.published
    assert number in report.waiting


def forged_roster(desk: Desk, by: str, what: str) -> Any:
    at, day = desk.office.clock(), desk.today()
    facts: dict[str, Any] = {"subject": BOARD, "at": at, "by": by, "agency": "sde"}
    letter: dict[str, Any] = {"given_by": "p-sde", "holder": "p-holder"}
    made: dict[str, Callable[[], Any]] = {
        "alternate": lambda: board_events.AlternateNamed(**facts, person="p-holder"),
        "proxy": lambda: board_events.ProxyFiled(
            **facts, **letter, valid_from=day, valid_until=day + timedelta(days=90)
        ),
        "vacated": lambda: board_events.SeatVacated(**facts),
    }
    return made[what]()


@pytest.mark.parametrize("what", ["alternate", "proxy", "vacated"])
def test_a_forged_alternate_letter_or_vacancy_speaks_against_the_vote(
    local: Desk, what: str
) -> None:
    local.journey.seat_members()
    appended(local, "body", BOARD, forged_roster(local, "p-dol", what))
    if what == "vacated":  # as somebody would who wants one vote fewer
        appended(local, "body", BOARD, forged_seat(local))
    number = local.journey.submit()
    local.journey.review(number)
    local.journey.vote(number)
    local.to(MEETING_AT + timedelta(days=6))
    local.send(number)
    local.sign_agreement(number)
    local.train(number, "p-ruiz")
    local.swear(number, "p-ruiz")
    report = local.sign()
    assert report.published == []
    assert "was not for p-dol to write" in reasons(report.waiting[number])


def test_a_letter_that_says_it_was_filed_earlier_counts_from_its_entry(local: Desk) -> None:
    """The member's own, appended while the meeting was in session: it makes no quorum."""
    journey = local.journey
    journey.seat_members()
    number = journey.submit()
    journey.review(number)
    journey.board("p-office", b.NoticeMeeting, meeting="DGB-3", starts_at=MEETING_AT)
    before = local.office.clock()
    local.to(MEETING_AT)
    journey.board("p-office", b.OpenMeeting, meeting="DGB-3")
    sitting = {"cscu": "p-cscu", "dcf": "p-dcf", "dol": "p-dol", "sde": "p-holder"}
    for person in sitting.values():
        journey.board("p-office", b.Arrive, meeting="DGB-3", person=person)
    letter = board_events.ProxyFiled(
        subject=BOARD, at=before, by="p-sde", agency="sde", given_by="p-sde", holder="p-holder",
        valid_from=before.date(), valid_until=MEETING_AT.date(),
    )  # fmt: skip
    appended(local, "body", BOARD, letter)
    report = carried(local, number, sitting)
    assert report.published == []
    assert "quorum" in " ".join(d.reason + d.rule for d in report.waiting[number])


def forged_seat(desk: Desk) -> Any:
    at = desk.office.clock()
    return board_events.SeatFilled(subject=BOARD, at=at, by="p-dol", agency="sde", person="p-sde")


def test_attendance_somebody_else_wrote_speaks_against_what_the_meeting_decides(
    local: Desk,
) -> None:
    voted_down(local)
    left = board_events.PersonDeparted(
        subject="DGB-3", at=local.office.clock(), by="p-dol", person="p-sde"
    )
    appended(local, "body", BOARD, left)
    seq = Owner(local).seq_of("person:departed")
    local.journey.board("p-office", b.CloseVote, motion="M-1")
    kept = Kept(local.signing)
    run_once(local.signing, kept)
    assert f"Entry {seq} (person:departed)" in reasons(kept.records.doubts("M-1"))


OWN_ROLES = {
    "their own": ("p-office", "p-office"),
    "another's, without the right": ("p-dcf", "p-holder"),
    "both duties at once": ("p-office2", "p-office"),
}


@pytest.mark.parametrize("case", OWN_ROLES)
def test_nobody_makes_a_data_owner_who_may_not(local: Desk, case: str) -> None:
    """An operator who is also the owner approves nothing, whoever wrote that they are."""
    by, whom = OWN_ROLES[case]
    local.journey.seat_members()
    number = local.journey.submit()
    local.do(number, "p-office2", Act.ACCEPT_COMPLETE)
    made = local.office.people[whom]
    roles: tuple[PortalRole, ...] = (PortalRole.OPERATOR, PortalRole.DATA_OWNER)
    if case != "both duties at once":
        roles = (PortalRole.DATA_OWNER,)
    forged = made.model_copy(update={"roles": roles, "agency": "sde"})
    changed = PersonChanged(
        subject=whom, at=local.office.clock(), by=by, person=forged, reason="So."
    )
    appended(local, "person", whom, changed)
    seq = Owner(local).seq_of("person:changed")
    for person, agency in ((whom, "sde"), ("p-dol", "dol")):
        reviewed = ev.PartReviewed(
            subject=number, at=local.office.clock(), by=person, version=1,
            status=Status.OWNER_REVIEW if agency == "sde" else Status.BOARD_VOTE,
            agency=agency, choice=ev.ReviewChoice.APPROVE, reason="So.",
        )  # fmt: skip
        appended(local, "request", number, reviewed)
    kept = Kept(local.signing)
    report = run_once(local.signing, kept)
    assert f"Entry {seq} (person:changed) was not for {by} to write" in reasons(
        report.not_believed[whom]
    )
    said = reasons(kept.records.lives[number].unauthorized[1])
    assert f"(data_request:part_reviewed) was not for {whom} to write" in said
    assert f"Entry {seq} (person:changed)" in said
    assert "p-dol" not in said
    assert kept.records.people()[whom] == made


def test_a_forged_sign_in_maps_nobody_and_a_forged_end_ends_access(local: Desk) -> None:
    number = local.granted("p-ruiz")
    local.sign()
    known = local.office.people["p-ruiz"]
    taken = PersonChanged(
        subject="p-ruiz", at=local.office.clock(), by="p-chen", reason="So.",
        person=known.model_copy(update={"account": "https://idp.example.org|evil"}),
    )  # fmt: skip
    appended(local, "person", "p-ruiz", taken)
    assert "p-ruiz" in local.sign().not_believed
    zone = local.office.programme.policy
    assert not any(b"evil" in zone.read(info.key) for info in zone.list("people/"))
    assert local.bundle().revoked is None

    ended = PersonEnded(
        subject="p-ruiz", at=local.office.clock(), by="p-chen", reason="So.",
        last_day=local.today() - timedelta(days=1),
    )  # fmt: skip
    appended(local, "person", "p-ruiz", ended)
    local.sign()
    assert local.bundle().revoked is not None
    again = PersonEnded(
        subject="p-ruiz", at=local.office.clock(), by="p-chen", reason="So.",
        last_day=local.today() + timedelta(days=900),
    )  # fmt: skip
    appended(local, "person", "p-ruiz", again)
    assert number in local.sign().waiting
    assert local.bundle().revoked is not None


def test_an_event_that_says_an_earlier_day_is_judged_by_its_entrys(local: Desk) -> None:
    """Whoever left cannot write into the days on which they might have."""
    number = local.journey.approved()
    local.to(MEETING_AT + timedelta(days=6))
    local.send(number)
    local.sign_agreement(number)
    local.swear(number, "p-ruiz")
    then = local.office.clock()
    yesterday = local.today()
    local.to(then + timedelta(days=2))
    ended = PersonEnded(
        subject="p-office2", at=local.office.clock(), by="p-office", reason="Left.",
        last_day=yesterday,
    )  # fmt: skip
    appended(local, "person", "p-office2", ended)
    trained = ev.TrainingRecorded(
        subject=number, at=then, by="p-office2", version=1, status=Status.AGREEMENTS_OUT,
        person="p-ruiz", valid_until=FIRST_DAY + timedelta(days=90),
    )  # fmt: skip
    appended(local, "request", number, trained)
    said = reasons(local.sign().waiting[number])
    assert "(training:recorded) was not for p-office2 to write" in said
    assert "[person.employed]" in said


def erased_by_hand(desk: Desk, seq: int) -> None:
    """As the ledger allows it, whatever the services think of it."""
    programme, facts = desk.office.programme, {"seq": seq, "reason": "A court order."}
    with programme.store.begin() as unit:
        note(
            programme, unit, desk.office.actor("p-office"), Tag.PAYLOAD_ERASED, subject="ledger",
            facts=facts, once=f"erase:{seq}",
        )  # fmt: skip
        unit.connection.execute(text(f"DELETE FROM ledger_payloads WHERE seq = {seq}"))


def test_erased_facts_refuse_the_request_they_were_of(local: Desk) -> None:
    number = local.granted()
    seq = Owner(local).seq_of("training:recorded")
    erased_by_hand(local, seq)
    report = local.sign()
    assert "erased" in report.refused[number]
    assert report.published == []


def test_an_erased_draft_that_was_saved_over_changes_nothing(local: Desk) -> None:
    number = local.granted("p-ruiz", redrafted=True)
    first = int(Owner(local).rows("SELECT MIN(seq) AS seq FROM ledger_entries WHERE tag = "
                                  "'data_request:drafted'")[0].seq)  # fmt: skip
    erased_by_hand(local, first + 1)
    report = local.sign()
    assert (report.refused, report.published) == ({}, [(f"grants/{PROJECT}", 1)])
    assert number == "Q0001"


def test_an_erased_draft_that_was_submitted_refuses_its_request(local: Desk) -> None:
    number = local.granted("p-ruiz", redrafted=True)
    erased_by_hand(local, Owner(local).seq_of("data_request:drafted"))
    assert "not what was submitted" in local.sign().refused[number]


def test_a_revocation_needs_no_proof_of_authority(local: Desk) -> None:
    """What takes a grant back is believed at once; what gives one is not."""
    number = local.granted()
    local.sign()
    revoked = ev.Moved(
        tag=Tag.DATA_REQUEST_REVOKED, subject=number, at=local.office.clock(), by="p-ruiz",
        version=1, status=Status.REVOKED, on=local.today(), reason="Stop.",
    )  # fmt: skip
    appended(local, "request", number, revoked)
    local.sign()
    assert local.bundle().revoked is not None


def test_a_running_signer_believes_its_own_reading_and_finds_the_rest_within_the_hour(
    local: Desk,
) -> None:
    number = local.granted("p-ruiz")
    local.keep()
    assert local.sign().published == [(f"grants/{PROJECT}", 1)]
    seq = alter_a_vote(Owner(local))
    local.train(number, "p-chen")
    local.swear(number, "p-chen")
    assert local.sign().published == [(f"grants/{PROJECT}", 2)]
    assert [p.id for p in local.bundle().people] == ["p-ruiz", "p-chen"]
    local.to(local.office.clock.now + timedelta(hours=1))
    with pytest.raises(LedgerRefusedError, match=f"entry {seq}: "):
        local.sign()


@pytest.mark.parametrize("damage", ["last", "removed", "forged", "facts"])
def test_a_running_signer_takes_nothing_that_does_not_continue_what_it_read(
    local: Desk, damage: str
) -> None:
    number = local.granted("p-ruiz")
    local.keep()
    local.sign()
    local.sign()
    owner = Owner(local)
    newest = int(owner.rows("SELECT MAX(seq) AS seq FROM ledger_entries")[0].seq)
    if damage == "last":
        owner.run("UPDATE ledger_entries SET subject = 'x' WHERE seq = :s", s=newest)
    elif damage == "removed":
        owner.run("DELETE FROM ledger_payloads WHERE seq = :s", s=newest)
        owner.run("DELETE FROM stream_events WHERE seq = :s", s=newest)
        owner.run("DELETE FROM ledger_entries WHERE seq = :s", s=newest)
    if damage in {"forged", "facts"}:
        local.train(number, "p-chen")
    if damage == "forged":
        owner.run("UPDATE ledger_entries SET commitment = :c WHERE seq = :s", c="0" * 64,
                  s=newest + 1)  # fmt: skip
    elif damage == "facts":
        owner.run("UPDATE ledger_payloads SET facts = :f WHERE seq = :s", f="{}", s=newest + 1)
    with pytest.raises(LedgerRefusedError):
        local.sign()
    assert local.bundle().version == 1


def test_facts_erased_while_the_signer_runs_are_not_held_on_to(local: Desk) -> None:
    number = local.granted("p-ruiz")
    local.keep()
    local.sign()
    erased_by_hand(local, Owner(local).seq_of("training:recorded"))
    local.sign()
    assert "erased" in local.sign().refused[number]
