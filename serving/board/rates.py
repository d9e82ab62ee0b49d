"""Shares of orders with honest intervals: small counts are drawn towards what all have.

A cell's rate has a beta prior whose mean is the rate of all and whose weight comes from how much
the cells differ beyond chance (moments of a beta-binomial; Kleinman 1973, JASA 68). The interval is
the posterior's, so a pincode with one return out of one is no finding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEVEL = 0.90
_LEAST_WEIGHT, _MOST_WEIGHT = 10.0, 2_000.0
_STEPS, _CLOSE = 100, 1e-12
_TERMS = 300
_TINY = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Rates of many cells.

    Parameters
    ----------
    overall : float
        The rate of all; NaN without any order.
    rate, low, high : ndarray of float64, shape (n_cells,)
        Posterior mean, and the ends of its 90 % interval.
    """

    overall: float
    rate: Floats
    low: Floats
    high: Floats


def shrunk(hits: Integers, tries: Integers) -> Rates:
    """The rates of cells that partition the orders, or nearly so."""
    n, total = int(tries.sum()), int(hits.sum())
    if n == 0:
        nothing = np.full(len(tries), np.nan)
        return Rates(math.nan, nothing, nothing, nothing)
    overall = total / n
    mean = (total + 0.5) / (n + 1)
    weight = _weight(hits, tries, mean)
    a, b = hits + weight * mean, tries - hits + weight * (1 - mean)
    ends = [_interval(float(x), float(y)) for x, y in zip(a, b, strict=True)]
    low, high = (np.array([end[i] for end in ends]) for i in (0, 1))
    return Rates(overall, a / (a + b), low, high)


def share(hits: int, tries: int) -> tuple[float, float, float]:
    """A share on its own with Jeffreys' 90 % interval (Brown, Cai and DasGupta 2001).

    >>> [round(x, 2) for x in share(30, 100)]
    [0.3, 0.23, 0.38]
    """
    low, high = _interval(hits + 0.5, tries - hits + 0.5)
    return (hits / tries if tries else math.nan), low, high


def _weight(hits: Integers, tries: Integers, mean: float) -> float:
    """How many orders the prior counts as."""
    some = tries > 0
    k, n = int(some.sum()), tries[some].astype(np.float64)
    if k < 2:
        return _LEAST_WEIGHT
    chance = mean * (1 - mean)
    spread = float((n * np.square(hits[some] / n - mean)).sum())
    between = (spread - (k - 1) * chance) / (n.sum() - np.square(n).sum() / n.sum())
    if between <= chance / _MOST_WEIGHT:
        return _MOST_WEIGHT
    return float(np.clip(chance / between - 1, _LEAST_WEIGHT, _MOST_WEIGHT))


@lru_cache(maxsize=65_536)
def _interval(a: float, b: float) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    return quantile(tail, a, b), quantile(1 - tail, a, b)


def quantile(chance: float, a: float, b: float) -> float:
    """A quantile of the beta distribution, by Newton's method held between ends that close in.

    >>> round(quantile(0.5, 1, 1), 6), round(quantile(0.05, 2, 3), 4)
    (0.5, 0.0976)
    """
    low, high, x = 0.0, 1.0, a / (a + b)
    for _ in range(_STEPS):
        off = below(x, a, b) - chance
        low, high = (x, high) if off < 0 else (low, x)
        slope = math.exp(_log_front(x, a, b)) / (x * (1 - x))
        step = x - off / slope if slope > 0 else low
        step = step if low < step < high else (low + high) / 2
        if abs(step - x) < _CLOSE:
            return step
        x = step
    return x


def below(x: float, a: float, b: float) -> float:
    """The chance of a beta variable to lie below ``x`` (DLMF 8.17.22, by Lentz's method).

    >>> round(below(0.3, 2, 5), 6)
    0.579825
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - below(1 - x, b, a)
    return math.exp(_log_front(x, a, b)) * _fraction(x, a, b) / a


def _log_front(x: float, a: float, b: float) -> float:
    whole = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return whole + a * math.log(x) + b * math.log1p(-x)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, _held(1 - (a + b) * x / (a + 1))
    d = found = 1 / d
    for m in range(1, _TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d, c = 1 / _held(1 + term * d), _held(1 + term / c)
            found *= c * d
        if abs(c * d - 1) < 1e-13:
            break
    return found


def _held(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
