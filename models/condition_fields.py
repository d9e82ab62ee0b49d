"""What conditions may ask about an order: what it says, what is known of it, and its score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.catalogue import CATALOGUE
from features.order import Order

Kind: TypeAlias = Literal["money", "number", "text", "texts", "flag"]
Value: TypeAlias = float | str | bool | tuple[str, ...]

ZONES = ("same_district", "same_state", "metro", "national", "far")


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What conditions read of one order.

    Parameters
    ----------
    values : ndarray of shape (n_catalogue,), optional
        The feature row; None where nothing was seen.
    """

    order: Order
    values: NDArray[np.float64] | None
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One thing that conditions may ask about.

    Parameters
    ----------
    kind : {"money", "number", "text", "texts", "flag"}
        ``money`` is asked in rupees and read in paise; ``texts`` holds any number of them.
    says : str
        One sentence, as pages show it.
    read : callable
        The value of a subject; None is unknown.
    of_row : bool
        Whether it is a feature, and so in single precision.
    """

    name: str
    kind: Kind
    says: str
    read: Callable[[Subject], Value | None]
    of_row: bool = False


_MONEY = {
    "amount": "Total of the order in rupees.",
    "amount_due": "Rupees still to be collected at the door.",
    "discount": "Discount on the order in rupees.",
    "shipping_fee": "Shipping fee in rupees.",
    "cod_fee": "Fee for paying at the door in rupees.",
}
_NUMBERS = {"quantity": "Units in the order.", "item_count": "Lines in the order."}
_TEXTS = {
    "payment_mode": "cod, prepaid, partial_cod or unknown.",
    "sku": "SKU of the largest line.",
    "category": "Category of the largest line.",
    "channel": "Where the order came from, such as shopify.",
    "courier": "Courier that is to carry it.",
    "package_type": "How it is packed.",
    "language": "Language of the customer.",
    "city": "City as typed.",
    "state": "State as typed.",
    "pincode": "Pincode of the delivery.",
    "origin_pincode": "Pincode it is sent from.",
    "utm_source": "Source of the visit.",
    "utm_campaign": "Campaign of the visit.",
}
_AT = {feature.name: at for at, feature in enumerate(CATALOGUE)}
_EARLIER = tuple(_AT[f"{who}_orders_ever"] for who in ("phone", "email", "customer"))
_ZONE = _AT["origin_zone"]


def _attribute(name: str) -> Callable[[Subject], Value | None]:
    def read(subject: Subject) -> Value | None:
        found: Value | None = getattr(subject.order, name)
        return found

    return read


def _coupons(subject: Subject) -> Value:
    return subject.order.coupons or ()


def _feature(at: int, *, flag: bool) -> Callable[[Subject], Value | None]:
    def read(subject: Subject) -> Value | None:
        if subject.values is None:
            return None
        value = float(subject.values[at])
        if isnan(value):
            return None
        return value > 0 if flag else value

    return read


def _new_customer(subject: Subject) -> bool | None:
    if subject.values is None:
        return None
    known = [n for at in _EARLIER if not isnan(n := float(subject.values[at]))]
    return max(known) == 0 if known else None


def _zone(subject: Subject) -> str | None:
    if subject.values is None or isnan(zone := float(subject.values[_ZONE])):
        return None
    return ZONES[int(zone)]


def _fields() -> dict[str, Field]:
    own = [
        *(Field(n, "money", says, _attribute(f"{n}_paise")) for n, says in _MONEY.items()),
        *(Field(n, "number", says, _attribute(n)) for n, says in _NUMBERS.items()),
        *(Field(n, "text", says, _attribute(n)) for n, says in _TEXTS.items()),
        Field("coupon", "texts", "Coupon codes used.", _coupons),
        Field("new_customer", "flag",
              "No earlier order of this phone, e-mail or customer in your store.", _new_customer),
        Field("zone", "text",
              "How far it travels: same_district, same_state, metro, national or far.", _zone),
        Field("probability", "number", "Chance, between 0 and 1, that the order comes back.",
              lambda subject: subject.probability),
    ]  # fmt: skip
    found = {field.name: field for field in own}
    for at, feature in enumerate(CATALOGUE):
        # What other merchants know together must not be read off a merchant's own decisions.
        if feature.group == "network" or feature.name in found:
            continue
        flag = feature.unit == "flag"
        read = _feature(at, flag=flag)
        kind: Kind = "flag" if flag else "number"
        found[feature.name] = Field(feature.name, kind, feature.says, read, of_row=True)
    return found


FIELDS: Mapping[str, Field] = _fields()
SCORE = "probability"
