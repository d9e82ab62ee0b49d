"""From blended log-odds to a probability that means what it says, fitted out of fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.calibration import Calibration, Platt
from training.metrics import Floats, chance, log_loss

# Prior deviation of the slope's logarithm. Early stopping already aims at a slope of 1; a few
# hundred returns know it only to about a tenth, some thousands outweigh the prior.
SLOPE_DEVIATION = 0.1
# Prior deviation of the trees' share around one half, likewise: with little evidence an even blend
# of two different models is the safer bet.
SHARE_DEVIATION = 0.15
STEPS = 50


def calibrated(calibration: Calibration, z: Floats) -> Floats:
    """Probabilities of many blended scores."""
    if isinstance(calibration, Platt):
        return chance(calibration.a * z + calibration.b)
    return calibration.many(z)


def platt(z: Floats, y: Floats, weight: Floats) -> Platt:
    """Fit intercept and slope on out-of-fold log-odds, the slope shrunk towards 1.

    Newton's method on (intercept, log slope) of the weighted log-loss plus a normal prior on the
    log slope; the logarithm keeps the calibration increasing whatever the data say.

    Parameters
    ----------
    z, y, weight : float64 arrays of shape (n,)
        Out-of-fold log-odds, outcomes and case weights.
    """
    intercept, log_slope = 0.0, 0.0
    for _ in range(STEPS):
        slope = float(np.exp(log_slope))
        p = chance(intercept + slope * z)
        gap, curve, lever = weight * (p - y), weight * p * (1.0 - p), slope * z
        down = np.array([gap.sum(), np.dot(gap, lever) + log_slope / SLOPE_DEVIATION**2])
        # The Fisher information, always positive, in place of the exact second derivative.
        off = np.dot(curve, lever)
        bend = np.array([[curve.sum(), off], [off, np.dot(curve, lever**2) + SLOPE_DEVIATION**-2]])
        step = np.clip(np.linalg.solve(bend + 1e-9 * np.eye(2), down), -1.0, 1.0)
        intercept, log_slope = intercept - float(step[0]), log_slope - float(step[1])
        if np.abs(step).max() < 1e-10:
            break
    return Platt(a=float(np.exp(log_slope)), b=intercept)


@dataclass(frozen=True, slots=True)
class Mixture:
    """The trees' share of the blend, and what it was worth out of fold (log-loss, calibrated)."""

    trees: float
    loss: float


def mixture(
    trees: Floats, linear: Floats, y: Floats, weight: Floats, *, steps: int = 20
) -> tuple[Mixture, ...]:
    """Out-of-fold loss of every blend from linear alone (0) to trees alone (1), each calibrated."""
    found = []
    for share in np.linspace(0.0, 1.0, steps + 1):
        z = share * trees + (1.0 - share) * linear
        p = calibrated(platt(z, y, weight), z)
        found.append(Mixture(round(float(share), 6), log_loss(y, p, weight)))
    return tuple(found)


def best_mixture(mixtures: tuple[Mixture, ...], mass: float) -> Mixture:
    """The blend of least loss under a weak prior for an even one, worth a few nats in all.

    Parameters
    ----------
    mixtures : tuple of Mixture
        From ``mixture``.
    mass : float
        Total case weight behind the mean losses.
    """

    def cost(m: Mixture) -> float:
        return m.loss * mass + 0.5 * ((m.trees - 0.5) / SHARE_DEVIATION) ** 2

    return min(mixtures, key=cost)
