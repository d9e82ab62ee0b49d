"""Rates of places, products, coupons and routes, as shares; and what is known where none is."""

from __future__ import annotations

import math

from features.telling.sight import Sight, Telling, counted

# Of each code, the first key whose rate is known: its words and its rate.
RATES = {
    "rto_prone_pincode": (("orders to this pincode", "merchant_pincode_rto_rate_365d"),),
    "rto_prone_city": (
        ("orders to this district", "district_rto_rate_365d"),
        ("orders to this city", "city_rto_rate_365d"),
    ),
    "rto_prone_area": (("orders to this state", "state_rto_rate_365d"),),
    "rto_prone_product": (
        ("orders of this article", "merchant_sku_rto_rate_365d"),
        ("orders of this category", "category_rto_rate_365d"),
    ),
    "rto_prone_coupon": (("orders with these coupons", "coupon_rto_rate_365d"),),
    "rto_prone_channel": (("orders of this campaign", "campaign_rto_rate_365d"),),
    "rto_prone_courier": (
        ("orders by this courier to this pincode", "courier_pincode_rto_rate_365d"),
        ("orders from this warehouse to this district", "origin_district_rto_rate_365d"),
    ),
    "rto_prone_merchant": (("orders of this store", "merchant_rto_rate_365d"),),
}
SHARES = {
    "cod_prone_phone": ("this phone's orders", "phone_cod_share_ever"),
    "cod_prone_pincode": ("orders to this pincode", "merchant_pincode_cod_share_ever"),
    "cod_prone_city": ("orders to this district", "district_cod_share_90d"),
}
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
# Where no order stands behind a rate, it is that of the level above.
_BEHIND = {
    "merchant_pincode_rto_rate_365d": "merchant_pincode_orders_ever",
    "merchant_sku_rto_rate_365d": "merchant_sku_orders_ever",
}


def rate_of(code: str, seen: Sight) -> Telling:
    """The share of earlier orders that came back; more than the store's usual bears it out."""
    for whose, name in RATES[code]:
        rate = seen.value(name)
        empty = name in _BEHIND and seen.value(_BEHIND[name]) == 0
        if not math.isnan(rate) and not empty:
            usual = seen.value("merchant_rto_rate_365d")
            return Telling(f"About {rate:.0%} of {whose} come back", rate > usual)
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


def share_of(code: str, seen: Sight) -> Telling:
    """The share paid at the door; more than half bears it out."""
    whose, name = SHARES[code]
    share = seen.value(name)
    if math.isnan(share):
        return Telling(f"How {whose} pay is not known yet", holds=False)
    return Telling(f"{share:.0%} of {whose} pay at the door", share > 0.5)
