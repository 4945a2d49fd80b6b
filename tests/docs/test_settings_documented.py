"""The operator's guide lists every setting as the code has it."""

import re
from pathlib import Path

from pydantic import SecretStr

from enclave.settings import ENV_PREFIX, EnclaveSettings

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "operator.md"


def settings_table() -> list[str]:
    """The rows of the guide's table, made from the settings."""
    rows = []
    for name, field in EnclaveSettings.model_fields.items():
        default = "(none)" if field.is_required() or field.default is None else f"`{field.default}`"
        kept = " A secret: `init` never writes it." if SecretStr in _types(field.annotation) else ""
        shown = default if default != "``" else "(empty)"
        rows.append(f"| `{ENV_PREFIX}{name.upper()}` | {shown} | {field.description}{kept} |")
    return rows


def _types(annotation: object) -> tuple[object, ...]:
    return getattr(annotation, "__args__", (annotation,))


def test_every_setting_stands_in_the_guide() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    expected = settings_table()
    missing = [row for row in expected if row not in text]
    assert missing == [], "put this into docs/guides/operator.md:\n" + "\n".join(expected)


def test_the_guide_names_no_setting_that_is_gone() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    known = {f"{ENV_PREFIX}{name.upper()}" for name in EnclaveSettings.model_fields}
    assert set(re.findall(rf"\b{ENV_PREFIX}[A-Z_]+\b", text)) - known == set()
