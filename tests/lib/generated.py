"""Write what is generated from code: `python -m tests.lib.generated`. Tests hold it current."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from governance.board.bylaws import Bylaws
from governance.board.model import MotionFacts
from governance.permissions.table import permissions_page
from governance.profile import Profile
from governance.requests.compile import ApprovedRequest
from governance.requests.model import RequestContent
from governance.requests.rules import RequestRules
from governance.requests.table import state_page

ROOT = Path(__file__).parents[2]
SCHEMAS: dict[str, type[BaseModel]] = {
    "approved-request": ApprovedRequest,
    "bylaws": Bylaws,
    "motion": MotionFacts,
    "programme": Profile,
    "request": RequestContent,
    "request-rules": RequestRules,
}


def schema_text(name: str) -> str:
    """The JSON Schema of one kind of document."""
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:data-enclave:{name}:1",
        **SCHEMAS[name].model_json_schema(),
    }
    facts = schema.get("$defs", {}).get("MotionFacts") or schema
    if "rules" in facts["properties"]:  # a document may name the body in place of its rules
        facts["properties"] = {"body": {"type": "string"}, **facts["properties"]}
        facts["required"] = [name for name in facts["required"] if name != "rules"]
        facts["oneOf"] = [{"required": ["body"]}, {"required": ["rules"]}]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def pages() -> dict[Path, str]:
    """Every generated file and what it must hold."""
    found = {ROOT / "schemas" / "meta" / f"{n}.schema.json": schema_text(n) for n in SCHEMAS}
    found[ROOT / "docs" / "reference" / "request-states.md"] = state_page()
    found[ROOT / "docs" / "reference" / "permissions.md"] = permissions_page()
    return found


def write_all() -> None:
    """Write every generated file."""
    from tests.lib.interface_pages import interface_pages

    found = pages() | {ROOT / "docs" / "reference" / n: t for n, t in interface_pages().items()}
    for path, text in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_all()
