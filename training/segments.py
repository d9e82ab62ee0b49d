"""The orders of a report by merchant, payment, customer, place and time, each with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from features.days import DAY_US, IST_SHIFT_US
from training.bootstrap import REPLICATES, Clusters, Intervals, total_intervals
from training.evaluate import Estimate
from training.labels import Floats
from training.metrics import log_loss, losses, roc_auc
from training.predictions import Judged

GROUPINGS = {
    "merchant_id": "merchant",
    "seen": "merchant in training",
    "payment_mode": "payment mode",
    "customer": "customer",
    "pin": "pincode",
    "city_tier": "city tier",
    "state": "state",
    "category": "category",
    "period": "time",
}
"""Columns of the judged orders, and what a report calls them."""

MOST_VALUES = 12
MOST_STATES = 36
FEWEST_IN_SEGMENT = 50
FEWEST_IN_PERIOD = 20
MOST_DAYS, MOST_WEEKS = 20, 40


@dataclass(frozen=True, slots=True)
class Segment:
    """One value of one grouping.

    Parameters
    ----------
    predicted, observed : float
        Mean promised probability, and share that came back.
    gap : Estimate
        ``observed − predicted``; above 0 the risk was understated.
    missed : float
        Share of the returned orders below the acting threshold; NaN without any.
    bothered : float
        Share of the delivered orders at or above it; NaN without any.
    difference : Estimate, optional
        Log-loss less that of the predictions compared with; below 0 is better.
    """

    by: str
    value: str
    orders: int
    rto: int
    roc_auc: float
    log_loss: float
    predicted: float
    observed: float
    gap: Estimate
    missed: float
    bothered: float
    difference: Estimate | None = None


def period_of(created_us: np.ndarray) -> list[str]:
    """The Indian day, week (its Monday) or month of every order, whichever suits the span."""
    days = (np.asarray(created_us, np.int64) + IST_SHIFT_US) // DAY_US
    span = int(np.ptp(days)) if len(days) else 0
    if MOST_DAYS < span <= 7 * MOST_WEEKS:
        days = days - (days + 3) % 7
    texts = pd.to_datetime(days, unit="D").strftime(
        "%Y-%m-%d" if span <= 7 * MOST_WEEKS else "%Y-%m"
    )
    return [str(text) for text in texts]


def segments(
    judged: Judged,
    groups: Clusters,
    *,
    threshold: float,
    replicates: int = REPLICATES,
    seed: int = 7,
) -> tuple[Segment, ...]:
    """Every grouping of at least two values, its largest values first, periods in order.

    Parameters
    ----------
    judged : Judged
        With a column ``other`` every segment is compared in pairs.
    groups : Clusters
        Persons and periods of the same orders.
    threshold : float
        From this probability up an order is acted on.
    """
    frame = judged.frame.assign(period=period_of(judged.frame["created_us"].to_numpy()))
    chosen = list(_chosen(frame))
    if not chosen:
        return ()
    ends = _ends(judged, [rows for _, _, rows in chosen], groups, replicates, seed)
    return tuple(
        _segment(judged, GROUPINGS[by], value, rows, ends, k, threshold)
        for k, (by, value, rows) in enumerate(chosen)
    )


def _chosen(frame: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    for by in GROUPINGS:
        if by not in frame:
            continue
        sizes = frame[by].value_counts()
        if len(sizes) < 2:
            continue
        most = MOST_STATES if by == "state" else MOST_VALUES
        least = FEWEST_IN_PERIOD if by == "period" else FEWEST_IN_SEGMENT
        for value in sorted(sizes.index) if by == "period" else sizes.index[:most]:
            if sizes[value] >= least:
                yield by, str(value), np.flatnonzero((frame[by] == value).to_numpy())


def _ends(
    judged: Judged, parts: list[np.ndarray], groups: Clusters, replicates: int, seed: int
) -> Intervals:
    """Gap, and difference where paired, of every part: shape (1 or 2, n_parts)."""
    y, p = judged.y, judged.column("probability")
    columns = [np.ones(len(y)), y - p]
    if "other" in judged.frame:
        columns.append(losses(y, p) - losses(y, judged.column("other")))
    rows = np.concatenate(parts)
    part = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    member = [
        sparse.csr_matrix((column[rows], (rows, part)), shape=(len(y), len(parts)))
        for column in columns
    ]

    def means(totals: Floats) -> Floats:
        sums = totals.reshape(len(columns), len(parts))
        count = np.where(sums[0] > 0.0, sums[0], np.nan)
        return np.asarray(sums[1:] / count)

    stacked = sparse.hstack(member, format="csr")
    return total_intervals(stacked, means, groups, replicates=replicates, seed=seed)


def _segment(
    judged: Judged,
    by: str,
    value: str,
    rows: np.ndarray,
    ends: Intervals,
    at: int,
    threshold: float,
) -> Segment:
    y, p = judged.y[rows], judged.column("probability")[rows]
    found = [
        Estimate(float(ends.estimate[k, at]), float(ends.low[k, at]), float(ends.high[k, at]))
        for k in range(len(ends.estimate))
    ]
    return Segment(
        by=by,
        value=value,
        orders=len(rows),
        rto=int(y.sum()),
        roc_auc=roc_auc(y, p),
        log_loss=log_loss(y, p),
        predicted=float(p.mean()),
        observed=float(y.mean()),
        gap=found[0],
        missed=_share(p[y > 0] < threshold),
        bothered=_share(p[y == 0] >= threshold),
        difference=found[1] if len(found) > 1 else None,
    )


def _share(flags: np.ndarray) -> float:
    return float(flags.mean()) if len(flags) else float("nan")
