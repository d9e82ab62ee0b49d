"""Instants as the outside reads them, and identifiers that sort by the instant they were made."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from features.days import IST, from_us


def now_us() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def rfc3339(us: int) -> str:
    """An instant on an Indian wall clock.

    >>> rfc3339(1_795_149_900_000_000)
    '2026-11-20T10:15:00+05:30'
    """
    minute, rest = divmod(us, 60_000_000)
    seconds, micro = divmod(rest, 1_000_000)
    fraction = f".{micro:06d}" if micro else ""
    return f"{_to_the_minute(minute)}:{seconds:02d}{fraction}+05:30"


@lru_cache(maxsize=1024)
def _to_the_minute(minute: int) -> str:
    """The beginning of what all instants of a minute read like; most are of the one just now."""
    return from_us(minute * 60_000_000).astimezone(IST).isoformat()[:16]


def india_day(us: int) -> str:
    """The day of an instant on an Indian calendar.

    >>> india_day(1_795_149_900_000_000)
    '2026-11-20'
    """
    return from_us(us).astimezone(IST).date().isoformat()


def from_us_or_none(us: int | None) -> datetime | None:
    """The UTC datetime of an instant that may be unknown."""
    return None if us is None else from_us(us)


def uuid7(us: int) -> uuid.UUID:
    """A version 7 UUID (RFC 9562): its first 48 bits are milliseconds since 1970.

    >>> str(uuid7(1_795_149_900_000_000))[:15]
    '01a1f745-a8e0-7'
    """
    random = int.from_bytes(os.urandom(10), "big") >> 6
    high, low = random >> 62, random & ((1 << 62) - 1)
    milliseconds = (us // 1000) & ((1 << 48) - 1)
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | high << 64 | 2 << 62 | low)


_NAMED = {"as_of_us": "as_of", "dispatch_cutoff_us": "dispatch_cutoff"}


def outside(inside: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as the outside reads them: instants as RFC 3339, paise as rupees, at every depth.

    >>> outside({"created_us": 1_795_149_900_000_000, "amount_paise": 129950})
    {'created_at': '2026-11-20T10:15:00+05:30', 'amount': 1299.5}
    """
    seen: dict[str, Any] = {}
    for name, value in inside.items():
        if name.endswith("_us"):
            shown = _NAMED.get(name, f"{name[:-3]}_at")
            seen[shown] = None if value is None else rfc3339(value)
        elif name.endswith("_paise"):
            seen[name[:-6]] = None if value is None else value / 100
        elif isinstance(value, Mapping) and name != "extra":  # the merchant's own names
            seen[name] = outside(value)
        elif isinstance(value, list):
            seen[name] = [outside(v) if isinstance(v, Mapping) else v for v in value]
        else:
            seen[name] = value
    return seen
