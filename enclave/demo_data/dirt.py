"""Which rows get which mistake: every failing row has one mistake, so that counts can be stated."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa


class Dirt:
    """Draws distinct rows of one file and counts those that must fail.

    Attributes:
        failing_rows: Rows that must fail so far.
    """

    def __init__(self, rows: int, scale: float, rng: np.random.Generator) -> None:
        self._free = rng.permutation(rows)
        self._scale = scale
        self.failing_rows = 0

    def _draw(self, rows: int) -> np.ndarray:
        drawn, self._free = np.split(self._free, [max(1, round(rows * self._scale))])
        return drawn

    def failing(self, rows: int) -> np.ndarray:
        """Rows for a mistake that fails them; `rows` at scale 1."""
        drawn = self._draw(rows)
        self.failing_rows += len(drawn)
        return drawn

    def harmless(self, rows: int) -> np.ndarray:
        """Rows for something odd that must not fail them."""
        return self._draw(rows)

    def repeat(self, columns: Mapping[str, pa.StringArray], rows: int) -> dict[str, pa.StringArray]:
        """The columns with some rows sent twice, at the end: both copies must fail."""
        drawn = self._draw(rows)
        self.failing_rows += 2 * len(drawn)
        places = pa.array(np.concatenate([np.arange(len(next(iter(columns.values())))), drawn]))
        return {name: column.take(places) for name, column in columns.items()}
