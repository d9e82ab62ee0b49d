"""Rates of places, products, coupons and routes, as shares; and what is known where none is."""

from __future__ import annotations

import math
from typing import NamedTuple

from features.telling.sight import Sight, Telling, counted


class Rate(NamedTuple):
    """A key's rate in words, and the rate of the level above, which it is without outcomes."""

    whose: str
    name: str
    above: str | None = None


class Share(NamedTuple):
    """A share in words, the orders behind it, and how many of them make it a habit."""

    whose: str
    name: str
    orders: str
    habit: int


# Of each code, the first key that has a rate of its own.
RATES = {
    "rto_prone_pincode": (
        Rate("orders to this pincode", "merchant_pincode_rto_rate_365d", "district_rto_rate_365d"),
    ),
    "rto_prone_city": (
        Rate("orders to this district", "district_rto_rate_365d", "state_rto_rate_365d"),
        Rate("orders to this city", "city_rto_rate_365d", "state_rto_rate_365d"),
    ),
    "rto_prone_area": (
        Rate("orders to this state", "state_rto_rate_365d", "merchant_rto_rate_365d"),
    ),
    "rto_prone_product": (
        Rate("orders of this article", "merchant_sku_rto_rate_365d", "category_rto_rate_365d"),
        Rate("orders of this category", "category_rto_rate_365d", "merchant_rto_rate_365d"),
    ),
    "rto_prone_coupon": (
        Rate("orders with these coupons", "coupon_rto_rate_365d", "merchant_rto_rate_365d"),
    ),
    "rto_prone_channel": (
        Rate("orders of this campaign", "campaign_rto_rate_365d", "merchant_rto_rate_365d"),
    ),
    "rto_prone_courier": (
        Rate(
            "orders by this courier to this pincode",
            "courier_pincode_rto_rate_365d",
            "district_rto_rate_365d",
        ),
        Rate(
            "orders from this warehouse to this district",
            "origin_district_rto_rate_365d",
            "district_rto_rate_365d",
        ),
    ),
    "rto_prone_merchant": (Rate("orders of this store", "merchant_rto_rate_365d"),),
}
SHARES = {
    "cod_prone_phone": Share("of this phone", "phone_cod_share_ever", "phone_orders_ever", 2),
    "cod_prone_email": Share(
        "of this email address", "email_cod_share_ever", "email_orders_ever", 2
    ),
    "cod_prone_device": Share("of this device", "device_cod_share_ever", "device_orders_ever", 2),
    "cod_prone_pincode": Share(
        "to this pincode", "merchant_pincode_cod_share_ever", "merchant_pincode_orders_ever", 5
    ),
    "cod_prone_city": Share(
        "to this district of 90 days", "district_cod_share_90d", "district_orders_90d", 5
    ),
}
RETURNS = {
    "return_prone_pincode": ("this pincode", "merchant_pincode_returned_share_ever"),
    "returns_prone_city": ("this district", "district_returned_share_365d"),
    "returns_prone_state": ("this state", "state_returned_share_365d"),
}
OFTEN_SENT_BACK = 0.1
_NO_RATE = {
    "rto_prone_pincode": "No outcome at this pincode is known yet",
    "rto_prone_city": "No outcome in this city or district is known yet",
    "rto_prone_area": "No outcome in this state is known yet",
    "rto_prone_product": "No outcome of this article or category is known yet",
    "rto_prone_coupon": "No outcome with these coupons is known yet",
    "rto_prone_channel": "No outcome of this campaign is known yet",
    "rto_prone_courier": "No outcome of this courier or route is known yet",
    "rto_prone_merchant": "No outcome of this store is known yet",
}


def rate_of(code: str, seen: Sight) -> Telling:
    """The share of earlier orders that came back; more than the store's usual bears it out.

    A rate that equals the one of the level above has no outcome of its own behind it.
    """
    for rate in RATES[code]:
        value = seen.value(rate.name)
        own = rate.above is None or value != seen.value(rate.above)
        if not math.isnan(value) and own:
            usual = seen.value("merchant_rto_rate_365d")
            return Telling(f"About {value:.0%} of {rate.whose} come back", value > usual)
    return Telling(_missing(code, seen), holds=False)


def _missing(code: str, seen: Sight) -> str:
    """What the order itself leaves out, where that is why there is no rate."""
    if code == "rto_prone_pincode":
        if math.isnan(seen.value("pincode_complete")):
            return "Pincode not given"
        if seen.value("merchant_pincode_orders_ever") == 0:
            return "No earlier order to this pincode"
    if code == "rto_prone_channel":
        if seen.is_clear("channel_named"):
            return "Channel not given"
        if seen.is_clear("campaign_named"):
            return "Campaign not given"
    if code == "rto_prone_coupon":
        coupons = seen.value("coupon_count")
        if math.isnan(coupons):
            return "Coupons not given"
        return "No coupon used" if coupons == 0 else f"{counted(coupons, 'coupon')} used"
    return _NO_RATE[code]


def returns_of(code: str, seen: Sight) -> Telling:
    """The share sent back after delivery; more than a tenth bears it out."""
    where, name = RETURNS[code]
    share = seen.value(name)
    if math.isnan(share):
        return Telling(f"No delivery to {where} is known yet", holds=False)
    text = f"{share:.0%} of what was delivered to {where} was sent back"
    return Telling(text, share > OFTEN_SENT_BACK)


def share_of(code: str, seen: Sight) -> Telling:
    """The share paid at the door of how many orders; more than half of enough bears it out."""
    share = SHARES[code]
    value, orders = seen.value(share.name), seen.value(share.orders)
    if math.isnan(value + orders):
        return Telling(f"No earlier order {share.whose} is known", holds=False)
    text = f"{value:.0%} of {counted(orders, 'order')} {share.whose} paid at the door"
    return Telling(text, value > 0.5 and orders >= share.habit)
