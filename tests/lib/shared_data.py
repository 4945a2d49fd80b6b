"""Where the real public inputs lie, when they are there (beside the project root)."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3] / "shared" / "data"


def folder(name: str) -> Path:
    """The folder of that name, or a skip that says what is missing."""
    path = ROOT / name
    if not path.is_dir():
        pytest.skip(f"real input {name!r} is not beside the project root (../shared/data)")
    return path
