"""When an order was placed: hour, weekday, pay-day, festival and sale season, all in India.

Festivals and sales are data (``tables/calendar.csv``, with its sources and which days are
approximate); everything that depends on the day alone is computed once per day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from datetime import date
from functools import cache, lru_cache
from math import cos, nan, pi, sin
from pathlib import Path
from typing import NamedTuple

from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from features.feature import Feature
from features.order import Order

_TABLE = Path(__file__).with_name("tables") / "calendar.csv"
_EPOCH = date(1970, 1, 1).toordinal()
_FAR_DAYS = 60
_FESTIVALS = ("diwali", "eid", "holi", "raksha_bandhan", "navratri", "christmas")
_BEFORE = {"diwali": 10, "eid": 7, "holi": 7, "raksha_bandhan": 7, "navratri": 0, "christmas": 7}
_AFTER_DAYS = 1
_SEASON = "order_placed_during_high_rto_period"
_YEARS = "NaN outside the calendar's years 2020 to 2030"
_ENDS = "and where it has no such festival ahead or behind"


def _time(name: str, unit: str, says: str) -> Feature:
    return Feature(name, unit, "order_time", says, "calendar")


def _season(name: str, unit: str, says: str) -> Feature:
    unknown = f"{_YEARS} {_ENDS}" if unit == "days" else _YEARS
    return Feature(name, unit, _SEASON, f"{says}; {unknown}.", "calendar")


FEATURES: tuple[Feature, ...] = (
    _time(
        "order_hour", "hours", "Indian wall-clock time of the order, 0 to below 24; always known."
    ),
    _time("order_hour_sin", "score", "Sine of the hour on a 24-hour circle; always known."),
    _time("order_hour_cos", "score", "Cosine of the hour on a 24-hour circle; always known."),
    _time("order_at_night", "flag", "1 from 23:00 to before 05:00 in India, else 0; always known."),
    _time("order_weekday", "code", "Indian weekday, Monday 0 to Sunday 6; always known."),
    _time("order_at_weekend", "flag", "1 on Saturday and Sunday in India, else 0; always known."),
    _time(
        "order_day_of_month",
        "days",
        "Indian day of the month, 1 to 31; NaN outside the years 1 to 9999.",
    ),
    _time(
        "order_in_payday_week",
        "flag",
        "1 from the last day of a month to the 7th, by which day wages are due (Payment of Wages "
        "Act 1936, section 5), else 0; NaN outside the years 1 to 9999.",
    ),
    _time(
        "order_before_payday",
        "flag",
        "1 from the 24th of a month to the day before its last, else 0; NaN outside the years 1 "
        "to 9999.",
    ),
    Feature(
        "order_in_monsoon",
        "flag",
        _SEASON,
        "1 from June to September, the India Meteorological Department's south-west monsoon, else "
        "0; NaN outside the years 1 to 9999.",
        "calendar",
    ),
    _season(
        "days_to_festival",
        "days",
        f"Days until the next festival begins, 0 during one, {_FAR_DAYS} when that or more",
    ),
    _season(
        "days_since_festival",
        "days",
        f"Days since the last festival ended, 0 during one, {_FAR_DAYS} when that or more",
    ),
    _season(
        "days_to_diwali",
        "days",
        f"Days until the next Diwali, 0 on it, {_FAR_DAYS} when that or more",
    ),
    _season(
        "days_since_diwali",
        "days",
        f"Days since the last Diwali, 0 on it, {_FAR_DAYS} when that or more",
    ),
    *(
        _season(
            f"order_near_{name}",
            "flag",
            f"1 from {_BEFORE[name]} days before {name.replace('_', ' ').title()} begins to "
            f"{_AFTER_DAYS} day after it ends, else 0",
        )
        for name in _FESTIVALS
    ),
    _season("order_in_sale_season", "flag", "1 in any sale season of the calendar, else 0"),
    _season(
        "order_in_festive_season",
        "flag",
        "1 from seven days before Navratri to Diwali, else 0",
    ),
)
"""In the order of ``signals``."""


class Span(NamedTuple):
    """A festival or sale season: its Indian days since 1970, first and last included."""

    kind: str
    name: str
    first: int
    last: int


def signals(order: Order) -> tuple[float, ...]:
    """When an order was placed, as numbers.

    Parameters
    ----------
    order : Order
        Only ``created_us`` is read.

    Returns
    -------
    tuple of float, shape (len(FEATURES),)
        NaN is unknown.
    """
    day, us = divmod(order.created_us + IST_SHIFT_US, DAY_US)
    hour = us / HOUR_US
    turn = hour * (pi / 12)
    night = 1.0 if hour >= 23 or hour < 5 else 0.0
    return (hour, sin(turn), cos(turn), night, *_of_day(day))


def spans() -> tuple[Span, ...]:
    """Every festival and sale season of the calendar, by first day."""
    return _calendar().spans


@lru_cache(maxsize=4096)
def _of_day(day: int) -> tuple[float, ...]:
    """Everything that depends on the Indian day alone."""
    weekday = (day + 3) % 7
    week = (float(weekday), 1.0 if weekday >= 5 else 0.0)
    return week + _of_month(day) + _of_season(day)


def _of_month(day: int) -> tuple[float, ...]:
    if not 1 <= day + _EPOCH <= date.max.toordinal():
        return (nan,) * 4
    when = date.fromordinal(day + _EPOCH)
    last = monthrange(when.year, when.month)[1]
    payday = when.day <= 7 or when.day == last
    return (
        float(when.day),
        float(payday),
        float(24 <= when.day < last),
        float(6 <= when.month <= 9),
    )


def _of_season(day: int) -> tuple[float, ...]:
    calendar = _calendar()
    if not calendar.first <= day <= calendar.last:
        return (nan,) * (len(_FESTIVALS) + 6)
    flags = (calendar.near(day, name) for name in _FESTIVALS)
    sales = [span.name for span in calendar.spans if span.kind == "sale" and _within(day, span)]
    return (
        *_distances(day, [span for span in calendar.spans if span.kind == "festival"]),
        *_distances(day, [span for span in calendar.spans if span.name == "diwali"]),
        *flags,
        float(bool(sales)),
        float("festive_season" in sales),
    )


class _Calendar(NamedTuple):
    spans: tuple[Span, ...]
    first: int
    last: int

    def near(self, day: int, name: str) -> float:
        """1.0 shortly before, during and shortly after any festival of this name, else 0.0."""
        before = _BEFORE[name]
        return float(
            any(
                span.first - before <= day <= span.last + _AFTER_DAYS
                for span in self.spans
                if span.kind == "festival" and span.name.startswith(name)
            )
        )


@cache
def _calendar() -> _Calendar:
    lines = _TABLE.read_text("utf-8").splitlines()
    rows = [line.split(",") for line in lines if line and not line.startswith("#")][1:]
    found = sorted((Span(row[0], row[1], _day(row[2]), _day(row[3])) for row in rows), key=_start)
    years = [date.fromordinal(span.first + _EPOCH).year for span in found]
    first, last = date(min(years), 1, 1), date(max(years), 12, 31)
    return _Calendar(tuple(found), first.toordinal() - _EPOCH, last.toordinal() - _EPOCH)


def _distances(day: int, festivals: list[Span]) -> tuple[float, float]:
    """Days to the next and since the last of these festivals; NaN past the calendar's ends."""
    starts = [span.first for span in festivals]
    ends = sorted(span.last for span in festivals)
    if any(_within(day, span) for span in festivals):
        return 0.0, 0.0
    at, since = bisect_left(starts, day), bisect_right(ends, day) - 1
    ahead = float(min(starts[at] - day, _FAR_DAYS)) if at < len(starts) else nan
    behind = float(min(day - ends[since], _FAR_DAYS)) if since >= 0 else nan
    return ahead, behind


def _within(day: int, span: Span) -> bool:
    return span.first <= day <= span.last


def _start(span: Span) -> tuple[int, str]:
    return span.first, span.name


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _EPOCH
