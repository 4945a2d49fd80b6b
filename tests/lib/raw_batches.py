"""Raw batches of made-up text rows, as the intake would hand them on."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from enclave.batches import RawBatch


def build_raw_batch(columns: Mapping[str, Sequence[str | None]], first: int = 1) -> RawBatch:
    """A batch of text columns whose records are numbered from `first`."""
    arrays = [pa.array(list(cells), pa.string()) for cells in columns.values()]
    rows = pa.RecordBatch.from_arrays(arrays, names=list(columns))
    return RawBatch(rows, pa.array(range(first, first + rows.num_rows), pa.int64()))
