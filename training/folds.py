"""Rolling folds in time: each learns what was known at its start and is judged on what came."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from features.errors import TrainingError
from training.labels import (
    FEWEST_PER_CLASS,
    FEWEST_ROWS,
    Interventions,
    Ints,
    Labels,
    Method,
    mature,
)

FOLDS = 4
JUDGED_SHARE = 0.5
FEWEST_SHARE = 0.25

Kind = Literal["as known then", "by placement"]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """What may be learnt from and what is judged, disjoint in placement time."""

    learn: Labels
    judge: Labels


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """The folds and how strictly they follow knowledge.

    ``as known then``: every fold learns only from outcomes known at its start, as a live model
    would. ``by placement``: the history is shorter than a few waits, so a fold learns from earlier
    orders whose outcome is known by the cutoff, though perhaps not yet at the fold's start; still
    no judged order is learnt from, nor any placed after it. The manifest names which.
    """

    kind: Kind
    folds: tuple[Fold, ...]


def rolling(
    orders: pd.DataFrame,
    labels: Labels,
    *,
    cutoff_us: int,
    wait_us: int,
    count: int = FOLDS,
    method: Method = "weights",
    interventions: Interventions = "leave out",
) -> Folds:
    """Cut the latest mature half of the labelled orders into rolling folds.

    The last fold ends one wait before the cutoff, because among younger orders the slow returns are
    still missing and a calibration learnt there would promise too little.

    Parameters
    ----------
    orders : DataFrame
        As for ``labels.mature``.
    labels : Labels
        What is known at the cutoff.
    cutoff_us, wait_us : int
        The cutoff, and the age at which nearly all outcomes are known (µs).
    count : int
        Folds, of equal numbers of labelled orders.

    Raises
    ------
    TrainingError
        When not even folds by placement hold enough of both outcomes.
    """
    created = orders["created_us"].to_numpy(np.int64)
    mature_rows = labels.placed_before(created, cutoff_us - wait_us + 1)
    edges = _edges(created[mature_rows.rows], count)
    strict = _as_known_then(
        orders, mature_rows, edges, (method, interventions), least=FEWEST_SHARE * len(labels.rows)
    )
    if strict is not None:
        return Folds("as known then", strict)
    folds = [
        Fold(mature_rows.placed_before(created, start), _between(mature_rows, created, start, end))
        for start, end in pairwise(edges)
    ]
    usable = tuple(fold for fold in folds if _both(fold.learn) and _judgeable(fold.judge))
    if not usable:
        raise TrainingError(
            f"the {len(labels.rows):,} orders with a known outcome cannot be split in time so that"
            " an earlier part teaches and a later part judges, each with returned and delivered"
            " orders; more past orders are needed"
        )
    return Folds("by placement", usable)


def _edges(created: Ints, count: int) -> list[int]:
    """Instants that cut the latest half of the placements into ``count`` parts of equal size."""
    if len(created) == 0:
        return []
    shares = np.linspace(1.0 - JUDGED_SHARE, 1.0, count + 1)[:-1]
    starts = np.quantile(created, shares, method="higher").astype(np.int64)
    return [*np.unique(starts).tolist(), int(created[-1]) + 1]


def _as_known_then(
    orders: pd.DataFrame,
    judged: Labels,
    edges: list[int],
    rule: tuple[Method, Interventions],
    *,
    least: float,
) -> tuple[Fold, ...] | None:
    """Folds on what was known at each start, or None where one would learn too little."""
    created = orders["created_us"].to_numpy(np.int64)
    folds = []
    for start, end in pairwise(edges):
        try:
            learn = mature(orders, cutoff_us=start, method=rule[0], interventions=rule[1])
        except TrainingError:
            return None
        judge = _between(judged, created, start, end)
        if len(learn.rows) < least or not _judgeable(judge):
            return None
        folds.append(Fold(learn, judge))
    return tuple(folds) or None


def _between(labels: Labels, created: Ints, start_us: int, end_us: int) -> Labels:
    at = created[labels.rows]
    keep = (at >= start_us) & (at < end_us)
    return Labels(labels.rows[keep], labels.y[keep], labels.weight[keep], labels.report)


def _both(labels: Labels) -> bool:
    rto = int(labels.y.sum())
    return (
        len(labels.y) >= FEWEST_ROWS // 2 and min(rto, len(labels.y) - rto) >= FEWEST_PER_CLASS // 2
    )


def _judgeable(labels: Labels) -> bool:
    return 0 < int(labels.y.sum()) < len(labels.y)
