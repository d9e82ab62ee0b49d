"""The trees' columns of many orders, made a batch at a time so that they never lie there whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np

from training.directions import direction
from training.labels import Floats, Ints

if TYPE_CHECKING:
    from training.inputs import Inputs, Table

BATCH = 8_192


class TreeRows(lgb.Sequence):  # type: ignore[misc]
    """``Table.tree_columns`` of some rows, read as LightGBM bins them.

    A million orders in 32 bits would take 1.5 GB beside the matrix they are copied from, and as
    much again while they are put together; binned they take a third of that.

    Parameters
    ----------
    table, inputs : Table, Inputs
    rows : int64 array
        Matrix rows, in the order in which positions speak of them.
    """

    batch_size = BATCH

    def __init__(self, table: Table, inputs: Inputs, rows: Ints) -> None:
        self._table, self._inputs, self._rows = table, inputs, rows
        self._start, self._block = 0, np.empty((0, 0))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def directions(self) -> tuple[int, ...]:
        """Which way each column may push the risk; 0 is either way."""
        known = tuple(map(direction, self._inputs.features))
        return known + (0,) * (len(self._inputs.flags) + len(self._inputs.extras))

    def __getitem__(self, at: Any) -> Floats:
        """One row, or several as a slice or positions: shape (n_columns,) or (n, n_columns)."""
        if not isinstance(at, int | np.integer):
            return self._table.tree_columns(self._inputs, self._rows[at])
        # The rows on which LightGBM finds its bins are asked for one by one, ascending, in 64 bits.
        if not self._start <= at < self._start + len(self._block):
            self._start = int(at) // BATCH * BATCH
            block = self[self._start : self._start + BATCH]
            self._block = block.astype(np.float64)
        return self._block[at - self._start]


def directions_of(columns: Floats | TreeRows) -> tuple[int, ...]:
    """Which way each column may push the risk; nothing where the columns have no names."""
    return columns.directions if isinstance(columns, TreeRows) else ()
