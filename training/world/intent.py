"""Intent: how an order is paid, how soon it is regretted, how surely it is taken at the door.

Nothing here is written to the tables. The customer's intent shows only in what they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.baskets import Baskets
from training.world.chance import Dice, Flags, Floats, Ints, level_for, logistic
from training.world.customers import COMPETITOR, ORDINARY, PRANKSTER, REFUSER_RING, Customers
from training.world.geography import Geography
from training.world.merchants import Merchants
from training.world.moments import Moments
from training.world.spec import WorldSpec

COD, PREPAID, PARTIAL = range(3)


@dataclass(frozen=True, slots=True)
class Intents:
    """One row per order.

    Parameters
    ----------
    payment : one of ``COD, PREPAID, PARTIAL``
    amount_paise, cod_fee_paise : the total with fees and discounts, and the fee in it
    advance_paise : already paid (all of it when prepaid)
    will : log-odds of taking the goods before the level of the world is added
    impulse : probability that the order was a whim
    """

    payment: Ints
    amount_paise: Ints
    cod_fee_paise: Ints
    advance_paise: Ints
    will: Floats
    impulse: Floats
    serious: Flags


def invent_intents(
    ground: Geography,
    customers: Customers,
    merchants: Merchants,
    moments: Moments,
    baskets: Baskets,
    spec: WorldSpec,
    dice: Dice,
) -> Intents:
    """Draw the payment and settle the state of mind."""
    rng = dice.stream("intent")
    net = baskets.goods_paise - baskets.discount_paise + baskets.shipping_fee_paise
    impulse = _impulse(customers, merchants, moments, baskets)
    payment = _payment(rng, customers, merchants, moments, net, impulse, spec)
    fee = np.where(payment != PREPAID, merchants.cod_fee_paise[moments.shop], 0)
    amount = net + fee
    advance = np.where(payment == PREPAID, amount, 0)
    advance = np.where(payment == PARTIAL, np.minimum(amount, 9900), advance)
    return Intents(
        payment=payment,
        amount_paise=amount,
        cod_fee_paise=fee,
        advance_paise=advance,
        will=_will(ground, customers, merchants, moments, baskets, spec),
        impulse=impulse,
        serious=customers.kind[moments.person] == ORDINARY,
    )


def _impulse(
    customers: Customers, merchants: Merchants, moments: Moments, baskets: Baskets
) -> Floats:
    """Probability of a whim: the person, the hour, the sale, the advertisement, the goods."""
    shelf = merchants.shelf
    drawn_in = (baskets.source == 1) | (baskets.source == 3)
    return logistic(
        -2.7
        + 1.2 * customers.impulse[moments.person]
        + 1.6 * baskets.night
        + 0.9 * moments.sale
        + 0.8 * drawn_in
        + 0.5 * (baskets.discount_paise > 0.15 * baskets.goods_paise)
        + shelf.impulse[baskets.main]
    )


def _payment(
    rng: np.random.Generator,
    customers: Customers,
    merchants: Merchants,
    moments: Moments,
    net: Ints,
    impulse: Floats,
    spec: WorldSpec,
) -> Ints:
    """Cash or in advance; the world's level meets the share of cash the spec names."""
    person, shop = moments.person, moments.shop
    lean = (
        -1.3 * customers.prepaid_trust[person]
        + merchants.cod_lean[shop]
        + 1.0 * impulse
        - 0.45 * np.log(np.maximum(net, 100) / 90_000)
        - 0.35 * np.minimum(moments.nth_here, 4)
    )
    bad = customers.kind[person] != ORDINARY
    level = level_for(
        spec.cod_share, lambda x: float(np.where(bad, 0.97, logistic(lean + x)).mean())
    )
    cod = rng.random(len(lean)) < np.where(bad, 0.97, logistic(lean + level))
    offered = merchants.partial_cod[shop] & ~bad
    share = spec.partial_cod_share / max(float(merchants.partial_cod[shop].mean()), 0.02)
    part = offered & (rng.random(len(lean)) < min(share, 1.0))
    return np.where(cod, np.where(part, PARTIAL, COD), PREPAID).astype(np.int64)


def _will(
    ground: Geography,
    customers: Customers,
    merchants: Merchants,
    moments: Moments,
    baskets: Baskets,
    spec: WorldSpec,
) -> Floats:
    """How sure the goods are taken: person, place, shop, product, and what drew the order."""
    person, shop = moments.person, moments.shop
    promotions = merchants.promotions
    ordinary = (
        spec.steadiness_spread * customers.steadiness[person]
        + ground.culture[customers.place[person]]
        + merchants.trust[shop]
        + merchants.shelf.appeal[baskets.main]
        + promotions.intent[shop, baskets.coupon]
        + promotions.source_intent[shop, baskets.source]
        + promotions.campaign_intent[shop, baskets.source, baskets.campaign]
        + 0.3 * np.minimum(moments.nth_here, 4)
        + _afford(customers, baskets, person, moments)
    )
    kind = customers.kind[person]
    bad = np.select(
        [kind == PRANKSTER, kind == REFUSER_RING, kind == COMPETITOR], [-5.5, -4.5, -7.5], 0.0
    )
    return np.where(kind == ORDINARY, ordinary, bad)


def _afford(customers: Customers, baskets: Baskets, person: Ints, moments: Moments) -> Floats:
    """Second thoughts about money: the price against the purse, worse before payday."""
    paid = np.maximum(baskets.goods_paise - baskets.discount_paise, 10_000) / 100
    strain = np.log(paid) - customers.budget[person] - 0.1 * moments.payday
    doubts: Floats = -0.55 * np.log1p(np.exp(1.5 * (strain + 0.4)))
    return doubts
