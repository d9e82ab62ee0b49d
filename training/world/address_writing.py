"""Addresses as people type them: well and badly, in English, in Hindi and in mixtures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from training.world.chance import Flags, Floats, Ints, draw_within
from training.world.cities import CITY_SPELLINGS, STATE_SPELLINGS
from training.world.columns import choose, digits, hide, joined, text
from training.world.devanagari import devanagari
from training.world.slips import slip
from training.world.words import BUILDINGS, HOUSES, LANDMARKS, LANDMARKS_MIXED, MASHED, STREETS
from training.world.year import Year

_ENGLISH, _MIXED, _HINDI = range(3)


@dataclass(frozen=True, slots=True)
class _Spot:
    """One row per writing: the true place and how it will be typed."""

    place: Ints
    office: Ints
    house: Ints
    first: Ints
    second: Ints
    building: Ints
    street: Ints
    landmark: Ints
    script: Ints
    care: Floats


def typed_addresses(year: Year) -> dict[str, pa.Array]:
    """The columns ``address_line1`` to ``pincode`` of each order."""
    rng = year.dice.stream("addresses")
    _, at = np.unique(year.papers.writing, return_index=True)
    spot = _spots(rng, year, at)
    columns = _lines(rng, year, at, spot) | _town(rng, year, at, spot)
    writing = pa.array(year.papers.writing)
    return {name: column.take(writing) for name, column in columns.items()}


def _spots(rng: np.random.Generator, year: Year, at: Ints) -> _Spot:
    """The address itself belongs to the home (or the friend), so it is drawn by place and home."""
    ground, people = year.ground, year.customers
    person = year.moments.person[at]
    gift, place = year.papers.gift[at], year.papers.place[at]
    homes = int(people.household.max()) + 1
    home = np.where(gift, homes + np.arange(len(at)), people.household[person])
    lots = rng.random((7, homes + len(at)))[:, home]
    ones = np.cumsum(np.ones(len(ground.locality)))
    return _Spot(
        place=place,
        office=draw_within(lots[0], ones, ground.office_from, place),
        house=_house_style(lots[1], ground.urban[place]),
        first=1 + (lots[2] ** 2 * 480).astype(np.int64),
        second=1 + (lots[3] * 40).astype(np.int64),
        building=(lots[4] * len(BUILDINGS)).astype(np.int64),
        street=(lots[5] * len(STREETS)).astype(np.int64),
        landmark=(lots[6] * len(LANDMARKS)).astype(np.int64),
        script=year.papers.hindi[at],
        care=people.care[person],
    )


def _house_style(lot: Floats, urban: Floats) -> Ints:
    """Flats in town, ward and house numbers in the country."""
    styles = len(HOUSES)
    return np.minimum(
        (lot ** np.where(urban > 0.5, 1.5, 0.8) * styles).astype(np.int64), styles - 1
    )


def _both(pairs: tuple[tuple[str, str], ...], index: Ints, script: Ints) -> pa.Array:
    """English or Hindi words, by the script (a mixture writes English here)."""
    english, hindi = text([a for a, _ in pairs], index), text([b for _, b in pairs], index)
    return pc.if_else(pa.array(script == _HINDI), hindi, english)


def _house(spot: _Spot) -> pa.Array:
    before = text([h[0] for h in HOUSES], spot.house)
    before_hi = text([h[3] for h in HOUSES], spot.house)
    between, after = (
        text([h[1] for h in HOUSES], spot.house),
        text([h[2] for h in HOUSES], spot.house),
    )
    double = pc.is_valid(between)
    second = pc.if_else(double, digits(spot.second), pa.scalar(None, pa.string()))
    opening = pc.if_else(pa.array(spot.script == _HINDI), before_hi, before)
    return joined(opening, digits(spot.first), between, second, after)


def _locality(year: Year, spot: _Spot) -> pa.Array:
    names = year.ground.locality
    used, back = np.unique(spot.office, return_inverse=True)
    latin = text([names[i] for i in used], back)
    wants = spot.script == _HINDI
    hindi_used = np.unique(back[wants])
    in_hindi = [""] * len(used)
    for i in hindi_used.tolist():
        in_hindi[i] = devanagari(names[used[i]])
    return pc.if_else(pa.array(wants), text(in_hindi, back), latin)


def _lines(rng: np.random.Generator, year: Year, at: Ints, spot: _Spot) -> dict[str, pa.Array]:
    n = len(at)
    papers = year.papers
    house = hide(_house(spot), papers.house[at])
    building = hide(_both(BUILDINGS, spot.building, spot.script), papers.building[at])
    terse = rng.random(n) < 0.22 * np.exp(-0.6 * spot.care)
    street = hide(_both(STREETS, spot.street, spot.script), ~terse)
    locality = _village(rng, year, spot, _locality(year, spot))
    landmark = hide(_landmark(spot), papers.landmark[at])
    apart = rng.random(n) < 0.6
    line1 = joined(house, building, street, by=", ")
    line2 = joined(locality, hide(landmark, ~apart), by=", ")
    one_line = pc.if_else(
        pa.array(rng.random(n) < 0.12), joined(line1, line2, by=" "), pa.scalar(None, pa.string())
    )
    mash = text(MASHED, rng.integers(0, len(MASHED), n))
    first = pc.coalesce(one_line, line1, line2)
    rest = pc.if_else(
        pc.equal(first, pc.coalesce(one_line, line2)), pa.scalar(None, pa.string()), line2
    )
    nonsense = pa.array(papers.gibberish[at])
    typed = {
        "address_line1": pc.if_else(nonsense, mash, first),
        "address_line2": hide(rest, ~papers.gibberish[at]),
        "landmark": hide(landmark, apart & ~papers.gibberish[at]),
    }
    return {name: _by_hand(rng, column, spot, papers.slips[at]) for name, column in typed.items()}


def _landmark(spot: _Spot) -> pa.Array:
    mixed = text(LANDMARKS_MIXED, spot.landmark)
    return pc.if_else(
        pa.array(spot.script == _MIXED), mixed, _both(LANDMARKS, spot.landmark, spot.script)
    )


def _village(rng: np.random.Generator, year: Year, spot: _Spot, locality: pa.Array) -> pa.Array:
    """In the country the post office, or the district, is named too."""
    rural = year.ground.urban[spot.place] < 0.25
    lot = rng.random(len(spot.place))
    hindi = spot.script == _HINDI
    vill = np.where(hindi, 2, np.where(lot < 0.5, 0, 1))
    prefix = text(("Vill ", "Village & Post ", "ग्राम "), vill)
    return joined(hide(prefix, rural & (lot < 0.75)), locality)


def _by_hand(rng: np.random.Generator, column: pa.Array, spot: _Spot, rate: Floats) -> pa.Array:
    """Case and slips as the hand has it."""
    n = len(rate)
    case = np.where(
        rng.random(n) < 0.18 * np.exp(-0.5 * spot.care), 1, np.where(rng.random(n) < 0.08, 2, 0)
    )
    typed = choose(case, column, pc.utf8_lower(column), pc.utf8_upper(column))
    return slip(rng, typed, np.where(spot.script == _HINDI, 0.2 * rate, rate))


def _town(rng: np.random.Generator, year: Year, at: Ints, spot: _Spot) -> dict[str, pa.Array]:
    ground = year.ground
    n = len(at)
    district = ground.district[spot.place]
    city = _spelled(rng, ground.city, CITY_SPELLINGS, district, spot.care)
    village = (ground.tier[spot.place] == 3) & (rng.random(n) < 0.4)
    city = pc.if_else(pa.array(village), text(ground.locality, spot.office), city)
    states = [name.title().replace(" And ", " and ") for name in ground.district_state]
    spellings = {name.title().replace(" And ", " and "): v for name, v in STATE_SPELLINGS.items()}
    state = _spelled(rng, states, spellings, district, spot.care)
    pincode = digits(_typed_pincode(rng, year, at, spot))
    spaced = joined(
        pc.utf8_slice_codeunits(pincode, 0, 3), " ", pc.utf8_slice_codeunits(pincode, 3, 6)
    )
    return {
        "city": hide(slip(rng, city, 0.4 * year.papers.slips[at]), rng.random(n) > 0.01),
        "state": hide(state, rng.random(n) > 0.02),
        "pincode": hide(
            choose((rng.random(n) < 0.015).astype(np.int64), pincode, spaced), rng.random(n) > 0.002
        ),
    }  # fmt: skip


def _spelled(
    rng: np.random.Generator, names: list[str], spellings: dict[str, tuple[str, ...]],
    index: Ints, care: Floats,
) -> pa.Array:  # fmt: skip
    """A name, or for some writers one of its other spellings."""
    other = [_pad(spellings.get(name, (name,)), 3) for name in names]
    pool = [spelling for three in other for spelling in three]
    n = len(index)
    varied: Flags = rng.random(n) < 0.22 * np.exp(-0.3 * care)
    variant = text(pool, index * 3 + rng.integers(0, 3, n))
    return pc.if_else(pa.array(varied), variant, text(names, index))


def _pad(spellings: tuple[str, ...], width: int) -> list[str]:
    return [spellings[i % len(spellings)] for i in range(width)]


def _typed_pincode(rng: np.random.Generator, year: Year, at: Ints, spot: _Spot) -> Ints:
    """The true pincode, or where it is wrong: two digits swapped, one digit off, or one missing."""
    true = year.ground.pincode[spot.place]
    n = len(true)
    place = 10 ** rng.integers(0, 4, n)
    low, high = (true // place) % 10, (true // (place * 10)) % 10
    swapped = true + (high - low) * place + (low - high) * place * 10
    off = true + np.where(low < 9, 1, -1) * place
    cut = true // 10
    lot = rng.random(n)
    wrong = np.select([(lot < 0.5) & (low != high), lot < 0.93], [swapped, off], cut)
    return np.where(year.papers.wrong_pincode[at], wrong, true)
