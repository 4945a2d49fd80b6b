"""The guide names every finding and every malformed record the intake knows."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"\b(?:intake|record|manifest)\.[a-z0-9_]+\b")
BUILT = {"record.too_few_cells", "record.too_many_cells"}
"""Put together in code, so no literal of theirs stands there."""


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    guide = (ROOT / "docs" / "guides" / "intake.md").read_text(encoding="utf-8")
    documented = {code for line in guide.splitlines() if line.startswith("| `") for code in
                  CODE.findall(line.split("|")[1])}  # fmt: skip
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "enclave/intake").glob("*.py")]
    used = {m for text in sources for m in re.findall(rf'"({CODE.pattern})"', text)} | BUILT
    assert documented == used
