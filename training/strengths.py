"""How strongly each kind of coefficient is held at 0, learned from how far its kind strays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.labels import Floats
from training.ridge import Design, Line, Slopes, fit

# The prior of a kind's strength: as if this many coefficients of this strength had been seen. A
# kind of which the data say little (six couriers, three coupons) stays near it.
USUAL_STRENGTH = 300.0
USUAL_COUNT = 2.0
ROUNDS = 5
ROUNDS_AGAIN = 2


@dataclass(frozen=True, slots=True)
class Firmness:
    """By what the learned strengths are multiplied: those of numbers, and those of words."""

    numbers: float = 1.0
    words: float = 1.0

    def of(self, kind: str) -> float:
        """The factor of one kind."""
        number = kind.startswith("numbers of ") or kind in ("own numbers", "unknown")
        return self.numbers if number else self.words


AS_LEARNED = Firmness()


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A line, and the strength (inverse prior variance) that each kind of coefficient was found.

    The line is held by these times the firmness asked for.
    """

    line: Line
    strengths: dict[str, float]


def learn(
    design: Design,
    kinds: Sequence[str],
    y: Floats,
    weight: Floats,
    *,
    before: Mapping[str, float] | None = None,
    firmness: Firmness = AS_LEARNED,
) -> Learned:
    """Fit a ridge whose strengths come from the data: pincodes among pincodes, coupons among them.

    Coefficients of one kind are taken as draws from one normal distribution around 0, whose
    variance is found by the evidence: strength = γ / Σ coefficient², where γ counts the
    coefficients that the data determine (MacKay 1992, "Bayesian Interpolation", eq. 4.8), with a
    weak gamma prior. What a shop's products tell is thereby shrunk by how much its products
    differ, and a district of few orders to its state. No validation rows are spent on it.

    Parameters
    ----------
    design : Design
        Columns of the n rows.
    kinds : sequence of str
        The kind of every column.
    y, weight : float64 arrays of shape (n,)
        Outcomes and case weights.
    before : mapping, optional
        Strengths learned on an earlier part of the same data, to start from.
    firmness : Firmness
        Holds the line more or less firmly than the evidence says, where a search found that good.
    """
    names, at = np.unique(np.array(kinds, dtype=object).astype(str), return_inverse=True)
    at = at.reshape(-1)
    known = before or {}
    strengths = np.array([known.get(name, USUAL_STRENGTH) for name in names.tolist()])
    slopes = Slopes(design, y, weight)
    line = fit(design, y, weight, strengths[at], slopes=slopes)
    for _ in range(ROUNDS_AGAIN if before else ROUNDS):
        strengths = _evident(line.coefficients, slopes.at(strengths[at]).variance, strengths, at)
        line = fit(design, y, weight, strengths[at], slopes=slopes, begin=line)
    if firmness != AS_LEARNED:
        held = strengths * np.array([firmness.of(name) for name in names.tolist()])
        line = fit(design, y, weight, held[at], slopes=slopes, begin=line)
    return Learned(line, dict(zip(names.tolist(), strengths.tolist(), strict=True)))


def _evident(coefficients: Floats, variance: Floats, strengths: Floats, at: np.ndarray) -> Floats:
    """One step of MacKay's fixed point for every kind."""
    determined = np.maximum(1.0 - strengths[at] * variance, 0.0)
    count = np.bincount(at, weights=determined, minlength=len(strengths))
    squares = np.bincount(at, weights=coefficients**2, minlength=len(strengths))
    return np.asarray((count + USUAL_COUNT) / (squares + USUAL_COUNT / USUAL_STRENGTH))
