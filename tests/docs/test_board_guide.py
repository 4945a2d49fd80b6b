"""The board guide's example runs, and gives what the guide says."""

import json
import re

import yaml
from jsonschema import Draft202012Validator

from governance.board import decide_motion, default_bylaws, explain, parse_motion
from governance.board.seating import Capacity
from tests.lib.generated import ROOT, schema_text

GUIDE = (ROOT / "docs" / "guides" / "board.md").read_text(encoding="utf-8")


def test_the_example_passes_with_a_proxy_and_an_alternate() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    outcome = decide_motion(parse_motion(example.encode(), "the guide", default_bylaws()))
    assert outcome.passed, outcome.decision.denials
    capacities = {seat.agency: seat.capacity for seat in outcome.seats}
    assert capacities == {
        "dol": Capacity.MEMBER,
        "oec": Capacity.PROXY,
        "sde": Capacity.ALTERNATE,
    }
    assert "Lee Young (proxy)" in explain(outcome)


def test_the_example_keeps_to_the_schema() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    validator = Draft202012Validator(json.loads(schema_text("motion")))
    assert [error.message for error in validator.iter_errors(yaml.safe_load(example))] == []


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", GUIDE):
        assert (ROOT / "docs" / "guides" / target).resolve().is_file(), target
