"""Opens the curated tables of a deployment many times over: a real query that takes minutes."""

from collections.abc import Sequence

import pyarrow.dataset as pads

from enclave.adapters.curated_tables import open_tables
from enclave.adapters.duckdb_worker import OpenDataset


def open_repeated(home: str, times: str) -> OpenDataset:
    """Every table as it is, `times` times over."""
    open_dataset = open_tables(home)

    def repeat(name: str, columns: Sequence[str] | None, version: int) -> pads.Dataset:
        one = open_dataset(name, columns, version)
        return pads.dataset([one] * int(times))

    return repeat
