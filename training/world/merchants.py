"""Shops: size, goods, honesty, terms of payment, couriers, and whom they attract."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world import couriers
from training.world.chance import Dice, Flags, Floats, Ints
from training.world.geography import Geography
from training.world.goods import CATEGORIES, Shelf, invent_shelf
from training.world.promotions import Promotions, invent_promotions
from training.world.spec import WorldSpec

CHANNELS = ("shopify", "woocommerce", "app", "instagram", "whatsapp")
_FIRST = (
    "lotus", "mango", "indigo", "saffron", "banyan", "peacock", "monsoon", "jasmine", "marigold",
    "cardamom", "ganga", "neem", "tulsi", "himal", "konkan", "malabar", "mithila", "sandal",
)  # fmt: skip
_SECOND = (
    "loom", "lane", "cart", "craft", "studio", "bazaar", "house", "store", "street", "basket",
    "thread", "living", "wear", "kart", "co", "mart",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Merchants:
    """One row per shop; latent traits in log-odds unless the name says otherwise."""

    id: list[str]
    size: Floats
    audience: Floats
    trust: Floats
    faults: Floats
    cod_lean: Floats
    cod_fee_paise: Ints
    free_shipping_paise: Ints
    shipping_fee_paise: Ints
    handling_hours: Floats
    origins: Ints
    courier_mix: Floats
    channel_mix: Floats
    ads: Floats
    guests: Floats
    partial_cod: Flags
    keeps_device: Flags
    keeps_ip: Flags
    batch_scans: Flags
    acts: Flags
    acts_from: Floats
    shelf: Shelf
    promotions: Promotions


def invent_merchants(ground: Geography, spec: WorldSpec, orders: int, dice: Dice) -> Merchants:
    """Found the shops."""
    rng = dice.stream("merchants")
    m = spec.merchants_for(orders)
    mixes = _category_mixes(rng, m)
    price = rng.lognormal(0, 0.3, m)
    size = rng.lognormal(0, 0.8, m)
    return Merchants(
        id=_ids(rng, m),
        size=size,
        audience=rng.normal(0, 0.7, m),
        trust=rng.normal(0, spec.merchant_spread, m),
        faults=rng.beta(1.4, 90, m),
        cod_lean=rng.normal(0, 0.5, m),
        cod_fee_paise=rng.choice([0, 0, 2900, 4900], m).astype(np.int64),
        free_shipping_paise=rng.choice([0, 49900, 99900], m).astype(np.int64),
        shipping_fee_paise=rng.choice([4900, 5900, 7900], m).astype(np.int64),
        handling_hours=rng.uniform(10, 40, m),
        origins=_origins(rng, ground, m),
        courier_mix=rng.dirichlet(np.full(len(couriers.NAMES), 0.7), m),
        channel_mix=_channel_mixes(rng, m),
        ads=rng.beta(3, 3, m),
        guests=rng.beta(3, 3, m),
        partial_cod=_some(rng, size, 0.35),
        keeps_device=_some(rng, size, 0.8),
        keeps_ip=_some(rng, size, 0.9),
        batch_scans=_some(rng, size, 0.25),
        acts=_some(rng, size, spec.policy_merchants),
        acts_from=rng.uniform(spec.policy_from, spec.policy_until, m) * spec.days,
        shelf=invent_shelf(rng, mixes, price, spec.product_spread),
        promotions=invent_promotions(rng, m, spec),
    )


def _ids(rng: np.random.Generator, m: int) -> list[str]:
    names = [f"{a}-{b}" for a in _FIRST for b in _SECOND]
    shuffled = [names[i] for i in rng.permutation(len(names))]
    rounds = range(1 + m // len(names))
    return [n if r == 0 else f"{n}-{r + 1}" for r in rounds for n in shuffled][:m]


def _category_mixes(rng: np.random.Generator, m: int) -> Floats:
    """Two to four categories a shop."""
    mixes = rng.dirichlet(np.ones(len(CATEGORIES)), m)
    kept = rng.integers(2, 5, m)
    rank = np.argsort(np.argsort(-mixes, axis=1), axis=1)
    mixes = np.where(rank < kept[:, None], mixes, 0.0)
    shares: Floats = mixes / mixes.sum(axis=1, keepdims=True)
    return shares


def _channel_mixes(rng: np.random.Generator, m: int) -> Floats:
    mixes = rng.dirichlet([1.5, 0.8, 0.5, 0.4, 0.2], m)
    return np.where(mixes < 0.05, 0.0, mixes)


def _origins(rng: np.random.Generator, ground: Geography, m: int) -> Ints:
    """One or two warehouses a shop, in or near the large cities."""
    large = np.where(ground.tier <= 2, ground.weight, 0.0)
    homes = rng.choice(len(large), size=(m, 2), p=large / large.sum())
    single = rng.random(m) < 0.65
    homes[:, 1] = np.where(single, homes[:, 0], homes[:, 1])
    return homes.astype(np.int64)


def _some(rng: np.random.Generator, size: Floats, share: float) -> Flags:
    """The named share of the shops, large and small alike: every so many in order of size."""
    rank = np.argsort(np.argsort(size))
    step = (rank + rng.random()) * share
    chosen: Flags = np.floor(step + share) > np.floor(step)
    return chosen
