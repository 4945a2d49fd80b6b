"""References to landed tables, judged on de-identified batches (pseudonyms against pseudonyms)."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from enclave.validate.checks import text_values
from governance.contracts.model import Rule


class ReferenceCheck:
    """Whether the referring columns exist among the landed keys.

    A row with a null in any referring column refers to nothing and passes (SQL's MATCH SIMPLE).

    Attributes:
        rule: The contract's rule.
        reason: What a failing row is marked with.
        columns: The referring columns.
    """

    def __init__(self, rule: Rule, landed_keys: pa.Table) -> None:
        """Index the landed keys.

        Args:
            rule: A `reference` rule; its `columns` (or the curated columns they became).
            landed_keys: The referred-to columns of the landed table, in the order of the rule's
                `to_columns`; further columns are ignored.
        """
        self.rule = rule
        self.reason = f"reference.missing:{rule.name}"
        self.columns = text_values(rule, "columns")
        self._targets = text_values(rule, "to_columns")
        keys = landed_keys.select(list(self._targets)).drop_null()
        self._keys = keys.group_by(list(self._targets)).aggregate([]).combine_chunks()

    def failing(self, batch: pa.RecordBatch, columns: tuple[str, ...] = ()) -> pa.BooleanArray:
        """Which rows refer to a key that is not landed.

        Args:
            batch: De-identified rows.
            columns: The referring columns when they are not named as in the rule.
        """
        names = columns or self.columns
        cells = [batch.column(name) for name in names]
        if len(names) == 1:
            known = pc.is_in(cells[0], value_set=self._values(0, cells[0].type))
        else:
            known = self._joined(cells)
        present = cells[0].is_valid()
        for cell in cells[1:]:
            present = pc.and_(present, cell.is_valid())
        return pc.and_(present, pc.invert(known))

    def _values(self, position: int, kind: pa.DataType) -> pa.Array:
        column = self._keys.column(self._targets[position]).cast(kind)
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], kind)

    def _joined(self, cells: list[pa.Array]) -> pa.Array:
        """Membership of tuples: a hash join that keeps the batch's row numbers."""
        left = pa.table(
            [*cells, pa.array(np.arange(len(cells[0])))],
            names=[*(f"c{i}" for i in range(len(cells))), "row"],
        )
        right = pa.table(
            [self._values(i, cell.type) for i, cell in enumerate(cells)],
            names=[f"c{i}" for i in range(len(cells))],
        )
        keys = [f"c{i}" for i in range(len(cells))]
        hits = left.join(right, keys=keys, join_type="left semi", use_threads=False)
        mask = np.zeros(len(cells[0]), np.bool_)
        mask[hits.column("row").to_numpy()] = True
        return pa.array(mask)
