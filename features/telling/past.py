"""Earlier orders in counts: how many were delivered, came back, or have no known outcome yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from features.reasons import REASONS
from features.telling.sight import Sight, Telling, counted


class Past(NamedTuple):
    """Whose earlier orders are told: in words, and the features that count them.

    A count that is no feature of the key is None. ``rto`` counts returns by the customer's doing;
    counts of 365 days leave older outcomes to the rest. ``also`` are further ends, in words.
    """

    whose: str
    orders: str
    rto: str
    delivered: str | None = None
    pending: str | None = None
    also: Mapping[str, str] = MappingProxyType({})


def _own(key: str, whose: str, rto: str, *also: str) -> Past:
    return Past(
        whose,
        f"{key}_orders_ever",
        f"{key}_{rto}",
        f"{key}_delivered_365d",
        f"{key}_pending",
        {_ENDS[end]: f"{key}_{end}" for end in also},
    )


_ENDS = {"cancelled_ever": "cancelled", "returned_ever": "sent back after delivery"}


PASTS = {
    "rto_prone_phone": _own("phone", "this phone", "rto_ever", *_ENDS),
    "rto_prone_email": _own("email", "this email address", "rto_365d"),
    "rto_prone_device": _own("device", "this device", "rto_365d"),
    "rto_prone_customer": _own("customer", "this customer", "rto_ever", *_ENDS),
    "rto_prone_address": _own("address", "this address", "rto_365d"),
    "rto_prone_ip": Past(
        "this network address", "ip_orders_ever", "ip_rto_ever", pending="ip_pending"
    ),
    "linked_identity_rto": Past(
        "linked phones, devices and addresses", "linked_orders", "linked_rto", "linked_delivered"
    ),
}


def past_of(past: Past, seen: Sight) -> Telling:
    """What became of the earlier orders of one key."""
    orders, rto = seen.value(past.orders), seen.value(past.rto)
    if math.isnan(orders + rto):
        return Telling(f"Nothing given to know {past.whose} by", holds=False)
    if orders == 0:
        return Telling(f"No earlier order of {past.whose} is known", holds=False)
    delivered = seen.value(past.delivered) if past.delivered else math.nan
    pending = seen.value(past.pending) if past.pending else math.nan
    also = {words: n for words, name in past.also.items() if (n := seen.value(name)) > 0}
    outcomes = ", ".join(_outcomes(orders, delivered, rto, pending, also))
    return Telling(f"{counted(orders, 'earlier order')} of {past.whose}, {outcomes}", rto > 0)


def _outcomes(
    orders: float, delivered: float, rto: float, pending: float, also: Mapping[str, float]
) -> list[str]:
    """The parts of the sentence; a count that is NaN is not spoken of."""
    if pending == orders:
        return ["no outcome known yet"]
    if delivered == orders:
        return ["delivered" if orders == 1 else "all delivered"]
    told = [f"{delivered:,.0f} delivered"] if delivered > 0 else []
    told += [f"{rto:,.0f} came back"] if rto > 0 else []
    told += [f"{count:,.0f} {words}" for words, count in also.items()]
    orders -= sum(also.values())
    return told + _rest(orders, delivered, rto, pending, alone=not told)


def _rest(orders: float, delivered: float, rto: float, pending: float, *, alone: bool) -> list[str]:
    """What is neither delivered nor come back: on the road, or ended in some other way."""
    others = orders - rto - (delivered if delivered > 0 else 0) - (pending if pending > 0 else 0)
    if math.isnan(delivered):
        told = ["none known to have come back"] if alone else []
        return told + ([f"{pending:,.0f} not known yet"] if pending > 0 else [])
    if math.isnan(pending):
        if others <= 0:
            return []
        return ["none known to be delivered or come back" if alone else "the rest not known"]
    told = [f"{others:,.0f} of another or older outcome"] if others > 0 else []
    if pending > 0:
        told.append(f"{pending:,.0f} not known yet" if told else "the rest not known yet")
    return told


def customer_of(seen: Sight) -> Telling:
    """Whether the customer has ordered before, by any of phone, customer id and email."""
    names = ("phone_orders_ever", "customer_orders_ever", "email_orders_ever")
    orders = [n for n in map(seen.value, names) if not math.isnan(n)]
    if not orders:
        return Telling("Whether the customer is new is not known", holds=False)
    most = max(orders)
    if most == 0:
        return Telling(REASONS["new_customer_on_your_store"].text, holds=True)
    return Telling(f"{counted(most, 'earlier order')} of this customer in your store", holds=False)
