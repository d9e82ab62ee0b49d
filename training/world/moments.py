"""Moments: which person orders when, and in what state of mind the clock finds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.days import DAY_US, HOUR_US, IST_SHIFT_US, SECOND_US
from training.world.chance import Dice, Flags, Floats, Ints, draw, nth_of_its_kind
from training.world.cities import DIWALI
from training.world.customers import COMPETITOR, REFUSER_RING, Customers
from training.world.merchants import Merchants
from training.world.spec import WorldSpec

_DAYTIME = (4, 2, 1, 1, 1, 2, 8, 18, 30, 45, 58, 64, 62, 60, 55, 52, 52, 55, 60, 68, 76, 74, 52, 20)
_NIGHT = (70, 52, 34, 18, 8, 3, 2, 3, 5, 8, 10, 10, 12, 12, 10, 10, 10, 12, 16, 22, 34, 52, 70, 80)


@dataclass(frozen=True, slots=True)
class Moments:
    """One row per order, in order of time; ``day`` counts from the first day, ``hour`` is IST."""

    person: Ints
    shop: Ints
    created_us: Ints
    day: Floats
    hour: Ints
    sale: Flags
    payday: Floats
    nth: Ints
    nth_here: Ints

    def __len__(self) -> int:
        return len(self.person)


def invent_moments(
    customers: Customers, merchants: Merchants, spec: WorldSpec, orders: int, dice: Dice
) -> Moments:
    """Draw who orders when and where."""
    rng = dice.stream("moments")
    intensity = _days(spec)
    from_rings = round(orders * spec.ring_order_share)
    person = _ordinary(rng, customers, intensity, orders - from_rings)
    day = _day_within_stay(rng, customers, intensity, person)
    crook, crook_day = _bursts(rng, customers, from_rings, spec.days)
    person, day = np.r_[person, crook], np.r_[day, crook_day]
    created = _instant(rng, customers, person, day, spec)
    by_time = np.argsort(created, kind="stable")
    person, created = person[by_time], created[by_time]
    return _moments(rng, customers, merchants, person, created, spec)


def _moments(
    rng: np.random.Generator, customers: Customers, merchants: Merchants,
    person: Ints, created: Ints, spec: WorldSpec,
) -> Moments:  # fmt: skip
    ist = created + IST_SHIFT_US
    first = _first_midnight_us(spec) + IST_SHIFT_US
    day = (ist - first) / DAY_US
    shop = _shops(rng, customers, merchants, person)
    calendar_day = np.floor(day).astype(np.int64)
    month_day = np.array([d.day for d in _dates(spec)])[np.clip(calendar_day, 0, spec.days - 1)]
    return Moments(
        person=person,
        shop=shop,
        created_us=created,
        day=day,
        hour=(ist // HOUR_US) % 24,
        sale=diwali_days(spec)[np.clip(calendar_day, 0, spec.days - 1)],
        payday=np.where(month_day <= 8, 1.0, np.where(month_day >= 24, -1.0, 0.0)),
        nth=nth_of_its_kind(person),
        nth_here=nth_of_its_kind(person * len(merchants.id) + shop),
    )


def _dates(spec: WorldSpec) -> list[date]:
    return [spec.first_day() + timedelta(days=i) for i in range(spec.days)]


def _first_midnight_us(spec: WorldSpec) -> int:
    return (spec.first_day() - date(1970, 1, 1)).days * DAY_US - IST_SHIFT_US


def end_us(spec: WorldSpec) -> int:
    """The first instant after the period."""
    return _first_midnight_us(spec) + spec.days * DAY_US


def diwali_days(spec: WorldSpec) -> Flags:
    """Which days belong to the Diwali sale: the ten days that end two before the festival."""
    feasts = [date.fromisoformat(d) for d in DIWALI]
    return np.array([any(2 <= (f - d).days < 12 for f in feasts) for d in _dates(spec)])


def _days(spec: WorldSpec) -> Floats:
    """How busy each day is: growth, week, payday and sales."""
    dates = _dates(spec)
    trend = np.linspace(1.0, 1.0 + spec.growth, spec.days)
    week = np.array([(1.0, 0.97, 0.96, 0.98, 1.0, 1.08, 1.15)[d.weekday()] for d in dates])
    month = np.array([1.12 if d.day <= 8 else 0.92 if d.day >= 24 else 1.0 for d in dates])
    small = np.array([1.4 if (d.month, d.day) in _SMALL_SALES else 1.0 for d in dates])
    sale = np.where(diwali_days(spec), spec.sale_lift, 1.0)
    busy: Floats = trend * week * month * small * sale
    return busy


_SMALL_SALES = {(1, d) for d in range(22, 27)} | {(8, d) for d in range(11, 16)}


def _ordinary(rng: np.random.Generator, customers: Customers, busy: Floats, size: int) -> Ints:
    """Persons in proportion to their activity and to the trade during their stay."""
    before = np.r_[0.0, np.cumsum(busy)]
    grid = np.arange(len(before))
    stay = np.interp(customers.leaves, grid, before) - np.interp(customers.arrives, grid, before)
    weight = np.where(customers.ring < 0, customers.activity * stay, 0.0)
    return draw(rng, weight, size)


def _day_within_stay(
    rng: np.random.Generator, customers: Customers, busy: Floats, person: Ints
) -> Floats:
    before = np.r_[0.0, np.cumsum(busy)]
    grid = np.arange(len(before))
    low = np.interp(customers.arrives[person], grid, before)
    high = np.interp(customers.leaves[person], grid, before)
    return np.interp(low + rng.random(len(person)) * (high - low), before, grid)


def _bursts(
    rng: np.random.Generator, customers: Customers, size: int, days: int
) -> tuple[Ints, Floats]:
    """Ring orders come in bursts of a few weeks, every identity of the ring taking turns."""
    crooks = np.flatnonzero(customers.ring >= 0)
    if not len(crooks) or not size:
        return np.empty(0, dtype=np.int64), np.empty(0)
    person = crooks[rng.integers(0, len(crooks), size)]
    rings = int(customers.ring.max()) + 1
    begins = rng.uniform(0, max(1.0, days - 30.0), rings)[customers.ring[person]]
    return person, np.clip(begins + rng.exponential(9.0, size), 0, days - 0.01)


def _instant(
    rng: np.random.Generator, customers: Customers, person: Ints, day: Floats, spec: WorldSpec
) -> Ints:
    """The microsecond: the day as drawn, the hour by day or night person."""
    n = len(person)
    owl = rng.random(n) < 1.0 / (1.0 + np.exp(2.0 - 1.1 * customers.night[person]))
    hour = np.where(owl, draw(rng, _NIGHT, n), draw(rng, _DAYTIME, n))
    whole = _first_midnight_us(spec) + np.floor(day).astype(np.int64) * DAY_US
    second = rng.integers(0, HOUR_US // SECOND_US, n)
    instant: Ints = whole + hour * HOUR_US + second * SECOND_US
    return instant


def _shops(
    rng: np.random.Generator, customers: Customers, merchants: Merchants, person: Ints
) -> Ints:
    """A favourite mostly, else any shop by size; competitors order at their target only."""
    n = len(person)
    lot = rng.random(n)
    kind = customers.kind[person]
    anywhere = draw(rng, merchants.size, n)
    favourite = customers.shops[person, (lot > 0.68).astype(np.int64)]
    loyal = (lot < 0.9) & (kind != REFUSER_RING)
    shop = np.where(loyal, favourite, anywhere)
    return np.where(kind == COMPETITOR, customers.shops[person, 0], shop).astype(np.int64)
