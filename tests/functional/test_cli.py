"""The command line: help worth reading, exit codes that tell, JSON that parses, plain errors."""

import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

from enclave.cli import app, main
from enclave.demo.grant import publish_demo_grant
from enclave.deployment import init_deployment, open_deployment
from enclave.steps import process_submission, receive_drops
from enclave.steps.submit import submit_file
from enclave.zones import Zone
from tests.lib.command import ROOT, run_enclave
from tests.lib.graduates import CANARY, write_graduates
from tests.lib.signed_in import sign_in

pytestmark = pytest.mark.functional
ROWS, FAILING = 200, 3
QUESTION = "SELECT gender, COUNT(*) AS graduates FROM curated_sde__graduate GROUP BY gender"


class Said(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


Enclave = Callable[..., Said]


@pytest.fixture
def enclave(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Enclave]:
    """Runs `enclave …` in this process, exit code and all."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("ENCLAVE_HOME", raising=False)
    umask = os.umask(0o022)

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["enclave", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    yield run
    os.umask(umask)


class Prepared(NamedTuple):
    """A deployment with a landed, a rejected and a waiting submission."""

    home: Path
    landed: str
    rejected: str


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("cli")
    home = folder / "home"
    deployment = init_deployment(home)
    ids = {}
    for period, failing in (("2022-23", FAILING), ("2023-24", ROWS)):
        path = write_graduates(
            folder / f"SDE_graduation_{period}_v1.csv", rows=ROWS, failing=failing
        )
        upload = submit_file(deployment, path, agency="sde", dataset="graduation")
        ids[period] = str(upload.submission_id)
    deployment.store.close()
    done = run_enclave("load", "--all", "--home", home, "--json")
    assert done.returncode == 4, "one was rejected"
    assert {o["submission_id"]: o["state"] for o in json.loads(done.stdout)} == {
        ids["2022-23"]: "landed",
        ids["2023-24"]: "rejected",
    }
    return Prepared(home, ids["2022-23"], ids["2023-24"])


def commands() -> list[tuple[str, ...]]:
    """Every command, as the words one types."""

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, (*words, name))

    return list(walk(typer.main.get_command(app), ()))


def leaf(words: tuple[str, ...]) -> Any:
    """The command behind the words."""
    command: Any = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    return command


@pytest.mark.parametrize("words", commands(), ids=lambda words: " ".join(words) or "enclave")
def test_help_is_worth_reading(enclave: Enclave, words: tuple[str, ...]) -> None:
    said = enclave(*words, "--help")

    assert said.code == 0
    assert said.err == ""
    command = leaf(words)
    first_sentence = " ".join(command.help.split())[:40]
    assert first_sentence in " ".join(said.out.split())
    if hasattr(command, "commands"):
        return
    assert "Example:" in said.out
    for parameter in command.params:
        text = getattr(parameter, "help", "")
        assert text, f"{parameter.name} says nothing"


def test_the_commands_of_the_definition_are_there() -> None:
    assert {" ".join(words) for words in commands()} >= {
        *("init", "demo", "contract draft", "contract check", "agreement check", "submit", "load"),
        *("submissions", "tables", "describe", "query", "receipt", "ledger verify", "doctor"),
        "quarantine export",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("submissions",),
        ("submissions", "--agency", "nobody"),
        ("tables",),
        ("describe", "sde/graduation"),
        ("describe", "dol/quarterly_wages"),
        ("receipt", "{landed}"),
        ("receipt", "{rejected}"),
        ("ledger", "verify"),
        ("ledger", "list"),
        ("doctor",),
        ("load", "--all"),
        ("load", "{landed}"),
        ("contract", "check"),
        ("agreement", "check"),
    ],
    ids=" ".join,
)
def test_what_reports_reports_as_json_too(
    enclave: Enclave, prepared: Prepared, arguments: tuple[str, ...]
) -> None:
    named = [a.format(landed=prepared.landed[:8], rejected=prepared.rejected) for a in arguments]

    told = enclave(*named, "--home", prepared.home)
    said = enclave(*named, "--home", prepared.home, "--json")

    assert (told.code, said.code) == (0, 0), told.err + said.err
    json.loads(said.out)
    assert said.err == told.err == ""
    assert CANARY not in told.out + said.out


def test_init_says_what_it_made(enclave: Enclave, tmp_path: Path) -> None:
    said = enclave("init", tmp_path / "home", "--json")
    assert said.code == 0
    assert json.loads(said.out)["storage"] == "local"
    again = enclave("init", tmp_path / "home")
    assert (again.code, "not empty" in again.err) == (4, True)
    assert stat.S_IMODE((tmp_path / "home" / "state.sqlite").stat().st_mode) == 0o600


def test_a_road_by_hand(enclave: Enclave, prepared: Prepared, tmp_path: Path) -> None:
    """Submit, see it wait, load it by its first characters, read its receipt."""
    path = write_graduates(tmp_path / "any.csv", rows=ROWS, failing=0)
    options = ("--agency", "sde", "--dataset", "graduation", "--home", prepared.home)
    nameless = enclave("submit", path, *options)
    assert nameless.code == 4
    assert "--period" in nameless.err

    said = enclave("submit", path, *options, "--period", "2024-25", "--json")
    assert said.code == 0
    upload = json.loads(said.out)
    assert upload["sha256"] in enclave("submit", path, *options, "--period", "2099-00").out

    loaded = enclave("load", upload["submission"], "--home", prepared.home)
    assert loaded.code == 0, loaded.err
    page = tmp_path / "page.html"
    told = enclave("receipt", upload["submission"][:8], "--html", page, "--home", prepared.home)
    assert told.code == 0
    assert f"{ROWS:,}" in told.out
    assert "<html" in page.read_text(encoding="utf-8")
    assert CANARY not in told.out + page.read_text(encoding="utf-8")
    listed = enclave("submissions", "--home", prepared.home, "--json")
    assert upload["submission"] in {s["submission"] for s in json.loads(listed.out)}


def test_rows_go_back_to_their_agency_alone(
    enclave: Enclave, prepared: Prepared, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared.home, home)
    deployment = open_deployment(home)
    sign_in(deployment, "sde")
    deployment.store.close()
    export = ("quarantine", "export", prepared.landed[:8], "--home", home)
    target = tmp_path / "rows.csv"

    refused = enclave(*export, "--agency", "dol", "--to", target)
    assert refused.code == 3
    assert "clause:" in refused.err
    assert "remedy:" in refused.err
    assert not target.exists()
    as_json = enclave(*export, "--agency", "dol", "--to", target, "--json")
    (denial,) = json.loads(as_json.err)["denials"]
    assert denial["rule"] == "quarantine.own_agency"
    assert all(denial[part] for part in ("reason", "clause", "remedy"))

    given = enclave(*export, "--agency", "sde", "--to", target, "--json")
    assert (given.code, json.loads(given.out)["rows"]) == (0, FAILING)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert CANARY in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "pattern"),
    [
        (("submit",), 2, "Missing argument"),
        (("nonsense",), 2, "No such command"),
        (("load",), 2, "Name a submission"),
        (("load", "--all", "--again"), 2, "Name a submission"),
        (("submit", "/nonexistent.csv", "--agency", "sde"), 2, "does not exist"),
        (("submit", __file__, "--agency", "sde"), 2, "--dataset or --agreement"),
        (("query", "SELECT 1", "--project", "p", "--format", "xml"), 2, "xml"),
        (("query", "SELECT 1", "--project", "p", "--format", "parquet"), 2, "--to"),
        (("query", "SELECT 1", "--project", "p", "--to", "/no/such/folder/x"), 2, "--to"),
        (("init", "x", "--storage", "tape"), 2, "tape"),
        (("submissions",), 4, "ENCLAVE_HOME"),
        (("submissions", "--home", "/nonexistent"), 4, "no deployment"),
        (("contract", "check", "--home", "/nonexistent"), 4, "nonexistent"),
        (("agreement", "check", "--home", "/nonexistent"), 4, "nonexistent"),
        (("receipt", "00000000", "{home}"), 4, "enclave submissions"),
        (("receipt", "abc", "{home}"), 4, "enclave submissions"),
        (("load", "00000000", "{home}"), 4, "enclave submissions"),
        (("load", "{landed}", "--again", "{home}"), 4, "landed"),
        (("describe", "sde/nothing", "{home}"), 4, "sde/nothing"),
        (("contract", "suite", "sde/nothing"), 4, "sde/nothing"),
        (
            ("submit", __file__, "--agency", "sde", "--dataset", "nothing", "{home}"),
            4,
            "enrollment",
        ),
        (("submit", __file__, "--agency", "xyz", "--dataset", "nothing", "{home}"), 4, "sde"),
        (
            ("submit", __file__, "--agency", "dol", "--agreement", "MOU-SDE-2024-03", "{home}"),
            4,
            "not an agreement of dol",
        ),
        (
            ("quarantine", "export", "{rejected}", "--agency", "dol", "--to", "x", "{home}"),
            4,
            "enclave trust",
        ),
        (("query", QUESTION, "--project", "p", "{home}"), 4, "enclave trust"),
        (("trust", __file__, "{home}"), 3, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_wrong_is_said_plainly(
    enclave: Enclave, prepared: Prepared, arguments: tuple[str, ...], code: int, pattern: str
) -> None:
    named: list[str | Path] = []
    for argument in arguments:
        if argument == "{home}":
            named += ["--home", prepared.home]
        else:
            named.append(
                argument.format(landed=prepared.landed[:8], rejected=prepared.rejected[:8])
            )
    said = enclave(*named)

    assert said.code == code, said
    assert pattern in said.err, said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    if code != 2:
        assert re.search(r"\([a-z_.]+\)|Refused", said.err), "an error has a code"


def test_a_broken_contract_is_listed_with_its_place(enclave: Enclave, tmp_path: Path) -> None:
    folder = ROOT / "schemas"
    text = (folder / "datasets" / "sde" / "graduation.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "graduation.yaml"
    broken.write_text(text.replace("identifierRole", "identifierRoll"), encoding="utf-8")
    unreadable = tmp_path / "unreadable.yaml"
    unreadable.write_text("a: [1, 2", encoding="utf-8")

    said = enclave("contract", "check", broken, unreadable)
    as_json = enclave("contract", "check", broken, unreadable, "--json")

    assert (said.code, as_json.code) == (4, 4)
    assert "graduation.yaml" in said.out
    assert "unreadable.yaml" in said.out
    document = json.loads(as_json.out)
    assert document["valid"] is False
    assert len(document["problems"]) >= 2


def test_a_broken_agreement_is_listed_with_its_place(
    enclave: Enclave, prepared: Prepared, tmp_path: Path
) -> None:
    source = next((prepared.home / "schemas" / "agreements").glob("*.yaml"))
    broken = tmp_path / source.name
    broken.write_text(
        source.read_text(encoding="utf-8").replace("clauses:", "clawses:"), encoding="utf-8"
    )

    said = enclave("agreement", "check", broken, "--home", prepared.home)

    assert said.code == 4
    assert source.name in said.out
    assert "problem" in said.out.splitlines()[-1]


def test_a_submission_underway_has_no_receipt_yet(
    enclave: Enclave, prepared: Prepared, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared.home, home)
    deployment = open_deployment(home)
    path = write_graduates(tmp_path / "SDE_graduation_2030-31_v1.csv", rows=20, failing=0)
    upload = submit_file(deployment, path, agency="sde", dataset="graduation")
    receive_drops(deployment, "MOU-SDE-2024-03")
    deployment.store.close()

    said = enclave("receipt", upload.submission_id, "--home", home)

    assert said.code == 4
    assert "no receipt yet" in said.err


def test_one_submission_that_fails_stops_no_other(
    enclave: Enclave, prepared: Prepared, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared.home, home)
    deployment = open_deployment(home)
    uploads = []
    for period, rows in (("2031-32", 150), ("2032-33", 160)):
        path = write_graduates(tmp_path / f"SDE_graduation_{period}_v1.csv", rows=rows, failing=0)
        uploads.append(submit_file(deployment, path, agency="sde", dataset="graduation"))
    receive_drops(deployment, "MOU-SDE-2024-03")
    first = str(uploads[0].submission_id)
    process_submission(deployment, first)
    staging = deployment.zones.store(Zone.STAGING)
    staged = next(i.key for i in staging.list(f"{first}/") if i.key.endswith(".parquet"))
    staging.put(staged, b"swapped")
    deployment.store.close()

    said = enclave("load", "--all", "--home", home, "--json")

    assert said.code == 1
    assert json.loads(said.err)["error"] == "evidence.invalid"
    states = {o["submission_id"]: o["state"] for o in json.loads(said.out)}
    assert states[first] == "passed"
    assert states[str(uploads[1].submission_id)] == "landed"


def test_questions_and_refusals(enclave: Enclave, prepared: Prepared, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared.home, home)
    deployment = open_deployment(home)
    shutil.rmtree(publish_demo_grant(deployment))
    deployment.store.close()

    ungranted = enclave("query", QUESTION, "--project", "career-pathways", "--home", home)
    assert ungranted.code == 3, ungranted
    assert "clause:" in ungranted.err
    unknown = enclave("query", QUESTION, "--project", "no-such", "--home", home)
    assert unknown.code == 3, unknown
    assert "Traceback" not in unknown.err


def test_nobody_the_mapping_names_is_refused(
    enclave: Enclave, prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(prepared.home, home)
    deployment = open_deployment(home)
    publish_demo_grant(deployment)
    deployment.store.close()
    monkeypatch.setattr("getpass.getuser", lambda: "somebody-else")

    said = enclave("query", QUESTION, "--project", "career-pathways", "--home", home)

    assert said.code == 3
    assert "mapped to no person" in said.err


def test_a_fault_is_said_without_its_text(
    enclave: Enclave, prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("enclave.store.SubmissionStore.list", fail)

    said = enclave("submissions", "--home", prepared.home)

    assert said.code == 1
    assert CANARY not in said.err + said.out
    assert "ValueError at " in said.err
    assert re.search(r"at enclave/cli/loading\.py:\d+", said.err), said.err
