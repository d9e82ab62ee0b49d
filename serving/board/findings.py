"""What returns: each pincode, product, coupon … with its rate, whether it stands out, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.costs import Costs
from serving.board.entry import CAUSED, SEPARATOR, Counts
from serving.board.losses import losses
from serving.board.maturity import Settled, totals_of
from serving.board.rates import shrunk
from serving.board.summary import Summary

Verdict = Literal["more", "less", "alike", "few"]

DIMENSIONS = CAUSED
FEW = 20
"""Ended orders below which nothing is said about a value alone."""

SORTS = {
    "lost": "lost_paise DESC", "rate": "rate DESC", "certain": "low DESC", "orders": "orders DESC",
    "value": "value",
}  # fmt: skip

_COLUMNS = "value, orders, known, back, rate, low, high, verdict, cause, lost_paise"


@dataclass(frozen=True, slots=True)
class Finding:
    """One value of a dimension.

    Parameters
    ----------
    value : str
        Empty where orders do not say.
    orders, known, back : int
        All of the window, those that arrived or came back, those that came back.
    rate, low, high : float
        Shrunk share that comes back, with a 90 % interval.
    verdict : {"more", "less", "alike", "few"}
        Against the shop as a whole.
    cause : str
        The most frequent reason told, where it is at least a third of those told.
    lost_paise : int
        What its returns cost.
    """

    value: str
    orders: int
    known: int
    back: int
    rate: float
    low: float
    high: float
    verdict: Verdict
    cause: str
    lost_paise: int


def work_out(
    summary: Summary, merchant_id: str, dimension: str, settled: Settled, costs: Costs
) -> list[Finding]:
    """Every value of a dimension over the settled weeks."""
    values = totals_of(summary, merchant_id, dimension, settled)
    if not values:
        return []
    causes = _causes(totals_of(summary, merchant_id, f"{dimension} cause", settled))
    back = np.array([c.came_back for c in values.values()], np.int64)
    known = np.array([c.known for c in values.values()], np.int64)
    found = shrunk(back, known)
    return [
        Finding(
            value, counts.orders, counts.known, counts.came_back, float(found.rate[i]),
            float(found.low[i]), float(found.high[i]),
            _verdict(counts.known, found.low[i], found.high[i], found.overall),
            causes.get(value, ""), losses(counts, costs).paise,
        )
        for i, (value, counts) in enumerate(values.items())
        if counts.known
    ]  # fmt: skip


def keep(
    summary: Summary, merchant_id: str, days: int, dimension: str, findings: Iterable[Finding]
) -> None:
    """Keep what was worked out, in place of what was."""
    summary.connection.execute(
        "DELETE FROM finding WHERE merchant_id=? AND days=? AND dimension=?",
        (merchant_id, days, dimension),
    )
    summary.connection.executemany(
        f"INSERT INTO finding VALUES (?,?,?,{','.join('?' * 10)})",
        [(merchant_id, days, dimension, *(getattr(f, name) for name in Finding.__slots__))
         for f in findings],
    )  # fmt: skip


def listed(
    summary: Summary, merchant_id: str, days: int, dimension: str, *, sort: str = "lost",
    limit: int = -1,
) -> list[Finding]:  # fmt: skip
    """What was worked out last, sorted by one of ``SORTS``; no limit where it is negative."""
    found = summary.connection.execute(
        f"""SELECT {_COLUMNS} FROM finding WHERE merchant_id=? AND days=? AND dimension=?
            ORDER BY {SORTS.get(sort, SORTS["lost"])}, value LIMIT ?""",
        (merchant_id, days, dimension, limit),
    )
    return [Finding(*row) for row in found]


def _causes(both: Mapping[str, Counts]) -> dict[str, str]:
    """The chief reason of each value, where one is named often enough."""
    named: dict[str, dict[str, int]] = {}
    for key, counts in both.items():
        value, _, cause = key.partition(SEPARATOR)
        named.setdefault(value, {})[cause] = counts.came_back
    chief = {value: max(causes, key=lambda c: causes[c]) for value, causes in named.items()}
    return {
        value: cause
        for value, cause in chief.items()
        if 3 * named[value][cause] >= sum(named[value].values())
    }


def _verdict(known: int, low: float, high: float, overall: float) -> Verdict:
    if low > overall:
        return "more"
    if high < overall:
        return "less"
    return "few" if known < FEW else "alike"
