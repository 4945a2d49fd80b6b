"""The contracts the project ships."""

from functools import lru_cache
from pathlib import Path

import schemas
from governance.contracts.model import DatasetContract
from governance.contracts.parse import load_contracts


@lru_cache(maxsize=1)
def shipped_contracts() -> dict[str, DatasetContract]:
    """By `agency/dataset`."""
    return load_contracts(Path(next(iter(schemas.__path__))) / "datasets")
