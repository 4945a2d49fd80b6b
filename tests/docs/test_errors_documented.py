"""docs/guides/errors.md has a row for every error code, and none that is gone."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dags
import enclave
import governance
from governance.errors import ExitCode, ProgrammeError

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "errors.md"


class Row(NamedTuple):
    """One row of the guide's table."""

    exit_code: str
    retryable: str
    meaning: str
    remedy: str


def _load_everything() -> None:
    """Import every module, so that every subclass exists."""
    for package in (enclave, governance):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(("__main__", ".migrations.env")):
                importlib.import_module(module.name)
    assert dags.__name__ == "dags"  # raises errors of the two others only


def _subclasses(parent: type[ProgrammeError]) -> Iterator[type[ProgrammeError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from _subclasses(child)


def _errors() -> list[type[ProgrammeError]]:
    _load_everything()
    found = {e for e in _subclasses(ProgrammeError) if not e.__module__.startswith("tests.")}
    return sorted(found, key=lambda error: error.code)


def _rows() -> dict[str, Row]:
    pattern = re.compile(
        r"^\| `([a-z_.]+)` \| (\d) \| (yes|no) \| (.+?) \| (.+?) \|$", re.MULTILINE
    )
    return {
        code: Row(*cells) for code, *cells in pattern.findall(GUIDE.read_text(encoding="utf-8"))
    }


def test_every_error_is_explained() -> None:
    rows = _rows()
    missing = sorted({error.code for error in _errors()} - rows.keys())
    assert missing == [], "add them to docs/guides/errors.md, with what they mean and what to do"
    assert all(len(row.meaning) > 10 and len(row.remedy) > 10 for row in rows.values())


def test_no_row_is_left_of_an_error_that_is_gone() -> None:
    assert sorted(_rows().keys() - {error.code for error in _errors()}) == []


def test_exit_codes_and_retries_are_as_documented() -> None:
    rows = _rows()
    wrong = [
        error.__name__
        for error in _errors()
        if (rows[error.code].exit_code, rows[error.code].retryable)
        != (str(int(error.exit_code)), "yes" if error.retryable else "no")
    ]
    assert wrong == []


def test_a_code_means_one_thing() -> None:
    errors = _errors()
    by_code: dict[str, list[str]] = {}
    for error in errors:
        if "code" in vars(error):
            by_code.setdefault(error.code, []).append(error.__name__)
    assert {code: names for code, names in by_code.items() if len(names) > 1} == {}


def test_exit_codes_stand_in_the_operators_guide() -> None:
    text = (GUIDE.parent / "operator.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert re.search(rf"^\| {int(code)} \|", text, re.MULTILINE), code
