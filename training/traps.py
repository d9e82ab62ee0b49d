"""Columns that know too much: one column alone that separates the outcomes suspiciously well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.metrics import roc_auc

if TYPE_CHECKING:
    from training.inputs import Table
    from training.labels import Floats, Ints, Labels
    from training.matrix import Matrix

SUSPICIOUS_AUC = 0.85
PURE_SHARE = 0.95
PURE_COVERS = 0.1
FEWEST_PURE = 30
BINS = 20
MOST_CODES = 200
MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Trap:
    """A column, how well it separates by itself, and whether the model reads it."""

    column: str
    roc_auc: float
    purest: float
    used: bool

    def __str__(self) -> str:
        use = "is an input" if self.used else "is not an input"
        return (
            f"{self.column} alone tells returned from delivered orders (ROC-AUC {self.roc_auc:.3f},"
            f" purest value {self.purest:.0%} returned); it {use}; if it is only known after the"
            ' outcome, list it under "after_outcome" in the mapping'
        )


def traps(matrix: Matrix, table: Table, labels: Labels) -> tuple[Trap, ...]:
    """Test every feature and every extra column of the data, used or not, one by one.

    No honest signal at order time separates returns well by itself; a column that was edited after
    the outcome (a total set to 0, a fee raised) does. Each column is cut into bins (its frequent
    values, else 20 quantiles; unknown is one more), the share of rto per bin is learnt on every
    other order and judged on the rest. A column is reported when its ROC-AUC there is at least
    .85, or when one bin holding a tenth of the returns is at least 95 % returned.

    Parameters
    ----------
    matrix : Matrix
        The whole folder, extras included.
    table : Table
        Tells which columns are inputs.
    labels : Labels
        The orders to test on.
    """
    columns: dict[str, tuple[np.ndarray, bool]] = {
        feature.name: (matrix.values[:, i], feature.name in table.names)
        for i, feature in enumerate(matrix.features)
    }
    tokens = {token.partition("=")[0] for token in table.vocabulary}
    for name, column in matrix.extras.items():
        columns[name] = (column, name in table.numeric or f"x:{name}" in tokens)
    found = []
    # A column that separates does so in any large part of the orders.
    at = np.unique(np.linspace(0, len(labels.rows) - 1, MOST_ROWS).astype(np.int64))
    rows, y = labels.rows[at], labels.y[at]
    for name, (column, used) in columns.items():
        auc, purest = separation(_codes(column[rows]), y)
        if auc >= SUSPICIOUS_AUC or purest >= PURE_SHARE:
            found.append(Trap(name, auc, purest, used))
    return tuple(found)


def separation(codes: Ints, y: Floats) -> tuple[float, float]:
    """How well bins tell outcomes apart: ROC-AUC on every other row, rate of the purest bin."""
    count = int(codes.max(initial=0)) + 1
    teach, judge = slice(0, None, 2), slice(1, None, 2)
    orders = np.bincount(codes[teach], minlength=count)
    returned = np.bincount(codes[teach], weights=y[teach], minlength=count)
    rate = (returned + y.mean()) / (orders + 1.0)
    whole = np.bincount(codes, minlength=count)
    rto = np.bincount(codes, weights=y, minlength=count)
    large = (whole >= FEWEST_PURE) & (rto >= PURE_COVERS * y.sum())
    purest = float((rto[large] / whole[large]).max()) if large.any() else 0.0
    auc = roc_auc(y[judge], rate[codes[judge]])
    return (auc if np.isfinite(auc) else 0.5), purest


def _codes(column: np.ndarray) -> Ints:
    """Bin numbers from 0: frequent values by themselves, others by quantile, then unknown."""
    if column.dtype.kind not in "fiub":
        texts = np.array([v if isinstance(v, str) else "" for v in column], dtype=object)
        values, codes, counts = np.unique(texts, return_inverse=True, return_counts=True)
        rank = np.argsort(np.argsort(-counts, kind="stable"), kind="stable")
        return np.asarray(np.minimum(rank[codes.reshape(-1)], MOST_CODES), dtype=np.int64)
    numbers = np.asarray(column, dtype=np.float64)
    known = ~np.isnan(numbers)
    codes = np.zeros(len(numbers), dtype=np.int64)
    if known.any():
        values, counts = np.unique(numbers[known], return_counts=True)
        frequent = values[counts >= max(FEWEST_PURE, known.sum() // BINS)]
        edges = np.quantile(numbers[known], np.linspace(0.0, 1.0, BINS + 1)[1:-1])
        cuts = np.unique(np.concatenate([edges, frequent, np.nextafter(frequent, np.inf)]))
        codes[known] = 1 + np.searchsorted(cuts, numbers[known], side="right")
    return codes
