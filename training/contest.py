"""The exam's model beside the current champion, on the exam's orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.bundle import Bundle
from training.bootstrap import clusters, intervals
from training.comparison import learnt_until
from training.evaluate import Estimate
from training.labels import Floats, Ints
from training.matrix import Matrix
from training.metrics import losses
from training.score_command import score_rows

SEGMENTS = ("merchant_id", "payment_mode")
FEWEST_ORDERS, FEWEST_RTO = 300, 30
FEWEST_JUDGED = 200
REPLICATES = 100


@dataclass(frozen=True, slots=True)
class Lag:
    """A segment's log-loss: the new model's less the champion's, its standard error, and theirs."""

    segment: str
    orders: int
    gap: float
    error: float
    champion: float


@dataclass(frozen=True, slots=True)
class Contest:
    """The log-loss of the exam's model less the champion's, on orders that neither had learnt."""

    champion: str
    orders: int
    gap: Estimate
    segments: tuple[Lag, ...]


def contest(
    champion: Bundle, matrix: Matrix, rows: Ints, y: Floats, probability: Floats
) -> Contest | None:
    """Compare on the exam's orders placed after the champion had learnt; None where too few are.

    Parameters
    ----------
    champion : Bundle
        The model in force.
    rows, y, probability : arrays of shape (n,)
        The exam's orders, their outcomes, and what the exam's model promised.
    """
    created = matrix.orders["created_us"].to_numpy(np.int64)[rows]
    fair = np.flatnonzero(created >= learnt_until(champion))
    if len(fair) < FEWEST_JUDGED:
        return None
    rows, y = rows[fair], y[fair]
    theirs = losses(y, score_rows(champion, matrix, rows))
    gaps = losses(y, probability[fair]) - theirs
    person = matrix.orders["person"].to_numpy(np.int64)[rows]

    def mean(weight: Floats | None) -> Floats:
        return np.asarray(np.average(gaps, weights=weight))

    found = intervals(mean, clusters(person, created[fair]), replicates=REPLICATES)
    gap = Estimate(float(found.estimate), float(found.low), float(found.high))
    frame = matrix.orders.iloc[rows]
    lags = tuple(_lags(frame, y, gaps, theirs, person))
    return Contest(champion.version, len(rows), gap, lags)


def _lags(
    frame: pd.DataFrame, y: Floats, gaps: Floats, theirs: Floats, person: Ints
) -> Iterator[Lag]:
    """Every segment with enough of both outcomes."""
    for by in SEGMENTS:
        values = frame[by].fillna("unknown").astype(str).to_numpy(dtype=object)
        for value in sorted(set(values.tolist())):
            at = np.flatnonzero(values == value)
            if len(at) >= FEWEST_ORDERS and y[at].sum() >= FEWEST_RTO:
                gap, error = _mean(gaps[at], person[at])
                name = f"{by.removesuffix('_id')} {value}"
                yield Lag(name, len(at), gap, error, float(theirs[at].mean()))


def _mean(values: Floats, person: Ints) -> tuple[float, float]:
    """A mean and its standard error, orders of one person moving together."""
    centre = float(values.mean())
    sums = np.bincount(np.unique(person, return_inverse=True)[1].reshape(-1), values - centre)
    return centre, float(np.sqrt((sums**2).sum())) / len(values)
