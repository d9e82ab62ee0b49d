"""How a number is distributed, coarsely: shares of bins of equal mass, and how far two differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.labels import Floats

BINS = 10
PSEUDO = 0.5
"""Added to every bin's count, so that an empty bin is unlikely and not impossible."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Shares of the orders between rising edges, with the unknown ones last.

    Parameters
    ----------
    edges : tuple of float
        A value equal to an edge lies above it.
    counts : tuple of int
        One more than edges, then the unknown.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, column: Floats, *, bins: int = BINS) -> Histogram:
        """The histogram of a column, with edges at its quantiles; equal values are never split."""
        known = column[np.isfinite(column)]
        if not len(known):
            return cls((), _counts(column, ()))
        cuts = np.unique(np.quantile(known, np.linspace(0.0, 1.0, bins + 1)[1:-1], method="higher"))
        edges = tuple(float(f"{cut:.6g}") for cut in cuts if cut > known.min())
        edges = tuple(sorted(set(edges)))
        return cls(edges, _counts(column, edges))

    def over(self, column: Floats) -> Histogram:
        """Another column over the same edges."""
        return Histogram(self.edges, _counts(column, self.edges))

    @property
    def orders(self) -> int:
        """How many orders were counted."""
        return sum(self.counts)

    def shares(self) -> Floats:
        """Smoothed shares of the bins, the unknown last."""
        counts = np.array(self.counts, np.float64) + PSEUDO
        return np.asarray(counts / counts.sum())

    def to_json(self) -> dict[str, object]:
        """As it lies in a manifest."""
        return {"edges": list(self.edges), "counts": list(self.counts)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Histogram:
        """Read from a manifest."""
        return cls(tuple(map(float, body["edges"])), tuple(map(int, body["counts"])))


def _counts(column: Floats, edges: tuple[float, ...]) -> tuple[int, ...]:
    known = np.isfinite(column)
    at = np.searchsorted(np.array(edges), column[known], side="right")
    counts = np.bincount(at, minlength=len(edges) + 1)
    return (*map(int, counts), int((~known).sum()))


def psi(reference: Histogram, now: Histogram) -> tuple[float, float]:
    """The population stability index of two histograms over the same edges, and its noise.

    ``Σ (a − b) · ln(a / b)`` over the bins' shares (Siddiqi 2006, "Credit Risk Scorecards"; by
    custom below .1 is stable, above .25 has moved). Without any drift it is not 0 but about
    ``(bins − 1) · (1/n + 1/m)``, since twice a likelihood ratio is chi-squared (Yurdakul 2018).

    Returns
    -------
    tuple of float
        The index, and what it would be by chance alone.
    """
    a, b = reference.shares(), now.shares()
    used = np.array(reference.counts) + np.array(now.counts) > 0
    index = float(np.sum(((a - b) * np.log(a / b))[used]))
    noise = (int(used.sum()) - 1) * (1 / max(reference.orders, 1) + 1 / max(now.orders, 1))
    return index, noise
