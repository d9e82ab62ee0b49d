"""Campaigns and customers net of returns: only where ad spend or the goods' costs are known."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from features.errors import RefusedError
from models.costs import Costs
from serving.board.entry import Counts, Entry
from serving.board.losses import losses
from serving.board.maturity import Settled, totals_of
from serving.board.rates import share
from serving.board.summary import Summary
from serving.weeks import first_day, last_day, week_of

MOST_ROWS = 20_000
_HEADERS = {
    "day": ("day", "date", "reporting starts"),
    "campaign": ("campaign", "campaign name", "utm_campaign"),
    "spend": ("spend", "cost", "amount spent", "amount spent (inr)"),
}
_LEAST_GOODS = 0.8
"""Share of the delivered orders whose goods' cost must be known for customers to be valued."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign over the settled weeks for which its spend is known.

    Parameters
    ----------
    ordered, delivered : int
        Paise of all orders, and of those that arrived.
    lost : int
        What its returns cost, in paise.
    rate, low, high : float
        Share that comes back, with a 90 % interval.
    """

    campaign: str
    orders: int
    spent: int
    ordered: int
    delivered: int
    lost: int
    rate: float
    low: float
    high: float

    @property
    def told(self) -> float:
        """Return on ad spend as an ad manager shows it."""
        return self.ordered / self.spent

    @property
    def net(self) -> float:
        """The same of what arrived, less what the returns cost."""
        return (self.delivered - self.lost) / self.spent


def campaigns(summary: Summary, merchant_id: str, settled: Settled, costs: Costs) -> list[Campaign]:
    """Campaigns with spend, the dearest first.

    Each is counted in the settled weeks in which something was spent on it.
    """
    weeks = _spent_by_week(summary, merchant_id, settled)
    if not weeks:
        return []
    counts: dict[str, list[int]] = {}
    for value, week, cell in summary.counts(merchant_id, "campaign", *settled.span):
        if week in weeks.get(value, ()):
            into = counts.setdefault(value, [0] * len(cell))
            for i, count in enumerate(cell):
                into[i] += count
    found = [
        _campaign(name, sum(spent.values()), Counts(*counts.get(name, Counts())), costs)
        for name, spent in weeks.items()
    ]
    return sorted(found, key=lambda c: -c.spent)


def _campaign(name: str, spent: int, counts: Counts, costs: Costs) -> Campaign:
    return Campaign(
        name, counts.orders, spent, counts.amount_paise, counts.delivered_paise,
        losses(counts, costs).paise, *share(counts.came_back, counts.known),
    )  # fmt: skip


def _spent_by_week(
    summary: Summary, merchant_id: str, settled: Settled
) -> dict[str, dict[int, int]]:
    if not settled.weeks:
        return {}
    first, last = settled.span
    found: dict[str, dict[int, int]] = {}
    for campaign, day, paise in summary.connection.execute(
        "SELECT campaign, day, paise FROM spend WHERE merchant_id=? AND day BETWEEN ? AND ?",
        (merchant_id, first_day(first), last_day(last)),
    ):
        week = week_of(day)
        if week in settled.weeks and paise:
            weeks = found.setdefault(campaign, {})
            weeks[week] = weeks.get(week, 0) + paise
    return found


@dataclass(frozen=True, slots=True)
class CustomerValue:
    """What a customer is worth over the window, in paise, net of goods, shipping and returns."""

    campaign: str
    customers: int
    orders: int
    gross: int
    net: int


def customer_values(
    summary: Summary, merchant_id: str, settled: Settled, costs: Costs
) -> list[CustomerValue]:
    """By the campaign of a customer's first order; empty while the goods' costs are not known."""
    counts = totals_of(summary, merchant_id, "all", settled).get("", Counts())
    if not counts.arrived or counts.goods_known < _LEAST_GOODS * counts.arrived:
        return []
    first: dict[int, str] = {}
    sums: dict[str, list[int]] = {}
    for entry in _in_weeks(summary, merchant_id, settled):
        new = entry.person not in first
        campaign = first.setdefault(entry.person, entry.campaign)
        into = sums.setdefault(campaign, [0, 0, 0, 0])
        gross, net = _worth(entry, costs)
        for i, value in enumerate((int(new), 1, gross, net)):
            into[i] += value
    found = [CustomerValue(campaign, *values) for campaign, values in sums.items()]
    return sorted(found, key=lambda v: -v.customers)


def _in_weeks(summary: Summary, merchant_id: str, settled: Settled) -> Iterator[Entry]:
    for entry in summary.entries_of(merchant_id):
        if week_of(entry.day) in settled.weeks:
            yield entry


def _worth(entry: Entry, costs: Costs) -> tuple[int, int]:
    """What one order brought: its amount, and what was left of it."""
    forward = costs.forward_paise if entry.shipping_paise < 0 else entry.shipping_paise
    if entry.arrived:
        if entry.amount_paise < 0 or entry.goods_paise < 0:
            return 0, 0
        return entry.amount_paise, entry.amount_paise - entry.goods_paise - forward
    if entry.came_back:
        amount = max(entry.amount_paise, 0)
        known = entry.back_paise - costs.reverse_paise if entry.back_paise >= 0 else 0
        paid = forward - costs.forward_paise + known
        return amount, -round(costs.of_return(amount) + paid)
    return 0, 0


def read_spend(text: str) -> list[tuple[str, int, int]]:
    """An ad manager's CSV as campaign, Indian day and paise; the same day twice is added up.

    Raises
    ------
    RefusedError
        If a column is missing or a row cannot be read; the sentence names it.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    columns = _columns([name.strip().casefold() for name in next(rows, [])])
    found: dict[tuple[str, int], int] = {}
    for number, row in enumerate(rows, 2):
        if not any(cell.strip() for cell in row):
            continue
        if number > MOST_ROWS + 1:
            raise RefusedError(f"the file holds more than {MOST_ROWS} rows; upload it in parts")
        day, campaign, spend = (row[i].strip() if i < len(row) else "" for i in columns)
        key = campaign, _day(day, number)
        found[key] = found.get(key, 0) + _paise(spend, number)
    if not found:
        raise RefusedError("the file holds no row below its header")
    return [(campaign, day, paise) for (campaign, day), paise in found.items()]


def _columns(header: list[str]) -> list[int]:
    places = []
    for name, names in _HEADERS.items():
        place = next((header.index(n) for n in names if n in header), None)
        if place is None:
            raise RefusedError(
                f'the first row names no column "{name}"; it must name day, campaign and spend'
            )
        places.append(place)
    return places


def _day(text: str, row: int) -> int:
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError:
        raise RefusedError(
            f'row {row}: day "{text}" is not a date like 2026-11-20; change it'
        ) from None


def _paise(text: str, row: int) -> int:
    try:
        paise = Decimal(text.replace(",", "").removeprefix("₹").strip()) * 100
    except InvalidOperation:
        paise = Decimal(-1)
    if not paise.is_finite() or not 0 <= paise <= 10**12:
        raise RefusedError(f'row {row}: spend "{text}" is not an amount in rupees; change it')
    return round(paise)
