"""The part of an order that history counts, as one row of integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.days import ist_day
from features.keys import FIRST_NET_KIND, WHERE_KINDS, WHO_SLOTS, Keys
from features.order import Order

NUMBER, PLACED_US, DAY, COD, AMOUNT_PAISE, MERCHANT = range(6)
FIRST_WHO = 6
FIRST_WHERE = FIRST_WHO + len(WHO_SLOTS)
FACT_SIZE = FIRST_WHERE + len(WHERE_KINDS)
NETWORK_KEY = FIRST_WHERE + FIRST_NET_KIND
"""Present where the order's merchant shared when it was placed."""
UNKNOWN_AMOUNT = -1

# The same under the names of an exported table.
FACT_COLUMNS = (
    "number", "placed_us", "day", "cod", "amount_paise", "merchant",
    *(f"{slot.name}_key" for slot in WHO_SLOTS), *(f"{kind}_key" for kind in WHERE_KINDS),
)  # fmt: skip

Fact = NDArray[np.int64]


def fact_of(order: Order, keys: Keys, number: int) -> Fact:
    """What history keeps of ``order``, numbered ``number`` in its log.

    Returns
    -------
    ndarray of int64, shape (FACT_SIZE,)
        number, instant and Indian day placed, pays at the door, amount in paise (-1 unknown),
        merchant key, the who-keys and the where-keys (0 absent).
    """
    fact = np.empty(FACT_SIZE, np.int64)
    fact[NUMBER] = number
    fact[PLACED_US] = order.created_us
    fact[DAY] = ist_day(order.created_us)
    fact[COD] = order.payment_mode in ("cod", "partial_cod")
    fact[AMOUNT_PAISE] = UNKNOWN_AMOUNT if order.amount_paise is None else order.amount_paise
    fact[MERCHANT] = keys.where[0]
    fact[FIRST_WHO:FIRST_WHERE] = keys.who
    fact[FIRST_WHERE:] = keys.where
    return fact
