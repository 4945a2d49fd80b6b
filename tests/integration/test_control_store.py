"""The control plane's database on SQLite and PostgreSQL: layout, ledger, read models, lists."""

import contextlib
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from governance.audit.tags import Tag
from governance.board import commands as b
from governance.decisions import AccessDeniedError
from governance.errors import ConfigurationError, DocumentError
from governance.people import PersonChanged
from governance.permissions import PUBLIC, Action, Actor, Target, decide_action
from governance.requests.model import RequestedDataset
from governance.requests.states import Act, Status
from governance.services.attachments import Upload, file_attachment, read_attachment
from governance.services.erasing import ask_to_erase, confirm_erasure
from governance.services.ledger import list_entries, read_entry
from governance.services.people import (
    PeopleQuery,
    SignInClaims,
    change_person,
    end_person,
    find_by_account,
    find_by_id,
    list_people,
    read_person,
    register_person,
    sign_in,
)
from governance.services.recording import record
from governance.services.request_lists import ListQuery, list_requests
from governance.services.requests import autosave, begin_request, read_request
from governance.services.webhooks import register_webhook
from governance.store import NotFoundError, StaleError, Store, StoreError, StoreOutdatedError
from governance.store import tables as t
from tests.lib.programme import Office, fresh_database
from tests.lib.requests import build_content


def erasure(kind: str, what: str) -> dict[str, str]:
    return {"kind": kind, "what": what, "reason": "mistake"}


def run(office: Office, statement: str) -> None:
    """Straight to the database, as somebody with its password could."""
    with office.programme.store.database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(statement)


def count(office: Office, table: sa.Table) -> int:
    with office.programme.store.read() as unit:
        return unit.connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def tags(office: Office) -> list[str]:
    with office.programme.store.read() as unit:
        query = sa.select(t.ledger_entries.c.tag).order_by(t.ledger_entries.c.seq)
        return list(unit.connection.scalars(query))


class TestLayout:
    def test_the_steps_give_exactly_the_tables_and_may_be_repeated(self, office: Office) -> None:
        store = office.programme.store
        assert store.migrate() == (store.migrate()[1],) * 2
        store.check_layout()
        with store.database.engine.connect() as connection:
            found = compare_metadata(MigrationContext.configure(connection), t.metadata)
        assert found == []

    def test_a_database_without_layout_is_refused(self, tmp_path: Path) -> None:
        store = Store.open(f"sqlite:///{tmp_path / 'empty.db'}")
        with pytest.raises(StoreOutdatedError, match="governance migrate"):
            store.check_layout()
        store.close()

    @pytest.mark.parametrize("url", ["sqlite://", "mysql://x/y", "no address"])
    def test_other_databases_are_refused(self, url: str) -> None:
        with pytest.raises(ConfigurationError):
            Store.open(url)


class TestAppendOnly:
    @pytest.mark.parametrize("table", ["ledger_entries", "ledger_payloads", "stream_events"])
    def test_the_database_refuses_to_change_or_remove(self, office: Office, table: str) -> None:
        before = count(office, t.metadata.tables[table])
        statements = [f"UPDATE {table} SET seq = seq + 1000", f"DELETE FROM {table}"]
        if office.programme.store.database.sqlite:
            statements.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1")
        else:
            statements.append(f"TRUNCATE {table} CASCADE")
        for statement in statements:
            with pytest.raises(sa.exc.DBAPIError, match=r"append-only|say"):
                run(office, statement)
        assert count(office, t.metadata.tables[table]) == before > 0

    def test_reading_writes_nothing(self, office: Office) -> None:
        with pytest.raises(StoreError), office.programme.store.read() as unit:
            unit.connection.execute(sa.insert(t.counters).values(name="x", value=1))

    def test_a_crash_inside_leaves_nothing(self, office: Office) -> None:
        before = tags(office)

        def crash() -> None:
            with office.programme.store.begin() as unit:
                unit.append(*_change(office, "p-ruiz"), based_on=1, actor="p-office")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            crash()
        assert tags(office) == before
        assert office.programme.store.compare() == ()

    def test_the_file_is_its_owners_alone(self, small_office: Office) -> None:
        folder = Path(small_office.programme.settings.home)
        files = list(folder.glob("governance.db*"))
        assert files
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}

    def test_the_portals_role_needs_no_more_than_the_guide_grants(
        self, postgres_url: str, tmp_path: Path
    ) -> None:
        """The guide's grants, as they stand there, suffice; and the role cannot drop a trigger."""
        url = fresh_database(postgres_url)
        owner = Office(tmp_path / "owner", url)
        owner.register()
        guide = (Path(__file__).parents[2] / "docs/guides/control-plane.md").read_text()
        grants = guide.split("```sql\n")[1].split("```")[0]
        role = f"portal_{secrets.token_hex(4)}"
        run(owner, f"CREATE ROLE {role} LOGIN PASSWORD 'portal'")
        run(owner, grants.replace("TO portal", f"TO {role}"))
        address = sa.make_url(url).set(username=role, password="portal")
        portal = Office(
            tmp_path / "portal", address.render_as_string(hide_password=False), migrate=False
        )
        portal.seat_everyone()
        number = portal.to_approved()
        draft = portal.begin()
        autosave(portal.programme, portal.actor("p-ruiz"), draft, {"title": "x"}, based_on=0)
        op = portal.actor("p-office")
        with pytest.raises(AccessDeniedError):
            portal.act("p-holder", number, Act.SEND_AGREEMENT)
        denied = list_entries(portal.programme, PUBLIC, tags=[Tag.ACTION_DENIED]).items[0]
        asked = ask_to_erase(portal.programme, op, erasure("entry", str(denied.seq)))
        confirm_erasure(portal.programme, portal.actor("p-office2"), asked.seq)
        assert portal.programme.store.rebuild() > 0
        for statement in (
            "DROP TRIGGER ledger_entries_no_update ON ledger_entries",
            "ALTER TABLE ledger_entries DISABLE TRIGGER ALL",
            "TRUNCATE ledger_entries CASCADE",
            "DELETE FROM ledger_entries",
        ):
            with pytest.raises(sa.exc.DBAPIError, match=r"must be owner|permission denied"):
                run(portal, statement)
        for office in (owner, portal):
            office.programme.close()


def _change(office: Office, person: str) -> tuple[Any, str, tuple[PersonChanged]]:
    changed = office.people[person].model_copy(update={"employer": "Elsewhere"})
    event = PersonChanged(
        subject=person, at=office.clock(), by="p-office", person=changed, reason="Moved."
    )
    return "person", person, (event,)


class TestAppending:
    def test_a_change_is_based_on_what_its_author_saw(self, office: Office) -> None:
        office.seat_everyone()
        number = office.begin()
        seen = read_request(office.programme, office.actor("p-ruiz"), number)
        office.act("p-ruiz", number, Act.SUBMIT, based_on=seen.position)
        with pytest.raises(StaleError) as caught:
            office.act("p-ruiz", number, Act.WITHDRAW, on="2026-02-02", reason="No.", based_on=1)
        words = caught.value.message
        assert "data request submitted by p-ruiz on February 2, 2026, at 10:0" in words
        assert "your text is kept" in words
        assert caught.value.position == 2
        view = read_request(office.programme, office.actor("p-ruiz"), number)
        assert view.latest.status is Status.SUBMITTED

    def test_a_form_sent_twice_acts_once(self, office: Office) -> None:
        p, ruiz = office.programme, office.actor("p-ruiz")
        first = begin_request(p, ruiz, build_content(), once="token")
        assert begin_request(p, ruiz, build_content(), once="token") == first
        assert begin_request(p, ruiz, build_content(), once="other") != first
        # Another person's token is another one.
        assert begin_request(p, office.actor("p-chen"), build_content(), once="token") != first
        one = office.act("p-ruiz", first, Act.SUBMIT, based_on=1, once="s")
        two = office.act("p-ruiz", first, Act.SUBMIT, based_on=1, once="s")
        assert one.position == two.position == 2
        assert tags(office).count("data_request:submitted") == 1

    def test_who_and_when_are_never_the_callers_word(self, office: Office) -> None:
        number = office.begin()
        view = office.act(
            "p-ruiz", number, Act.SUBMIT, by="p-office", at="2020-01-01T00:00:00Z", role="operator"
        )
        assert view.latest.status is Status.SUBMITTED
        with office.programme.store.read() as unit:
            last = unit.load("request", number).events[-1]
        assert last["by"] == "p-ruiz"
        assert last["at"].startswith("2026-02-02T15")

    def test_a_bad_form_says_where_and_never_what(self, office: Office) -> None:
        number = office.begin()
        with pytest.raises(DocumentError) as caught:
            office.act("p-ruiz", number, Act.SAVE_DRAFT, content={"ends_on": "SECRET-VALUE"})
        assert any(problem.startswith("content.ends_on") for problem in caught.value.problems)
        assert "SECRET-VALUE" not in caught.value.message

    def test_denials_are_entries(self, office: Office) -> None:
        number = office.begin()
        with pytest.raises(AccessDeniedError):
            office.act("p-ruiz", number, Act.ACCEPT_COMPLETE)
        with pytest.raises(AccessDeniedError):
            read_request(office.programme, office.actor("p-holder"), number)
        with pytest.raises(AccessDeniedError):
            begin_request(office.programme, PUBLIC, build_content())
        assert tags(office).count("action:denied") == 3
        with office.programme.store.read() as unit:
            noted = unit.load("programme", "programme").events
        assert [(e["by"], e["subject"], e["facts"]["action"]) for e in noted] == [
            ("p-ruiz", number, "accept_complete"),
            ("p-holder", number, "read_request"),
            ("public", "programme", "begin_request"),
        ]

    def test_what_does_not_exist_is_not_found(self, office: Office) -> None:
        for number in ("Q9999", "no number\n", "../../etc"):
            with pytest.raises(NotFoundError):
                read_request(office.programme, office.actor("p-office"), number)
        with pytest.raises(NotFoundError):
            office.act("p-ruiz", office.begin(), Act.SUBMIT, version=7)


class TestDrafts:
    def test_what_was_typed_is_kept_and_windows_do_not_overwrite_each_other(
        self, office: Office
    ) -> None:
        p, ruiz, number = office.programme, office.actor("p-ruiz"), office.begin()
        before = tags(office)
        assert autosave(p, ruiz, number, {"title": "One", "ends_on": "not yet"}, based_on=0) == 1
        assert autosave(p, ruiz, number, {"title": "Two"}, based_on=1) == 2
        for stale in (0, 1, 3):
            with pytest.raises(StaleError, match="the draft was saved by p-ruiz"):
                autosave(p, ruiz, number, {"title": "Late"}, based_on=stale)
        draft = read_request(p, ruiz, number).draft
        assert draft is not None
        assert (draft.content, draft.revision) == ({"title": "Two"}, 2)
        assert tags(office) == before
        assert read_request(p, office.actor("p-office"), number).draft is None

    def test_submitting_submits_what_was_typed(self, office: Office) -> None:
        p, ruiz, number = office.programme, office.actor("p-ruiz"), office.begin()
        typed = build_content(title="As typed").model_dump(mode="json")
        autosave(p, ruiz, number, typed, based_on=0)
        view = office.act("p-ruiz", number, Act.SUBMIT)
        assert view.latest.submitted is not None
        assert view.latest.submitted.title == "As typed"
        assert tags(office)[-2:] == ["data_request:drafted", "data_request:submitted"]

    def test_a_typed_mistake_stops_the_submission_and_stays(self, office: Office) -> None:
        p, ruiz, number = office.programme, office.actor("p-ruiz"), office.begin()
        autosave(p, ruiz, number, {"ends_on": "soon"}, based_on=0)
        with pytest.raises(DocumentError):
            office.act("p-ruiz", number, Act.SUBMIT)
        view = read_request(p, ruiz, number)
        assert view.latest.status is Status.DRAFT
        assert view.draft is not None
        assert view.draft.content == {"ends_on": "soon"}


class TestReadModels:
    def test_they_are_what_a_rebuild_gives(self, office: Office) -> None:
        office.seat_everyone()
        office.to_approved()
        office.begin()
        store = office.programme.store
        assert store.compare() == ()
        before = {table: rows(office, table) for table in t.READ_MODELS}
        assert store.rebuild() == sum(len(found) for found in before.values()) > 20
        assert {table: rows(office, table) for table in t.READ_MODELS} == before

    def test_a_changed_row_is_found_and_mended(self, office: Office) -> None:
        number = office.begin()
        run(office, "UPDATE request_rows SET status = 'granted'")
        run(office, "DELETE FROM people_rows WHERE id = 'p-ruiz'")
        run(office, f"INSERT INTO request_people VALUES ('{number}', 'p-intruder', 'x', '', 1)")
        found = {(d.table, d.key, d.what) for d in office.programme.store.compare()}
        assert found == {
            ("request_rows", (number,), "changed"),
            ("people_rows", ("p-ruiz",), "missing"),
            ("request_people", (number, "p-intruder"), "added"),
        }
        office.programme.store.rebuild()
        assert office.programme.store.compare() == ()


def rows(office: Office, table: sa.Table) -> list[tuple[Any, ...]]:
    with office.programme.store.read() as unit:
        return sorted((tuple(row) for row in unit.connection.execute(sa.select(table))), key=repr)


class TestLists:
    def test_everybody_lists_what_they_may_read_and_nothing_else(self, office: Office) -> None:
        office.seat_everyone()
        numbers = [office.begin(), office.begin(), office.begin()]
        office.act("p-ruiz", numbers[1], Act.SUBMIT)
        office.act("p-ruiz", numbers[2], Act.SUBMIT)
        office.act("p-office", numbers[2], Act.ACCEPT_COMPLETE)
        p = office.programme
        with p.store.read() as unit:
            body = unit.body(p.board)[0]
            requests = [unit.request(n) for n in numbers]
        for person in office.people.values():
            actor = Actor(person=person)
            listed = {row.number for row in list_requests(p, actor).items}
            may = {
                r.number
                for r in requests
                if r is not None
                and decide_action(
                    actor, Action.READ_REQUEST, Target(request=r, body=body), today=p.today
                ).permitted
            }
            assert listed == may, person.id

    def test_filter_sort_and_page(self, office: Office) -> None:
        p, auditor = office.programme, office.actor("p-audit")
        titles = ["Wages", "attendance", "Child care", "50% of_all"]
        numbers = [office.begin(build_content(title=title)) for title in titles]
        office.act("p-ruiz", numbers[0], Act.SUBMIT)

        def found(**wanted: Any) -> list[str]:
            return [row.number for row in list_requests(p, auditor, ListQuery(**wanted)).items]

        assert found(sort="number", descending=False) == numbers
        assert found(sort="number", descending=True) == numbers[::-1]
        assert found(sort="received_on")[0] == numbers[0]
        assert found(sort="received_on", descending=False)[0] == numbers[0]
        assert found(status=("submitted",)) == [numbers[0]]
        assert found(text="CHILD") == [numbers[2]]
        assert found(text="50%") == [numbers[3]]
        assert found(text="of_all") == [numbers[3]]
        assert found(text="x%y") == []
        assert len(found(agency=("sde",))) == 4
        assert found(agency=("cscu",)) == []
        pages = [
            list_requests(p, auditor, ListQuery(sort="number", page=n, per_page=3)) for n in (1, 2)
        ]
        assert [len(page.items) for page in pages] == [3, 1]
        assert pages[0].total == 4
        assert pages[0].pages == 2
        assert len(list_requests(p, auditor, ListQuery(per_page=10_000)).items) <= 50
        assert list_requests(p, auditor, ListQuery(sort="search; DROP TABLE x")).total == 4

    def test_what_waits_for_whom(self, office: Office) -> None:
        office.seat_everyone()
        p, number = office.programme, office.begin()

        def waits(person: str) -> bool:
            page = list_requests(p, office.actor(person), ListQuery(scope="waiting"))
            return number in {row.number for row in page.items}

        assert [waits(x) for x in ("p-ruiz", "p-okafor", "p-office", "p-sde")] == [
            True, False, False, False,
        ]  # fmt: skip
        office.act("p-ruiz", number, Act.SUBMIT)
        assert [waits(x) for x in ("p-ruiz", "p-office")] == [False, True]
        office.act("p-office", number, Act.ACCEPT_COMPLETE)
        facts = {"agency": "sde", "choice": "approve", "reason": "Yes."}
        office.act("p-sde", number, Act.REVIEW_PART, **facts)
        assert [waits(x) for x in ("p-sde", "p-dol", "p-oec")] == [False, True, False]
        mine = list_requests(p, office.actor("p-okafor"), ListQuery(scope="mine"))
        assert [row.number for row in mine.items] == [number]


class TestBoard:
    def test_a_vote_is_recorded_from_the_boards_own_events(self, office: Office) -> None:
        office.seat_everyone()
        number = office.to_vote()
        office.meet()
        office.put(number, "MO-1")
        for agency in ("sde", "dol", "oec", "dcf"):
            office.vote(agency, "MO-1")
        forged = {"motion": {"id": "MO-1", "votes": []}}
        with pytest.raises(DocumentError):
            office.act("p-office", number, Act.RECORD_VOTE, **forged)
        with pytest.raises(AccessDeniedError, match="whose vote was closed"):
            office.act("p-office", number, Act.RECORD_VOTE, motion="MO-1")
        office.vote("cscu", "MO-1", choice="against")
        office.on_board("p-office", b.CloseVote, motion="MO-1")
        view = office.act("p-office", number, Act.RECORD_VOTE, motion="MO-1")
        assert view.latest.status is Status.DENIED

    def test_a_motion_names_whom_the_request_names_whatever_the_mover_says(
        self, office: Office
    ) -> None:
        office.seat_everyone()
        number = office.to_vote()
        office.act("p-oec", number, Act.DECLARE_INTEREST, text="A relative works on it.")
        office.meet()
        office.on_board(
            "p-sde", b.MoveMotion, meeting="M-1", motion="MO-1", kind="data_request", text="Yes.",
            about=number, requestors=[], requestor_employers=[], about_digest="00" * 32,
        )  # fmt: skip
        view = office.on_board("p-office", b.PutMotion, motion="MO-1", interests=[])
        motion = view.state.motions["MO-1"]
        assert motion.moved.requestors == ("p-chen", "p-okafor", "p-ruiz")
        assert [i.person for i in motion.interests] == ["p-oec"]
        with pytest.raises(AccessDeniedError, match="recused"):
            office.vote("oec", "MO-1")

    def test_who_began_a_request_is_recused_whomever_it_names(self, office: Office) -> None:
        member = {"roles": ["requestor", "data_owner"], "agency": "dcf"}
        change_person(office.programme, office.actor("p-office"), "p-dcf", member, reason="Both.")
        both = find_by_id(office.programme, "p-dcf")
        assert both is not None
        office.people["p-dcf"] = both
        office.seat_everyone()
        number = begin_request(office.programme, office.actor("p-dcf"), build_content())
        office.act("p-dcf", number, Act.SUBMIT)
        office.act("p-office", number, Act.ACCEPT_COMPLETE)
        for agency in ("sde", "dol"):
            office.act(
                f"p-{agency}", number, Act.REVIEW_PART, agency=agency, choice="approve",
                reason="It serves.",
            )  # fmt: skip
        office.meet()
        view = office.on_board(
            "p-sde", b.MoveMotion, meeting="M-1", motion="MO-1", kind="data_request", text="Yes.",
            about=number,
        )  # fmt: skip
        moved = view.state.motions["MO-1"].moved
        assert "p-dcf" in moved.requestors
        assert "dcf" in moved.requestor_employers
        office.on_board("p-office", b.PutMotion, motion="MO-1")
        with pytest.raises(AccessDeniedError, match="recused"):
            office.vote("dcf", "MO-1")

    def test_what_no_agreement_covers_goes_no_further_than_the_check(self, office: Office) -> None:
        uncovered = RequestedDataset(dataset="sde/enrollment", variables=("no_such_column",))
        datasets = (uncovered, build_content().datasets[1])
        number = office.begin(build_content(datasets=datasets))
        office.act("p-ruiz", number, Act.SUBMIT)
        with pytest.raises(AccessDeniedError) as refused:
            office.act("p-office", number, Act.ACCEPT_COMPLETE)
        denials = refused.value.decision.denials
        assert {d.rule for d in denials} == {"variable.known"}
        assert all(d.remedy and d.clause for d in denials)
        office.act("p-office", number, Act.RETURN, mend=("Choose a column of the dictionary.",))

    def test_only_a_request_that_waits_is_moved(self, office: Office) -> None:
        office.seat_everyone()
        office.meet()
        number = office.begin()
        with pytest.raises(AccessDeniedError, match="does not wait for the board"):
            office.put(number, "MO-1")
        with pytest.raises(NotFoundError):
            office.put("Q0999", "MO-1")

    def test_an_owner_who_declared_an_interest_leaves_the_part_to_the_alternate(
        self, office: Office
    ) -> None:
        office.seat_everyone()
        office.on_board("p-office", b.NameAlternate, agency="sde", person="alt-sde")
        number = office.begin()
        office.act("p-ruiz", number, Act.SUBMIT)
        office.act("p-office", number, Act.ACCEPT_COMPLETE)
        part = {"agency": "sde", "choice": "approve", "reason": "Yes."}
        with pytest.raises(AccessDeniedError, match="while the data owner is recused"):
            office.act("alt-sde", number, Act.REVIEW_PART, **part)
        office.act("p-sde", number, Act.DECLARE_INTEREST, text="I wrote it.")
        with pytest.raises(AccessDeniedError, match="you declared an interest"):
            office.act("p-sde", number, Act.REVIEW_PART, **part)
        view = office.act("alt-sde", number, Act.REVIEW_PART, **part)
        assert view.latest.reviews["sde"].as_alternate


class TestPeople:
    def test_register_change_end(self, office: Office) -> None:
        p, op = office.programme, office.actor("p-office")
        facts = {
            "name": "Mia Ode", "email": "mia@example.org", "account": "iss|mia",
            "employer": "OEC", "agency": "oec", "employment_class": "state_employee",
            "roles": ["data_steward"], "employed_from": date(2026, 1, 1),
        }  # fmt: skip
        mia = register_person(p, op, facts, once="f")
        assert register_person(p, op, facts, once="f") == mia
        assert find_by_account(p, "iss|mia") == mia
        with pytest.raises(DocumentError, match="another person's"):
            register_person(p, op, {**facts, "email": "x@example.org"})
        changed = change_person(p, op, mia.id, {"agency": "sde"}, reason="Moved.", based_on=1)
        with pytest.raises(StaleError):
            change_person(p, op, mia.id, {"agency": "dol"}, reason="Late.", based_on=1)
        last = p.today + timedelta(days=3)
        ended = end_person(p, op, mia.id, left_on=last + timedelta(days=1), reason="Left.")
        assert ended == changed.model_copy(update={"employed_until": last})
        assert read_person(p, op, mia.id) == (ended, 3)
        with pytest.raises(AccessDeniedError):
            change_person(p, office.actor("p-ruiz"), mia.id, {"agency": "dol"}, reason="I want.")
        assert list_people(p, op, PeopleQuery(text="mia ode")).items == (ended,)
        assert {x.id for x in list_people(p, op, PeopleQuery(agency="sde")).items} == {
            mia.id, "p-sde", "alt-sde",
        }  # fmt: skip
        assert mia.id not in {
            x.id for x in list_people(p, op, PeopleQuery(employed=True, text="ode")).items
        } or (last >= p.today)
        assert p.store.compare() == ()

    def test_sign_in_finds_or_makes_a_record(self, office: Office) -> None:
        p = office.programme
        new = sign_in(p, "iss|new", SignInClaims("New Comer", "new@example.org"))
        assert [r.value for r in new.roles] == ["requestor"]
        assert sign_in(p, "iss|new", SignInClaims("Other", "other@example.org")) == new
        claims = SignInClaims("Dana", "P-RUIZ@example.org", email_verified=True)
        assert sign_in(p, "iss|dana", claims).id == "p-ruiz"
        assert find_by_account(p, "iss|dana") is not None
        unverified = SignInClaims("Somebody", "p-chen@example.org")
        assert sign_in(p, "iss|x", unverified).id != "p-chen"
        # An address that has an account is nobody else's.
        assert sign_in(p, "iss|y", claims).id != "p-ruiz"

    def test_the_providers_groups_give_the_roles(self, office: Office) -> None:
        p = office.programme
        roles = (office.people["p-office"].roles[0],)
        claims = SignInClaims("Op", "op@example.org", roles=roles)
        made = sign_in(p, "iss|op", claims)
        assert made.roles == roles
        fewer = SignInClaims("Op", "op@example.org", roles=(office.people["p-ruiz"].roles[0],))
        assert [r.value for r in sign_in(p, "iss|op", fewer).roles] == ["requestor"]
        assert tags(office)[-1] == Tag.PERSON_CHANGED.value


def test_programme_events_are_recorded_once(office: Office) -> None:
    p, op = office.programme, office.actor("p-office")
    facts = {"year": 2026, "heading": "licences", "cents": 100}
    first = record(p, op, Tag.COST_RECORDED, subject="c-1", facts=facts, once="c-1")
    assert first is not None
    assert record(p, op, Tag.COST_RECORDED, subject="c-1", facts=facts, once="c-1") is None
    assert tags(office).count("cost:recorded") == 1


HOSTILE = ("\x00", "a\x00b", "\ud800", "%", "_", "\\", "'; DROP TABLE x; --", "x" * 5000, "\u202e")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_kept_or_refused_in_words(office: Office, text: str) -> None:
    p, ruiz, op = office.programme, office.actor("p-ruiz"), office.actor("p-office")
    number = office.begin()
    content = build_content().model_dump(mode="json") | {"title": text}
    acts: list[Callable[[], object]] = [
        lambda: begin_request(p, ruiz, content),
        lambda: autosave(p, ruiz, number, {"title": text, text: "x"}, based_on=0),
        lambda: office.act("p-ruiz", number, Act.SAVE_DRAFT, content=content),
        lambda: office.act("p-office", number, Act.RETURN, mend=[text]),
        lambda: office.act("p-ruiz", number, Act.SUBMIT, once=text),
        lambda: list_requests(p, op, ListQuery(text=text, agency=(text,), status=(text,))),
        lambda: list_people(p, op, PeopleQuery(text=text, agency=text)),
        lambda: find_by_account(p, text),
        lambda: find_by_id(p, text),
        lambda: sign_in(p, f"iss|{text}", SignInClaims(text, f"{text}@example.org")),
        lambda: list_entries(p, PUBLIC, subject=text),
        lambda: read_attachment(p, ruiz, number, text),
        lambda: read_request(p, ruiz, text),
        lambda: office.on_board("p-office", b.FillSeat, agency=text, person=text),
        lambda: file_attachment(p, ruiz, number, Upload("other", text, "text/plain", b"x")),
        lambda: register_webhook(p, op, f"https://example.org/{text}", [text]),
        lambda: ask_to_erase(p, op, erasure("person", text) | {"words": text}),
        lambda: ask_to_erase(p, op, erasure("entry", text)),
        lambda: ask_to_erase(p, op, erasure("entry", "1") | {"words": text}),
        lambda: ask_to_erase(p, op, erasure(text, "1") | {text: text}),
        lambda: record(p, op, Tag.COST_RECORDED, subject="c-1", facts={"note": text}),
    ]
    for act in acts:
        with contextlib.suppress(DocumentError, NotFoundError, AccessDeniedError):
            act()
    assert p.store.compare() == ()


@pytest.mark.parametrize("number", [-1, 0, 2**31, 2**63, 10**30])
def test_numbers_beyond_a_column_find_nothing(office: Office, number: int) -> None:
    p, ruiz, drafted = office.programme, office.actor("p-ruiz"), office.begin()
    assert list_requests(p, ruiz, ListQuery(page=number, per_page=number)).total == 1
    assert list_entries(p, PUBLIC, page=number, per_page=number).total > 0
    with pytest.raises(NotFoundError):
        read_entry(p, PUBLIC, number)
    with pytest.raises(NotFoundError):
        office.act("p-ruiz", drafted, Act.SUBMIT, version=number)
    with pytest.raises(StaleError):
        office.act("p-ruiz", drafted, Act.SUBMIT, based_on=number)
    autosave(p, ruiz, drafted, {}, based_on=0)
    with pytest.raises(StaleError):
        autosave(p, ruiz, drafted, {}, based_on=number)
