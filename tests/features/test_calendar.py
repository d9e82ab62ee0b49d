"""When an order was placed, and whether the calendar's moon-bound days can be right."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import isnan, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.calendar import FEATURES, Span, signals, spans
from features.days import DAY_US, HOUR_US, IST, ist_day, to_us
from features.order import Order

NAMES = [feature.name for feature in FEATURES]
YEARS = range(2020, 2031)
LUNAR = ("diwali", "dussehra", "holi", "raksha_bandhan", "navratri", "eid_al_fitr", "eid_al_adha")
FIXED = {"republic_day": (1, 26), "independence_day": (8, 15), "christmas": (12, 25)}


def seen(us: int) -> dict[str, float]:
    order = Order(merchant_id="m", order_id="1", created_us=us)
    return dict(zip(NAMES, signals(order), strict=True))


def at(*when: int) -> dict[str, float]:
    return seen(to_us(datetime(*when, tzinfo=IST)))  # type: ignore[arg-type, misc]


def day_of(span: Span) -> date:
    return date(1970, 1, 1) + timedelta(days=span.first)


def only(name: str, year: int) -> Span:
    (found,) = (span for span in spans() if span.name == name and day_of(span).year == year)
    return found


def moons(year: int, *, full: bool) -> list[datetime]:
    """New or full moons around a year, to some minutes: Meeus, Astronomical Algorithms, ch. 49."""
    terms = (-0.40614, 0.17302, 0.01614, 0.01043) if full else (-0.40720, 0.17241, 0.01608, 0.01039)
    found = []
    for step in range(int((year - 2000) * 12.3685), int((year - 1999) * 12.3685) + 2):
        k = step + 0.5 * full
        sun, moon, node = (
            radians(start + rate * k)
            for start, rate in (
                (2.5534, 29.1053567),
                (201.5643, 385.81693528),
                (160.7108, 390.67050284),
            )
        )
        waves = (sin(moon), sin(sun), sin(2 * moon), sin(2 * node))
        julian = 2451550.09766 + 29.530588861 * k
        julian += sum(term * wave for term, wave in zip(terms, waves, strict=True))
        julian += 0.00739 * sin(moon - sun) - 0.00515 * sin(moon + sun)
        found.append(datetime(2000, 1, 1, 12, tzinfo=UTC) + timedelta(days=julian - 2451545))
    return found


def test_the_moons_of_the_test_agree_with_published_ones() -> None:
    new = datetime(2024, 11, 1, 12, 47, tzinfo=UTC)
    full = datetime(2024, 3, 25, 7, 0, tzinfo=UTC)
    assert min(abs(each - new) for each in moons(2024, full=False)) < timedelta(minutes=20)
    assert min(abs(each - full) for each in moons(2024, full=True)) < timedelta(minutes=20)


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize(
    ("name", "hour", "full", "least", "most"),
    [
        # The evening of the dark fortnight's last day, which ends with the new moon.
        ("diwali", 18, False, -1.15, 0.1),
        # The first sunrise after the new moon, and the tenth lunar day's afternoon.
        ("navratri", 6, False, -0.1, 1.2),
        ("dussehra", 14, False, 8.4, 10.6),
        # The morning after the full moon's night; the day of the full moon.
        ("holi", 6, True, -0.5, 1.2),
        ("raksha_bandhan", 12, True, -1.15, 0.6),
        # The month begins when its crescent was seen in the evening before.
        ("eid_al_fitr", 6, False, 1.0, 2.6),
        ("eid_al_adha", 6, False, 10.0, 11.6),
    ],
)
def test_a_lunar_festival_falls_where_the_moon_puts_it(
    name: str, hour: int, full: bool, least: float, most: float, year: int
) -> None:
    day = day_of(only(name, year))
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=IST)
    ages = [(moment - moon) / timedelta(days=1) for moon in moons(year, full=full)]
    assert any(least <= age <= most for age in ages), min(ages, key=abs)


@pytest.mark.parametrize("name", LUNAR)
def test_lunar_festivals_are_twelve_or_in_hindu_leap_years_thirteen_moons_apart(name: str) -> None:
    days = [only(name, year).first for year in YEARS]
    gaps = {round((later - day) / 29.530588861) for day, later in pairwise(days)}
    assert gaps <= ({12} if name.startswith("eid") else {12, 13})


@pytest.mark.parametrize("year", YEARS)
def test_every_year_has_every_festival_once_and_fixed_ones_on_their_day(year: int) -> None:
    for name in LUNAR:
        assert only(name, year)
    for name, (month, day) in FIXED.items():
        assert day_of(only(name, year)) == date(year, month, day)


@pytest.mark.parametrize("year", YEARS)
def test_sale_seasons_follow_the_rule_the_table_states(year: int) -> None:
    november = date(year, 11, 1)
    thursday = november + timedelta(days=(3 - november.weekday()) % 7 + 21)
    navratri, diwali = only("navratri", year), only("diwali", year)
    black = only("black_friday", year)
    festive = only("festive_season", year)
    assert day_of(black) == thursday - timedelta(days=3)
    assert black.last - black.first == 7
    assert (festive.first, festive.last) == (navratri.first - 7, diwali.first)
    assert navratri.last == only("dussehra", year).first
    for name, first, last in (
        ("republic_day_sale", date(year, 1, 14), date(year, 1, 26)),
        ("summer_end_of_season", date(year, 6, 20), date(year, 7, 5)),
        ("independence_day_sale", date(year, 8, 4), date(year, 8, 15)),
        ("year_end", date(year, 12, 20), date(year, 12, 31)),
    ):
        sale = only(name, year)
        assert (day_of(sale), sale.last - sale.first) == (first, (last - first).days)


def test_the_hour_and_the_day_are_indian() -> None:
    late = seen(to_us(datetime(2026, 11, 7, 19, 0, tzinfo=UTC)))
    assert late["order_hour"] == 0.5
    assert late["order_at_night"] == 1.0
    assert late["order_weekday"] == 6.0
    assert late["order_day_of_month"] == 8.0
    assert late["days_to_diwali"] == 0.0


@pytest.mark.parametrize(
    ("hour", "minute", "night"), [(22, 59, 0.0), (23, 0, 1.0), (4, 59, 1.0), (5, 0, 0.0)]
)
def test_night_is_from_eleven_to_before_five(hour: int, minute: int, night: float) -> None:
    assert at(2026, 7, 1, hour, minute)["order_at_night"] == night


@pytest.mark.parametrize(
    ("day", "payday", "before"),
    [
        ((2026, 1, 31), 1.0, 0.0),
        ((2026, 2, 1), 1.0, 0.0),
        ((2026, 2, 7), 1.0, 0.0),
        ((2026, 2, 8), 0.0, 0.0),
        ((2026, 2, 23), 0.0, 0.0),
        ((2026, 2, 24), 0.0, 1.0),
        ((2026, 2, 27), 0.0, 1.0),
        ((2026, 2, 28), 1.0, 0.0),
        ((2028, 2, 28), 0.0, 1.0),
        ((2028, 2, 29), 1.0, 0.0),
    ],
)
def test_pay_day_runs_from_the_last_of_the_month_to_the_seventh(
    day: tuple[int, int, int], payday: float, before: float
) -> None:
    found = at(*day)
    assert (found["order_in_payday_week"], found["order_before_payday"]) == (payday, before)


@pytest.mark.parametrize(
    ("day", "ahead", "behind", "near"),
    [
        ((2026, 10, 28), 11, 8, 0.0),
        ((2026, 10, 29), 10, 9, 1.0),
        ((2026, 11, 8), 0, 0, 1.0),
        ((2026, 11, 9), 46, 1, 1.0),
        ((2026, 11, 10), 45, 2, 0.0),
        ((2026, 10, 15), 0, 0, 0.0),
    ],
)
def test_festivals_are_counted_to_and_from(
    day: tuple[int, int, int], ahead: int, behind: int, near: float
) -> None:
    found = at(*day)
    assert (found["days_to_festival"], found["days_since_festival"]) == (ahead, behind)
    assert found["order_near_diwali"] == near


@pytest.mark.parametrize(
    ("day", "sale", "festive"),
    [
        ((2026, 10, 3), 0.0, 0.0),
        ((2026, 10, 4), 1.0, 1.0),
        ((2026, 11, 8), 1.0, 1.0),
        ((2026, 11, 9), 0.0, 0.0),
        ((2026, 1, 20), 1.0, 0.0),
        ((2026, 11, 22), 0.0, 0.0),
        ((2026, 11, 23), 1.0, 0.0),
    ],
)
def test_the_festive_season_is_one_of_the_sale_seasons(
    day: tuple[int, int, int], sale: float, festive: float
) -> None:
    found = at(*day)
    assert (found["order_in_sale_season"], found["order_in_festive_season"]) == (sale, festive)


@pytest.mark.parametrize(
    ("day", "monsoon"),
    [((2026, 5, 31), 0.0), ((2026, 6, 1), 1.0), ((2026, 9, 30), 1.0), ((2026, 10, 1), 0.0)],
)
def test_the_monsoon_is_june_to_september(day: tuple[int, int, int], monsoon: float) -> None:
    assert at(*day)["order_in_monsoon"] == monsoon


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("eid", (2026, 3, 14)),
        ("eid", (2026, 5, 28)),
        ("holi", (2026, 2, 25)),
        ("raksha_bandhan", (2026, 8, 21)),
        ("navratri", (2026, 10, 11)),
        ("christmas", (2026, 12, 18)),
    ],
)
def test_each_festival_is_near_on_the_first_or_last_day_of_its_window(
    name: str, day: tuple[int, int, int]
) -> None:
    assert at(*day)[f"order_near_{name}"] == 1.0
    outside = date(*day) + timedelta(days=1 if day == (2026, 5, 28) else -1)
    assert at(outside.year, outside.month, outside.day)[f"order_near_{name}"] == 0.0


def test_seasons_outside_the_calendar_are_unknown_and_not_zero() -> None:
    season = [feature.name for feature in FEATURES if "2020 to 2030" in feature.says]
    assert len(season) == 12
    for found in (at(2019, 12, 31), at(2031, 1, 1)):
        assert all(isnan(found[name]) for name in season)
    assert isnan(at(2030, 12, 30)["days_to_festival"])
    assert not isnan(at(2030, 12, 30)["order_in_sale_season"])


@given(st.integers(-(10**30), 10**30))
def test_any_instant_gives_as_many_numbers_as_features(us: int) -> None:
    found = seen(us)
    assert 0.0 <= found["order_hour"] < 24.0
    assert found["order_weekday"] in range(7)


@given(st.integers(0, 4_000 * DAY_US), st.integers(0, 23))
def test_what_depends_on_the_day_is_the_same_all_day(us: int, hours: int) -> None:
    us += to_us(datetime(2020, 1, 1, tzinfo=IST))
    later = us + hours * HOUR_US
    if ist_day(later) == ist_day(us):
        daily = NAMES[NAMES.index("order_weekday") :]
        one, other = seen(us), seen(later)
        assert repr([one[name] for name in daily]) == repr([other[name] for name in daily])
