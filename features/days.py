"""Instants and Indian days: microseconds since 1970 in UTC, and the IST day they fall on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
DAY_US = 24 * HOUR_US
IST_SHIFT_US = 5 * HOUR_US + HOUR_US // 2
IST = timezone(timedelta(hours=5, minutes=30), "IST")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime, exactly.

    Raises
    ------
    ValueError
        If ``moment`` has no time zone.

    >>> to_us(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone has no instant")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_us(us: int) -> datetime:
    """The UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=us)


def ist_day(us: int) -> int:
    """Days since 1970-01-01 on an Indian wall calendar.

    >>> ist_day(0), ist_day(18 * HOUR_US + HOUR_US // 2)
    (0, 1)
    """
    return (us + IST_SHIFT_US) // DAY_US
