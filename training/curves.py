"""Calibration curves compared: a straight line, a beta, a smoothed isotonic one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

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
    values = _rising(np.log(rate) - np.log1p(-rate), mass) + LEAST_RISE * np.arange(count)
    values -= LEAST_RISE * (count - 1) / 2.0
    if np.any(np.diff(knots) <= 0.0):
        return line
    return Spline(tuple(knots.tolist()), tuple(values.tolist()))


def _rising(values: Floats, mass: Floats) -> Floats:
    """Pool adjacent violators."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), mass.tolist(), strict=True):
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (first, heavy, many), (second, light, few) = blocks[-2:]
            both = (first * heavy + second * light) / (heavy + light)
            blocks[-2:] = [(both, heavy + light, many + few)]
    return np.concatenate([np.full(count, value) for value, _, count in blocks])


CURVES: Mapping[str, Fit] = {"platt": platt, "beta": beta, "isotonic": spline}


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
