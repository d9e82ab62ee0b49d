"""The report on predictions: how well they rank, how honest they are, what they are worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from training.bootstrap import REPLICATES, Intervals, clusters, intervals
from training.labels import Floats
from training.metrics import (
    Ranking,
    ReliabilityBin,
    brier,
    calibration_error,
    calibration_line,
    log_loss,
    losses,
    precision_at,
    reliability,
    roc_auc,
)
from training.money import Savings, savings
from training.plain import plain_object
from training.predictions import Judged

NUMBERS = ("roc_auc", "pr_auc", "log_loss", "brier", "slope")
SEGMENTS = ("merchant_id", "payment_mode", "customer", "city_tier", "month")
MOST_VALUES = 12
FEWEST_IN_SEGMENT = 50
REVIEW_SHARES = (0.01, 0.05, 0.10)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval; NaN ends where the data cannot say."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"


@dataclass(frozen=True, slots=True)
class Segment:
    """One value of one grouping."""

    by: str
    value: str
    orders: int
    rto: int
    roc_auc: float
    log_loss: float
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything the text, the page and the JSON say.

    Parameters
    ----------
    against : dict, optional
        For a paired comparison, the other predictions' numbers on the same orders.
    difference : dict, optional
        These minus the others, with paired intervals; for log-loss and Brier below 0 is better.
    """

    title: str
    invented: bool
    orders: int
    rto: int
    since: str
    until: str
    set_aside: dict[str, int]
    clustered_by: str
    numbers: dict[str, Estimate]
    constant_log_loss: float
    calibration_error: float
    predicted: float
    precision: dict[str, float]
    reliability: tuple[ReliabilityBin, ...]
    segments: tuple[Segment, ...]
    money: Savings
    against: dict[str, Estimate] | None = None
    difference: dict[str, Estimate] | None = None

    def to_json(self) -> dict[str, object]:
        """The report as plain JSON values; NaN becomes null."""
        body = asdict(self)
        threshold, acted, saved = self.money.best()
        body["money"] = {
            "action": self.money.action,
            "best_threshold_in_hindsight": threshold,
            "share_acted_on": acted,
            "rupees_saved_per_1000_orders": saved,
        }
        return plain_object(body)


class Scoreboard:
    """The numbers of ``NUMBERS`` for any weighting of the same orders; a bootstrap statistic."""

    def __init__(self, y: Floats, probability: Floats) -> None:
        self._y, self._probability = y, probability
        self._ranking = Ranking(y, probability)
        self._losses, self._squares = losses(y, probability), (probability - y) ** 2

    def __call__(self, weight: Floats | None) -> Floats:
        return np.array(
            [
                self._ranking.roc_auc(weight),
                self._ranking.pr_auc(weight),
                np.average(self._losses, weights=weight),
                np.average(self._squares, weights=weight),
                calibration_line(self._y, self._probability, weight, steps=12)[1],
            ]
        )


class Duel:
    """Two scoreboards and their difference, weighted alike: what makes an interval paired."""

    def __init__(self, first: Scoreboard, second: Scoreboard) -> None:
        self._first, self._second = first, second

    def __call__(self, weight: Floats | None) -> Floats:
        first, second = self._first(weight), self._second(weight)
        return np.stack([first, second, first - second])


def evaluate(
    judged: Judged,
    *,
    title: str = "Predictions",
    invented: bool = False,
    replicates: int = REPLICATES,
    seed: int = 7,
) -> Report:
    """Judge predictions, alone or paired with others on the same orders.

    Parameters
    ----------
    judged : Judged
        Predictions joined with outcomes; with a column ``other`` the report is paired.
    replicates, seed : int
        Of the clustered bootstrap.
    """
    y, p = judged.y, judged.column("probability")
    frame = judged.frame
    created = frame["created_us"].to_numpy(np.int64)
    groups = clusters(frame["person"].to_numpy(np.int64), created)
    board = Scoreboard(y, p)
    paired = "other" in frame
    statistic = Duel(board, Scoreboard(y, judged.column("other"))) if paired else board
    found = intervals(statistic, groups, replicates=replicates, seed=seed)
    days = pd.to_datetime([created.min(), created.max()], unit="us", utc=True)
    return Report(
        title=title,
        invented=invented,
        orders=len(y),
        rto=int(y.sum()),
        since=days[0].date().isoformat(),
        until=days[1].date().isoformat(),
        set_aside=judged.set_aside,
        clustered_by="person"
        if groups.period_name == "none"
        else f"person and {groups.period_name}",
        numbers=_estimates(found, (0,) if paired else ()),
        constant_log_loss=log_loss(y, np.full(len(y), y.mean())),
        calibration_error=calibration_error(y, p),
        predicted=float(p.mean()),
        precision={f"{share:.0%}": precision_at(y, p, share) for share in REVIEW_SHARES},
        reliability=reliability(y, p),
        segments=tuple(segments(judged)),
        money=savings(y, p, judged.column("amount_paise")),
        against=_estimates(found, (1,)) if paired else None,
        difference=_estimates(found, (2,)) if paired else None,
    )


def _estimates(found: Intervals, at: tuple[int, ...]) -> dict[str, Estimate]:
    ends = zip(NUMBERS, found.estimate[at], found.low[at], found.high[at], strict=True)
    return {name: Estimate(float(v), float(low), float(high)) for name, v, low, high in ends}


def segments(judged: Judged) -> Iterator[Segment]:
    """Every grouping that has at least two values, its largest values first, months in order."""
    frame = judged.frame.assign(
        y=judged.y,
        month=pd.to_datetime(judged.frame["created_us"], unit="us", utc=True).dt.strftime("%Y-%m"),
    )
    for by in SEGMENTS:
        sizes = frame[by].value_counts()
        values = sorted(sizes.index) if by == "month" else sizes.index[:MOST_VALUES]
        if len(sizes) < 2:
            continue
        for value in values:
            part = frame[frame[by] == value]
            if len(part) >= FEWEST_IN_SEGMENT:
                yield _segment(by, str(value), part)


def _segment(by: str, value: str, part: pd.DataFrame) -> Segment:
    y, p = part["y"].to_numpy(np.float64), part["probability"].to_numpy(np.float64)
    return Segment(
        by=by.removesuffix("_id"),
        value=value,
        orders=len(part),
        rto=int(y.sum()),
        roc_auc=roc_auc(y, p),
        log_loss=log_loss(y, p),
        predicted=float(p.mean()),
        observed=float(y.mean()),
    )


def quick(y: Floats, probability: Floats) -> dict[str, float]:
    """The plain numbers without intervals, for tables of many models."""
    ranking = Ranking(y, probability)
    return {
        "roc_auc": ranking.roc_auc(),
        "pr_auc": ranking.pr_auc(),
        "log_loss": log_loss(y, probability),
        "brier": brier(y, probability),
        "calibration_error": calibration_error(y, probability),
        "slope": calibration_line(y, probability)[1],
    }
