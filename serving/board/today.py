"""The numbers behind *Today* and the daily digest, all read from the summary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.actions import ACTIONS
from serving.board.entry import MICRO, Counts
from serving.board.maturity import measured_until, summed
from serving.board.summary import Summary
from serving.weeks import iso_day


@dataclass(frozen=True, slots=True)
class Today:
    """One day of a merchant.

    Parameters
    ----------
    orders, amount_paise : int
        Placed on that day.
    actions, advice : dict of str to int
        What was done with them, and what the policy advised.
    open, units_scored, expected_back : int, int, float
        Orders still on their way, the articles in those of them that were scored, and how many of
        these articles are expected back.
    measured_until : int or None
        *Measured on orders placed until …*, as an Indian day.
    comparison_cost : dict or None
        What the comparison group cost over 90 days, as the simulator says it; None before it was
        worked out, or where nothing was acted on.
    """

    day: str
    orders: int
    amount_paise: int
    actions: dict[str, int]
    advice: dict[str, int]
    open: int
    units_scored: int
    expected_back: float
    measured_until: int | None
    comparison_cost: dict[str, Any] | None


_OPEN_DAYS = 60


def today(summary: Summary, merchant_id: str, day: int) -> Today:
    """The numbers of an Indian day (days since 1970-01-01)."""
    whole = summary.totals(merchant_id, "all", day, day).get("", Counts())
    recent = summary.totals(merchant_id, "all", day - _OPEN_DAYS, day).get("", Counts())
    until = measured_until(summary, merchant_id, day)
    by = {name: summed((value, counts)
                       for value, _, counts in summary.counts(merchant_id, name, day, day))
          for name in ("action", "advice")}  # fmt: skip
    told: dict[str, dict[str, int]] = {
        name: {str(a): found.get(a, Counts()).orders for a in ACTIONS} for name, found in by.items()
    }
    return Today(
        iso_day(day), whole.orders, whole.amount_paise, told["action"], told["advice"], recent.open,
        recent.units_open - recent.units_unscored, recent.expected_micro / MICRO, until,
        _comparison_cost(summary, merchant_id),
    )  # fmt: skip


def _comparison_cost(summary: Summary, merchant_id: str) -> dict[str, Any] | None:
    report = summary.report(merchant_id, "saved")
    if report is None or not report["windows"]["90"]["acted"]:
        return None
    cost: dict[str, Any] = report["windows"]["90"]["comparison_group"]
    return cost
