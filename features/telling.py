"""What a person reads for a reason: the fact behind it, never more than the order shows.

A model gives a group of features an impact; that alone does not make the group's sentence true
(an address may count a little against an order without being short). So the sentence of a code is
used where the order bears it out, and else its topic; and history is told in counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.address_findings import (
    COMPLETE_ENOUGH,
    FITTING_LOCALITY,
    GIBBERISH_NATS,
    SHORT_CHARACTERS,
    SHORT_WORDS,
)
from features.catalogue import CATALOGUE
from features.reasons import REASONS


class Telling(NamedTuple):
    """A sentence, and whether it says what the code's own sentence says."""

    text: str
    holds: bool


class _Claim(NamedTuple):
    """The topic of a code, and the bounds any of which bears its sentence out."""

    topic: str
    below: Mapping[str, float]
    above: Mapping[str, float]


class _Past(NamedTuple):
    """Whose earlier orders are told: in words, and the features that count them."""

    whose: str
    orders: str
    rto: str


_AT = {feature.name: i for i, feature in enumerate(CATALOGUE)}
_NEVER: Mapping[str, float] = {}

_CLAIMS = {
    "short_shipping_address": _Claim("Length of the address", {"address_length": SHORT_CHARACTERS, "address_words": SHORT_WORDS}, _NEVER),
    "incomplete_shipping_address": _Claim("Completeness of the address", {"address_completeness": COMPLETE_ENOUGH}, _NEVER),
    "address_is_less_detailed": _Claim("Street and landmark in the address", _NEVER, _NEVER),
    "gibberish_detected_in_address": _Claim("Wording of the address", _NEVER, {"address_gibberish": GIBBERISH_NATS}),
    "dummy_address_detected": _Claim("Kind of address", _NEVER, {"address_dummy": 0.5}),
    "address_contains_invalid_characters": _Claim("Characters of the address", _NEVER, {"address_invalid_characters": 0}),
    "address_building_name_absent": _Claim("House and building in the address", {"address_has_house_number": 0.5}, _NEVER),
    "address_locality_name_absent": _Claim("Locality named in the address", {"address_locality": FITTING_LOCALITY}, _NEVER),
    "address_incorrect_pincode": _Claim("Pincode and address together", _NEVER, {"address_other_pincode": 0, "pincode_slip": 0}),
    "address_pincode_city_mismatch": _Claim("City and pincode together", {"pincode_city_fit": 0.01}, _NEVER),
    "address_pincode_state_mismatch": _Claim("State and pincode together", {"pincode_state_fit": 0.01}, _NEVER),
    "incomplete_pincode": _Claim("Pincode as typed", {"pincode_complete": 0.5}, _NEVER),
    "invalid_pincode": _Claim("Pincode in India Post's directory", {"pincode_known": 0.5}, _NEVER),
    "far_from_origin": _Claim("Distance from the warehouse", _NEVER, {"origin_km": 1000}),
    "remote_area": _Claim("How remote the place is", _NEVER, {"pincode_head_km": 40}),
    "non_delivery_post_office": _Claim("Delivery by India Post", {"pincode_delivers": 0.5}, _NEVER),
    "invalid_phone": _Claim("Form of the phone number", _NEVER, {"phone_invalid": 0.5, "phone_dummy": 0.5, "receiver_phone_invalid": 0.5}),
    "dummy_name_detected": _Claim("Form of the name", _NEVER, {"name_dummy": 0.5, "name_gibberish": 0.5}),
    "invalid_email_address": _Claim("Form of the email address", _NEVER, {"email_invalid": 0.5}),
    "invalid_email_domain": _Claim("Domain of the email address", _NEVER, {"email_domain_invalid": 0.5}),
    "short_email": _Claim("Length of the email name", {"email_length": 5}, _NEVER),
    "potential_fraud_email": _Claim("Kind of email address", _NEVER, {"email_disposable": 0.5, "email_dummy": 0.5}),
    "gibberish_detected_in_email": _Claim("Wording of the email name", _NEVER, {"email_gibberish": GIBBERISH_NATS}),
    "contact_signals": _Claim("Kind of contact details", _NEVER, _NEVER),
    "different_receiver": _Claim("Buyer and receiver", _NEVER, {"receiver_phone_differs": 0.5}),
    "many_identities": _Claim("Phones, devices and addresses used together", _NEVER, {"phone_devices": 3, "phone_addresses": 3, "device_phones": 2, "address_phones": 3}),
    "device_signals": _Claim("Kind of device and network", _NEVER, {"device_script": 0.5}),
    "high_order_amount": _Claim("Amount of the order", _NEVER, {"merchant_amount_ratio_90d": 2, "phone_amount_ratio": 2, "category_amount_ratio_90d": 2}),
    "order_discount": _Claim("Discount and fees", _NEVER, _NEVER),
    "order_items": _Claim("Number and kind of items", _NEVER, _NEVER),
    "high_purchase_amount_in_an_hour": _Claim("Orders within the last hour", _NEVER, {"phone_orders_1h": 1, "device_orders_1h": 1}),
    "high_purchase_amount_in_a_day": _Claim("Orders within the last day", _NEVER, {"phone_orders_1d": 1, "device_orders_1d": 1, "address_orders_1d": 1}),
    "order_placed_during_high_rto_period": _Claim("Season of the order", _NEVER, _NEVER),
    "order_time": _Claim("Time of day, week and month", _NEVER, _NEVER),
    "delivery_promise": _Claim("Promised delivery", _NEVER, {"promised_days": 7}),
    "order_details": _Claim("Further details of the order", _NEVER, _NEVER),
}  # fmt: skip

_PASTS = {
    "rto_prone_phone": _Past("this phone", "phone_orders_ever", "phone_rto_ever"),
    "rto_prone_email": _Past("this email address", "email_orders_ever", "email_rto_365d"),
    "rto_prone_device": _Past("this device", "device_orders_ever", "device_rto_365d"),
    "rto_prone_ip": _Past("this network address", "ip_orders_ever", "ip_rto_ever"),
    "rto_prone_customer": _Past("this customer", "customer_orders_ever", "customer_rto_ever"),
    "rto_prone_address": _Past("this address", "address_orders_ever", "address_rto_365d"),
    "linked_identity_rto": _Past(
        "linked phones, devices and addresses", "linked_orders", "linked_rto"
    ),
}

# Of each code, the first key whose rate is known: its words and its rate.
_RATES = {
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
_TOPICS = {
    "rto_prone_pincode": "Pincode",
    "rto_prone_city": "City and district",
    "rto_prone_area": "State and region",
    "rto_prone_product": "Product and category",
    "rto_prone_coupon": "Coupons used or not",
    "rto_prone_channel": "Channel and campaign",
    "rto_prone_courier": "Courier and route",
    "rto_prone_merchant": "The store as a whole",
}

_SHARES = {
    "cod_prone_phone": ("this phone's orders", "phone_cod_share_ever"),
    "cod_prone_pincode": ("orders to this pincode", "merchant_pincode_cod_share_ever"),
    "cod_prone_city": ("orders to this district", "district_cod_share_90d"),
}


def tell(code: str, values: NDArray[np.float64]) -> Telling:
    """The sentence for one reason of an order.

    Parameters
    ----------
    code : str
        A key of ``REASONS``.
    values : ndarray of float64, shape (n_catalogue,)
        The order's features.
    """
    if code in _PASTS:
        return _past(_PASTS[code], values)
    if code in _RATES:
        return _rate(code, values)
    if code in _SHARES:
        whose, name = _SHARES[code]
        share = _value(name, values)
        known = not math.isnan(share)
        text = f"{share:.0%} of {whose} pay at the door" if known else f"How {whose} pay"
        return Telling(text, known and share > 0.5)
    if code == "cod_order":
        return _payment(values)
    if code == "new_customer_on_your_store":
        return _customer(values)
    return _claim(code, values)


def _value(name: str, values: NDArray[np.float64]) -> float:
    return float(values[_AT[name]])


def _past(past: _Past, values: NDArray[np.float64]) -> Telling:
    orders, rto = _value(past.orders, values), _value(past.rto, values)
    if math.isnan(orders + rto):
        return Telling(f"Nothing given to know {past.whose} by", holds=False)
    if orders == 0:
        return Telling(f"No earlier order of {past.whose} is known", holds=False)
    came = "none came back" if rto == 0 else f"{rto:.0f} came back"
    noun = "order" if orders == 1 else "orders"
    return Telling(f"{orders:.0f} earlier {noun} of {past.whose}, {came}", rto > 0)


# Where no order stands behind a rate, it is that of the level above.
_BEHIND = {
    "merchant_pincode_rto_rate_365d": "merchant_pincode_orders_ever",
    "merchant_sku_rto_rate_365d": "merchant_sku_orders_ever",
}


def _rate(code: str, values: NDArray[np.float64]) -> Telling:
    for whose, name in _RATES[code]:
        rate = _value(name, values)
        empty = name in _BEHIND and _value(_BEHIND[name], values) == 0
        if not math.isnan(rate) and not empty:
            usual = _value("merchant_rto_rate_365d", values)
            return Telling(f"About {rate:.0%} of {whose} come back", rate > usual)
    if code == "rto_prone_pincode" and _value(_BEHIND[name], values) == 0:
        return Telling("No earlier order to this pincode", holds=False)
    return Telling(_TOPICS[code], holds=False)


def _payment(values: NDArray[np.float64]) -> Telling:
    if _value("payment_prepaid", values) == 1:
        return Telling("Paid in advance", holds=False)
    if _value("payment_cod", values) == 1:
        return Telling(REASONS["cod_order"].text, holds=True)
    return Telling("How the order is paid", holds=False)


def _customer(values: NDArray[np.float64]) -> Telling:
    names = ("phone_orders_ever", "customer_orders_ever", "email_orders_ever")
    orders = [n for n in (_value(name, values) for name in names) if not math.isnan(n)]
    if not orders:
        return Telling("Whether the customer is new is not known", holds=False)
    most = max(orders)
    if most == 0:
        return Telling(REASONS["new_customer_on_your_store"].text, holds=True)
    noun = "order" if most == 1 else "orders"
    return Telling(f"{most:.0f} earlier {noun} of this customer in your store", holds=False)


def _claim(code: str, values: NDArray[np.float64]) -> Telling:
    claim = _CLAIMS[code]
    holds = any(_value(name, values) < bound for name, bound in claim.below.items()) or any(
        _value(name, values) > bound for name, bound in claim.above.items()
    )
    return Telling(REASONS[code].text if holds else claim.topic, holds)
