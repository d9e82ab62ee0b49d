"""Baskets: what an order holds, what coupon it used, what brought it, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.chance import Dice, Flags, Ints, draw, draw_within, one_of
from training.world.customers import ORDINARY, PRANKSTER, Customers
from training.world.merchants import Merchants
from training.world.moments import Moments

MOST_LINES = 4


@dataclass(frozen=True, slots=True)
class Baskets:
    """One row per order; ``line_*`` are of shape (n, 4), product −1 where there is no line."""

    line_product: Ints
    line_quantity: Ints
    lines: Ints
    main: Ints
    goods_paise: Ints
    discount_paise: Ints
    shipping_fee_paise: Ints
    grams: Ints
    coupon: Ints
    free_shipping_code: Flags
    channel: Ints
    source: Ints
    campaign: Ints
    night: Flags

    def units(self) -> Ints:
        """Units in the order."""
        units: Ints = self.line_quantity.sum(axis=1)
        return units


def invent_baskets(
    customers: Customers, merchants: Merchants, moments: Moments, dice: Dice
) -> Baskets:
    """Fill the baskets."""
    rng = dice.stream("baskets")
    product, quantity = _lines(rng, merchants, moments)
    price = np.where(product >= 0, merchants.shelf.price_paise[product], 0) * quantity
    goods = price.sum(axis=1)
    coupon, discount = _coupons(rng, customers, merchants, moments, goods)
    free_code = (coupon > 0) & (rng.random(len(goods)) < 0.08)
    free = (coupon == 3) | free_code | (goods >= merchants.free_shipping_paise[moments.shop])
    source, campaign = _source(rng, customers, merchants, moments)
    return Baskets(
        line_product=product,
        line_quantity=quantity,
        lines=(product >= 0).sum(axis=1),
        main=np.take_along_axis(product, price.argmax(axis=1)[:, None], axis=1)[:, 0],
        goods_paise=goods,
        discount_paise=discount,
        shipping_fee_paise=np.where(free, 0, merchants.shipping_fee_paise[moments.shop]),
        grams=(np.where(product >= 0, merchants.shelf.grams[product], 0) * quantity).sum(axis=1),
        coupon=coupon,
        free_shipping_code=free_code & (coupon != 3),
        channel=one_of(rng, merchants.channel_mix[moments.shop]),
        source=source,
        campaign=campaign,
        night=(moments.hour >= 23) | (moments.hour < 5),
    )


def _lines(rng: np.random.Generator, merchants: Merchants, moments: Moments) -> tuple[Ints, Ints]:
    n = len(moments)
    lines = 1 + draw(rng, [0.76, 0.16, 0.055, 0.025], n)
    shop = np.repeat(moments.shop, MOST_LINES)
    shelf = merchants.shelf
    product = draw_within(rng.random(n * MOST_LINES), shelf.cumulative, shelf.offsets, shop)
    product = np.where(np.arange(MOST_LINES) < lines[:, None], product.reshape(n, -1), -1)
    for line in range(1, MOST_LINES):
        doubled = (product[:, :line] == product[:, [line]]).any(axis=1)
        product[doubled, line] = -1
    quantity = 1 + draw(rng, [0.9, 0.075, 0.025], n * MOST_LINES).reshape(n, -1)
    return product, np.where(product >= 0, quantity, 0)


def _coupons(
    rng: np.random.Generator,
    customers: Customers,
    merchants: Merchants,
    moments: Moments,
    goods: Ints,
) -> tuple[Ints, Ints]:
    """The coupon used and the paise it takes off; pranks and rings like the leaked ones."""
    bargain = customers.bargain[moments.person] * 0.7
    bad = customers.kind[moments.person] != ORDINARY
    weights = merchants.promotions.weights(
        moments.shop, moments.day, moments.sale, moments.nth_here == 0, bargain + 0.9 * bad
    )
    coupon = one_of(rng, weights)
    percent = merchants.promotions.percent[moments.shop, coupon]
    return coupon, np.round(goods * percent / 100 / 100).astype(np.int64) * 100


def _source(
    rng: np.random.Generator, customers: Customers, merchants: Merchants, moments: Moments
) -> tuple[Ints, Ints]:
    """What brought the order: nothing, or a paid source and one of its campaigns."""
    n = len(moments)
    ads = merchants.ads[moments.shop] * np.where(moments.nth_here == 0, 1.0, 0.45)
    drawn_in = np.exp(0.4 * customers.impulse[moments.person])
    weights = np.column_stack(
        [1 - ads * 0.8, ads * drawn_in, 0.5 * ads, 0.25 * ads * drawn_in, 0.15 * ads]
    )
    source = one_of(rng, weights)
    choices = np.array([len(c) for c in merchants.promotions.campaign[0]])
    campaign = np.minimum((rng.random(n) * choices[source]).astype(np.int64), choices[source] - 1)
    prank = customers.kind[moments.person] == PRANKSTER
    return np.where(prank & (source == 0), 1, source).astype(np.int64), campaign
