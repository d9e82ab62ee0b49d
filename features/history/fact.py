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
    created_us, amount = order.created_us, order.amount_paise
    head = (
        number,
        created_us,
        ist_day(created_us),
        order.payment_mode in ("cod", "partial_cod"),
        UNKNOWN_AMOUNT if amount is None else amount,
        keys.where[0],
    )
    return np.fromiter((*head, *keys.who, *keys.where), np.int64, FACT_SIZE)
