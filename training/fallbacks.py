"""Where the data allowed less than usual, in words for the terminal and the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np

from features.days import DAY_US

if TYPE_CHECKING:
    from training.fit import Model
    from training.labels import Labels
    from training.matrix import Matrix

LONG_GAP_DAYS = 60.0
FEW_RTO = 200


def fallbacks(matrix: Matrix, labels: Labels, model: Model, no_exam: str) -> tuple[str, ...]:
    """One sentence for everything that a fuller folder would have allowed.

    Parameters
    ----------
    matrix : Matrix
        The whole folder.
    labels : Labels
        What was learnt from.
    model : Model
        The fit.
    no_exam : str
        Why no exam could be sat; empty where one was.
    """
    return tuple(_found(matrix, labels, model, no_exam))


def _found(matrix: Matrix, labels: Labels, model: Model, no_exam: str) -> Iterator[str]:
    if no_exam:
        yield f"no exam: {no_exam}"
    folds = cast("dict[str, object]", model.summary["folds"])
    if folds["kind"] == "by placement":
        yield (
            "the history is short, so folds follow placement and not knowledge: some outcomes were"
            " learnt that a live model would not have known yet"
        )
    if labels.report.rto < FEW_RTO:
        yield (
            f"only {labels.report.rto} returned orders to learn from, so intervals are wide and"
            f" the parts of the model are held close to the average; {FEW_RTO} or more say more"
        )
    yield from _payments(matrix.orders.iloc[labels.rows]["payment_mode"].to_numpy(dtype=object))
    created = matrix.orders["created_us"].to_numpy(np.int64)[labels.rows]
    gap = float(np.diff(created).max(initial=0)) / DAY_US
    if gap > LONG_GAP_DAYS:
        yield f"{gap:.0f} days without a labelled order: windows and seasons across them are empty"


def _payments(modes: np.ndarray) -> Iterator[str]:
    known = {mode for mode in modes.tolist() if isinstance(mode, str) and mode}
    if not known:
        yield (
            "payment_mode is unknown on every order, so cash and prepaid cannot be told apart;"
            " map it if the export has it"
        )
    elif known == {"prepaid"}:
        yield "every order was prepaid, so nothing was learnt about cash on delivery"
