"""How many orders are usual at this hour of the week, and how many should have come by now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pydantic_core import from_json, to_json

from features.days import HOUR_US, IST, from_us

_HOURS = 7 * 24
# Each week an hour's older counts weigh so much less.
_KEPT = 0.7
# So many hours of the same hour on any day speak for an hour of the week.
_SHRINK_HOURS = 1.0
# So many orders are missing before a silence is told: one in e^10 by chance at a steady pace.
SILENT_AT = 10.0
# Nothing is usual before so many hours were seen.
_LEARNING_HOURS = 72.0
# After a longer pause nobody knows what came when.
_LONGEST_US = HOUR_US


@dataclass(frozen=True, slots=True)
class Pace:
    """A merchant's orders by the hour of the week.

    Parameters
    ----------
    orders, hours : tuple of float
        Orders seen in each hour of the week, and how long it was watched.
    expected : float
        Orders that were to be expected since the last one.
    """

    orders: tuple[float, ...] = field(default=(0.0,) * _HOURS)
    hours: tuple[float, ...] = field(default=(0.0,) * _HOURS)
    expected: float = 0.0

    @property
    def silent(self) -> bool:
        """Whether orders should have come."""
        return self.expected >= SILENT_AT and sum(self.hours) >= _LEARNING_HOURS

    def after(self, before_us: int, now_us: int, came: int) -> Pace:
        """The pace once the time between two looks has passed.

        Parameters
        ----------
        came : int
            Orders in between.
        """
        passed = now_us - before_us
        if passed <= 0 or passed > _LONGEST_US:
            return replace(self, expected=0.0) if came else self
        at, was = _hour_of(now_us), _hour_of(before_us)
        expected = 0.0 if came else self.expected + self.usual(at) * passed / HOUR_US
        kept = 1.0 if at == was else _KEPT
        return Pace(
            _with(self.orders, at, self.orders[at] * kept + came),
            _with(self.hours, at, self.hours[at] * kept + passed / HOUR_US),
            expected,
        )

    def usual(self, hour: int) -> float:
        """Orders an hour at this hour of the week, drawn towards the same hour of every day."""
        days = slice(hour % 24, None, 24)
        watched = sum(self.hours[days])
        any_day = sum(self.orders[days]) / watched if watched else 0.0
        return (self.orders[hour] + _SHRINK_HOURS * any_day) / (self.hours[hour] + _SHRINK_HOURS)

    def to_json(self) -> str:
        """As it is kept."""
        rounded = ([round(x, 4) for x in part] for part in (self.orders, self.hours))
        return to_json([*rounded, round(self.expected, 4)]).decode()

    @classmethod
    def read(cls, text: str) -> Pace:
        """What was kept; an empty one of nothing."""
        if not text:
            return cls()
        orders, hours, expected = from_json(text)
        return cls(tuple(orders), tuple(hours), expected)


def _with(part: tuple[float, ...], at: int, value: float) -> tuple[float, ...]:
    return (*part[:at], value, *part[at + 1 :])


def _hour_of(us: int) -> int:
    """The hour of the week on an Indian clock."""
    moment = from_us(us).astimezone(IST)
    return moment.weekday() * 24 + moment.hour
