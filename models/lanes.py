"""Eight float64 numbers handled together, so that the compiler can use one wide register."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from features.compiled import compiled
from models.scorer import Floats

LANES = 8

Eight: TypeAlias = tuple[float, float, float, float, float, float, float, float]


@compiled
def room(n: int) -> Floats:
    """An array of shape (n, 8), each row in one line of the processor's caches."""
    wide = np.empty((n + 1) * LANES)
    skip = -(wide.ctypes.data // wide.itemsize) % LANES
    return wide[skip : skip + n * LANES].reshape((n, LANES))


@compiled
def load(a: Floats, i: int) -> Eight:
    """Row ``i`` of an array of shape (n, 8)."""
    return a[i, 0], a[i, 1], a[i, 2], a[i, 3], a[i, 4], a[i, 5], a[i, 6], a[i, 7]


@compiled
def store(a: Floats, i: int, v: Eight) -> None:
    """Set row ``i`` of an array of shape (n, 8)."""
    a[i, 0], a[i, 1], a[i, 2], a[i, 3] = v[0], v[1], v[2], v[3]
    a[i, 4], a[i, 5], a[i, 6], a[i, 7] = v[4], v[5], v[6], v[7]


@compiled
def plus(a: Eight, b: Eight) -> Eight:
    """``a + b``."""
    return (
        a[0] + b[0],
        a[1] + b[1],
        a[2] + b[2],
        a[3] + b[3],
        a[4] + b[4],
        a[5] + b[5],
        a[6] + b[6],
        a[7] + b[7],
    )


@compiled
def minus(a: Eight, b: Eight) -> Eight:
    """``a − b``."""
    return (
        a[0] - b[0],
        a[1] - b[1],
        a[2] - b[2],
        a[3] - b[3],
        a[4] - b[4],
        a[5] - b[5],
        a[6] - b[6],
        a[7] - b[7],
    )


@compiled
def times(a: Eight, b: Eight) -> Eight:
    """``a · b``, number by number."""
    return (
        a[0] * b[0],
        a[1] * b[1],
        a[2] * b[2],
        a[3] * b[3],
        a[4] * b[4],
        a[5] * b[5],
        a[6] * b[6],
        a[7] * b[7],
    )


@compiled
def scaled(a: Eight, s: float) -> Eight:
    """``a · s``."""
    return a[0] * s, a[1] * s, a[2] * s, a[3] * s, a[4] * s, a[5] * s, a[6] * s, a[7] * s


@compiled
def inverse(a: Eight) -> Eight:
    """``1 / a``; ``np.divide``, because plain division would check each number for zero."""
    return (
        np.divide(1.0, a[0]),
        np.divide(1.0, a[1]),
        np.divide(1.0, a[2]),
        np.divide(1.0, a[3]),
        np.divide(1.0, a[4]),
        np.divide(1.0, a[5]),
        np.divide(1.0, a[6]),
        np.divide(1.0, a[7]),
    )
