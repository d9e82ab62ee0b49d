"""The report on predictions: how well they rank, how honest they are, what they are worth."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from features.days import IST
from training.bootstrap import REPLICATES, Intervals, clusters, intervals
from training.causes import Cause, causes
from training.evaluate import NUMBERS, Duel, Estimate, Scoreboard
from training.importance import Importance
from training.metrics import (
    ReliabilityBin,
    calibration_error,
    log_loss,
    precision_at,
    reliability,
)
from training.misses import Miss, Why, misses
from training.money import SHOWN, Savings, Worth, savings, worth
from training.plain import plain_object
from training.predictions import Judged
from training.segments import Segment, segments

REVIEW_SHARES = (0.01, 0.05, 0.10)


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything the text, the page and the JSON say.

    Parameters
    ----------
    against : dict, optional
        For a paired comparison, the other predictions' numbers on the same orders.
    difference : dict, optional
        These minus the others, with paired intervals; for log-loss and Brier below 0 is better.
    against_name : str
        What they were compared with.
    importance : Importance, optional
        What the probabilities rest on, where a bundle was given.
    notes : tuple of str
        Sentences a reader must know.
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
    causes: tuple[Cause, ...]
    misses: tuple[Miss, ...]
    money: tuple[Savings, ...]
    worth: Worth
    against: dict[str, Estimate] | None = None
    difference: dict[str, Estimate] | None = None
    against_name: str = ""
    importance: Importance | None = None
    notes: tuple[str, ...] = ()

    @property
    def rate(self) -> float:
        """Share of the judged orders that came back."""
        return self.rto / self.orders

    def to_json(self) -> dict[str, object]:
        """The report as plain JSON values; NaN becomes null."""
        body = asdict(self)
        body["money"] = {curve.action: _best(curve) for curve in self.money}
        return plain_object(body)


def _best(curve: Savings) -> dict[str, float]:
    threshold, acted, saved = curve.best()
    return {
        "best_threshold_in_hindsight": threshold,
        "share_acted_on": acted,
        "rupees_saved_per_1000_orders": saved,
    }


def report_on(
    judged: Judged,
    *,
    title: str = "Predictions",
    invented: bool = False,
    against_name: str = "",
    importance: Importance | None = None,
    why: Why | None = None,
    notes: tuple[str, ...] = (),
    replicates: int = REPLICATES,
    seed: int = 7,
) -> Report:
    """Judge predictions, alone or paired with others on the same orders.

    Parameters
    ----------
    judged : Judged
        Predictions joined with outcomes; with a column ``other`` the report is paired.
    importance, why : optional
        What a bundle says about them; see ``training.importance``.
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
    days = pd.to_datetime([created.min(), created.max()], unit="us", utc=True).tz_convert(IST)
    money = worth(judged, groups, replicates=replicates)
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
        segments=segments(judged, groups, threshold=money.threshold, replicates=replicates),
        causes=causes(judged, threshold=money.threshold),
        misses=misses(judged, why=why),
        money=tuple(
            savings(judged, groups, action=action, replicates=replicates) for action in SHOWN
        ),
        worth=money,
        against=_estimates(found, (1,)) if paired else None,
        difference=_estimates(found, (2,)) if paired else None,
        against_name=against_name,
        importance=importance,
        notes=notes,
    )


def _estimates(found: Intervals, at: tuple[int, ...]) -> dict[str, Estimate]:
    ends = zip(NUMBERS, found.estimate[at], found.low[at], found.high[at], strict=True)
    return {name: Estimate(float(v), float(low), float(high)) for name, v, low, high in ends}
