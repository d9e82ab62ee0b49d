"""Intervals for a report: a bootstrap clustered by person and by week, paired for two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from features.days import DAY_US, IST_SHIFT_US
from training.metrics import Floats

Ints = NDArray[np.int64]
Statistic = Callable[[Floats | None], Floats]

REPLICATES = 200
FEWEST_PERIODS = 8
NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which rows share a person and which share a stretch of time.

    Parameters
    ----------
    person, period : int64 arrays of shape (n,)
        Cluster numbers from 0 up.
    period_name : str
        ``week``, ``day`` where fewer than eight weeks are covered, or ``none``: two or three weeks
        cannot tell how much weeks differ.
    """

    person: Ints
    period: Ints
    period_name: str


def clusters(person: Ints, created_us: Ints) -> Clusters:
    """Number persons and IST weeks (or days, or nothing, where too few of them are covered)."""
    days = (created_us + IST_SHIFT_US) // DAY_US
    for name, period in (("week", (days + 3) // 7), ("day", days)):
        numbers = _numbered(period)
        if len(numbers) and numbers.max() + 1 >= FEWEST_PERIODS:
            return Clusters(_numbered(person), numbers, name)
    return Clusters(_numbered(person), np.arange(len(person), dtype=np.int64), "none")


def _numbered(keys: Ints) -> Ints:
    return np.unique(keys, return_inverse=True)[1].astype(np.int64).reshape(-1)


@dataclass(frozen=True, slots=True)
class Intervals:
    """Estimates with their standard errors and 95 % intervals, arrays of one shape."""

    estimate: Floats
    error: Floats

    @property
    def low(self) -> Floats:
        """Lower ends of the 95 % intervals."""
        return self.estimate - NORMAL_95 * self.error

    @property
    def high(self) -> Floats:
        """Upper ends of the 95 % intervals."""
        return self.estimate + NORMAL_95 * self.error


def intervals(
    statistic: Statistic, groups: Clusters, *, replicates: int = REPLICATES, seed: int = 7
) -> Intervals:
    """Bootstrap one or several numbers, clustered by person and by period at once.

    Orders of one person, and orders of one week, succeed and fail together, so rows may not be
    drawn one by one. Resampling both ways at once (the product of two bootstraps) overstates the
    variance of independent rows threefold; so the variance is V(person) + V(period) − V(person
    within period), each from its own cluster bootstrap, and never below the larger of the first two
    (Cameron, Gelbach and Miller 2011, "Robust inference with multiway clustering"). The interval is
    the normal one.

    Parameters
    ----------
    statistic : callable
        Takes case weights of shape (n,), or None for the plain estimate, and returns an array of
        numbers. Paired comparisons return the difference as one of them.
    groups : Clusters
        The clusters of the same n rows.
    replicates : int
        Draws per clustering.
    seed : int
        Same seed, same interval.
    """
    rng = np.random.default_rng(seed)
    estimate = np.asarray(statistic(None), dtype=np.float64)

    def variance(ids: Ints) -> Floats:
        drawn = (statistic(times[ids]) for times in _draws(ids, replicates, rng))
        return _variance(drawn, replicates, estimate.shape)

    return Intervals(estimate, _both_ways(groups, variance))


def total_intervals(
    columns: sparse.csr_matrix,
    statistic: Callable[[Floats], Floats],
    groups: Clusters,
    *,
    replicates: int = REPLICATES,
    seed: int = 7,
) -> Intervals:
    """Bootstrap numbers that depend on column totals alone, clustered as ``intervals`` does.

    A draw then costs one product of the clusters' totals instead of a pass over all orders, so
    that every segment and every threshold of a report can have its interval.

    Parameters
    ----------
    columns : sparse matrix of shape (n_orders, n_columns)
        What is added up, one row per order.
    statistic : callable
        Turns totals of shape (n_columns,) into numbers.
    """
    rng = np.random.default_rng(seed)
    estimate = statistic(np.asarray(columns.sum(axis=0), dtype=np.float64).reshape(-1))

    def variance(ids: Ints) -> Floats:
        count = int(ids.max(initial=-1)) + 1
        of = sparse.csr_matrix((np.ones(len(ids)), (ids, np.arange(len(ids)))), (count, len(ids)))
        by_cluster = (of @ columns).T.tocsr()
        drawn = (statistic(by_cluster @ times) for times in _draws(ids, replicates, rng))
        return _variance(drawn, replicates, estimate.shape)

    return Intervals(estimate, _both_ways(groups, variance))


def _both_ways(groups: Clusters, variance: Callable[[Ints], Floats]) -> Floats:
    """The standard error under both clusterings at once."""
    person = variance(groups.person)
    if groups.period_name == "none":
        return np.sqrt(person)
    both = _numbered(groups.person * (groups.period.max(initial=0) + 1) + groups.period)
    period = variance(groups.period)
    same = int(both.max(initial=-1)) == int(groups.person.max(initial=-1))
    overlap = person if same else variance(both)
    return np.sqrt(np.maximum(person + period - overlap, np.maximum(person, period)))


def _draws(ids: Ints, replicates: int, rng: np.random.Generator) -> Iterator[Floats]:
    """How often each cluster is drawn when as many are drawn, with replacement, as there are."""
    count = int(ids.max(initial=-1)) + 1
    for _ in range(replicates if count > 1 else 0):
        yield np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64)


def _variance(drawn: Iterable[Floats], replicates: int, shape: tuple[int, ...]) -> Floats:
    """Variance of a statistic over draws of whole clusters; 0 where there is one cluster only."""
    found = list(drawn)
    if not found:
        return np.zeros(shape)
    draws = np.stack(found)
    # A draw may hold one class only; such numbers are left out, unless most are.
    known = np.isfinite(draws)
    enough = known.sum(axis=0) >= replicates // 2
    centre = np.where(known, draws, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    squares = (np.where(known, draws - centre, 0.0) ** 2).sum(axis=0)
    return np.where(enough, squares / np.maximum(known.sum(axis=0) - 1, 1), np.nan)
