"""How far the true chance of one order may lie from its score, where evidence is thin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import copysign, isfinite, isnan, log, log1p, pi, sqrt

import numpy as np

from features.errors import BundleError
from models.calibration import sigmoid
from models.scorer import Floats

ORDERS, PENDING = "phone_orders_ever", "phone_pending"
"""The features whose difference is how many outcomes of a customer are known."""

QUANTILE = 1.2815515655446004
"""Of the standard normal: the interval holds 80 % of the chances an order may have."""


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What a score does not know of a customer, as a deviation in log-odds.

    The true log-odds of orders with one score lie about a middle with variance
    ``variance / (1 + variance · k · p (1 − p))``: what is unknown of a stranger, less what k known
    outcomes have told (the posterior variance of a normal effect seen through k outcomes). The
    middle lies where the mean of the chances is the score itself, since that is calibrated: as far
    out as a bell's tails pull its mean back, by MacKay's formula (1992, "The evidence framework
    applied to classification networks") and, where that goes too far, by the second-order one.

    Parameters
    ----------
    variance : float
        Of a stranger's log-odds about the score's; above 0.
    """

    variance: float

    def __post_init__(self) -> None:
        if not (isfinite(self.variance) and self.variance > 0):
            raise BundleError("uncertainty.json: variance must be above 0")

    def interval(self, probability: float, orders: float, pending: float) -> tuple[float, float]:
        """Between which two chances eight of ten orders like this one lie.

        Parameters
        ----------
        probability : float
            The score, above 0 and below 1.
        orders, pending : float
            The customer's earlier orders, and how many of their outcomes are unknown; NaN is none.
        """
        known = 0.0 if isnan(orders) else max(orders - (0.0 if isnan(pending) else pending), 0.0)
        variance = self.variance / (1 + self.variance * known * probability * (1 - probability))
        middle = log(probability) - log1p(-probability)
        bend = abs(middle) * (sqrt(1 + pi * variance / 8) - 1)
        tail = variance * abs(0.5 - probability)
        middle += copysign(min(bend, tail), middle)
        reach = QUANTILE * sqrt(variance)
        return sigmoid(middle - reach), sigmoid(middle + reach)

    def intervals(
        self, probability: Floats, orders: Floats, pending: Floats
    ) -> tuple[Floats, Floats]:
        """``interval`` of many orders; every array of shape (n,)."""
        known = np.maximum(np.nan_to_num(orders) - np.nan_to_num(pending), 0.0)
        steep = probability * (1.0 - probability)
        variance = self.variance / (1.0 + self.variance * known * steep)
        middle = np.log(probability) - np.log1p(-probability)
        bend = np.abs(middle) * (np.sqrt(1.0 + pi * variance / 8.0) - 1.0)
        tail = variance * np.abs(0.5 - probability)
        middle += np.copysign(np.minimum(bend, tail), middle)
        reach = QUANTILE * np.sqrt(variance)
        return _chance(middle - reach), _chance(middle + reach)

    def to_json(self) -> dict[str, object]:
        """As it lies in ``uncertainty.json``."""
        return {"variance": self.variance}

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> Uncertainty:
        """Read ``uncertainty.json``.

        Raises
        ------
        BundleError
            If it does not hold exactly a variance above 0.
        """
        variance = body.get("variance")
        if set(body) != {"variance"} or type(variance) not in (int, float):
            raise BundleError("uncertainty.json must hold exactly a variance, a number")
        return cls(float(variance))  # type: ignore[arg-type]


def _chance(log_odds: Floats) -> Floats:
    """The probability of log-odds, without overflow."""
    bent = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0.0, 1.0, bent) / (1.0 + bent)
