"""The predictions that were furthest off, as cases that name nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, log10

import numpy as np

from training.predictions import Judged

EACH_WAY = 6

Why = Callable[[int], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Miss:
    """One order far from what was promised, told without its id, names, contacts or pincode.

    Parameters
    ----------
    month : str
        Year and month of the order.
    amount : str
        To one significant figure: ``about ₹1,000``.
    why : tuple of str
        What weighed most in the probability, where a bundle explained it.
    """

    probability: float
    outcome: str
    cause: str
    month: str
    payment_mode: str
    amount: str
    category: str
    customer: str
    state: str
    city_tier: str
    why: tuple[str, ...] = ()


def misses(judged: Judged, *, why: Why | None = None, each: int = EACH_WAY) -> tuple[Miss, ...]:
    """The returned orders thought safest, then the delivered ones thought riskiest.

    Parameters
    ----------
    why : callable, optional
        Words for a judged row's probability.
    each : int
        Cases of either kind.
    """
    y, p = judged.y, judged.column("probability")
    rows = np.arange(len(y))
    returned, delivered = rows[y > 0], rows[y == 0]
    safest = returned[np.argsort(p[returned], kind="stable")][:each]
    riskiest = delivered[np.argsort(-p[delivered], kind="stable")][:each]
    return tuple(_case(judged, int(row), why) for row in (*safest, *riskiest))


def _case(judged: Judged, row: int, why: Why | None) -> Miss:
    order = judged.frame.iloc[row]
    month = np.datetime64(int(order["created_us"]), "us").astype("datetime64[M]")
    return Miss(
        probability=float(order["probability"]),
        outcome=str(order["outcome"]),
        cause=str(order["cause"]) if order["outcome"] == "rto" else "",
        month=str(month),
        payment_mode=str(order["payment_mode"]),
        amount=about(int(order["amount_paise"])),
        category=str(order["category"]),
        customer=str(order["customer"]),
        state=str(order["state"]),
        city_tier=str(order["city_tier"]),
        why=why(row) if why is not None else (),
    )


def about(paise: int) -> str:
    """An amount too coarse to find the order by.

    >>> about(1_299_00), about(94_00), about(-1)
    ('about ₹1,000', 'about ₹90', 'unknown')
    """
    rupees = paise / 100
    if rupees <= 0:
        return "unknown"
    step = 10 ** floor(log10(rupees))
    return f"about ₹{round(rupees / step) * step:,.0f}"
