"""Numbers, money and times as people in India read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from features.days import IST
from serving.rupees import rupees


def whole(number: float) -> str:
    """A count with Indian grouping.

    >>> whole(1234567), whole(0), whole(-1500)
    ('12,34,567', '0', '−1,500')
    """
    text = rupees(abs(round(number)) * 100).removeprefix("₹")
    return f"−{text}" if round(number) < 0 else text


def money(amount: float | None) -> str:
    """Rupees without paise.

    >>> money(129900.4), money(-1500), money(None)
    ('₹1,29,900', '−₹1,500', '–')
    """
    if amount is None:
        return "–"
    text = rupees(abs(round(amount)) * 100)
    return f"−{text}" if round(amount) < 0 else text


def rupees_round(paise: int | None) -> str:
    """Paise as whole rupees.

    >>> rupees_round(129_949), rupees_round(None)
    ('₹1,299', '–')
    """
    return money(None if paise is None else paise / 100)


def percent(share: float | None, digits: int = 0) -> str:
    """A share as per cent.

    >>> percent(0.2346), percent(0.2346, 1), percent(None)
    ('23%', '23.5%', '–')
    """
    return "–" if share is None else f"{100 * share:.{digits}f}%"


def points(impact: float) -> str:
    """A difference of probabilities in points, with its sign.

    >>> points(0.081), points(-0.02)
    ('+8.1', '−2.0')
    """
    return f"{100 * impact:+.1f}".replace("-", "−")


def moment(text: str) -> str:
    """A time of the outside, in India.

    >>> moment("2026-11-20T06:30:00Z")
    '20 Nov, 12:00'
    """
    at = datetime.fromisoformat(text).astimezone(IST)
    return f"{at.day} {at:%b, %H:%M}"


def instant(us: int) -> str:
    """Microseconds since 1970, as a time in India.

    >>> instant(1_795_156_200_000_000)
    '20 Nov, 12:00'
    """
    at = datetime.fromtimestamp(us / 1_000_000, IST)
    return f"{at.day} {at:%b, %H:%M}"


def day(us: int) -> str:
    """Microseconds since 1970, as a day in India.

    >>> day(1_795_156_200_000_000)
    '20 Nov 2026'
    """
    return _written(datetime.fromtimestamp(us / 1_000_000, IST))


def date_of(iso: str) -> str:
    """A day as the reports write it, as people read it.

    >>> date_of("2026-11-08")
    '8 Nov 2026'
    """
    return _written(date.fromisoformat(iso))


def _written(at: date) -> str:
    return f"{at.day} {at:%b %Y}"


FILTERS: dict[str, Callable[..., Any]] = {
    "whole": whole, "money": money, "rupees": rupees, "rupees_round": rupees_round,
    "percent": percent, "points": points,
    "moment": moment, "instant": instant, "day": day, "date_of": date_of,
}  # fmt: skip
