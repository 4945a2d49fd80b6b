"""The board's commands on files people would write."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

import schemas
from governance.agreements import load_agreements
from governance.calendar import legal_date
from governance.cli import app
from governance.requests.model import RequestedDataset
from tests.lib.board import build_facts
from tests.lib.requests import NUMBER, build_approved, build_content

RUNNER = CliRunner()
SCHEMAS = Path(next(iter(schemas.__path__)))
DAY = "2026-11-20"


def run(*arguments: str | Path) -> Result:
    return RUNNER.invoke(app, [str(a) for a in arguments])


def motion_file(folder: Path, votes: str = "yyyyy") -> Path:
    facts = build_facts(votes).model_dump(mode="json")
    del facts["rules"]
    path = folder / "motion.yaml"
    path.write_text(yaml.safe_dump({"body": "data_governing_board", **facts}))
    return path


def request_facts(**changes: Any) -> dict[str, Any]:
    """A request against the agreements that come with the product."""
    agreements = load_agreements(SCHEMAS / "agreements").values()
    purposes = {a.agency: a.purposes[0] for a in agreements if a.agency in {"sde", "dol"}}
    wages = ("wage_year", "wage_quarter", "wage_usd", "naics_sector", "employer_town")
    content = build_content(
        purposes=purposes,
        datasets=(
            RequestedDataset(
                dataset="sde/enrollment", variables=("fall_of_year", "grade_level_code")
            ),
            RequestedDataset(dataset="dol/quarterly_wages", variables=wages),
        ),
        ends_on=datetime(2027, 6, 30, tzinfo=UTC).date(),
        destruction_on=datetime(2027, 7, 30, tzinfo=UTC).date(),
        **changes,
    )
    facts: dict[str, Any] = content.model_dump(mode="json")
    return facts


def write(folder: Path, facts: dict[str, Any], name: str = "facts.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(facts))
    return path


def test_a_motion_is_explained_and_the_exit_code_tells(tmp_path: Path) -> None:
    passed = run("motion", "explain", motion_file(tmp_path))
    assert passed.exit_code == 0, passed.output
    assert passed.stdout.startswith("PASSED: motion M-1 (Q0042), Data Governing Board")
    failed = run("motion", "explain", motion_file(tmp_path, "yyy--"), "--json")
    assert failed.exit_code == 3
    assert json.loads(failed.stdout)["denials"][0]["rule"] == "meeting.quorum"


def test_a_motion_file_with_mistakes_names_them_all(tmp_path: Path) -> None:
    facts = yaml.safe_load(motion_file(tmp_path).read_text())
    facts["meeting"]["starts_at"] = "2026-03-12T10:00:00"
    facts["votes"][0]["choice"] = "maybe"
    refused = run("motion", "explain", write(tmp_path, facts))
    assert refused.exit_code == 4
    assert "meeting.starts_at" in refused.stderr
    assert "votes.0.choice" in refused.stderr
    assert "maybe" not in refused.stderr
    unknown = run("motion", "explain", write(tmp_path, facts | {"body": "council"}))
    assert "know no body 'council'" in unknown.stderr
    assert run("motion", "explain", write(tmp_path, {}, "empty.yaml")).exit_code == 4
    (tmp_path / "broken.yaml").write_text("{")
    assert run("motion", "explain", tmp_path / "broken.yaml").exit_code == 4


def test_other_bylaws_may_be_given(tmp_path: Path) -> None:
    bylaws = yaml.safe_load((SCHEMAS / "bylaws" / "programme.yaml").read_text())
    bylaws["bodies"][0]["quorum"] = {"numerator": 1, "denominator": 2}
    path = write(tmp_path, bylaws, "bylaws.yaml")
    assert run("motion", "explain", motion_file(tmp_path, "yyy--"), "--bylaws", path).exit_code == 0
    del bylaws["bodies"][0]["clauses"]["quorum"]
    wrong = run(
        "motion", "explain", motion_file(tmp_path), "--bylaws", write(tmp_path, bylaws, "b.yaml")
    )
    assert (wrong.exit_code, "missing: quorum" in wrong.stderr) == (4, True)


def test_a_request_is_checked_against_what_the_product_ships(tmp_path: Path) -> None:
    file = write(tmp_path, request_facts())
    checked = run("request", "precheck", file, "--on", DAY)
    assert checked.exit_code == 0, checked.output
    assert "yes wage_usd: covered; purpose permitted" in checked.stdout
    assert "Dana Ruiz (Example University) may not have dol/quarterly_wages" in checked.stdout
    assert "naics_sector and dol/quarterly_wages.employer_town may never meet" in checked.stdout
    as_json = json.loads(run("request", "precheck", file, "--on", DAY, "--json").stdout)
    assert as_json["permitted"] is True
    assert as_json["missing"] == []
    home = tmp_path / "home"
    (home / "schemas").mkdir(parents=True)
    for name in ("datasets", "agreements", "codes"):
        (home / "schemas" / name).symlink_to(SCHEMAS / name)
    assert run("request", "precheck", file, "--home", home, "--on", DAY).exit_code == 0


def test_a_request_that_cannot_be_granted_says_why(tmp_path: Path) -> None:
    facts = request_facts(ferpa_basis=None, title="")
    facts["datasets"][1]["variables"] = ["ssn", "wage_usd"]
    refused = run("request", "precheck", write(tmp_path, facts), "--on", DAY)
    assert refused.exit_code == 3
    for words in ("dol/quarterly_wages.ssn identifies persons", "audit or evaluate", "no name"):
        assert words in refused.stdout
    assert run("request", "precheck", write(tmp_path, facts), "--on", "soon").exit_code == 4


def approved_facts() -> dict[str, Any]:
    """The chain of the shipped request, issued today so that a signer can sign it."""
    from governance.requests.model import RequestContent

    content = RequestContent.model_validate_json(json.dumps(request_facts()))
    now = datetime.now(UTC)
    facts: dict[str, Any] = build_approved(content).model_dump(mode="json")
    del facts["board"]["motion"]["rules"]
    facts["board"]["motion"]["body"] = "data_governing_board"
    facts["issued_at"] = (now - timedelta(minutes=1)).isoformat()
    facts["granted_from"] = legal_date(now).isoformat()
    for person in facts["people"]:
        person["training_valid_until"] = (now + timedelta(days=300)).date().isoformat()
    facts["people"][2]["nda_signed_on"] = None
    facts["sharing_agreement"]["ends_on"] = (now + timedelta(days=365)).date().isoformat()
    return facts


def test_a_compiled_bundle_can_be_signed_and_verified(tmp_path: Path) -> None:
    """The whole way from the chain's facts to what the data plane verifies."""
    facts = approved_facts()
    compiled = run("request", "compile", write(tmp_path, facts))
    assert compiled.exit_code == 0, compiled.output
    assert "Left out: Ada Okafor" in compiled.stderr
    bundle = tmp_path / "bundle.json"
    bundle.write_text(compiled.stdout)
    keys, signed = tmp_path / "keys", tmp_path / "signed.json"
    assert run("grant", "root", keys).exit_code == 0
    done = run("grant", "sign", bundle, "--key", keys / "signer-key.pem", "--out", signed)
    assert done.exit_code == 0, done.output
    root = ("--root", keys / "root.json")
    for person, code in (("p-ruiz", 0), ("p-okafor", 3)):
        verified = run("grant", "verify", signed, *root, "--person", person)
        assert verified.exit_code == code, verified.output
    as_json = json.loads(run("request", "compile", write(tmp_path, facts), "--json").stdout)
    assert [p["person"] for p in as_json["left_out"]] == ["p-okafor"]


def test_a_broken_chain_gives_no_bundle(tmp_path: Path) -> None:
    facts = approved_facts()
    facts["sharing_agreement"] = None
    refused = run("request", "compile", write(tmp_path, facts))
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert "There is no sharing agreement." in refused.stderr


def test_the_digest_names_the_content(tmp_path: Path) -> None:
    file = write(tmp_path, request_facts())
    digest = run("request", "digest", file)
    assert len(digest.stdout.strip()) == 64
    as_json = json.loads(run("request", "digest", file, "--json").stdout)
    assert as_json == {"content_digest": digest.stdout.strip()}
    assert NUMBER == "Q0042"


@pytest.mark.parametrize(
    "command",
    [("motion", "explain"), ("request", "precheck"), ("request", "compile"), ("request", "digest")],
)
def test_every_command_explains_itself(command: tuple[str, str]) -> None:
    helped = run(*command, "--help")
    assert helped.exit_code == 0
    assert "--json" in helped.stdout
