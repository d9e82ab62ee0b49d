"""The plain words of an order that a linear model may weigh one by one; never a person's."""

from __future__ import annotations

from features.keys import folded
from features.order import Order
from features.place import Place

# The kind of a token, and the reason under which its weight is explained.
TOKEN_REASONS = {
    "merchant": "rto_prone_merchant",
    "payment_mode": "cod_order",
    "pincode": "rto_prone_pincode",
    "district": "rto_prone_city",
    "state": "rto_prone_area",
    "city": "rto_prone_city",
    "sku": "rto_prone_product",
    "category": "rto_prone_product",
    "coupon": "rto_prone_coupon",
    "courier": "rto_prone_courier",
    "origin": "rto_prone_courier",
    "channel": "rto_prone_channel",
    "campaign": "rto_prone_channel",
    "x": "order_details",
}

_SINGLE = (
    "merchant", "payment_mode", "pincode", "district", "state", "city", "sku", "category",
    "courier", "origin", "channel", "campaign",
)  # fmt: skip
_BEGINNINGS = tuple(f"{kind}=" for kind in _SINGLE)

MOST_COUPONS = 64
LONGEST = 80


def tokens_of(order: Order, place: Place) -> tuple[str, ...]:
    """The tokens of an order as ``kind=value``; an unknown value has none.

    Parameters
    ----------
    order : Order
    place : Place
        Of the order's pincode; district and state come from it where it is known.
    """
    values = (
        order.merchant_id,
        order.payment_mode,
        place.pincode,
        place.district,
        place.state or folded(order.state),
        folded(order.city),
        order.sku,
        folded(order.category),
        folded(order.courier),
        order.origin_pincode,
        folded(order.channel),
        order.utm_campaign,
    )
    tokens = [
        beginning + value[:LONGEST]
        for beginning, value in zip(_BEGINNINGS, values, strict=True)
        if value
    ]
    if order.coupons:
        tokens += [f"coupon={code[:LONGEST]}" for code in order.coupons[:MOST_COUPONS]]
    if order.extra:
        tokens += [
            f"x:{name}={value[:LONGEST]}"
            for name, value in order.extra.items()
            if isinstance(value, str)
        ]
    return tuple(tokens)
