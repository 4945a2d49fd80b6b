"""The office's commands on a home of its own: migrate, people, the ledger in the database."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from governance.cli import app
from governance.cli_session import os_user
from governance.errors import ExitCode
from governance.services import open_programme
from governance.settings import load_settings

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an operator who is this machine's user."""
    folder = tmp_path_factory.mktemp("control")
    for kind in ("datasets", "agreements"):
        (folder / "schemas" / kind).mkdir(parents=True)
    assert ok(folder, "migrate")["changed"] is True
    ok(
        folder, "people", "add", "--first", "--id", "p-op", "--name", "Op", "--email",
        "op@example.org", "--employer", "OPM", "--account", f"os|{os_user()}",
    )  # fmt: skip
    return folder


def run(home: Path, *arguments: str) -> Result:
    return RUNNER.invoke(app, [*arguments, "--home", str(home)])


def ok(home: Path, *arguments: str) -> dict[str, object]:
    result = run(home, *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_migrate_is_safe_to_repeat(home: Path) -> None:
    assert ok(home, "migrate")["changed"] is False
    assert "had it already" in run(home, "migrate").output


def test_people_added_changed_ended_listed(home: Path) -> None:
    ok(
        home, "people", "add", "--id", "p-ann", "--name", "Ann Lee", "--email", "a@example.org",
        "--employer", "UConn", "--role", "requestor", "--from", "2026-01-01",
    )  # fmt: skip
    ok(home, "people", "change", "p-ann", "--reason", "Moved.", "--employer", "OEC",
       "--agency", "oec", "--role", "data_steward")  # fmt: skip
    ended = ok(home, "people", "end", "p-ann", "--left-on", "2099-02-01", "--reason", "Left.")
    assert isinstance(ended["person"], dict)
    assert (ended["person"]["employed_until"], ended["person"]["agency"]) == ("2099-01-31", "oec")
    listed = ok(home, "people", "list", "--agency", "oec")
    assert listed["total"] == 1
    assert (
        "p-ann: Ann Lee, OEC (data_steward), last day with access 2099-01-31"
        in run(home, "people", "list", "--role", "data_steward").output
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("people", "add", "--first", "--name", "X", "--email", "x@y.org", "--employer", "X"),
         ExitCode.REFUSED),
        (("people", "change", "p-nobody", "--reason", "x", "--name", "Y"), ExitCode.BAD_INPUT),
        (("people", "change", "p-op", "--reason", "x"), ExitCode.BAD_INPUT),
        (("people", "change", "p-op", "--reason", "x", "--name", "Y"), ExitCode.REFUSED),
        (("people", "add", "--name", "X", "--email", "no", "--employer", "X"), ExitCode.BAD_INPUT),
        (("ledger", "show", "9999"), ExitCode.BAD_INPUT),
        (("ledger", "erase", "1", "--reason", "mistake"), ExitCode.REFUSED),
    ],
)  # fmt: skip
def test_refusals_say_why_and_end_with_their_code(
    home: Path, arguments: tuple[str, ...], code: ExitCode
) -> None:
    result = run(home, *arguments, "--json")
    assert result.exit_code == code, result.output
    assert "error" in json.loads(result.stdout)


def test_the_ledger_is_verified_signed_and_proved(home: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    made = ok(home, "ledger", "checkpoint", "--out", str(kept))
    assert made["size"] == ok(home, "ledger", "list")["total"]
    report = ok(home, "ledger", "verify", "--database", "--anchor", str(kept))
    assert report["verified"] is True
    assert report["last_checkpoint"] == made["size"]
    assert ok(home, "ledger", "prove", "1")["size"] == made["size"]
    assert ok(home, "ledger", "show", "1")["entry"]
    key = tmp_path / "key.json"
    key.write_text(run(home, "ledger", "key").stdout)
    public = RUNNER.invoke(
        app, ["ledger", "verify", str(home / "policy/ledger/governance"), "--key", str(key)]
    )
    assert public.exit_code == 0, public.output
    assert "confidential, not in this copy" in public.output
    assert "What this cannot find: a rewrite by whoever holds the ledger" in public.output
    ok(home, "people", "add", "--id", "p-later", "--name", "L", "--email", "l@example.org",
       "--employer", "UConn", "--role", "requestor", "--from", "2026-01-01")  # fmt: skip
    inside = run(home, "ledger", "verify", "--database")
    assert "a rewrite of the last 1 entries" in inside.output
    assert ok(home, "ledger", "rebuild")["rows"]
    assert RUNNER.invoke(app, ["ledger", "verify"]).exit_code == ExitCode.USAGE


def test_two_of_the_office_erase(home: Path) -> None:
    ok(home, "people", "add", "--id", "p-two", "--name", "Two", "--email", "two@example.org",
       "--employer", "OPM", "--role", "operator", "--from", "2026-01-01")  # fmt: skip
    assert run(home, "people", "change", "p-op", "--reason", "x", "--name", "Y").exit_code == 3
    denied = str(ok(home, "ledger", "list", "--tag", "action:denied")["entries"][0]["seq"])  # type: ignore[index]  # JSON
    free = run(home, "ledger", "erase", denied, "--reason", "Because of Dana Ruiz.")
    assert free.exit_code == ExitCode.USAGE
    as_two = ("--as", "p-two")
    asked = str(
        ok(home, "ledger", "erase", denied, "--reason", "mistake", "--words", "A slip.")["asked"]
    )
    assert "Waits for another one" in run(home, "ledger", "erasures").output
    alone = run(home, "ledger", "confirm-erasure", asked)
    assert alone.exit_code == ExitCode.REFUSED
    assert "You asked for it yourself" in alone.output
    assert ok(home, "ledger", "confirm-erasure", asked, *as_two)["entries"] == 1
    assert ok(home, "ledger", "show", denied)["erased"] is True
    assert run(home, "ledger", "drop-erasure", asked).exit_code != 0
    assert ok(home, "ledger", "verify", "--database")["erased"] == 1


def test_what_waits_is_sent(home: Path) -> None:
    assert ok(home, "send") == {"sent": 0, "failed": 0, "given_up": 0}


def test_a_tampered_database_does_not_verify(home: Path) -> None:
    p = open_programme(load_settings(home))
    with p.store.database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("DROP TRIGGER ledger_entries_no_update")
        connection.exec_driver_sql("UPDATE ledger_entries SET tag = 'vote:cast' WHERE seq = 1")
    result = run(home, "ledger", "verify", "--database")
    assert result.exit_code == ExitCode.FAULT
    assert "altered entry 1" in result.output
    with p.store.database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(
            "UPDATE ledger_entries SET tag = 'person:registered' WHERE seq = 1"
        )
    p.close()


def test_without_a_layout_the_remedy_is_named(tmp_path: Path) -> None:
    for kind in ("datasets", "agreements"):
        (tmp_path / "schemas" / kind).mkdir(parents=True)
    result = run(tmp_path, "people", "list")
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "governance migrate" in result.output
