"""What a merchant could do without us: the rules and the plain model to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from training.linear_part import design, scaling_of
from training.metrics import chance
from training.strengths import learn

if TYPE_CHECKING:
    from training.inputs import Table
    from training.labels import Floats, Ints, Labels

SHRINK_ORDERS = 25.0
BASELINES = ("constant", "cod", "pincode", "logistic")


def baselines(
    table: Table, labels: Labels, rows: Ints, *, strengths: Mapping[str, float]
) -> dict[str, Floats]:
    """Probabilities of every baseline for some orders, each learnt from the same labels.

    ``constant`` is the share of rto so far; ``cod`` its share per payment mode, ``pincode`` per
    pincode, both shrunk to the constant by 25 orders; ``logistic`` a ridge logistic regression on
    the same features, its penalties learned as the model learns its own (``strengths`` are where
    it starts), but without tokens, blend or calibration.
    """
    y, weight = labels.y, labels.weight
    rate = float(np.average(y, weights=weight))
    modes = _texts(table, "payment_mode")
    pincodes = _texts(table, "pincode")
    return {
        "constant": np.full(len(rows), rate),
        "cod": _rates(modes, labels, rows, rate),
        "pincode": _rates(pincodes, labels, rows, rate),
        "logistic": _logistic(table, labels, rows, strengths),
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


def _logistic(table: Table, labels: Labels, rows: Ints, strengths: Mapping[str, float]) -> Floats:
    inputs = replace(table.inputs(labels.rows), tokens=())
    scaling = scaling_of(table, inputs, labels.rows)
    columns = design(table, inputs, scaling, labels.rows, np.float32)
    kinds = table.kinds(inputs, scaling.gaps)
    line = learn(columns, kinds, labels.y, labels.weight, before=strengths).line
    return chance(line.score(design(table, inputs, scaling, rows, np.float32)))
