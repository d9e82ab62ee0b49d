"""Calibration curves compared: a line, a beta, a smoothed isotonic one and Venn-Abers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression, minimize

from models.calibration import Beta, Calibration, Spline
from training.calibrate import calibrated, platt
from training.labels import Floats
from training.metrics import chance, log_loss

Fit = Callable[[Floats, Floats, Floats], Calibration]

# Prior deviation of the logarithms of a beta's two slopes, as of the line's one.
SLOPE_DEVIATION = 0.1
KNOTS = 12
FEWEST_PER_KNOT = 30.0
LEAST_RISE = 0.02
CELLS = 400
PARTS = 4
# What a curve with more freedom must gain over the line, in nats of all judged weight: a curve
# that wins by less has won by chance.
WORTH = 3.0


def beta(z: Floats, y: Floats, weight: Floats) -> Calibration:
    """Fit a beta calibration whose two slopes are shrunk towards 1.

    Weighted log-loss plus a normal prior on the logarithms of the slopes, which keeps them above 0
    and the curve increasing.
    """
    high, low = np.logaddexp(0.0, z), -np.logaddexp(0.0, -z)

    def loss(point: Floats) -> tuple[float, Floats]:
        a, b = np.exp(point[0]), np.exp(point[1])
        score = a * low + b * high + point[2]
        gap = weight * (chance(score) - y)
        value = np.dot(weight, np.logaddexp(0.0, score) - y * score)
        value += 0.5 * np.dot(point[:2], point[:2]) / SLOPE_DEVIATION**2
        pull = point[:2] / SLOPE_DEVIATION**2
        slope = np.array([a * np.dot(gap, low), b * np.dot(gap, high), gap.sum()])
        slope[:2] += pull
        return float(value), slope

    found = minimize(loss, np.zeros(3), jac=True, method="L-BFGS-B").x
    return Beta(float(np.exp(found[0])), float(np.exp(found[1])), float(found[2]))


def spline(z: Floats, y: Floats, weight: Floats) -> Calibration:
    """Fit an isotonic curve through equal-mass knots, continuous and without flat pieces.

    Each knot is the log-odds of its bin's rate, shrunk to the line by one order; neighbours that
    fall are pooled (Ayer et al. 1955) and every step rises a little, so no cliff and no plateau
    is left. Where returns do not fill three knots, the line stands.
    """
    line = platt(z, y, weight)
    count = int(min(KNOTS, np.dot(weight, y) // FEWEST_PER_KNOT))
    if count < 3:
        return line
    parts = np.array_split(np.argsort(z, kind="stable"), count)
    knots = np.array([np.average(z[part], weights=weight[part]) for part in parts])
    mass = np.array([weight[part].sum() for part in parts])
    hope = calibrated(line, knots)
    rate = (np.array([np.dot(weight[p], y[p]) for p in parts]) + hope) / (mass + 1.0)
    if np.any(np.diff(knots) <= 0.0):
        return line
    return _risen(knots, np.log(rate) - np.log1p(-rate), mass)


def venn_abers(z: Floats, y: Floats, weight: Floats) -> Calibration:
    """Fit a Venn-Abers predictor, read at equal-mass knots and joined without cliffs.

    At each knot an order of that score is imagined delivered, then returned, and an isotonic fit
    made each time; the two rates p0 and p1 give p1 / (1 - p0 + p1), the merger of least regret for
    log-loss (Vovk, Petej and Fedorova 2015, "Large-scale probabilistic predictors"). It is never
    0 or 1. Scores are gathered into at most 400 cells first, and every step between knots rises a
    little, as for the isotonic spline. Where returns do not fill three knots, the line stands.
    """
    count = int(min(KNOTS, np.dot(weight, y) // FEWEST_PER_KNOT))
    order = np.argsort(z, kind="stable")
    if count < 3:
        return platt(z, y, weight)
    knots = np.array([np.average(z[p], weights=weight[p]) for p in np.array_split(order, count)])
    if np.any(np.diff(knots) <= 0.0):
        return platt(z, y, weight)
    cells = np.array_split(order, min(CELLS, len(z)))
    at = np.array([np.average(z[cell], weights=weight[cell]) for cell in cells])
    mass = np.array([weight[cell].sum() for cell in cells])
    rate = np.array([np.dot(weight[cell], y[cell]) for cell in cells]) / mass
    p = np.array([_merged(at, rate, mass, float(knot)) for knot in knots])
    return _risen(knots, np.log(p) - np.log1p(-p), np.ones(count))


def _merged(at: Floats, rate: Floats, mass: Floats, score: float) -> float:
    """Venn-Abers' probability of one score."""
    place = int(np.searchsorted(at, score))
    weights = np.insert(mass, place, 1.0)
    low, high = (
        float(isotonic_regression(np.insert(rate, place, end), weights=weights).x[place])
        for end in (0.0, 1.0)
    )
    return high / (1.0 - low + high)


def _risen(knots: Floats, values: Floats, mass: Floats) -> Spline:
    """A spline through values made to rise: those that fall are pooled, those level tilted."""
    tilt = LEAST_RISE * (np.arange(len(knots)) - (len(knots) - 1) / 2.0)
    risen = isotonic_regression(values, weights=mass).x + tilt
    return Spline(tuple(knots.tolist()), tuple(risen.tolist()))


CURVES: Mapping[str, Fit] = {
    "platt": platt,
    "beta": beta,
    "isotonic": spline,
    "venn_abers": venn_abers,
}


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The chosen curve, and the log-loss of each on orders later than those it was fitted on."""

    chosen: Calibration
    losses: dict[str, float]


def compared(z: Floats, y: Floats, weight: Floats, order: np.ndarray) -> Compared:
    """Choose a curve by fitting each on earlier orders and judging it on later ones.

    Parameters
    ----------
    z, y, weight : float64 arrays of shape (n,)
        Out-of-fold scores, outcomes and case weights.
    order : array of shape (n,)
        Placement, which sorts them in time.
    """
    parts = np.array_split(np.argsort(order, kind="stable"), PARTS)
    rounds = [(np.concatenate(parts[:k]), parts[k]) for k in range(1, PARTS)]
    usable = [(a, b) for a, b in rounds if 0.0 < y[a].mean() < 1.0 and len(b)]
    if not usable:
        return Compared(platt(z, y, weight), {})
    later = np.concatenate([judge for _, judge in usable])
    losses = {}
    for name, fit in CURVES.items():
        p = [calibrated(fit(z[a], y[a], weight[a]), z[b]) for a, b in usable]
        losses[name] = log_loss(y[later], np.concatenate(p), weight[later])
    best = min(losses, key=lambda name: losses[name])
    gain = (losses["platt"] - losses[best]) * float(weight[later].sum())
    return Compared(CURVES[best if gain > WORTH else "platt"](z, y, weight), losses)
