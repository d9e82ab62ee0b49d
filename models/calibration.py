"""From blended log-odds to a probability: continuous, increasing, and never 0 or 1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, isfinite, log1p
from typing import TypeAlias

import numpy as np

from features.errors import BundleError
from models.scorer import Floats

LIMIT = 30.0
"""Calibrated log-odds are cut here, at a chance of one in ten million million."""

Plain: TypeAlias = Mapping[str, object]


def sigmoid(log_odds: float) -> float:
    """The probability of log-odds, without overflow.

    >>> sigmoid(0.0)
    0.5
    """
    if log_odds >= 0:
        return 1 / (1 + exp(-log_odds))
    odds = exp(log_odds)
    return odds / (1 + odds)


def softplus(x: float) -> float:
    """``log(1 + exp(x))`` without overflow."""
    return max(x, 0.0) + log1p(exp(-abs(x)))


class Calibration(ABC):
    """A strictly increasing map of log-odds to log-odds, read as a probability."""

    @abstractmethod
    def log_odds(self, z: float) -> float:
        """Calibrated log-odds of a blended score."""

    @abstractmethod
    def steepness(self, z: float) -> float:
        """Derivative of ``log_odds`` at z."""

    @abstractmethod
    def to_json(self) -> dict[str, object]:
        """As it lies in ``calibration.json``."""

    def probability(self, z: float) -> float:
        """The calibrated probability of a blended score, strictly between 0 and 1."""
        return sigmoid(min(max(self.log_odds(z), -LIMIT), LIMIT))

    def slope(self, z: float) -> float:
        """Derivative of ``probability`` at z."""
        p = self.probability(z)
        return p * (1 - p) * self.steepness(z)

    def many(self, z: Floats) -> Floats:
        """Probabilities of many scores, each exactly as ``probability`` gives it."""
        return np.fromiter(map(self.probability, z.tolist()), dtype=np.float64, count=len(z))


@dataclass(frozen=True, slots=True)
class Platt(Calibration):
    """``a · z + b`` (Platt 1999); ``Platt(1, 0)`` leaves the score as it is."""

    a: float
    b: float

    def __post_init__(self) -> None:
        if not (isfinite(self.a) and isfinite(self.b) and self.a > 0):
            raise BundleError("calibration: a must be above 0, a and b finite")

    def log_odds(self, z: float) -> float:
        """``a · z + b``."""
        return self.a * z + self.b

    def steepness(self, z: float) -> float:  # noqa: ARG002 -- the same everywhere
        """``a`` everywhere."""
        return self.a

    def to_json(self) -> dict[str, object]:
        """Kind and parameters."""
        return {"kind": "platt", "a": self.a, "b": self.b}


@dataclass(frozen=True, slots=True)
class Beta(Calibration):
    """``a · log s − b · log(1 − s) + c`` with s = sigmoid(z) (Kull, Silva Filho, Flach 2017)."""

    a: float
    b: float
    c: float

    def __post_init__(self) -> None:
        if not all(isfinite(part) for part in (self.a, self.b, self.c)) or min(self.a, self.b) <= 0:
            raise BundleError("calibration: a and b must be above 0, all of a, b, c finite")

    def log_odds(self, z: float) -> float:
        """The same without passing through s, which would round to 1."""
        return self.b * softplus(z) - self.a * softplus(-z) + self.c

    def steepness(self, z: float) -> float:
        """Between a, where z is low, and b, where it is high."""
        s = sigmoid(z)
        return self.b * s + self.a * (1 - s)

    def to_json(self) -> dict[str, object]:
        """Kind and parameters."""
        return {"kind": "beta", "a": self.a, "b": self.b, "c": self.c}


@dataclass(frozen=True, slots=True)
class Spline(Calibration):
    """A monotone cubic through knots, straight beyond them.

    The knots are those of a smoothed isotonic fit, in log-odds on both sides. Inner slopes are
    weighted harmonic means of the neighbouring secants (Fritsch and Butland 1984), outer ones the
    last secants, which keeps every piece increasing.

    Parameters
    ----------
    knots, values : tuple of float
        Both strictly increasing, at least two.
    """

    knots: tuple[float, ...]
    values: tuple[float, ...]
    slopes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.knots) < 2 or len(self.knots) != len(self.values):
            raise BundleError("calibration: a spline needs two knots or more, and a value for each")
        if not all(isfinite(part) for part in (*self.knots, *self.values)):
            raise BundleError("calibration: knots and values must be finite")
        if any(high <= low for side in (self.knots, self.values) for low, high in pairwise(side)):
            raise BundleError("calibration: knots and values must rise strictly")
        object.__setattr__(self, "slopes", _slopes(self.knots, self.values))

    def log_odds(self, z: float) -> float:
        """The cubic of the piece z lies in."""
        i = bisect_right(self.knots, z) - 1
        if i < 0:
            return self.values[0] + self.slopes[0] * (z - self.knots[0])
        if i >= len(self.knots) - 1:
            return self.values[-1] + self.slopes[-1] * (z - self.knots[-1])
        width, rise, t = self._piece(i, z)
        left, right = self.slopes[i] * width, self.slopes[i + 1] * width
        return self.values[i] + t * (
            left + t * (3 * rise - 2 * left - right + t * (left + right - 2 * rise))
        )

    def steepness(self, z: float) -> float:
        """The derivative of that cubic."""
        i = bisect_right(self.knots, z) - 1
        if i < 0 or i >= len(self.knots) - 1:
            return self.slopes[0] if i < 0 else self.slopes[-1]
        width, rise, t = self._piece(i, z)
        left, right = self.slopes[i] * width, self.slopes[i + 1] * width
        inner = 2 * t * (3 * rise - 2 * left - right) + 3 * t * t * (left + right - 2 * rise)
        return (left + inner) / width

    def to_json(self) -> dict[str, object]:
        """Kind and knots; slopes follow from them."""
        return {"kind": "spline", "knots": list(self.knots), "values": list(self.values)}

    def _piece(self, i: int, z: float) -> tuple[float, float, float]:
        """Width and rise of a piece, and how far into it z lies."""
        width = self.knots[i + 1] - self.knots[i]
        return width, self.values[i + 1] - self.values[i], (z - self.knots[i]) / width


def _slopes(knots: Sequence[float], values: Sequence[float]) -> tuple[float, ...]:
    """Slopes at the knots under which a cubic through increasing values increases."""
    widths = [high - low for low, high in pairwise(knots)]
    secants = [
        (high - low) / width for (low, high), width in zip(pairwise(values), widths, strict=True)
    ]
    inner = []
    for (before, after), (low, high) in zip(pairwise(widths), pairwise(secants), strict=True):
        toward, back = before + 2 * after, 2 * before + after
        inner.append((toward + back) / (toward / high + back / low))
    return (secants[0], *inner, secants[-1])


def calibration_from_json(body: Plain) -> Calibration:
    """Read ``calibration.json``.

    Raises
    ------
    BundleError
        If the kind is unknown, or a parameter missing, unknown or out of range.
    """
    fields = {"platt": ("a", "b"), "beta": ("a", "b", "c"), "spline": ("knots", "values")}
    kind = str(body.get("kind"))
    if kind not in fields or set(body) != {"kind", *fields[kind]}:
        raise BundleError("calibration.json must be of kind platt (a, b), beta (a, b, c) or spline")
    parts = [body[name] for name in fields[kind]]
    if kind == "spline":
        knots, values = (_numbers(part) for part in parts)
        return Spline(knots, values)
    numbers = _numbers(parts)
    return Platt(*numbers) if kind == "platt" else Beta(*numbers)


def _numbers(values: object) -> tuple[float, ...]:
    """A list of numbers, or a sentence."""
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise BundleError("calibration.json: parameters must be numbers")
    return tuple(float(value) for value in values)
