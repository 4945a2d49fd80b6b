"""What is generated from code is current."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from governance.board.bylaws import default_bylaws
from governance.requests.rules import load_rules
from tests.lib.generated import ROOT, pages, schema_text


@pytest.mark.parametrize("path", pages(), ids=lambda p: p.name)
def test_a_generated_file_is_current(path: Path) -> None:
    text = pages()[path]
    assert path.read_text(encoding="utf-8") == text, "Run: python -m tests.lib.generated"


@pytest.mark.parametrize(
    ("schema", "folder"),
    [("bylaws", "bylaws"), ("programme", "programme"), ("request-rules", "requests")],
)
def test_shipped_configuration_keeps_to_its_schema(schema: str, folder: str) -> None:
    import yaml

    document = yaml.safe_load((ROOT / "schemas" / folder / "programme.yaml").read_text())
    validator = Draft202012Validator(json.loads(schema_text(schema)))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_the_programme_s_values_are_the_defaults() -> None:
    board = default_bylaws().body("data_governing_board")
    executive = default_bylaws().body("executive_board")
    assert (str(board.quorum), str(executive.quorum)) == ("2/3", "2/3")
    assert (board.approval.counted, executive.approval.counted) == ("present", "filled_seats")
    assert board.notice_days == 7
    rules = load_rules()
    assert rules.numbers.number(42) == "Q0042"
    assert rules.numbers.project("Q0042") == "p20-q0042"
    assert rules.eligibility.minimum_agencies == 2
    restriction = rules.restriction("dol/quarterly_wages")
    assert restriction is not None
    assert restriction.employment_classes == ("state_employee", "state_official")
