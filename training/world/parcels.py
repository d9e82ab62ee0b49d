"""Parcels: warehouse, courier, distance, usual transit and what shipping costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.baskets import Baskets
from training.world.chance import Dice, Floats, Ints, one_of
from training.world.couriers import Couriers
from training.world.geography import Geography
from training.world.goods import CATEGORIES
from training.world.merchants import Merchants
from training.world.moments import Moments
from training.world.papers import Papers

PACKAGES = ("poly bag", "box", "bubble mailer")


@dataclass(frozen=True, slots=True)
class Parcels:
    """One row per order; ``handling_days`` until pick-up, ``transit_days`` to the first attempt."""

    origin: Ints
    courier: Ints
    km: Floats
    handling_days: Floats
    transit_days: Floats
    late_share: Floats
    late_days: Floats
    promised_days: Floats
    shipping_cost_paise: Ints
    rto_cost_paise: Ints
    package: Ints


def invent_parcels(
    ground: Geography, couriers: Couriers, merchants: Merchants, moments: Moments,
    baskets: Baskets, papers: Papers, dice: Dice,
) -> Parcels:  # fmt: skip
    """Choose each order's way to the customer."""
    rng = dice.stream("parcels")
    n = len(moments)
    origin = merchants.origins[moments.shop, (rng.random(n) < 0.3).astype(np.int64)]
    courier = one_of(rng, merchants.courier_mix[moments.shop])
    km = ground.distance_km(origin, papers.place)
    remote = 1.0 - ground.urban[papers.place]
    handling = merchants.handling_hours[moments.shop] / 24 * rng.lognormal(0, 0.4, n)
    handling *= np.where(moments.sale, 1.5, 1.0)
    transit = couriers.transit_days(courier, km, remote) * rng.lognormal(0, 0.15, n)
    promised = np.ceil(handling + couriers.transit_days(courier, km, remote) + 1.5)
    forward = _forward(baskets.grams, km, couriers.rate(courier))
    return Parcels(
        origin=origin,
        courier=courier,
        km=km,
        handling_days=handling,
        transit_days=transit,
        late_share=np.clip(0.1 + 0.12 * remote + 0.15 * moments.sale, 0, 0.9),
        late_days=2.0 + rng.gamma(2.0, 1.5, n),
        promised_days=promised,
        shipping_cost_paise=forward,
        rto_cost_paise=np.round(forward * rng.uniform(0.85, 1.0, n)).astype(np.int64),
        package=np.array([PACKAGES.index(c.package) for c in CATEGORIES])[
            merchants.shelf.category[baskets.main]
        ],
    )


def _forward(grams: Ints, km: Floats, rate: Floats) -> Ints:
    """Forward freight in paise: a base by zone and a surcharge for each further half kilo."""
    zone = np.select([km < 50, km < 500, km < 1400], [0, 1, 2], 3)
    base = np.array([3400, 4300, 5600, 7100])[zone]
    further = np.maximum(np.ceil(grams / 500) - 1, 0) * np.array([1400, 1900, 2600, 3300])[zone]
    paise: Ints = np.round((base + further) * rate / 10).astype(np.int64) * 10
    return paise
