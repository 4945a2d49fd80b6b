"""The board's system at the command line: the demonstration, then each command as it is given."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner, Result

from governance import cli_session
from governance.calendar import legal_date, utc_now
from governance.cli import app
from governance.cli_session import OS_ACCOUNT, os_user
from governance.demo.run import DemoOptions, run_demo
from governance.errors import ExitCode
from governance.grants import parse_bundle, pin_root, verify_bundle
from governance.grants.publish import fetch_bundle
from governance.permissions import Actor
from governance.requests.states import Status
from governance.services import open_programme, programme
from governance.services.feed import feed_view, follow_feed
from governance.services.founding import register_first_operator
from governance.services.people import register_person
from governance.services.requests import read_request
from governance.settings import load_settings
from governance.signing import Envelope
from tests.functional import portal_screenshots

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("governance_demo")]


@dataclass(frozen=True)
class Demo:
    """A demonstration's home, and who is who."""

    home: Path
    told: dict[str, Any]

    def run(self, *arguments: object, as_: str = "") -> Result:
        given = [str(a) for a in arguments] + ["--home", str(self.home)]
        return CliRunner().invoke(app, given + (["--as", as_] if as_ else []))

    def facts(self, *arguments: object, as_: str = "", code: int = 0) -> dict[str, Any]:
        result = self.run(*arguments, "--json", as_=as_)
        assert result.exit_code == code, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def who(self, what: str) -> str:
        return str(self.told["look_as"][what])

    @property
    def operator(self) -> str:
        return self.who("an operator")

    def number(self, status: str, **also: str) -> str:
        """The first request in a status."""
        args = [a for k, v in also.items() for a in (f"--{k}", v)]
        found = self.facts("request", "list", "--status", status, *args, as_=self.operator)
        return str(found["requests"][0]["number"])


@pytest.fixture(scope="module", autouse=True)
def agreed() -> Iterator[None]:
    """Each command is a process of its own in life; here they share what never changes."""
    with pytest.MonkeyPatch.context() as patched:
        for name in ("load_contracts", "load_agreements"):
            patched.setattr(programme, name, cache(getattr(programme, name)))
        yield


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    home = tmp_path_factory.mktemp("demo") / "home"
    return Demo(home, run_demo(DemoOptions(home=home, quiet=True)))


# ---- what the demonstration leaves ---------------------------------------------------------------


def test_requests_stand_in_every_status_and_the_ledger_verifies(demo: Demo) -> None:
    assert set(demo.told["statuses"]) == {s.value for s in Status}
    assert demo.told["requests"] == 40
    ledger = demo.told["ledger"]
    assert ledger["verified"]
    assert ledger["entries"] == ledger["last_checkpoint"] > 1_400
    key = demo.home / "ledger-key.json"
    copy = demo.home / "policy" / "ledger" / "governance"
    outside = CliRunner().invoke(app, ["ledger", "verify", str(copy), "--key", str(key), "--json"])
    assert outside.exit_code == 0, outside.output
    assert json.loads(outside.stdout)["last_checkpoint"] == ledger["entries"]


def test_grants_are_signed_under_the_root_in_the_home(demo: Demo) -> None:
    root = pin_root(Envelope.from_json((demo.home / "root.json").read_bytes()))
    opened = open_programme(load_settings(demo.home))
    now = opened.clock()
    live = demo.facts("request", "list", "--status", "granted", as_=demo.operator)["requests"]
    assert len(live) >= 7
    for row in live:
        project = f"p20-{row['number'].lower()}"
        verified = verify_bundle(fetch_bundle(opened.policy, project), root, now)
        assert verified.bundle.revoked is None
        assert verified.bundle.request == row["number"]
    revoked = demo.number("revoked")
    bundle = fetch_bundle(opened.policy, f"p20-{revoked.lower()}")
    issued = parse_bundle(bundle.payload).issued_at  # it went stale meanwhile: refused either way
    assert verify_bundle(bundle, root, issued).bundle.revoked is not None
    opened.close()


def test_the_data_plane_tells_of_deliveries_matches_and_releases(demo: Demo) -> None:
    opened = open_programme(load_settings(demo.home))
    state = follow_feed(opened)
    assert state is not None
    assert (state.stop, state.silent_since) == (None, None)
    view = feed_view(opened)
    opened.close()
    assert {h.agency for h in view.health()} >= {"sde", "dol", "cscu", "ccic", "cceh"}
    states = {row.state for row in view.submissions.values()}
    assert states == {"landed", "rejected"}
    assert all(row.in_time for row in view.destructions)
    assert view.matches
    assert view.releases
    granted = demo.facts("request", "list", "--status", "granted", as_=demo.operator)["requests"]
    projects = {f"p20-{row['number'].lower()}" for row in granted}
    assert projects & {project for project, _ in view.queries}


def test_an_amendment_is_reviewed_while_the_grant_goes_on(demo: Demo) -> None:
    rows = demo.facts("request", "list", "--status", "owner_review", as_=demo.operator)
    number = next(r["number"] for r in rows["requests"] if r["live_version"] == 1)
    shown = demo.facts("request", "show", number, as_=demo.operator)
    assert [v["status"] for v in shown["versions"]] == ["granted", "owner_review"]
    assert shown["versions"][1]["to_review"] == ["dss"]
    assert any("receives_sub_housing" in change["words"] for change in shown["changes"])


def test_the_boards_met_once_without_a_quorum_and_took_it_up_again(demo: Demo) -> None:
    meetings = demo.facts("motion", "list")["meetings"]
    adjourned = [m for m in meetings if m["status"] == "adjourned"]
    assert len(adjourned) == 1
    again = next(m for m in meetings if m["rescheduled_from"] == adjourned[0]["meeting"])
    assert again["status"] == "closed"
    assert len(again["motions"]) >= 3
    words = demo.run("motion", "show", again["motions"][0]["motion"]).stdout
    assert "(proxy)" in words
    shown = [demo.run("motion", "show", m["motion"]).stdout for m in again["motions"]]
    assert any("is recused" in text for text in shown)
    admitted = demo.facts("motion", "list", "--body", "executive_board")["meetings"]
    assert admitted[0]["motions"][0]["about"] == "ocme"


def test_a_motion_that_failed_says_why_and_ends_with_3(demo: Demo) -> None:
    motions = [m for x in demo.facts("motion", "list")["meetings"] for m in x["motions"]]
    failed = next(m["motion"] for m in motions if m["passed"] is False)
    result = demo.run("motion", "show", failed)
    assert result.exit_code == ExitCode.REFUSED
    assert "against" in result.stdout


def test_an_output_goes_from_the_proposal_to_the_register(demo: Demo, tmp_path: Path) -> None:
    """The demonstration leaves one that an agency has yet to see: its owner, then the office."""
    rows = demo.facts("request", "list", "--status", "granted", as_=demo.operator)["requests"]
    waiting = [
        (row["number"], one)
        for row in rows
        for one in demo.facts("publication", "list", row["number"], as_=demo.operator)[
            "publications"
        ]
        if one["state"] == "waiting"
    ]
    ((number, one),) = waiting
    (agency,) = one["unseen"]
    recording = (
        "publication", "record", number, one["publication"], "--address", "https://example.org/x",
        "--published-on", legal_date(utc_now()).isoformat(),
    )  # fmt: skip
    early = demo.facts(*recording, as_=demo.operator, code=ExitCode.REFUSED)
    assert early["denials"][0]["rule"] == "publication.seen"
    people = demo.facts("people", "list", "--role", "data_owner", "--agency", agency,
                        as_=demo.operator)["people"]  # fmt: skip
    owners = [x["id"] for x in people]
    results = [
        demo.run("publication", "seen", number, one["publication"], "--comment", "Fine.", as_=who)
        for who in owners
    ]
    assert any(r.exit_code == 0 for r in results)
    done = demo.facts(*recording, as_=demo.operator)
    assert (done["state"], done["unseen"]) == ("published", [])
    requestor = demo.facts("request", "show", number, as_=demo.operator)["requestor"]
    paper = tmp_path / "paper.txt"
    paper.write_text("Table 1 (made up).")
    wanted = ("publication", "propose", number, "--title", "A second paper", "--kind", "report",
              "--venue", "A web site", "--planned-on", "2099-01-01", "--file", paper)  # fmt: skip
    second = demo.facts(*wanted, as_=requestor)
    assert second["unseen"] == sorted([agency, *one["seen"]])
    back = ("publication", "withdraw", number, second["publication"], "--reason", "A mistake.")
    assert demo.facts(*back, as_=requestor)["state"] == "withdrawn"
    assert "withdrawn  A second paper" in demo.run("publication", "list", number,
                                                    as_=demo.operator).stdout  # fmt: skip


def test_public_reports_withhold_persons_and_the_office_sees_them(demo: Demo) -> None:
    log = demo.facts("report", "requests")
    assert "requestor" in log["withheld"]
    assert all(row["requestor"] is None for row in log["rows"])
    whole = demo.facts("report", "requests", "--everything", as_=demo.operator)
    assert all(row["requestor"] for row in whole["rows"])
    refused = demo.facts(
        "report", "requests", "--everything", as_=demo.who("a requestor"), code=ExitCode.REFUSED
    )
    assert refused["denials"][0]["rule"] == "action.role"
    annual = demo.facts("report", "annual")
    assert annual["received"] > 10
    assert annual["costs"]
    assert demo.facts("report", "matches")["rows"]
    names = {p["name"] for p in demo.facts("people", "list", as_=demo.operator)["people"]}
    register = demo.run("report", "register", "--json").stdout
    assert not [name for name in names if name in register]


def test_the_office_keeps_the_match_log(demo: Demo, tmp_path: Path) -> None:
    lines = demo.facts("report", "match-lines", as_=demo.operator)["lines"]
    demo.facts("report", "match-lines", as_=demo.who("a requestor"), code=ExitCode.REFUSED)
    line = {
        "request": lines[0]["request"], "received": "2026-01-05", "sender": "Yale University",
        "receiver": "DOL", "file_name": "from-the-shell.csv", "matrix_date": "2026-01-06",
    }  # fmt: skip
    file = tmp_path / "line.json"
    file.write_text(json.dumps(line))
    made = demo.facts("report", "record-match", file, as_=demo.operator)
    early = demo.facts(
        "report", "confirm-match", made["id"], "--at", "2026-01-05T09:00", as_=demo.operator,
        code=ExitCode.BAD_INPUT,
    )  # fmt: skip
    assert "confirmed_at" not in str(early.get("line"))
    for act, at in (("confirm-match", "2026-01-06T09:00"), ("destroy-match", "2026-01-07T09:30")):
        demo.facts("report", act, made["id"], "--at", at, as_=demo.operator)
        demo.facts("report", act, made["id"], as_=demo.operator)  # again: what stands, stays
    told = {x["id"]: x for x in demo.facts("report", "match-lines", as_=demo.operator)["lines"]}
    own = told[made["id"]]
    assert (own["agency"], own["standing"]) == ("ccic", "amiss")  # 24 hours, and half an hour
    assert (own["confirmed_at"], own["destroyed_date"]) == ("2026-01-06T14:00:00Z", "2026-01-07")
    demo.facts("report", "destroy-match", "nothing", as_=demo.operator, code=ExitCode.BAD_INPUT)


def test_reports_are_written_in_the_form_the_ending_names(demo: Demo, tmp_path: Path) -> None:
    for name, begins in (("a.pdf", b"%PDF-"), ("a.html", b"<!"), ("a.json", b"{")):
        demo.facts("report", "annual", "--out", tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)
    demo.facts("report", "register", "--out", tmp_path / "r.csv")
    assert (tmp_path / "r.csv").read_bytes().startswith(b"number,title")
    assert demo.run("report", "register", "--out", tmp_path / "r.xml").exit_code == 4


# ---- who may, and exit codes ---------------------------------------------------------------------


def test_nobody_on_record_is_refused_and_told_what_to_do(demo: Demo) -> None:
    result = demo.run("request", "list")
    assert result.exit_code == ExitCode.REFUSED
    assert "--as" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("review", "complete"), "action.role"),
        (("request", "withdraw", "--reason", "x"), "action.role"),
    ],
)
def test_who_may_not_is_refused_with_clause_and_remedy(
    demo: Demo, arguments: tuple[str, ...], rule: str
) -> None:
    number = demo.number("submitted")
    command, rest = arguments[:2], arguments[2:]
    auditor = demo.who("the auditor")
    told = demo.facts(*command, number, *rest, as_=auditor, code=ExitCode.REFUSED)
    assert told["error"] == "access.denied"
    denial = told["denials"][0]
    assert denial["rule"] == rule
    assert denial["clause"]
    assert denial["remedy"]


def test_what_does_not_exist_or_cannot_be_read_ends_with_4(demo: Demo, tmp_path: Path) -> None:
    bad = tmp_path / "form.yaml"
    bad.write_text("title: [not, a, title]\nsecret: canary-7261")
    result = demo.run("request", "draft", bad, as_=demo.who("a requestor"))
    assert result.exit_code == ExitCode.BAD_INPUT
    assert "title" in result.output
    assert "canary-7261" not in result.output
    missing = demo.run("request", "show", "Q9999", as_=demo.operator)
    assert missing.exit_code == ExitCode.BAD_INPUT
    no_home = CliRunner().invoke(app, ["motion", "list", "--home", str(tmp_path / "none")])
    assert no_home.exit_code == ExitCode.BAD_INPUT


def test_somebody_unknown_is_not_acted_as(demo: Demo) -> None:
    told = demo.facts("request", "list", as_="nobody.at.all", code=ExitCode.REFUSED)
    assert told["denials"][0]["rule"] == "cli.as"


# ---- a life at the command line ------------------------------------------------------------------


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> dict[str, timedelta]:
    """Lets the commands' time go on: a meeting needs a week's notice."""
    ahead = {"by": timedelta()}

    def later(*args: Any, **kwargs: Any) -> Any:
        return replace(open_programme(*args, **kwargs), clock=lambda: utc_now() + ahead["by"])

    monkeypatch.setattr(cli_session, "open_programme", later)
    return ahead


def test_a_request_walks_from_a_file_to_the_boards_decision(
    demo: Demo, tmp_path: Path, hours: dict[str, timedelta]
) -> None:
    opened = open_programme(load_settings(demo.home))
    requestor = demo.who("a requestor")
    source = demo.facts("request", "show", "Q0001", as_=requestor)["versions"][0]["content"]
    later = (opened.today + timedelta(days=300)).isoformat()
    form = tmp_path / "form.yaml"
    form.write_text(yaml.safe_dump({**source, "ends_on": later, "destruction_on": later}))
    opened.close()

    number = demo.facts("request", "draft", form, as_=requestor)["number"]
    assert demo.facts("request", "submit", number, as_=requestor)["versions"][0]["status"] == (
        "submitted"
    )
    demo.facts("review", "return", number, "--mend", "Say why again.", as_=demo.operator)
    form.write_text(
        yaml.safe_dump({**source, "ends_on": later, "destruction_on": later, "title": "Again"})
    )
    demo.facts("request", "draft", form, "--number", number, as_=requestor)
    demo.facts("request", "submit", number, as_=requestor)
    shown = demo.facts("request", "show", number, as_=demo.operator)
    assert any("title" in change["field"] for change in shown["changes"])
    demo.facts("review", "complete", number, as_=demo.operator)
    seats = _members(demo)
    for agency in ("cscu", "sde"):
        part = ("review", "part", number, "approve", "--reason", "Fits.")
        demo.facts(*part, as_=seats[agency])
    hours["by"] = timedelta(days=20)
    _decide(demo, number, seats, hours)
    final = demo.facts("request", "show", number, as_=demo.operator)["versions"][0]
    assert final["status"] == "approved_with_conditions"
    assert list(final["conditions"].values()) == ["Show us the tables first."]


def _members(demo: Demo) -> dict[str, str]:
    opened = open_programme(load_settings(demo.home))
    with opened.store.read() as unit:
        seats = unit.body(opened.board)[0].seats
    opened.close()
    return {agency: str(seat.member) for agency, seat in seats.items()}


def _decide(demo: Demo, number: str, seats: dict[str, str], hours: dict[str, timedelta]) -> None:
    meeting, motion = "DGB-TEST", "DGB-TEST-M1"
    starts = (utc_now() + hours["by"] + timedelta(days=8)).replace(microsecond=0)
    notice = ("motion", "notice", meeting, "--starts-at", starts.isoformat())
    demo.facts(*notice, as_=demo.operator)
    early = demo.facts("motion", "open", meeting, as_=demo.operator, code=ExitCode.REFUSED)
    assert early["denials"][0]["rule"] == "meeting.time"
    absent, holder = "ows", demo.who("a signatory")
    day = legal_date(starts)
    until = day + timedelta(days=1)  # the meeting may go on past midnight
    proxy = ("proxy", "file", holder, "--from", day.isoformat(), "--until", until.isoformat())
    demo.facts(*proxy, as_=seats[absent])
    hours["by"] += timedelta(days=8, hours=1)
    demo.facts("motion", "open", meeting, as_=demo.operator)
    came = [m for agency, m in seats.items() if agency != absent]
    demo.facts("motion", "arrive", meeting, *came, holder, as_=demo.operator)
    move = ("motion", "move", meeting, motion, "--about", number, "--text", "Approve it.")
    demo.facts(*move, "--condition", "Show us the tables first.", as_=seats["dcf"])
    demo.facts("motion", "put", motion, as_=demo.operator)
    vote = ("vote", motion, "in_favor", "--rationale", "As discussed.")
    for agency, member in seats.items():
        sits = holder if agency == absent else member
        demo.facts(*vote, "--agency", agency, as_=sits)
    twice = demo.facts(*vote, "--agency", "sde", as_=seats["sde"], code=ExitCode.REFUSED)
    assert "vote.locked" in [d["rule"] for d in twice["denials"]]
    closed = demo.facts("motion", "close", motion, as_=demo.operator)
    assert closed["passed"] is True
    demo.facts("motion", "record", number, motion, as_=demo.operator)
    demo.facts("motion", "end", meeting, "--reason", "Done.", as_=demo.operator)


def test_signatures_are_given_on_the_text_that_was_read(demo: Demo) -> None:
    rows = demo.facts("request", "list", "--status", "agreements_out", as_=demo.operator)
    number = rows["requests"][-1]["number"]
    shown = demo.facts("sign", "agreement", number, as_=demo.operator)
    party, digest = shown["unsigned"][0], shown["digest"]
    people = demo.facts("people", "list", "--role", "signatory", as_=demo.operator)["people"]
    person = next(p for p in people if party in p["parties"])
    sign = ("sign", "agreement", number, "--name", person["name"])
    assert demo.run(*sign, as_=person["id"]).exit_code == ExitCode.BAD_INPUT  # no digest
    wrong = demo.run(*sign, "--digest", "ab" * 32, as_=person["id"])
    assert wrong.exit_code == ExitCode.REFUSED
    demo.facts(*sign, "--digest", digest, as_=person["id"])
    assert party not in demo.facts("sign", "agreement", number, as_=demo.operator)["unsigned"]


# ---- outside a demonstration ---------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A programme of its own: this machine's user is its operator, and a requestor is known."""
    opened = open_programme(load_settings(tmp_path))
    opened.store.migrate()
    facts: dict[str, Any] = {
        "name": "Olive Office",
        "email": "olive@example.org",
        "employer": "Office",
        "employment_class": "state_employee",
        "employed_from": "2020-01-01",
    }
    operator = register_first_operator(opened, facts | {"id": "olive", "account": _account()})
    known = facts | {"id": "rita", "name": "Rita Requestor", "email": "rita@example.org"}
    register_person(opened, Actor(operator), known)
    opened.close()
    return tmp_path


def _account() -> str:
    return OS_ACCOUNT + os_user()


def test_the_office_trains_and_revokes(demo: Demo) -> None:
    number, office = demo.number("agreements_out"), demo.operator
    act = ("request", "act", number)
    person = demo.facts("request", "show", number, as_=office)["versions"][-1]["content"]["people"][
        0
    ]
    until = legal_date(utc_now()) + timedelta(days=200)
    train = ("record_training", "--fact", f"person={person['id']}", "--fact")
    demo.facts(*act, *train, f"valid_until={until}", as_=office)
    late = demo.facts(*act, *train, "valid_until=2099-01-01", code=ExitCode.BAD_INPUT, as_=office)
    assert "valid_until" in json.dumps(late)
    assert demo.run(*act, "revoke", "--fact", "no value", as_=office).exit_code == ExitCode.USAGE
    demo.facts(*act, "revoke", code=ExitCode.BAD_INPUT, as_=office)
    revoked = demo.facts(*act, "revoke", "--fact", "reason=No longer lawful.", as_=office)
    assert {v["status"] for v in revoked["versions"]} == {"revoked"}
    requestor = demo.who("a requestor")
    demo.facts(*act, "close", "--fact", "reason=x", as_=requestor, code=ExitCode.REFUSED)


def test_the_machines_user_is_known_and_standing_in_is_an_entry(
    office: Path, tmp_path: Path
) -> None:
    demo = Demo(office, {})
    assert demo.facts("request", "list")["total"] == 0
    form = tmp_path / "form.yaml"
    form.write_text("title: A study\n")
    number = demo.facts("request", "draft", form, as_="rita")["number"]
    opened = open_programme(load_settings(office))
    with opened.store.read() as unit:
        tags = unit.connection.exec_driver_sql("SELECT tag FROM ledger_entries ORDER BY seq")
        assert [row.tag for row in tags][-2:] == [
            "person:stood_in_for", "data_request:drafted",
        ]  # fmt: skip
        person = unit.person("olive")
    assert person is not None
    assert read_request(opened, Actor(person), number).request.requestor == "rita"
    opened.close()


def test_who_is_no_operator_names_nobody_else(office: Path, monkeypatch: Any) -> None:
    opened = open_programme(load_settings(office))
    facts = {
        "id": "sam", "name": "Sam Second", "email": "sam@example.org", "employer": "Elsewhere",
        "employment_class": "other", "employed_from": "2020-01-01", "account": f"{OS_ACCOUNT}sam",
    }  # fmt: skip
    with opened.store.read() as unit:
        operator = unit.person("olive")
    register_person(opened, Actor(operator), facts)
    opened.close()
    monkeypatch.setattr(cli_session, "os_user", lambda: "sam")
    demo = Demo(office, {})
    refused = demo.facts("request", "list", as_="olive", code=ExitCode.REFUSED)
    assert refused["denials"][0]["rule"] == "cli.as"
    assert demo.facts("request", "list", as_="sam")["total"] == 0


def test_every_command_says_what_it_does_and_answers_in_json() -> None:
    """Found in the command line itself, so that a new command is asked too."""
    found = list(_commands(get_command(app)))
    assert {c[0] for c in found} >= {
        "serve", "migrate", "request", "review", "motion", "vote", "proxy", "sign", "grant",
        "ledger", "report", "people",
    }  # fmt: skip
    for command in found:
        shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
        assert shown.exit_code == 0, command
        assert "--json" in shown.stdout, command
        assert len(shown.stdout.split("Usage:")[1]) > 300, command


def _commands(command: Any, *path: str) -> Iterator[tuple[str, ...]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path
        return
    for name, one in inner.items():
        yield from _commands(one, *path, name)


def test_the_pictures_of_the_docs_are_of_pages_that_answer(demo: Demo, tmp_path: Path) -> None:
    made = portal_screenshots.take(demo.home, tmp_path)
    kept = sorted(path.name for path in portal_screenshots.IMAGES.glob("portal-*.png"))
    assert sorted(path.name for path in made) == kept


def test_the_story_ends_now(demo: Demo) -> None:
    last = datetime.fromisoformat(demo.told["ledger"]["last_at"])
    assert utc_now() - last < timedelta(minutes=10)
