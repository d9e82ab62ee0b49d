"""How well the model keeps its word at one merchant: what it expected beside what came back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from serving.board.entry import MICRO, SCORE_BINS, SEPARATOR, Counts
from serving.board.maturity import Settled, summed
from serving.board.rates import share
from serving.board.summary import Summary

LEAST = 50
"""Ended orders in a group of the reliability chart; smaller ones join their neighbours."""

ENOUGH = 300
"""Untouched ended orders below which no verdict is given."""

_RECENT = 4
_MOVED, _MOVED_FAR = 0.1, 0.25
_HALF = 0.5

Verdict = Literal["right", "too_low", "too_high", "few"]
Drift = Literal["steady", "some", "much", "few"]


@dataclass(frozen=True, slots=True)
class Point:
    """Orders of about one score: what was expected and what came back, with a 90 % interval."""

    expected: float
    rate: float
    low: float
    high: float
    orders: int


@dataclass(frozen=True, slots=True)
class Quality:
    """One model at one merchant, on untouched orders of settled weeks.

    Parameters
    ----------
    expected : float
        Returns that the probabilities add up to.
    points : tuple of Point
        The reliability chart.
    weeks : tuple of (int, Point)
        The same by week.
    drift : {"steady", "some", "much", "few"}
        How far the scores of the last four weeks lie from those of the first four.
    psi : float
        The population stability index behind it; NaN where there are too few weeks.
    """

    model: str
    orders: int
    expected: float
    back: int
    verdict: Verdict
    points: tuple[Point, ...]
    weeks: tuple[tuple[int, Point], ...]
    drift: Drift
    psi: float


def quality(summary: Summary, merchant_id: str, settled: Settled, this_week: int) -> Quality | None:
    """Of the model that scored last; None before the first score."""
    cells = summary.counts(merchant_id, "score", -(10**6), this_week)
    if not cells:
        return None
    newest = max(cells, key=lambda cell: (cell[1], cell[2].orders))[0].partition(SEPARATOR)[0]
    mine = [(_Scored(*value.split(SEPARATOR)), week, counts) for value, week, counts in cells]
    mine = [cell for cell in mine if cell[0].model == newest]
    plain = [(scored, week, counts) for scored, week, counts in mine
             if scored.how == "untouched" and week in settled.weeks]  # fmt: skip
    whole = summed(("", counts) for _, _, counts in plain).get("", Counts())
    by_level = summed((scored.level, counts) for scored, _, counts in plain)
    by_week = summed((str(week), counts) for _, week, counts in plain)
    psi = _psi((week, scored.level, counts.orders) for scored, week, counts in mine)
    return Quality(
        newest, whole.known, whole.judged_micro / MICRO, whole.came_back, _verdict(whole),
        tuple(_point(group) for group in _groups(by_level)),
        tuple((int(week), _point(counts))
              for week, counts in sorted(by_week.items(), key=lambda item: int(item[0]))
              if counts.known),
        _drift(psi), psi,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Scored:
    model: str
    how: str
    level: str


def _verdict(whole: Counts) -> Verdict:
    if whole.known < ENOUGH:
        return "few"
    _, low, high = share(whole.came_back, whole.known)
    expected = whole.judged_micro / MICRO / whole.known
    if low <= expected <= high:
        return "right"
    return "too_low" if expected < low else "too_high"


def _groups(by_level: dict[str, Counts]) -> list[Counts]:
    """Neighbouring levels together until each has enough orders."""
    found: list[Counts] = []
    for level in sorted(by_level):
        counts = by_level[level]
        if not counts.known:
            continue
        if found and found[-1].known < LEAST:
            found[-1] = _both(found[-1], counts)
        else:
            found.append(counts)
    if len(found) > 1 and found[-1].known < LEAST:
        found[-2:] = [_both(*found[-2:])]
    return found


def _both(first: Counts, second: Counts) -> Counts:
    return Counts(*(a + b for a, b in zip(first, second, strict=True)))


def _point(counts: Counts) -> Point:
    expected = counts.judged_micro / MICRO / counts.known
    return Point(expected, *share(counts.came_back, counts.known), counts.known)


def _psi(cells: Iterable[tuple[int, str, int]]) -> float:
    """Population stability index (Siddiqi 2006): first four weeks of the model against its last."""
    weeks: dict[int, dict[str, int]] = {}
    for week, level, orders in cells:
        levels = weeks.setdefault(week, {})
        levels[level] = levels.get(level, 0) + orders
    if len(weeks) < 2 * _RECENT:
        return math.nan
    order = sorted(weeks)
    before, after = (_levels([weeks[w] for w in part])
                     for part in (order[:_RECENT], order[-_RECENT:]))  # fmt: skip
    return sum((b - a) * math.log(b / a) for a, b in zip(before, after, strict=True))


def _levels(weeks: list[dict[str, int]]) -> list[float]:
    counts = [_HALF + sum(week.get(f"{level:02d}", 0) for week in weeks)
              for level in range(SCORE_BINS)]  # fmt: skip
    return [count / sum(counts) for count in counts]


def _drift(psi: float) -> Drift:
    if math.isnan(psi):
        return "few"
    if psi < _MOVED:
        return "steady"
    return "some" if psi < _MOVED_FAR else "much"
