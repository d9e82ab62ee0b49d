"""The ground of an invented world: real pincodes, how many order there, how hard delivery is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.chance import Dice, Flags, Floats, Ints, draw
from training.world.cities import CITIES, STATES, State
from training.world.offices import Offices
from training.world.spec import WorldSpec

_ELSEWHERE = State(5.0, 0.7, "en")
_CITY_ORDERS = 0.62


@dataclass(frozen=True, slots=True)
class Geography:
    """One row per pincode; latent traits in log-odds unless the name says otherwise."""

    pincode: Ints
    district: Ints
    weight: Floats
    lat: Floats
    lon: Floats
    tier: Ints
    urban: Floats
    wealth: Floats
    culture: Floats
    presence: Floats
    findable: Floats
    office_from: Ints
    locality: list[str]
    district_name: list[str]
    district_state: list[str]
    city: list[str]
    language: list[str]
    hub_turns: Floats
    hub_change: Floats

    def home(self, rng: np.random.Generator, size: int) -> Ints:
        """Draw the rows of ``size`` homes."""
        return draw(rng, self.weight, size)

    def distance_km(self, a: Ints, b: Ints) -> Floats:
        """Great-circle distance between rows, on a sphere of 6,371 km."""
        lat_a, lat_b = np.radians(self.lat[a]), np.radians(self.lat[b])
        half_lon = np.radians(self.lon[a] - self.lon[b]) / 2
        chord = (
            np.sin((lat_a - lat_b) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(half_lon) ** 2
        )
        km: Floats = 12_742.0 * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
        return km

    def hub_shift(self, row: Ints, day: Floats) -> Floats:
        """How far the hub of a row's district has drifted by a day (log-odds of an attempt)."""
        district = self.district[row]
        along = np.clip((day - self.hub_turns[district]) / 25.0, 0.0, 1.0)
        return self.hub_change[district] * along


def invent_geography(offices: Offices, spec: WorldSpec, dice: Dice) -> Geography:
    """Give every real pincode its people, its ways and its courier hub."""
    rng = dice.stream("geography")
    by_pincode = np.argsort(offices.pincode, kind="stable")
    pincode, first, count = np.unique(
        offices.pincode[by_pincode], return_index=True, return_counts=True
    )
    head = by_pincode[first]
    keys, district = _numbered([(offices.state[i], offices.district[i]) for i in head])
    tier = np.array([CITIES[key].tier if key in CITIES else 3 for key in keys])[district]
    urban = np.clip(
        1.15 - 0.28 * tier - 0.13 * np.log(count) + rng.normal(0, 0.12, len(head)), 0, 1
    )
    n, d = len(pincode), len(keys)
    state = _numbered([(name, "") for name, _ in keys])[1]
    culture = rng.normal(0, 0.55, int(state.max()) + 1)[state][district]
    culture = culture + rng.normal(0, 0.6, d)[district] + rng.normal(0, 0.45, n)
    turns, change = _drifting_hubs(rng, d, spec)
    return Geography(
        pincode=pincode.astype(np.int64),
        district=district,
        weight=_weights(rng, keys, district, urban),
        lat=_mean_place(offices.lat[by_pincode], first, count),
        lon=_mean_place(offices.lon[by_pincode], first, count),
        tier=tier,
        urban=urban,
        wealth=1.3 * (urban - 0.5) + rng.normal(0, 0.35, n),
        culture=spec.culture_spread * culture + 0.5 * (urban - 0.5),
        presence=0.4 - 0.7 * urban + rng.normal(0, 0.3, d)[district] + rng.normal(0, 0.3, n),
        findable=2.9 + 0.9 * urban + rng.normal(0, 0.6, n),
        office_from=np.r_[first, len(by_pincode)].astype(np.int64),
        locality=[offices.name[i] for i in by_pincode],
        district_name=[name.title() for _, name in keys],
        district_state=[state for state, _ in keys],
        city=[CITIES[key].name if key in CITIES else _town(key[1]) for key in keys],
        language=[STATES.get(state, _ELSEWHERE).language for state, _ in keys],
        hub_turns=turns,
        hub_change=change,
    )


def _numbered(keys: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], Ints]:
    distinct = sorted(set(keys))
    number = {key: i for i, key in enumerate(distinct)}
    return distinct, np.array([number[key] for key in keys], dtype=np.int64)


def _weights(
    rng: np.random.Generator, keys: list[tuple[str, str]], district: Ints, urban: Floats
) -> Floats:
    """Orders per pincode: cities by their people, the country by its state's people."""
    n = len(district)
    spread = rng.lognormal(0.0, 1.1, n) * np.exp(1.8 * urban)
    in_district = spread / np.bincount(district, spread, len(keys))[district]
    city = np.array([CITIES[k].millions if k in CITIES else 0.0 for k in keys])
    states, state_of = np.unique([state for state, _ in keys], return_inverse=True)
    people = np.array([_people(s) for s in states])
    in_state = spread / np.bincount(state_of[district], spread, len(states))[state_of[district]]
    country = in_state * people[state_of[district]] / people.sum()
    town = in_district * city[district] / city.sum()
    weight: Floats = _CITY_ORDERS * town + (1 - _CITY_ORDERS) * country
    return weight


def _people(state: str) -> float:
    found = STATES.get(state, _ELSEWHERE)
    return found.millions * found.online


def _drifting_hubs(
    rng: np.random.Generator, districts: int, spec: WorldSpec
) -> tuple[Floats, Floats]:
    """When each district's hub turns and by how much; some worsen, half as many mend."""
    turns = rng.uniform(0.15, 0.85, districts) * spec.days
    lot = rng.random(districts)
    size = spec.hub_drop * rng.uniform(0.7, 1.3, districts)
    worse = lot < spec.drifting_hubs
    mends = (~worse) & (lot < 1.5 * spec.drifting_hubs)
    return turns, np.where(worse, -size, np.where(mends, 0.5 * size, 0.0))


def _mean_place(values: Floats, first: Ints, count: Ints) -> Floats:
    """Mean coordinate of each pincode's offices; India's middle where none is known."""
    known: Flags = np.isfinite(values)
    total = np.add.reduceat(np.where(known, values, 0.0), first)
    n = np.add.reduceat(known.astype(np.float64), first)
    mean = total / np.maximum(n, 1)
    return np.where(n > 0, mean, np.nanmedian(values)) * np.ones(len(count))


def _town(district: str) -> str:
    return district.title().replace(" Urban", "").replace(" Rural", "")
