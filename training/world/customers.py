"""Customers: homes and the persons in them, with the traits that make orders succeed or fail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.chance import Dice, Flags, Floats, Ints, logistic
from training.world.geography import Geography
from training.world.merchants import Merchants
from training.world.spec import WorldSpec

ORDINARY, PRANKSTER, REFUSER_RING, COMPETITOR = range(4)


@dataclass(frozen=True, slots=True)
class Customers:
    """One row per person; traits in standard units or log-odds unless the name says otherwise."""

    place: Ints
    household: Ints
    kind: Ints
    ring: Ints
    wealth: Floats
    steadiness: Floats
    presence: Floats
    answers: Floats
    replies: Floats
    prepaid_trust: Floats
    budget: Floats
    impulse: Floats
    bargain: Floats
    night: Floats
    care: Floats
    hindi: Floats
    female: Flags
    shops: Ints
    account: Flags
    activity: Floats
    arrives: Floats
    leaves: Floats

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True, slots=True)
class _Homes:
    place: Ints
    wealth: Floats
    presence: Floats
    ring: Ints


def invent_customers(
    ground: Geography, merchants: Merchants, spec: WorldSpec, orders: int, dice: Dice
) -> Customers:
    """Populate the country in proportion to the orders wanted."""
    rng = dice.stream("customers")
    ordinary = max(2, round(orders * spec.persons_per_order))
    rings = max(1, round(orders * spec.ring_order_share / 16)) if spec.ring_order_share else 0
    household, ring = _households(rng, ordinary, rings, spec)
    homes = _homes(rng, ground, household, ring)
    return _persons(rng, ground, merchants, spec, household, ring, homes)


def _households(
    rng: np.random.Generator, ordinary: int, rings: int, spec: WorldSpec
) -> tuple[Ints, Ints]:
    """The home of each person, and the ring it belongs to (−1: none); a ring shares one home."""
    alone = rng.random(ordinary) < 1.0 / spec.household_size
    household = np.maximum(np.cumsum(alone) - 1, 0)
    identities = rng.integers(2, 7, rings)
    ring = np.repeat(np.arange(rings), identities)
    ring_home = household[-1] + 1 + ring
    whole = np.r_[household, ring_home].astype(np.int64)
    return whole, np.r_[np.full(ordinary, -1), ring].astype(np.int64)


def _homes(rng: np.random.Generator, ground: Geography, household: Ints, ring: Ints) -> _Homes:
    n = int(household[-1]) + 1
    place = ground.home(rng, n)
    home_ring = np.full(n, -1, dtype=np.int64)
    home_ring[household] = ring
    return _Homes(
        place=place,
        wealth=1.0 * ground.wealth[place] + rng.normal(0, 0.65, n),
        presence=ground.presence[place] + rng.normal(0, 0.6, n),
        ring=home_ring,
    )


def _persons(
    rng: np.random.Generator,
    ground: Geography,
    merchants: Merchants,
    spec: WorldSpec,
    household: Ints,
    ring: Ints,
    homes: _Homes,
) -> Customers:
    n = len(household)
    place = homes.place[household]
    wealth = homes.wealth[household] + rng.normal(0, 0.3, n)
    impulse = rng.normal(0, 1, n)
    serial = rng.random(n) < spec.serial_refusers
    steadiness = 0.55 * wealth - 0.45 * impulse + rng.normal(0, 0.4, n) - 2.4 * serial
    kind = _kinds(rng, ring, spec)
    arrives, leaves = _stay(rng, n, spec.days)
    language = np.array([1.0 if c in ("hi", "ur") else -1.0 for c in ground.language])
    return Customers(
        place=place,
        household=household,
        kind=kind,
        ring=ring,
        wealth=wealth,
        steadiness=steadiness,
        presence=homes.presence[household] + rng.normal(0, 0.25, n),
        answers=1.5 + 1.1 * steadiness + rng.normal(0, 0.6, n),
        replies=0.9 + 0.4 * steadiness + 0.2 * wealth + rng.normal(0, 0.7, n),
        prepaid_trust=0.8 * wealth
        + 0.25 * steadiness
        + 0.6 * (ground.urban[place] - 0.5)
        + rng.normal(0, 0.8, n),
        budget=7.7 + 0.55 * wealth + rng.normal(0, 0.3, n),
        impulse=impulse,
        bargain=-0.3 * wealth + 0.5 * impulse + rng.normal(0, 0.6, n),
        night=0.4 * impulse + rng.normal(0, 0.9, n),
        care=0.3 * wealth + 0.6 * steadiness + spec.care_spread * rng.normal(0, 0.7, n),
        hindi=1.2 * language[ground.district[place]] - wealth + rng.normal(0, 0.8, n),
        female=rng.random(n) < 0.46,
        shops=_favourite_shops(rng, merchants, wealth, ring),
        account=rng.random(n) < 0.62,
        activity=_activity(rng, household, spec) * np.exp(0.25 * steadiness + 0.9 * serial),
        arrives=arrives,
        leaves=leaves,
    )


def _activity(rng: np.random.Generator, household: Ints, spec: WorldSpec) -> Floats:
    """How often a person orders; half of the spread is the family's."""
    family = rng.normal(0, 0.7, int(household[-1]) + 1)[household]
    often: Floats = np.exp(spec.activity_spread * (family + rng.normal(0, 0.7, len(household))))
    return often


def _kinds(rng: np.random.Generator, ring: Ints, spec: WorldSpec) -> Ints:
    prankster = rng.random(len(ring)) < spec.prankster_share
    in_ring = np.where(ring % 3 == 2, COMPETITOR, REFUSER_RING)
    ordinary = np.where(prankster, PRANKSTER, ORDINARY)
    return np.where(ring >= 0, in_ring, ordinary).astype(np.int64)


def _stay(rng: np.random.Generator, n: int, days: int) -> tuple[Floats, Floats]:
    """From which day to which a person orders here; new ones come all the year."""
    arrives = rng.uniform(-180.0, days, n)
    leaves = arrives + 5.0 + rng.exponential(200.0, n)
    gone = leaves < 1.0
    arrives = np.where(gone, rng.uniform(0.0, days, n), arrives)
    leaves = np.where(gone, arrives + 30.0, leaves)
    return np.clip(arrives, 0.0, days - 0.5), np.clip(leaves, 0.5, float(days))


def _favourite_shops(
    rng: np.random.Generator, merchants: Merchants, wealth: Floats, ring: Ints
) -> Ints:
    """Two shops a person prefers, chosen among three by whom the shop attracts."""
    n, m = len(wealth), len(merchants.id)
    share = np.cumsum(merchants.size) / merchants.size.sum()
    seen = np.minimum(np.searchsorted(share, rng.random((n, 4))), m - 1)
    gap = np.abs(merchants.audience[seen[:, :3]] - wealth[:, None]) - rng.gumbel(0, 0.5, (n, 3))
    first = np.take_along_axis(seen, gap.argmin(axis=1)[:, None], axis=1)
    shops = np.column_stack([first[:, 0], seen[:, 3]])
    target = np.minimum(np.searchsorted(share, rng.random(max(1, int(ring.max()) + 1))), m - 1)
    return np.where(
        (ring >= 0)[:, None] & (np.arange(2) == 0), target[ring][:, None], shops
    ).astype(np.int64)


def presence_share(customers: Customers, person: Ints) -> Floats:
    """Probability that somebody is at home at an attempt."""
    return logistic(0.7 + 1.5 * customers.presence[person])
