"""How well probabilities rank and how honest they are: the numbers, with intervals, paired."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.labels import Floats
from training.metrics import (
    Ranking,
    brier,
    calibration_error,
    calibration_line,
    chance,
    log_loss,
    log_odds,
    losses,
)

SLOPE_BINS = 500
NUMBERS = ("roc_auc", "pr_auc", "log_loss", "brier", "slope")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval; NaN ends where the data cannot say."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


class Scoreboard:
    """The numbers of ``NUMBERS`` for any weighting of the same orders; a bootstrap statistic."""

    def __init__(self, y: Floats, probability: Floats) -> None:
        self._y = y
        self._ranking = Ranking(y, probability)
        self._losses, self._squares = losses(y, probability), (probability - y) ** 2
        self._line = calibration_line(y, probability)
        rank = np.argsort(np.argsort(probability, kind="stable"), kind="stable")
        self._bin = rank * SLOPE_BINS // max(len(y), 1)
        z = np.bincount(self._bin, log_odds(probability), SLOPE_BINS)
        self._bin_chance = chance(z / np.maximum(np.bincount(self._bin, minlength=SLOPE_BINS), 1))

    def __call__(self, weight: Floats | None) -> Floats:
        return np.array(
            [
                self._ranking.roc_auc(weight),
                self._ranking.pr_auc(weight),
                self.loss(weight),
                np.average(self._squares, weights=weight),
                self.slope(weight),
            ]
        )

    def loss(self, weight: Floats | None) -> float:
        """Mean log-loss."""
        return float(np.average(self._losses, weights=weight))

    def slope(self, weight: Floats | None) -> float:
        """Exact for the estimate; a draw, of which there are hundreds, counts fine bins."""
        if weight is None or not np.isfinite(self._line[1]):
            return self._line[1]
        mass = np.bincount(self._bin, weight, SLOPE_BINS).astype(np.float64)
        rto = np.bincount(self._bin, weight * self._y, SLOPE_BINS)
        shares = np.divide(rto, mass, out=np.zeros(SLOPE_BINS), where=mass > 0.0)
        return calibration_line(shares, self._bin_chance, mass, steps=4, start=self._line)[1]


class Duel:
    """Two scoreboards and their difference, weighted alike: what makes an interval paired."""

    def __init__(self, first: Scoreboard, second: Scoreboard) -> None:
        self._first, self._second = first, second

    def __call__(self, weight: Floats | None) -> Floats:
        first, second = self._first(weight), self._second(weight)
        return np.stack([first, second, first - second])


def quick(y: Floats, probability: Floats) -> dict[str, float]:
    """The plain numbers without intervals, for tables of many models."""
    ranking = Ranking(y, probability)
    return {
        "roc_auc": ranking.roc_auc(),
        "pr_auc": ranking.pr_auc(),
        "log_loss": log_loss(y, probability),
        "brier": brier(y, probability),
        "calibration_error": calibration_error(y, probability),
        "slope": calibration_line(y, probability)[1],
    }
