"""What is still to come: units on their way back by article and week, and next month's shipping."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from models.costs import Costs
from models.estimates import Z90
from serving.board.entry import MICRO, SEPARATOR, Counts
from serving.board.maturity import Settled, totals_of
from serving.board.summary import Summary
from serving.weeks import first_day, last_day, week_of

AHEAD_DAYS = 30
WEEKS_SEEN = 12
LEAST_WEEKS = 6
"""Whole weeks of orders below which no month is foretold."""

_LONGEST_WAIT = 60
_LEAST_DELAYS = 30
# Without enough returns of the merchant's own: most take two to three weeks from the order
# (an assumption, said with the numbers).
_ASSUMED_DELAYS = {10: 1.0, 14: 2.0, 18: 2.0, 24: 1.0}


@dataclass(frozen=True, slots=True)
class Expected:
    """Units of one article that are expected back in one week."""

    sku: str
    week: int
    units: float


@dataclass(frozen=True, slots=True)
class Return:
    """When and what is expected back.

    Parameters
    ----------
    expected : tuple of Expected
    unscored : int
        Units in open orders that have no probability, and are in none of them.
    overdue : int
        Units in orders that are open longer than returns take.
    assumed : bool
        Whether the delays are assumed, for want of the merchant's own.
    """

    expected: tuple[Expected, ...]
    unscored: int
    overdue: int
    assumed: bool


def coming_back(summary: Summary, merchant_id: str, settled: Settled, today: int) -> Return:
    """Open orders times their probability, spread over the days after which returns were told."""
    delays, assumed = _delays(summary, merchant_id, settled)
    this_week = week_of(today)
    found: dict[tuple[str, int], float] = {}
    unscored = overdue = 0
    first = week_of(today - 2 * _LONGEST_WAIT)
    for sku, placed, counts in summary.counts(merchant_id, "sku", first, this_week):
        if not counts.units_open:
            continue
        middle = min(first_day(placed) + 3, today)
        chances = _after(delays, today - middle)
        unscored += counts.units_unscored
        if not chances:
            overdue += counts.units_open
            continue
        for day, chance in chances.items():
            key = sku, max(week_of(middle + day), this_week)
            found[key] = found.get(key, 0.0) + counts.expected_micro / MICRO * chance
    rows = (Expected(sku, week, units) for (sku, week), units in sorted(found.items()) if units > 0)
    return Return(tuple(rows), unscored, overdue, assumed)


def _delays(summary: Summary, merchant_id: str, settled: Settled) -> tuple[dict[int, float], bool]:
    """Days from the order to the return, with their shares."""
    found: dict[int, float] = {}
    for value, counts in totals_of(summary, merchant_id, "delay", settled).items():
        side, _, days = value.partition(SEPARATOR)
        if side == "back":
            found[min(int(days), _LONGEST_WAIT)] = float(counts.orders)
    if sum(found.values()) < _LEAST_DELAYS:
        return _ASSUMED_DELAYS, True
    return found, False


def _after(delays: dict[int, float], age: int) -> dict[int, float]:
    """The shares of the delays that an order of this age can still have."""
    left = {day: share for day, share in delays.items() if day >= age}
    whole = sum(left.values())
    return {day: share / whole for day, share in left.items()} if whole else {}


@dataclass(frozen=True, slots=True)
class Forecast:
    """Shipping of the next thirty days in paise, forward and back, with a 90 % interval."""

    orders: float
    paise: int
    low: int
    high: int
    weeks: int


def next_month(
    summary: Summary, merchant_id: str, settled: Settled, costs: Costs, today: int
) -> Forecast | None:
    """What shipping will cost, from how the last whole weeks varied; None before there are six.

    Each week's cost is its orders shipped, and the share of them that comes back by the settled
    weeks. The interval is that of a sum of new weeks like these (Student's t); a sale or a festival
    that they did not see is outside it.
    """
    counts = _whole_weeks(summary, merchant_id, today)
    known = totals_of(summary, merchant_id, "all", settled).get("", Counts())
    if len(counts) < LEAST_WEEKS or not known.known:
        return None
    rate = known.came_back / known.known
    forward, back = _price(known, costs)
    each = forward + rate * back
    sent = np.array([c.orders - c.cancelled for c in counts], np.float64)
    k, n = len(sent), AHEAD_DAYS / 7
    mean, spread = float(sent.mean()), float(sent.std(ddof=1))
    of_weeks = each * spread * math.sqrt(n + n * n / k)
    of_rate = n * mean * back * math.sqrt(rate * (1 - rate) / known.known)
    half = _student90(k - 1) * math.hypot(of_weeks, of_rate)
    middle = n * mean * each
    return Forecast(
        n * mean, round(middle), round(max(0.0, middle - half)), round(middle + half), k
    )


def _whole_weeks(summary: Summary, merchant_id: str, today: int) -> list[Counts]:
    last = week_of(today) - 1
    first = last - WEEKS_SEEN + 1
    weeks: dict[int, list[int]] = {}
    for _, day, counts in summary.counts(merchant_id, "all", first_day(first), last_day(last)):
        into = weeks.setdefault(week_of(day), [0] * len(counts))
        for i, count in enumerate(counts):
            into[i] += count
    begun = min(weeks, default=last)
    return [Counts(*weeks.get(week, Counts())) for week in range(begun, last + 1)]


def _price(known: Counts, costs: Costs) -> tuple[float, float]:
    """Paise of one parcel out, and of one back."""
    told, back = known.shipped_known, known.reversed_known
    return (
        known.shipped_paise / told if told else float(costs.forward_paise),
        known.reversed_paise / back if back else float(costs.reverse_paise),
    )


def _student90(freedom: int) -> float:
    """The 95 % quantile of Student's t (Cornish and Fisher's expansion; DLMF has no closed form).

    >>> [round(_student90(n), 2) for n in (6, 11, 1000)]
    [1.94, 1.8, 1.65]
    """
    z, n = Z90, freedom
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3
