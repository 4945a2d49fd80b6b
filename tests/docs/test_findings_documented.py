"""docs/guides/errors.md lists every finding of custody and validation, and none that is gone."""

import re
from pathlib import Path

from enclave.validate.checks import derive_checks
from governance.contracts.parse import load_contracts

ROOT = Path(__file__).resolve().parents[2]
SAID = re.compile(
    r'"((?:agreement|code|contract|custody|deidentify|drift|drop|format|intake|length|null|period'
    r'|range|reference|revision|rule|unique)\.[a-z_]+)"'
)
SOURCES = ("steps/receive.py", "steps/custody.py", "steps/process.py", "validate/checks.py")
NOT_FINDINGS = {"agreement.in_force", "deidentify.plan_unchanged"}


def test_every_finding_is_explained() -> None:
    text = (ROOT / "docs" / "guides" / "errors.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z]+\.[a-z_]+)`", text.partition("# Findings")[2]))
    contracts = load_contracts(ROOT / "schemas" / "datasets")
    codes = {check.code for contract in contracts.values() for check in derive_checks(contract)}
    for source in SOURCES:
        codes |= set(SAID.findall((ROOT / "enclave" / source).read_text(encoding="utf-8")))

    assert sorted(codes - NOT_FINDINGS - documented) == [], "add them to docs/guides/errors.md"
    assert sorted(documented - codes) == [], "these are no findings any more"
