"""What a merchant could do without us: the rules and the plain model to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from training.metrics import chance
from training.ridge import Design, Scaling, fit

if TYPE_CHECKING:
    from training.inputs import Table
    from training.labels import Floats, Ints, Labels

SHRINK_ORDERS = 25.0
BASELINES = ("constant", "cod", "pincode", "logistic")


def baselines(table: Table, labels: Labels, rows: Ints, *, strength: float) -> dict[str, Floats]:
    """Probabilities of every baseline for some orders, each learnt from the same labels.

    ``constant`` is the share of rto so far; ``cod`` its share per payment mode, ``pincode`` per
    pincode, both shrunk to the constant by 25 orders; ``logistic`` a ridge logistic regression on
    the same features, with the penalty that the model's folds chose for its own linear part, but
    without tokens, blend or calibration.
    """
    y, weight = labels.y, labels.weight
    rate = float(np.average(y, weights=weight))
    modes = _texts(table, "payment_mode")
    pincodes = _texts(table, "pincode")
    return {
        "constant": np.full(len(rows), rate),
        "cod": _rates(modes, labels, rows, rate),
        "pincode": _rates(pincodes, labels, rows, rate),
        "logistic": _logistic(table, labels, rows, strength),
    }


def _texts(table: Table, column: str) -> np.ndarray:
    return table.orders[column].fillna("").to_numpy(dtype=object)


def _rates(keys: np.ndarray, labels: Labels, rows: Ints, rate: float) -> Floats:
    """Each key's shrunk share of rto among the labels; unseen keys get the overall share."""
    known, at = np.unique(keys[labels.rows], return_inverse=True)
    orders = np.bincount(at, weights=labels.weight, minlength=len(known))
    returned = np.bincount(at, weights=labels.weight * labels.y, minlength=len(known))
    shares = (returned + SHRINK_ORDERS * rate) / (orders + SHRINK_ORDERS)
    by_key = dict(zip(known.tolist(), shares.tolist(), strict=True))
    return np.array([by_key.get(key, rate) for key in keys[rows].tolist()])


def _logistic(table: Table, labels: Labels, rows: Ints, strength: float) -> Floats:
    inputs = table.inputs(labels.rows)
    numbers = table.numbers(inputs, labels.rows)
    scaling = Scaling.of(numbers)
    line = fit(_plain(scaling.columns(numbers)), labels.y, labels.weight, strength)
    return chance(line.score(_plain(scaling.columns(table.numbers(inputs, rows)))))


def _plain(columns: Floats) -> Design:
    return Design(columns, sparse.csr_matrix((len(columns), 0)))
