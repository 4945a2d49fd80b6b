"""Code lists: the tables under `schemas/codes/` that a contract's column may name.

The first column of the file holds the codes unless the contract names another (`codeListColumn`).
"""

import csv
from functools import lru_cache
from importlib import resources
from pathlib import Path

from governance.errors import ConfigurationError


def default_code_lists() -> Path:
    """Where the code lists lie that come with the product."""
    return Path(str(resources.files("schemas"))) / "codes"


def read_codes(folder: Path, name: str, column: str = "") -> tuple[str, ...]:
    """The codes of a list, in file order, each once.

    Args:
        folder: Where the lists lie.
        name: Name of the list, without `.csv`.
        column: Column that holds the codes; empty for the first.

    Raises:
        ConfigurationError: There is no such list, or it has no such column.
    """
    path = folder / f"{name}.csv"
    if not path.is_file():
        raise ConfigurationError(f"There is no code list {name!r}.", code_list=name)
    return _read(path, path.stat().st_mtime_ns, column)


@lru_cache(maxsize=256)
def _read(path: Path, _modified: int, column: str) -> tuple[str, ...]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(line for line in stream if not line.startswith("#"))
        header = next(rows, [])
        if column and column not in header:
            raise ConfigurationError(
                f"Code list {path.stem!r} has no column {column!r}.", code_list=path.stem
            )
        place = header.index(column) if column else 0
        return tuple(dict.fromkeys(row[place] for row in rows if row and row[place]))
