"""A ridge logistic regression on standardised features and one-hot tokens, sparse where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from training.labels import Floats
from training.metrics import chance, log_loss

# Inverse prior variances of a coefficient, strongest first; the folds choose one.
STRENGTHS = (1_000.0, 300.0, 100.0, 30.0)
STEPS = 300
MOST_FREQUENT = 200

Change = Callable[[Floats], Floats]
EDGES = (0.005, 0.5, 0.995)
# Also the ``limit`` of the released linear part.
LIMIT = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """How numbers come to one scale: the training median where unknown, then mean and deviation.

    Means and deviations are taken with the outer half per cent of each column held at its edge, and
    standard scores are held at ``LIMIT``: counts grow with the length of the history, and a line
    must not run on where nothing was learnt.

    All arrays have shape (n_numbers,). ``missing`` is the share of rows in which a number was
    unknown. ``gaps`` marks the numbers whose being unknown has a 0/1 column of its own: of several
    that are always unknown together (all counts of an absent phone) only the first.
    """

    median: Floats
    mean: Floats
    scale: Floats
    missing: Floats
    gaps: NDArray[np.bool_]

    @classmethod
    def of(cls, numbers: Floats) -> Scaling:
        """Read medians, means and deviations from training rows; a constant column has scale 1."""
        unknown = np.isnan(numbers)
        low, median, high = np.zeros((3, numbers.shape[1]))
        for j in np.flatnonzero(~unknown.all(axis=0)):
            low[j], median[j], high[j] = np.quantile(numbers[~unknown[:, j], j], EDGES)
        # A flag rarer than the edge would become constant; such columns keep their own range.
        narrow = low == high
        filled = np.where(unknown, median, numbers)
        held = np.where(narrow, filled, np.clip(filled, low, high))
        mean, deviation = held.mean(axis=0), held.std(axis=0)
        varies = deviation > 1e-9 * np.maximum(1.0, np.abs(mean))
        return cls(
            median, mean, np.where(varies, deviation, 1.0), unknown.mean(axis=0), _gaps(unknown)
        )

    def columns(self, numbers: Floats) -> Floats:
        """Standard scores, then the flags of unknown numbers: (n, n_numbers + n_gaps)."""
        unknown = np.isnan(numbers)
        scores = (np.where(unknown, self.median, numbers) - self.mean) / self.scale
        flags = unknown[:, self.gaps].astype(np.float64)
        return np.hstack([np.clip(scores, -LIMIT, LIMIT), flags])


def _gaps(unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The first of each pattern of unknown rows that is neither empty nor full."""
    seen: set[bytes] = set()
    first = np.zeros(unknown.shape[1], dtype=bool)
    for j, column in enumerate(np.ascontiguousarray(unknown.T)):
        pattern = column.tobytes()
        first[j] = pattern not in seen and bool(column.any()) and not bool(column.all())
        seen.add(pattern)
    return first


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The linear part's columns for some rows: dense numbers beside sparse tokens."""

    dense: Floats
    tokens: sparse.csr_matrix

    def take(self, at: np.ndarray) -> Design:
        """Some of the rows."""
        return Design(self.dense[at], self.tokens[at])

    @property
    def width(self) -> int:
        """Number of coefficients without the intercept."""
        return int(self.dense.shape[1] + self.tokens.shape[1])

    def times(self, coefficients: Floats) -> Floats:
        """The linear score without intercept, shape (n_rows,)."""
        split = self.dense.shape[1]
        dense = self.dense @ coefficients[:split]
        return np.asarray(dense + self.tokens @ coefficients[split:], dtype=np.float64)

    def back(self, gap: Floats) -> Floats:
        """The transpose times one number per row, shape (width,)."""
        return np.concatenate([self.dense.T @ gap, self.tokens.T @ gap])


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A fitted linear score: ``intercept + columns · coefficients``, in log-odds."""

    intercept: float
    coefficients: Floats

    def score(self, design: Design) -> Floats:
        """Log-odds, shape (n_rows,)."""
        return self.intercept + design.times(self.coefficients)


class Slopes:
    """A change of coordinates in which the loss is nearly round, so that few steps find its floor.

    Counts of one key over many windows are nearly copies of each other, and plain L-BFGS creeps
    along such valleys. The curvature at the base rate, ``rate (1 − rate) XᵀWX``, is taken whole for
    the numbers and the most frequent tokens; for the rest its diagonal will do.
    """

    def __init__(self, design: Design, y: Floats, weight: Floats) -> None:
        rate = float(np.clip(np.average(y, weights=weight), 1e-6, 1.0 - 1e-6))
        self.base = float(np.log(rate / (1.0 - rate)))
        steep = rate * (1.0 - rate)
        counts = np.asarray(design.tokens.T @ weight).reshape(-1)
        split, often = design.dense.shape[1], np.argsort(-counts, kind="stable")[:MOST_FREQUENT]
        # All coordinates, those with a whole curvature first.
        self._order = np.concatenate(
            [np.arange(split), split + often, np.delete(np.arange(split, design.width), often)]
        )
        block = np.hstack([design.dense, design.tokens[:, often].toarray()])
        self._block = steep * (block.T @ (weight[:, None] * block))
        self._rest = steep * np.delete(counts, often)

    def at(self, strength: float) -> tuple[Change, Change]:
        """From round coordinates to coefficients, and a slope in coefficients to round ones."""
        split = len(self._block)
        lower = cholesky(self._block + strength * np.eye(split), lower=True)
        scale = 1.0 / np.sqrt(self._rest + strength)

        def out(u: Floats) -> Floats:
            coefficients = np.empty(len(u))
            whole = solve_triangular(lower, u[:split], lower=True, trans="T", check_finite=False)
            coefficients[self._order] = np.concatenate([whole, scale * u[split:]])
            return coefficients

        def back(slope: Floats) -> Floats:
            slope = slope[self._order]
            whole = solve_triangular(lower, slope[:split], lower=True, check_finite=False)
            return np.concatenate([whole, scale * slope[split:]])

        return out, back


def fit(
    design: Design, y: Floats, weight: Floats, strength: float, slopes: Slopes | None = None
) -> Line:
    """Minimise the weighted log-loss plus ``strength / 2`` times the squared coefficients.

    The intercept is free. L-BFGS from the base rate; the loss has one minimum.

    Parameters
    ----------
    design : Design
        Columns of the n rows.
    y, weight : float64 arrays of shape (n,)
        Outcomes and case weights.
    strength : float
        Inverse prior variance of every coefficient.
    slopes : Slopes, optional
        Of the same rows, to share between strengths.
    """
    slopes = slopes or Slopes(design, y, weight)
    out, back = slopes.at(strength)
    total = weight.sum()

    def loss(point: Floats) -> tuple[float, Floats]:
        coefficients = out(point[1:])
        z = point[0] + design.times(coefficients)
        gap = weight * (chance(z) - y)
        value = np.dot(weight, np.logaddexp(0.0, z) - y * z)
        value += 0.5 * strength * np.dot(coefficients, coefficients)
        slope = back(design.back(gap) + strength * coefficients)
        return float(value / total), np.concatenate([[gap.sum()], slope]) / total

    begin = np.zeros(design.width + 1)
    begin[0] = slopes.base
    options = {"maxiter": STEPS, "ftol": 1e-7, "gtol": 1e-6, "maxcor": 20}
    # Products this small are slower on two threads than on one, and far slower on a busy machine.
    with threadpool_limits(1, user_api="blas"):
        found = minimize(loss, begin, jac=True, method="L-BFGS-B", options=options)
    return Line(float(found.x[0]), np.asarray(out(found.x[1:]), dtype=np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What the folds say of one strength."""

    strength: float
    loss: float
    out_of_fold: tuple[Floats, ...]


class Fold(NamedTuple):
    """Columns, outcomes and weights to learn from, and to judge on."""

    learn: Design
    y: Floats
    weight: Floats
    judge: Design
    judge_y: Floats
    judge_weight: Floats


def trials(
    folds: Sequence[Fold],
    strengths: Sequence[float] = STRENGTHS,
) -> tuple[Trial, ...]:
    """Score every strength on every fold."""
    scores: list[list[Floats]] = [[] for _ in strengths]
    for fold in folds:
        slopes = Slopes(fold.learn, fold.y, fold.weight)
        for k, strength in enumerate(strengths):
            line = fit(fold.learn, fold.y, fold.weight, strength, slopes)
            scores[k].append(line.score(fold.judge))
    y_all = np.concatenate([fold.judge_y for fold in folds])
    w_all = np.concatenate([fold.judge_weight for fold in folds])
    return tuple(
        Trial(strength, log_loss(y_all, chance(np.concatenate(z)), w_all), tuple(z))
        for strength, z in zip(strengths, scores, strict=True)
    )
