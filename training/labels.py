"""Which orders teach, with which label and weight, given what was known at a cutoff."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.days import DAY_US, HOUR_US
from features.errors import TrainingError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Method = Literal["weights", "wait"]
Interventions = Literal["leave out", "propensity"]

CLASSES = ("delivered", "rto")
FEWEST_DELAYS = 30
LEAST_CHANCE = 0.2
WAIT_SHARE = 0.95
MOST_PROPENSITY_WEIGHT = 10.0
FEWEST_ROWS = 100
FEWEST_PER_CLASS = 10


@dataclass(frozen=True, slots=True)
class DelayCurve:
    """How surely an outcome is known by an age: a step function on delays of one class.

    Parameters
    ----------
    delay_us : int64 array of shape (k,)
        Delays from order to knowledge, ascending, in whole hours.
    known : float64 array of shape (k,)
        Chance that the outcome is known at that age, ascending to 1.
    """

    delay_us: Ints
    known: Floats

    def known_by(self, age_us: Ints) -> Floats:
        """Chance that an outcome of this class is known at each age."""
        steps = np.r_[0.0, self.known]
        return np.asarray(steps[np.searchsorted(self.delay_us, age_us, side="right")])

    def age_at(self, share: float) -> int:
        """The youngest age (µs) at which at least ``share`` of the outcomes are known."""
        return int(self.delay_us[np.searchsorted(self.known, share)])


def delay_curve(delay_us: Ints, age_us: Ints) -> DelayCurve:
    """Estimate a class's delays from outcomes known so far, in spite of the slow ones to come.

    Only delays shorter than the order's age at the cutoff can be seen, so their plain distribution
    is too quick. The product limit run backwards from the longest delay corrects for it: at each
    delay, among the orders old enough to have shown it, the share that took no longer is split off
    (Lagakos, Barraj and De Gruttola 1988; Kalbfleisch and Lawless 1989 for reporting delays).
    Where fewer than 30 orders are old enough to tell, nothing is split off.

    Parameters
    ----------
    delay_us, age_us : int64 arrays of shape (n,)
        Delay from order to knowledge, and the order's age at the cutoff; ``delay_us < age_us``.
    """
    hours = -(-delay_us // HOUR_US)
    ages = np.maximum(age_us // HOUR_US, hours)
    values, counts = np.unique(hours, return_counts=True)
    shorter = np.searchsorted(np.sort(hours), values, side="right")
    younger = np.searchsorted(np.sort(ages), values, side="left")
    at_risk = shorter - younger
    stay = 1.0 - counts / np.maximum(at_risk, counts)
    stay[at_risk < FEWEST_DELAYS] = 1.0
    later = np.r_[np.cumprod(stay[::-1])[::-1][1:], 1.0]
    return DelayCurve((values * HOUR_US).astype(np.int64), later)


@dataclass(frozen=True, slots=True)
class LabelReport:
    """What became of the orders on their way to being labels; goes into the manifest.

    ``left_out`` counts orders by the reason for which they teach nothing; ``wait_days`` is the age
    at which nearly all outcomes are known; ``effective`` is the effective sample size
    (Σw)² / Σw²; ``stand_ins`` counts the untouched orders of a randomised arm that weigh for those
    that were acted on.
    """

    method: Method
    orders: int
    rto: int
    delivered: int
    left_out: dict[str, int]
    wait_days: float
    least_age_days: float
    largest_weight: float
    effective: float
    interventions: Interventions = "leave out"
    stand_ins: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Rows that may teach, as known at a cutoff.

    Parameters
    ----------
    rows : int64 array of shape (n,)
        Positions in the matrix, ascending in placement.
    y : float64 array of shape (n,)
        1 for rto, 0 for delivered.
    weight : float64 array of shape (n,)
        One over the chance that an outcome of this class is known at this age, at least 1.
    """

    rows: Ints
    y: Floats
    weight: Floats
    report: LabelReport

    def placed_before(self, created_us: Ints, moment_us: int) -> Labels:
        """Only the rows placed before an instant; the report stays the whole cutoff's."""
        keep = created_us[self.rows] < moment_us
        return Labels(self.rows[keep], self.y[keep], self.weight[keep], self.report)


def mature(
    orders: pd.DataFrame,
    *,
    cutoff_us: int,
    method: Method = "weights",
    wait_us: int | None = None,
    interventions: Interventions = "leave out",
) -> Labels:
    """Label the orders whose outcome was known before a cutoff, slow returns made up for.

    RTO travels longer than delivery, so the newest resolved orders are mostly deliveries; learning
    from them as they are would understate the risk. Either each order weighs one over the chance
    that an outcome of its class is known at its age, or orders younger than a wait are left out.
    Orders that someone interfered with are no label for what would have happened and are left out;
    so are cancelled and lost ones. What is left then holds few of the orders that a policy acts on;
    with ``propensity``, those of them that a lot spared (an arm of the comparison) weigh one over
    the recorded chance of that lot, at most tenfold, and so stand for the others.

    Parameters
    ----------
    orders : DataFrame
        With ``created_us``, ``outcome``, ``outcome_us`` (−1 while unknown) and ``treated``.
    cutoff_us : int
        Only outcomes known strictly before it count (µs since 1970, UTC).
    method : {"weights", "wait"}
        How immaturity is met.
    wait_us : int, optional
        The age below which ``wait`` leaves an order out; by default the age at which 95 % of the
        slower class's outcomes are known.
    interventions : {"leave out", "propensity"}
        Whether spared orders stand for those acted on; needs the columns ``arm`` and
        ``propensity``.

    Raises
    ------
    TrainingError
        When fewer than 100 orders, or 10 of either class, are left.
    """
    rows, y, age, delay, left_out = _known(orders, cutoff_us)
    _enough(y, left_out)
    curves = _curves(delay, age, y)
    wait = max(curve.age_at(WAIT_SHARE) for curve in curves) if wait_us is None else wait_us
    least = wait if method == "wait" else max(curve.age_at(LEAST_CHANCE) for curve in curves)
    keep = age >= least
    left_out["too young for their class to be seen"] = int((~keep).sum())
    rows, y, age = rows[keep], y[keep], age[keep]
    _enough(y, left_out)
    weight = np.ones(len(y)) if method == "wait" else _weights(curves, age, y)
    report = _report(method, y, weight, left_out, wait, least)
    if interventions == "propensity":
        lots = _lots(orders, rows)
        weight = weight * lots
        report = replace(
            report,
            interventions=interventions,
            stand_ins=int((lots > 1.0).sum()),
            largest_weight=round(float(weight.max()), 6),
            effective=_effective(weight),
        )
    return Labels(rows, y, weight, report)


def _lots(orders: pd.DataFrame, rows: Ints) -> Floats:
    """One over the recorded chance of the arm that spared an order, clipped; 1 for all others."""
    if not {"arm", "propensity"} <= set(orders.columns):
        return np.ones(len(rows))
    arm = orders["arm"].to_numpy(dtype=object)[rows]
    chance = orders["propensity"].to_numpy(dtype=np.float64)[rows]
    spared = np.array([isinstance(a, str) and a not in ("", "treatment") for a in arm], dtype=bool)
    known = spared & (chance > 0.0) & (chance <= 1.0)
    weights = np.ones(len(rows))
    weights[known] = np.minimum(1.0 / chance[known], MOST_PROPENSITY_WEIGHT)
    return weights


def _effective(weight: Floats) -> float:
    return round(float(weight.sum() ** 2 / (weight**2).sum()), 1)


def _known(orders: pd.DataFrame, cutoff_us: int) -> tuple[Ints, Floats, Ints, Ints, dict[str, int]]:
    """Untreated orders with a final outcome known before the cutoff: row, label, age and delay."""
    created = orders["created_us"].to_numpy(np.int64)
    known_at = orders["outcome_us"].to_numpy(np.int64)
    outcome = orders["outcome"].to_numpy(dtype=object)
    treated = orders["treated"].to_numpy(bool)
    placed = created < cutoff_us
    known = placed & (known_at >= 0) & (known_at < cutoff_us)
    final = known & np.isin(outcome, CLASSES)
    left_out = {
        "outcome not known by the cutoff": int((placed & ~known).sum()),
        "cancelled or lost": int((known & ~final).sum()),
        "interfered with before dispatch": int((final & treated).sum()),
    }
    rows = np.flatnonzero(final & ~treated).astype(np.int64)
    y = (outcome[rows] == "rto").astype(np.float64)
    return rows, y, cutoff_us - created[rows], known_at[rows] - created[rows], left_out


def _curves(delay: Ints, age: Ints, y: Floats) -> tuple[DelayCurve, DelayCurve]:
    """One curve per class, the pooled one where a class has too few delays to say."""
    pooled = delay_curve(delay, age)
    both = [
        delay_curve(delay[y == c], age[y == c]) if (y == c).sum() >= FEWEST_DELAYS else pooled
        for c in (0.0, 1.0)
    ]
    return both[0], both[1]


def _weights(curves: tuple[DelayCurve, DelayCurve], age: Ints, y: Floats) -> Floats:
    known = np.where(y > 0.0, curves[1].known_by(age), curves[0].known_by(age))
    return np.asarray(1.0 / np.maximum(known, LEAST_CHANCE), dtype=np.float64)


def _report(
    method: Method, y: Floats, weight: Floats, left_out: dict[str, int], wait: int, least: int
) -> LabelReport:
    return LabelReport(
        method=method,
        orders=len(y),
        rto=int(y.sum()),
        delivered=int(len(y) - y.sum()),
        left_out=left_out,
        wait_days=round(wait / DAY_US, 3),
        least_age_days=round(least / DAY_US, 3),
        largest_weight=round(float(weight.max()), 6),
        effective=_effective(weight),
    )


def _enough(y: Floats, left_out: dict[str, int]) -> None:
    """Refuse to learn from too little, saying what is there, what went and how much is needed."""
    rto, delivered = int(y.sum()), int(len(y) - y.sum())
    if len(y) >= FEWEST_ROWS and min(rto, delivered) >= FEWEST_PER_CLASS:
        return
    gone = ", ".join(f"{count:,} {why}" for why, count in left_out.items() if count)
    raise TrainingError(
        f"only {rto:,} returned and {delivered:,} delivered orders can teach"
        + (f" (left out: {gone})" if gone else "")
        + f"; at least {FEWEST_ROWS} orders with {FEWEST_PER_CLASS} of each outcome are needed:"
        " import more past orders, or train later"
    )
