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
        ("merchant", order.merchant_id),
        ("payment_mode", order.payment_mode),
        ("pincode", place.pincode),
        ("district", place.district),
        ("state", place.state or folded(order.state)),
        ("city", folded(order.city)),
        ("sku", order.sku),
        ("category", folded(order.category)),
        ("courier", folded(order.courier)),
        ("origin", order.origin_pincode),
        ("channel", folded(order.channel)),
        ("campaign", order.utm_campaign),
    )
    plain = [f"{kind}={value[:LONGEST]}" for kind, value in values if value]
    plain += [f"coupon={code[:LONGEST]}" for code in (order.coupons or ())[:MOST_COUPONS]]
    words = (
        f"x:{name}={value[:LONGEST]}"
        for name, value in order.extra.items()
        if isinstance(value, str)
    )
    return (*plain, *words)
