"""Weeks as the pages count them, Monday to Sunday in India, and when one is settled."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from features.days import DAY_US, from_us

SETTLED_SHARE = 0.9
"""Share of a week's orders whose end must be known before the week counts.

Returns travel longer than deliveries, so a week that is half known looks better than it is.
"""

Days = TypeVar("Days", int, "np.ndarray[tuple[int], np.dtype[np.int64]]")

_BEGINS = 4  # 1970-01-01 was a Thursday.


def week_of(day: Days) -> Days:
    """The week of an Indian day (days since 1970-01-01).

    >>> week_of(3), week_of(4), week_of(10)
    (-1, 0, 0)
    """
    return (day - _BEGINS) // 7


def first_day(week: int) -> int:
    """A week's Monday, as days since 1970-01-01."""
    return 7 * week + _BEGINS


def last_day(week: int) -> int:
    """A week's Sunday, as days since 1970-01-01."""
    return first_day(week) + 6


def iso_day(day: int) -> str:
    """A day as people write it.

    >>> iso_day(first_day(0))
    '1970-01-05'
    """
    return from_us(day * DAY_US).date().isoformat()


def short_day(day: int) -> str:
    """A day where there is little room.

    >>> short_day(first_day(0))
    '5 Jan'
    """
    moment = from_us(day * DAY_US)
    return f"{moment.day} {moment:%b}"
