"""Up to when a merchant's numbers can be trusted: the weeks whose orders have nearly all ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from serving.board.entry import DAILY, Counts
from serving.board.summary import Summary
from serving.weeks import SETTLED_SHARE, first_day, iso_day, last_day, week_of

WINDOWS = (90, 365)
_EVER = 10**6


@dataclass(frozen=True, slots=True)
class Settled:
    """Weeks to measure on.

    Parameters
    ----------
    weeks : frozenset of int
        Settled weeks of the window.
    left_out : tuple of str
        Mondays of the weeks in it that are not.
    until : int or None
        Sunday of the last settled week; None before the first.
    """

    weeks: frozenset[int]
    left_out: tuple[str, ...]
    until: int | None

    @property
    def span(self) -> tuple[int, int]:
        """First and last settled week; an empty span where there is none."""
        return (min(self.weeks), max(self.weeks)) if self.weeks else (1, 0)


def settled(summary: Summary, merchant_id: str, days: int, today: int) -> Settled:
    """The settled weeks of the last ``days`` days up to the newest settled one.

    A week that is still running is never settled.
    """
    orders: dict[int, int] = {}
    still: dict[int, int] = {}
    for _, day, counts in summary.counts(merchant_id, "all", -_EVER, today):
        week = week_of(day)
        orders[week] = orders.get(week, 0) + counts.orders
        still[week] = still.get(week, 0) + counts.open
    good = {week for week, n in orders.items()
            if n and 1 - still[week] / n >= SETTLED_SHARE and last_day(week) < today}  # fmt: skip
    if not good:
        return Settled(frozenset(), tuple(iso_day(first_day(w)) for w in sorted(orders)), None)
    last = max(good)
    first = week_of(last_day(last) - days + 1)
    left = sorted(w for w in orders if w >= first and w not in good)
    return Settled(
        frozenset(w for w in good if w >= first),
        tuple(iso_day(first_day(w)) for w in left),
        last_day(last),
    )


def measured_until(summary: Summary, merchant_id: str, today: int) -> int | None:
    """*Measured on orders placed until …*: the last day that counts, as an Indian day."""
    return settled(summary, merchant_id, WINDOWS[0], today).until


def totals_of(
    summary: Summary, merchant_id: str, dimension: str, settled: Settled
) -> Mapping[str, Counts]:
    """The counts of every value of a dimension over the settled weeks."""
    first, last = settled.span
    daily = dimension in DAILY
    if daily:
        first, last = first_day(first), last_day(last)
    elif len(settled.weeks) == last - first + 1:
        return summary.totals(merchant_id, dimension, first, last)
    cells = summary.counts(merchant_id, dimension, first, last)
    weeks = settled.weeks
    return summed((v, counts) for v, at, counts in cells if (week_of(at) if daily else at) in weeks)


def summed(cells: Iterable[tuple[str, Counts]]) -> dict[str, Counts]:
    """Counts added up by value."""
    found: dict[str, list[int]] = {}
    for value, counts in cells:
        into = found.setdefault(value, [0] * len(counts))
        for i, count in enumerate(counts):
            into[i] += count
    return {value: Counts(*counts) for value, counts in found.items()}
