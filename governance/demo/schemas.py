"""The schemas of the demonstration's home: the shipped ones, with agreements in force all along."""

import re
import shutil
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Final

_EFFECTIVE: Final = re.compile(r"(?m)^(\s*effectiveOn: )(\d{4}-\d{2}-\d{2})")
_AHEAD: Final = timedelta(days=30)


def write_schemas(folder: Path, begins: date) -> None:
    """Copy what is agreed; every agreement is in force from before the story's first day.

    Some shipped agreements begin later than the demonstration's programme does.
    """
    source = Path(str(resources.files("schemas")))
    for part in ("datasets", "agreements", "bylaws", "requests", "programme"):
        shutil.copytree(source / part, folder / part, dirs_exist_ok=True)
    for path in sorted((folder / "agreements").glob("*.yaml")):
        text = path.read_text("utf-8")
        path.write_text(_EFFECTIVE.sub(lambda m: _earlier(m, begins - _AHEAD), text), "utf-8")


def _earlier(found: re.Match[str], begins: date) -> str:
    return found[1] + min(date.fromisoformat(found[2]), begins).isoformat()
