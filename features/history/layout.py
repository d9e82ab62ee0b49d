"""Which history features there are, in model order, and how each is read."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.feature import Feature
from features.history.bands import COUNT, EXACT, FEWEST_MERCHANTS, SHARE
from features.history.values import NEAR_VALUES, WHERE_VALUES, WHO_VALUES
from features.history.who import DISTINCT, NOTHING, SAME
from features.keys import WHERE_KINDS, WHO_SLOTS

PERSON_STRENGTH = 2.0
PLACE_STRENGTH = 25.0


class Kind(NamedTuple):
    """One key of an order: the level its rates shrink to, and the values that are features."""

    name: str
    above: str | None
    strength: float
    reason: str
    says: str
    values: tuple[str, ...]


_USUAL = ("orders_90d", "rto_rate_90d", "rto_rate_365d")

WHERE = (
    Kind("merchant", None, PLACE_STRENGTH, "rto_prone_merchant", "this merchant",
          ("orders_7d", "orders_90d", "rto_rate_30d", "rto_rate_365d", "pending_share_30d",
           "cod_share_90d", "cancelled_share_90d", "amount_ratio_90d")),
    Kind("state", "merchant", PLACE_STRENGTH, "rto_prone_area", "this merchant's orders to the state",
          ("orders_90d", "rto_rate_30d", "rto_rate_365d", "cod_share_90d", "returned_share_365d")),
    Kind("district", "state", PLACE_STRENGTH, "rto_prone_city", "this merchant's orders to the district",
          ("orders_90d", "rto_rate_30d", "rto_rate_365d", "cod_share_90d", "returned_share_365d")),
    Kind("city", "state", PLACE_STRENGTH, "rto_prone_city", "this merchant's orders to the city as written",
          _USUAL),
    Kind("payment_mode", "merchant", PLACE_STRENGTH, "cod_order", "this merchant's orders of the payment mode",
          ("rto_rate_30d", "rto_rate_365d")),
    Kind("category", "merchant", PLACE_STRENGTH, "rto_prone_product", "this merchant's orders of the category",
          (*_USUAL, "amount_ratio_90d")),
    Kind("coupon", "merchant", PLACE_STRENGTH, "rto_prone_coupon", "this merchant's orders with the same coupons",
          _USUAL),
    Kind("campaign", "merchant", PLACE_STRENGTH, "rto_prone_channel", "this merchant's orders of the campaign",
          _USUAL),
    Kind("courier_pincode", "district", PLACE_STRENGTH, "rto_prone_courier",
          "this merchant's orders by the courier to the pincode", _USUAL),
    Kind("origin_district", "district", PLACE_STRENGTH, "rto_prone_courier",
          "this merchant's orders from the warehouse to the district", _USUAL),
    Kind("network", None, PLACE_STRENGTH, "known_in_network", "the network", ("rto_rate_90d",)),
    Kind("net_state", "network", PLACE_STRENGTH, "known_in_network", "the network's orders to the state",
          ("rto_rate_90d", "rto_rate_365d")),
    Kind("net_district", "net_state", PLACE_STRENGTH, "known_in_network",
          "the network's orders to the district", ("rto_rate_90d", "rto_rate_365d")),
    Kind("net_pincode", "net_district", PLACE_STRENGTH, "known_in_network",
          "the network's orders to the pincode", (*_USUAL, "cod_share_90d")),
)  # fmt: skip

_PERSON = (
    "orders_1d", "orders_30d", "orders_365d", "orders_ever", "pending", "delivered_365d", "rto_90d",
    "rto_365d", "rto_ever", "cancelled_ever", "returned_ever", "treated_ever", "rto_rate_ever",
    "cod_share_ever", "last_was_rto", "rto_share_of_last_3", "days_since_order", "days_since_rto",
    "amount_ratio",
)  # fmt: skip
_VELOCITY = ("orders_1h", "amount_1h", "amount_1d")
_SHARED = ("orders_30d", "orders_ever", "rto_ever", "rto_rate_ever", "merchants")
_LIGHT = ("orders_1d", "orders_ever", "pending", "rto_ever", "rto_rate_ever", "phones")

WHO = (
    Kind("phone", "merchant", PERSON_STRENGTH, "rto_prone_phone", "the buyer's phone",
          (*_VELOCITY, *_PERSON, "devices", "addresses", "capped", "knows_device", "knows_address",
           "bought_before")),
    Kind("receiver", "merchant", PERSON_STRENGTH, "rto_prone_phone", "the receiver's other phone",
          ("orders_ever", "rto_ever", "rto_rate_ever")),
    Kind("email", "merchant", PERSON_STRENGTH, "rto_prone_email", "the email address",
          ("orders_ever", "pending", "delivered_365d", "rto_365d", "rto_rate_ever", "last_was_rto",
           "phones", "knows_phone", "cod_share_ever")),
    Kind("device", "merchant", PERSON_STRENGTH, "rto_prone_device", "the device",
          ("orders_1h", "orders_1d", "orders_ever", "pending", "delivered_365d", "rto_365d",
           "rto_rate_ever", "last_was_rto", "phones", "addresses", "knows_phone", "cod_share_ever")),
    Kind("ip", "merchant", PERSON_STRENGTH, "rto_prone_ip", "the network address", _LIGHT),
    Kind("ip_net", "merchant", PERSON_STRENGTH, "rto_prone_ip", "the network",
          ("orders_1d", "orders_ever", "rto_rate_ever")),
    Kind("customer", "merchant", PERSON_STRENGTH, "rto_prone_customer", "the customer id",
          (*_PERSON, "knows_phone", "knows_address", "bought_before")),
    Kind("address", "merchant", PERSON_STRENGTH, "rto_prone_address", "the written address",
          ("orders_1d", "orders_ever", "pending", "delivered_365d", "rto_365d", "rto_rate_ever",
           "last_was_rto", "phones", "devices", "knows_phone")),
    Kind("merchant_pincode", "district", PLACE_STRENGTH, "rto_prone_pincode",
          "this merchant's orders to the pincode",
          ("orders_30d", "orders_ever", "pending", "rto_rate_90d", "rto_rate_365d", "cod_share_ever",
           "returned_share_ever")),
    Kind("merchant_sku", "category", PLACE_STRENGTH, "rto_prone_product",
          "this merchant's orders of the article",
          ("orders_30d", "orders_ever", "rto_rate_90d", "rto_rate_365d", "amount_ratio")),
    Kind("alt_phone", "merchant", PERSON_STRENGTH, "rto_prone_phone", "the alternative phone",
          ("orders_ever", "rto_ever", "rto_rate_ever")),
    Kind("net_phone", "network", PERSON_STRENGTH, "known_in_network", "the phone in the network",
          (*_SHARED, "merchants_1d")),
    Kind("net_email", "network", PERSON_STRENGTH, "known_in_network",
          "the email address in the network", _SHARED),
    Kind("net_device", "network", PERSON_STRENGTH, "known_in_network", "the device in the network",
          _SHARED),
    Kind("net_address", "network", PERSON_STRENGTH, "known_in_network",
          "the written address in the network", _SHARED),
)  # fmt: skip

_REASON_OF_VALUE = {
    "amount_1h": "high_purchase_amount_in_an_hour",
    "orders_1h": "high_purchase_amount_in_an_hour",
    "amount_1d": "high_purchase_amount_in_a_day",
    "orders_1d": "high_purchase_amount_in_a_day",
    "amount_ratio": "high_order_amount",
    "amount_ratio_90d": "high_order_amount",
    "phones": "many_identities",
    "devices": "many_identities",
    "addresses": "many_identities",
    "orders_ever": "new_customer_on_your_store",
    "days_since_order": "new_customer_on_your_store",
}
_COD_REASON = {"phone": "cod_prone_phone", "merchant_pincode": "cod_prone_pincode",
               "district": "cod_prone_city", "state": "cod_prone_city",
               "customer": "cod_prone_phone", "email": "cod_prone_email",
               "device": "cod_prone_device"}  # fmt: skip
_RETURN_REASON = {"merchant_pincode": "return_prone_pincode", "district": "returns_prone_city",
                  "state": "returns_prone_state"}  # fmt: skip

_SAYS = {
    "orders_1h": ("count", "orders of {} in the hour before"),
    "orders_1d": ("count", "orders of {} in the 24 hours before"),
    "orders_7d": ("count", "orders of {} placed today and the 6 days before"),
    "orders_30d": ("count", "orders of {} placed today and the 29 days before"),
    "orders_90d": ("count", "orders of {} placed today and the 89 days before"),
    "orders_365d": ("count", "orders of {} placed today and the 364 days before"),
    "orders_ever": ("count", "all earlier orders of {}"),
    "amount_1h": ("rupees", "what {} ordered in the hour before; orders of unknown amount add 0"),
    "amount_1d": ("rupees", "what {} ordered in the 24 hours before; unknown amounts add 0"),
    "pending": ("count", "orders of {} whose outcome is not known yet"),
    "delivered_365d": ("count", "delivered orders of {}, placed in 365 days"),
    "rto_90d": ("count", "orders of {} placed in 90 days that came back by the customer's doing"),
    "rto_365d": ("count", "orders of {} placed in 365 days that came back by the customer's doing"),
    "rto_ever": ("count", "all orders of {} that came back by the customer's doing"),
    "cancelled_ever": ("count", "cancelled orders of {}"),
    "returned_ever": ("count", "orders of {} sent back after delivery"),
    "treated_ever": ("count", "orders of {} that someone intervened with before dispatch"),
    "rto_rate_30d": ("share", "RTO share of {}, untreated, placed in 30 days, shrunk to {above}"),
    "rto_rate_90d": ("share", "RTO share of {}, untreated, placed in 90 days, shrunk to {above}"),
    "rto_rate_365d": ("share", "RTO share of {}, untreated, placed in 365 days, shrunk to {above}"),
    "rto_rate_ever": ("share", "RTO share of {}, untreated, ever, shrunk to {above}"),
    "pending_share_30d": ("share", "share of the orders of {} of 30 days still on the road; NaN without orders"),
    "cod_share_90d": ("share", "share of the orders of {} of 90 days paid at the door; NaN without orders"),
    "cod_share_ever": ("share", "share of all orders of {} paid at the door; NaN without orders"),
    "cancelled_share_90d": ("share", "share of the orders of {} of 90 days cancelled; NaN without orders"),
    "returned_share_365d": ("share", "share of the delivered orders of {} of 365 days sent back afterwards; NaN without any"),
    "returned_share_ever": ("share", "share of all delivered orders of {} sent back afterwards; NaN without any"),
    "amount_ratio_90d": ("ratio", "this amount against the mean of {} in 90 days; NaN where unknown"),
    "amount_ratio": ("ratio", "this amount against the mean of all orders of {}; NaN where unknown"),
    "last_was_rto": ("flag", "whether the latest known outcome of {} was a return; NaN when none is known"),
    "rto_share_of_last_3": ("share", "returns among the latest three known outcomes of {}; NaN when none"),
    "days_since_order": ("days", "days since the latest order of {}; NaN for a first order"),
    "days_since_rto": ("days", "days since the latest order of {} that came back was placed; NaN when none"),
    "phones": ("count", "different phones among the latest 64 orders of {}"),
    "devices": ("count", "different devices among the latest 64 orders of {}"),
    "addresses": ("count", "different written addresses among the latest 64 orders of {}"),
    "capped": ("flag", "whether {} has more than 64 orders, so that short windows saturate"),
    "knows_phone": ("flag", "whether one of the latest 64 orders of {} has this order's phone; NaN for a first order"),
    "knows_device": ("flag", "whether one of the latest 64 orders of {} has this order's device; NaN for a first order"),
    "knows_address": ("flag", "whether one of the latest 64 orders of {} went to this written address; NaN for a first order"),
    "bought_before": ("flag", "whether one of the latest 64 orders of {} was of this article; NaN for a first order"),
    "merchants": ("count", "different merchants among the latest 64 orders of {}"),
    "merchants_1d": ("count", "different merchants among the orders of {} in the 24 hours before"),
}  # fmt: skip

_NEAR_SAYS = {
    "linked": "phones, devices and addresses linked by an earlier order, at most the eight latest",
    "linked_orders": "all orders of the linked phones, devices and addresses",
    "linked_delivered": "delivered orders of the linked phones, devices and addresses",
    "linked_rto": "orders of the linked phones, devices and addresses that came back",
}


def _feature(place: Kind, value: str, when: str) -> Feature:
    unit, says = _SAYS[value]
    reason = _REASON_OF_VALUE.get(value, place.reason)
    if value == "orders_ever" and place.name not in ("phone", "email", "customer"):
        reason = place.reason
    if value.startswith("cod_share"):
        reason = _COD_REASON.get(place.name, "cod_order")
    if value.startswith("returned_share"):
        reason = _RETURN_REASON.get(place.name, place.reason)
    above = f"the {place.above.replace('_', ' ')}'s" if place.above else "its rate over all time"
    sentence = says.format(place.says, above=above)
    edges = "NaN without the key"
    if _of_network(place):
        reason = place.reason
        edges = f"{_BAND_SAYS[_band(unit)]}; NaN below {FEWEST_MERCHANTS} merchants or unshared"
    return Feature(
        name=f"{place.name}_{value}",
        unit=unit,
        reason=reason,
        says=f"{sentence[0].upper()}{sentence[1:]}, {when}; {edges}.",
        group="network" if _of_network(place) else place.name,
    )


_BAND_SAYS = {COUNT: "told by its number of binary digits", SHARE: "told in steps of .05"}


def _of_network(place: Kind) -> bool:
    return place.name.startswith("net")


def _band(unit: str) -> int:
    return {"count": COUNT, "share": SHARE}[unit]


def _bands() -> list[int]:
    """How each feature that comes from one key is told."""
    every = [(place, value) for place in (*WHERE, *WHO) for value in place.values]
    return [_band(_SAYS[value][0]) if _of_network(place) else EXACT for place, value in every]


def _features() -> tuple[Feature, ...]:
    where = (_feature(p, v, "as known at the last fold") for p in WHERE for v in p.values)
    who = (_feature(p, v, "as known when placed") for p in WHO for v in p.values)
    near = (
        Feature(
            name,
            "count",
            "linked_identity_rto",
            f"{_NEAR_SAYS[name].capitalize()}; NaN without phone, device and address.",
            "linked",
        )
        for name in NEAR_VALUES
    )
    return (*where, *who, *near)


HISTORY_FEATURES = _features()


def _columns(kinds: tuple[Kind, ...], values: tuple[str, ...]) -> list[int]:
    return [values.index(value) for kind in kinds for value in kind.values]


def _starts(kinds: tuple[Kind, ...], first: int) -> NDArray[np.int64]:
    return np.cumsum([first, *(len(kind.values) for kind in kinds)]).astype(np.int64)


BANDS = np.array(_bands(), np.int64)
# Feature j of the history, where it comes from one key, is value COLUMNS[j] of that key.
COLUMNS = np.array(_columns(WHERE, WHERE_VALUES) + _columns(WHO, WHO_VALUES), np.int64)
WHERE_STARTS = _starts(WHERE, 0)
WHO_STARTS = _starts(WHO, int(WHERE_STARTS[-1]))
NEAR_START = int(WHO_STARTS[-1])
N_HISTORY = NEAR_START + len(NEAR_VALUES)

_INDEX = {kind: i for i, kind in enumerate(WHERE_KINDS)}
WHERE_ABOVE = np.array([-1 if k.above is None else _INDEX[k.above] for k in WHERE], np.int64)
WHO_ABOVE = np.array([_INDEX[k.above or "merchant"] for k in WHO], np.int64)
_DISTINCT_OF = ("phones", "devices", "addresses", "merchants", None)
_SAME_OF = ("knows_phone", "knows_device", "knows_address", None, "bought_before")


def _wanted(kind: Kind) -> list[int]:
    """Which marks of partners the features of a who-kind read."""
    return [
        (DISTINCT if distinct in kind.values else NOTHING)
        | (SAME if same in kind.values else NOTHING)
        for distinct, same in zip(_DISTINCT_OF, _SAME_OF, strict=True)
    ]


WHO_WANTED = np.array([_wanted(kind) for kind in WHO], np.int64)
# A batch keeps the rates of the kinds that others shrink to, and those only.
_BELOW = sorted({int(above) for above in (*WHERE_ABOVE, *WHO_ABOVE) if above >= 0})
RATE_ROWS = len(_BELOW)
RATE_ROW = np.array([_BELOW.index(i) if i in _BELOW else -1 for i in range(len(WHERE))], np.int64)
WHERE_STRENGTH = np.array([k.strength for k in WHERE])
WHO_STRENGTH = np.array([k.strength for k in WHO])

if tuple(k.name for k in WHERE) != WHERE_KINDS or tuple(k.name for k in WHO) != tuple(
    slot.name for slot in WHO_SLOTS
):
    raise AssertionError("history's layout and the keys of an order must name the same kinds")
