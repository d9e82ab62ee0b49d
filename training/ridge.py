"""A ridge logistic regression on standard scores and one-hot tokens, sparse where it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from training.labels import Floats
from training.metrics import chance

STEPS = 300
MOST_FREQUENT = 200
CURVATURE_ROWS = 30_000


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """The linear part's columns for some rows: dense numbers beside sparse tokens."""

    dense: Floats | NDArray[np.float32]
    tokens: sparse.csr_matrix

    def take(self, at: np.ndarray) -> Design:
        """Some of the rows."""
        return Design(self.dense[at], self.tokens[at])

    def head(self, count: int) -> Design:
        """The first so many rows, not copied."""
        whole = self.tokens
        end = int(whole.indptr[count])
        parts = (whole.data[:end], whole.indices[:end], whole.indptr[: count + 1])
        tokens = sparse.csr_matrix(parts, shape=(count, whole.shape[1]), copy=False)
        return Design(self.dense[:count], tokens)

    @property
    def width(self) -> int:
        """Number of coefficients without the intercept."""
        return int(self.dense.shape[1] + self.tokens.shape[1])

    def times(self, coefficients: Floats) -> Floats:
        """The linear score without intercept, shape (n_rows,)."""
        split = self.dense.shape[1]
        dense = self.dense @ coefficients[:split].astype(self.dense.dtype, copy=False)
        return np.asarray(dense + self.tokens @ coefficients[split:], dtype=np.float64)

    def back(self, gap: Floats) -> Floats:
        """The transpose times one number per row, shape (width,)."""
        return np.concatenate(
            [self.dense.T @ gap.astype(self.dense.dtype, copy=False), self.tokens.T @ gap]
        ).astype(np.float64, copy=False)


class Slopes:
    """How steeply the loss bends around the base rate, ``rate (1 − rate) XᵀWX``.

    It makes the loss nearly round, so that few steps find its floor: counts of one key over many
    windows are nearly copies of each other, and plain L-BFGS creeps along such valleys. It is taken
    whole for the numbers and the most frequent tokens; for the rest its diagonal will do. At most
    ``CURVATURE_ROWS`` rows, evenly spread, are looked at: they set the way to the minimum and the
    spread of the coefficients, not the minimum.
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
        at = np.unique(np.linspace(0, len(y) - 1, min(len(y), CURVATURE_ROWS)).astype(np.int64))
        some = design.take(at)
        block = np.hstack([some.dense.astype(np.float64), some.tokens[:, often].toarray()])
        scale = steep * weight.sum() / weight[at].sum()
        with threadpool_limits(1, user_api="blas"):
            self._block = scale * (block.T @ (weight[at][:, None] * block))
        self._rest = steep * np.delete(counts, often)

    def at(self, strengths: Floats) -> Round:
        """Round coordinates for one inverse prior variance per coefficient."""
        split = len(self._block)
        ordered = strengths[self._order]
        lower = cholesky(self._block + np.diag(ordered[:split]), lower=True)
        return Round(self._order, lower, 1.0 / np.sqrt(self._rest + ordered[split:]))


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Coordinates in which the loss is nearly round: between them and the coefficients."""

    order: NDArray[np.int64]
    lower: Floats
    scale: Floats

    def out(self, point: Floats) -> Floats:
        """Coefficients of a point."""
        split = len(self.lower)
        whole = solve_triangular(
            self.lower, point[:split], lower=True, trans="T", check_finite=False
        )
        coefficients = np.empty(len(point))
        coefficients[self.order] = np.concatenate([whole, self.scale * point[split:]])
        return coefficients

    def into(self, coefficients: Floats) -> Floats:
        """The point of some coefficients."""
        split, ordered = len(self.lower), coefficients[self.order]
        return np.concatenate([self.lower.T @ ordered[:split], ordered[split:] / self.scale])

    def back(self, slope: Floats) -> Floats:
        """A slope in coefficients as one in points."""
        split, slope = len(self.lower), slope[self.order]
        whole = solve_triangular(self.lower, slope[:split], lower=True, check_finite=False)
        return np.concatenate([whole, self.scale * slope[split:]])

    @property
    def variance(self) -> Floats:
        """Posterior variance of every coefficient, by Laplace's approximation."""
        inverse = solve_triangular(
            self.lower, np.eye(len(self.lower)), lower=True, check_finite=False
        )
        spread = np.empty(len(self.order))
        spread[self.order] = np.concatenate([(inverse**2).sum(axis=0), self.scale**2])
        return spread


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A fitted linear score: ``intercept + columns · coefficients``, in log-odds."""

    intercept: float
    coefficients: Floats

    def score(self, design: Design) -> Floats:
        """Log-odds, shape (n_rows,)."""
        return self.intercept + design.times(self.coefficients)


def fit(
    design: Design,
    y: Floats,
    weight: Floats,
    strengths: Floats,
    *,
    slopes: Slopes | None = None,
    begin: Line | None = None,
) -> Line:
    """Minimise the weighted log-loss plus half the squared coefficients times their strengths.

    The intercept is free. L-BFGS from the base rate; the loss has one minimum.

    Parameters
    ----------
    design : Design
        Columns of the n rows.
    y, weight : float64 arrays of shape (n,)
        Outcomes and case weights.
    strengths : float64 array of shape (width,)
        Inverse prior variance of every coefficient.
    slopes : Slopes, optional
        Of the same rows, to share between fits.
    begin : Line, optional
        Where to start, from a fit that was similar.
    """
    slopes = slopes or Slopes(design, y, weight)
    round_, total = slopes.at(strengths), weight.sum()

    def loss(point: Floats) -> tuple[float, Floats]:
        coefficients = round_.out(point[1:])
        z = point[0] + design.times(coefficients)
        gap = weight * (chance(z) - y)
        pull = strengths * coefficients
        value = np.dot(weight, np.logaddexp(0.0, z) - y * z) + 0.5 * np.dot(pull, coefficients)
        slope = round_.back(design.back(gap) + pull)
        return float(value / total), np.concatenate([[gap.sum()], slope]) / total

    start = np.zeros(design.width + 1)
    start[0] = slopes.base
    if begin is not None:
        start[0], start[1:] = begin.intercept, round_.into(begin.coefficients)
    options = {"maxiter": STEPS, "ftol": 1e-7, "gtol": 1e-6, "maxcor": 20}
    # Products this small are slower on two threads than on one, and far slower on a busy machine.
    with threadpool_limits(1, user_api="blas"):
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return Line(float(found.x[0]), np.asarray(round_.out(found.x[1:]), dtype=np.float64))
