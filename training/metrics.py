"""What a set of probabilities was worth: ranking, sharpness and calibration, with case weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

Floats = NDArray[np.float64]

SMALLEST = 1e-9
CALIBRATION_BINS = 15


def log_odds(probability: Floats) -> Floats:
    """Probabilities as log-odds, kept finite by ``SMALLEST``.

    >>> log_odds(np.array([0.5])).tolist()
    [0.0]
    """
    clipped = np.clip(probability, SMALLEST, 1.0 - SMALLEST)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)


def chance(z: Floats) -> Floats:
    """Log-odds as probabilities, without overflow at either end."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * z)), dtype=np.float64)


def losses(y: Floats, probability: Floats) -> Floats:
    """The log-loss of every row, in nats; 0 and 1 are read as ``SMALLEST`` off them."""
    p = np.clip(probability, SMALLEST, 1.0 - SMALLEST)
    return np.asarray(-(y * np.log(p) + (1.0 - y) * np.log1p(-p)), dtype=np.float64)


def log_loss(y: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """Mean log-loss in nats (weighted where ``weight`` is given)."""
    return float(np.average(losses(y, probability), weights=weight))


def brier(y: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """Mean squared error of the probabilities (Brier 1950)."""
    return float(np.average((probability - y) ** 2, weights=weight))


class Ranking:
    """Rows sorted once by probability, so that ranking metrics of many weightings are cheap.

    Parameters
    ----------
    y : ndarray of shape (n,)
        1 for rto, 0 for delivered.
    probability : ndarray of shape (n,)
        Only its order and ties matter.
    """

    def __init__(self, y: Floats, probability: Floats) -> None:
        self._order = np.argsort(probability, kind="stable")
        self._y = y[self._order]
        ranked = probability[self._order]
        self._starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]][: len(ranked)])

    def _masses(self, weight: Floats | None) -> tuple[Floats, Floats]:
        """Weight of rto and of delivered in each group of tied probabilities, ascending."""
        w = np.ones(len(self._y)) if weight is None else weight[self._order]
        rto = np.add.reduceat(w * self._y, self._starts)
        delivered = np.add.reduceat(w * (1.0 - self._y), self._starts)
        return rto, delivered

    def roc_auc(self, weight: Floats | None = None) -> float:
        """Chance that a returned order outranks a delivered one, ties counting half.

        NaN where either is absent.
        """
        rto, delivered = self._masses(weight)
        total = rto.sum() * delivered.sum()
        if total <= 0.0:
            return float("nan")
        below = np.cumsum(delivered) - delivered
        return float(np.dot(rto, below + 0.5 * delivered) / total)

    def pr_auc(self, weight: Floats | None = None) -> float:
        """Average precision over recall steps (scikit-learn's definition); NaN without rto."""
        rto, delivered = (mass[::-1] for mass in self._masses(weight))
        if rto.sum() <= 0.0:
            return float("nan")
        found, taken = np.cumsum(rto), np.cumsum(rto + delivered)
        precision = np.divide(found, taken, out=np.zeros_like(found), where=taken > 0.0)
        return float(np.dot(rto, precision) / found[-1])


def roc_auc(y: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """Area under the ROC curve; see ``Ranking.roc_auc``."""
    return Ranking(y, probability).roc_auc(weight) if len(y) else float("nan")


def pr_auc(y: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """Average precision; see ``Ranking.pr_auc``."""
    return Ranking(y, probability).pr_auc(weight) if len(y) else float("nan")


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bin of equal mass: how many orders, what was promised, what came."""

    orders: int
    predicted: float
    observed: float
    lowest: float
    highest: float


def reliability(
    y: Floats, probability: Floats, *, bins: int = CALIBRATION_BINS
) -> tuple[ReliabilityBin, ...]:
    """Split the orders into bins of equal mass by probability and compare promise with outcome."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return tuple(
        ReliabilityBin(
            orders=len(part),
            predicted=float(probability[part].mean()),
            observed=float(y[part].mean()),
            lowest=float(probability[part[0]]),
            highest=float(probability[part[-1]]),
        )
        for part in parts
    )


def calibration_error(y: Floats, probability: Floats, *, bins: int = CALIBRATION_BINS) -> float:
    """Root mean squared gap between promise and outcome over equal-mass bins, debiased.

    The plain plug-in is positive even for true probabilities, because every bin's rate has sampling
    noise; its variance, rate (1 - rate) / (n - 1), is taken off each squared gap (Kumar, Liang and
    Ma 2019, "Verified Uncertainty Calibration", equation 5). Never below 0.
    """
    gaps = [
        (
            b.orders,
            (b.predicted - b.observed) ** 2 - b.observed * (1.0 - b.observed) / (b.orders - 1),
        )
        for b in reliability(y, probability, bins=bins)
        if b.orders > 1
    ]
    total = sum(orders for orders, _ in gaps)
    return (
        float(np.sqrt(max(0.0, sum(n * gap for n, gap in gaps) / total))) if total else float("nan")
    )


def calibration_chance(y: Floats, probability: Floats, *, bins: int = CALIBRATION_BINS) -> float:
    """How likely promises that hold would miss by as much: Hosmer and Lemeshow's test, p-value.

    On fresh orders, so with as many degrees of freedom as bins. NaN without orders.
    """
    parts = reliability(y, probability, bins=bins)
    gaps = [
        b.orders
        * (b.observed - b.predicted) ** 2
        / max(b.predicted * (1.0 - b.predicted), SMALLEST)
        for b in parts
    ]
    return float(chdtrc(len(parts), sum(gaps))) if parts else float("nan")


def population_stability(before: Floats, now: Floats, *, bins: int = 10) -> float:
    """Population stability index of a score over the earlier sample's equal-mass bins."""
    cuts = np.unique(np.quantile(before, np.linspace(0.0, 1.0, bins + 1)[1:-1]))
    shares = [
        (np.bincount(np.searchsorted(cuts, part), minlength=len(cuts) + 1) + 0.5)
        / (len(part) + 0.5 * (len(cuts) + 1))
        for part in (before, now)
    ]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def calibration_line(
    y: Floats,
    probability: Floats,
    weight: Floats | None = None,
    *,
    steps: int = 25,
    start: tuple[float, float] = (0.0, 1.0),
) -> tuple[float, float]:
    """Intercept and slope of a logistic regression of the outcome on the predicted log-odds.

    A slope below 1 means that the predictions are too extreme (Cox 1958). NaN where the outcomes
    hold one class or the predictions one value. Outcomes may be shares of rows binned together;
    Newton's steps begin at ``start``.

    Returns
    -------
    tuple of float
        Intercept and slope; 0 and 1 for perfectly calibrated log-odds.
    """
    z = log_odds(probability)
    w = np.ones(len(y)) if weight is None else weight
    present = w > 0.0
    if not present.any() or np.ptp(z[present]) == 0.0 or np.ptp(y[present]) == 0.0:
        return float("nan"), float("nan")
    line = np.array(start)
    for _ in range(steps):
        p = chance(line[0] + line[1] * z)
        curve, gap = w * p * (1.0 - p), w * (y - p)
        slope = np.array([gap.sum(), np.dot(gap, z)])
        off = np.dot(curve, z)
        hessian = np.array([[curve.sum(), off], [off, np.dot(curve, z * z)]]) + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, slope)
        line = line + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    return float(line[0]), float(line[1])


def precision_at(y: Floats, probability: Floats, share: float) -> float:
    """Share of rto among the riskiest ``share`` of the orders: what so many reviews find."""
    count = max(1, round(share * len(y)))
    riskiest = np.argsort(-probability, kind="stable")[:count]
    return float(y[riskiest].mean())
