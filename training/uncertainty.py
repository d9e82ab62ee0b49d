"""What a score does not know of a customer, from those who ordered twice before it could tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from models.uncertainty import Uncertainty
from training.inputs import Table
from training.labels import Floats, Ints

# What is assumed before a merchant's own pairs say otherwise: a stranger's variance, and the pairs'
# information that it is worth. On three invented years it was 1.0 to 1.5.
ASSUMED = 1.0
WORTH = 4.0
MOST_LAGS = 8
BOUNDS = (0.05, 6.0)


@dataclass(frozen=True, slots=True)
class Measured:
    """The uncertainty, the pairs it rests on and what they weigh beside the assumption.

    Parameters
    ----------
    uncertainty : Uncertainty
    pairs : int
        Two orders of one customer, neither outcome known to the score of the other.
    measured : float
        The pairs' share of the information, between 0 (all assumed) and 1.
    """

    uncertainty: Uncertainty
    pairs: int
    measured: float

    def to_json(self) -> dict[str, object]:
        """For the manifest."""
        return {
            "variance": self.uncertainty.variance,
            "pairs": self.pairs,
            "measured": self.measured,
        }


def measure(table: Table, rows: Ints, y: Floats, probability: Floats) -> Measured:
    """Find the variance under which customers' pairs fail together as often as they do.

    One order's outcome says nothing of how far its true chance lies from its score. Two orders of
    one customer do, as long as neither score knew the other's outcome: what both scores missed of
    the customer makes their surprises alike, and to first order
    ``E[(y₁ − p₁)(y₂ − p₂)] = variance · p₁(1 − p₁) · p₂(1 − p₂)`` (the moment estimator of a
    random effect). The variance solves that equation summed over all pairs, the assumption beside.

    Parameters
    ----------
    table : Table
        Where the orders' customers, times and counts stand.
    rows : int64 array of shape (n,)
        Matrix rows of orders scored by a model that had not learnt them.
    y, probability : float64 arrays of shape (n,)
        Outcomes, and the calibrated scores.
    """
    first, second = pairs(table.orders, rows)
    surprise, steep = y - probability, probability * (1.0 - probability)
    together = surprise[first] * surprise[second]
    scale = steep[first] * steep[second]
    told = table.known_outcomes(rows)[second] * np.sqrt(scale)

    def gap(variance: float) -> float:
        expected = variance / (1.0 + variance * told) * scale
        return float((together - expected).sum() + WORTH * (ASSUMED - variance))

    low, high = BOUNDS
    variance = low if gap(low) <= 0 else high if gap(high) >= 0 else float(brentq(gap, low, high))
    information = float(scale.sum())
    return Measured(
        Uncertainty(round(variance, 6)), len(first), round(information / (information + WORTH), 6)
    )


def pairs(orders: pd.DataFrame, rows: Ints) -> tuple[Ints, Ints]:
    """Two orders of one customer, the later placed before the earlier's outcome was known.

    Each order is paired with at most eight later ones, so that no bulk buyer outweighs everybody.

    Returns
    -------
    int64 arrays of shape (n_pairs,)
        Positions in ``rows`` of the earlier and of the later order.
    """
    person, created, known = (
        orders[name].to_numpy(np.int64)[rows] for name in ("person", "created_us", "outcome_us")
    )
    order = np.lexsort((created, person))
    found = []
    for lag in range(1, min(MOST_LAGS + 1, len(order))):
        first, second = order[:-lag], order[lag:]
        blind = (person[first] == person[second]) & (known[first] > created[second])
        found.append((first[blind], second[blind]))
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    firsts, seconds = zip(*found, strict=True)
    return np.concatenate(firsts), np.concatenate(seconds)
