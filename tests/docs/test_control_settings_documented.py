"""The control plane's guide lists every setting as the code has it."""

import re
from pathlib import Path

from pydantic import SecretStr

from governance.settings import ENV_PREFIX, GovernanceSettings

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "control-plane.md"


def settings_table() -> list[str]:
    """The rows of the guide's table, made from the settings."""
    rows = []
    for name, field in GovernanceSettings.model_fields.items():
        value = None if field.is_required() else field.get_default(call_default_factory=True)
        default = "(none)" if value is None or value in ((), {}) else f"`{value}`"
        types = getattr(field.annotation, "__args__", (field.annotation,))
        secret = " A secret." if SecretStr in types else ""
        rows.append(f"| `{ENV_PREFIX}{name.upper()}` | {default} | {field.description}{secret} |")
    return rows


def test_every_setting_stands_in_the_guide_as_it_is() -> None:
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if line.startswith(f"| `{ENV_PREFIX}")]
    assert found == settings_table(), "put this there:\n" + "\n".join(settings_table())


def test_the_guide_names_no_setting_that_is_gone() -> None:
    known = {f"{ENV_PREFIX}{name.upper()}" for name in GovernanceSettings.model_fields}
    named = set(re.findall(rf"\b{ENV_PREFIX}[A-Z][A-Z_]+\b", GUIDE.read_text(encoding="utf-8")))
    assert named <= known
