"""Chance: one seed split into independent named streams, and the few draws every part makes."""

from __future__ import annotations

from collections.abc import Callable
from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]


class Dice:
    """Independent random streams, one per name, all fixed by one seed.

    A part of the world that draws more numbers than before leaves every other part unchanged.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def stream(self, name: str) -> np.random.Generator:
        """A fresh generator that depends on the seed and ``name`` only."""
        entropy = np.random.SeedSequence([self._seed, crc32(name.encode())])
        return np.random.Generator(np.random.PCG64(entropy))


def draw(rng: np.random.Generator, weights: npt.ArrayLike, size: int) -> Ints:
    """Draw ``size`` indices in proportion to ``weights``."""
    cumulative = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], side="right")
    picked: Ints = np.minimum(found, len(cumulative) - 1)
    return picked


def draw_within(uniform: Floats, cumulative: Floats, offsets: Ints, group: Ints) -> Ints:
    """Draw one member of each row's group, by weight.

    Parameters
    ----------
    uniform : shape (n,)
        Uniform draws in [0, 1).
    cumulative : shape (n_members,)
        Running sum of the members' weights, all groups in a row.
    offsets : shape (n_groups + 1,)
        Where each group begins in ``cumulative``.
    group : shape (n,)
        The group of each row; it must hold at least one member.
    """
    first, end = offsets[group], offsets[group + 1]
    below = np.where(first > 0, cumulative[np.maximum(first - 1, 0)], 0.0)
    target = below + uniform * (cumulative[end - 1] - below)
    picked = np.searchsorted(cumulative, target, side="right")
    return np.clip(picked, first, end - 1).astype(np.int64)


def one_of(rng: np.random.Generator, weights: Floats) -> Ints:
    """Draw one column per row of a weight table of shape (n, k)."""
    cumulative = np.cumsum(weights, axis=1)
    target = rng.random(len(weights)) * cumulative[:, -1]
    picked: Ints = np.minimum((cumulative <= target[:, None]).sum(axis=1), weights.shape[1] - 1)
    return picked


def logistic(x: npt.ArrayLike) -> Floats:
    """Log-odds to probability."""
    values = np.asarray(x, dtype=np.float64)
    return 1.0 / (1.0 + np.exp(-values))


def level_for(share: float, mean_at: Callable[[float], float]) -> float:
    """The level at which a rising mean reaches ``share``, by bisection between −12 and 12."""
    low, high = -12.0, 12.0
    for _ in range(32):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_at(middle) < share else (low, middle)
    return (low + high) / 2


def nth_of_its_kind(kind: Ints) -> Ints:
    """How many earlier rows hold the same value.

    >>> nth_of_its_kind(np.array([7, 7, 3, 7])).tolist()
    [0, 1, 0, 2]
    """
    order = np.argsort(kind, kind="stable")
    ordered = kind[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(kind)])
    nth = np.empty(len(kind), dtype=np.int64)
    nth[order] = np.arange(len(kind)) - np.repeat(starts, lengths)
    return nth
