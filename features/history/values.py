"""From counts to the numbers a model reads: shares, shrunk rates, days since; one arithmetic.

A rate of a where-key is ``(rto + (pending + k) · above) / (rto + kept + pending + k)`` over
untreated orders: what is still on the road counts at the rate of the level above, since returns
are learned later than deliveries, and ``k`` orders of the level above steady a thin key. The
merchant's own rates shrink to its rate over all time, and that to the shipped prior, by known
orders alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.days import DAY_US
from features.history.counts import (
    AMOUNT_ORDERS,
    AMOUNT_PAISE,
    COD_ORDERS,
    DAY,
    DAYS_7,
    DAYS_30,
    DAYS_90,
    DAYS_365,
    EVER,
    FIRST_STATE,
    HOUR,
    ORDERS,
)
from features.history.states import (
    CANCELLED,
    CLASSES,
    DELIVERED,
    PENDING,
    RETURNED,
    RTO,
    RTO_NOT_CUSTOMER,
)
from features.history.who import (
    ADDRESSES,
    CAPPED,
    DEVICES,
    KNOWN_OF_LAST_3,
    LAST_KNOWN,
    LAST_PLACED_US,
    LAST_RTO,
    LAST_RTO_PLACED_US,
    MERCHANTS,
    MERCHANTS_1D,
    NONE_KNOWN,
    PHONES,
    RTO_OF_LAST_3,
    SAME_ADDRESS,
    SAME_ARTICLE,
    SAME_DEVICE,
    SAME_PHONE,
    UNASKED,
)

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

PRIOR_RATE = 0.2
"""Where a merchant's rate begins: about a quarter of COD orders and few others come back."""

RATE_WINDOWS = (DAYS_30, DAYS_90, DAYS_365)
RATES = 3

WHERE_VALUES = (
    "orders_7d", "orders_30d", "orders_90d", "orders_365d", "rto_rate_30d", "rto_rate_90d",
    "rto_rate_365d", "pending_share_30d", "cod_share_90d", "cancelled_share_90d",
    "amount_ratio_90d", "returned_share_365d",
)  # fmt: skip

WHO_VALUES = (
    "orders_1h", "orders_1d", "orders_30d", "orders_365d", "orders_ever", "amount_1h", "amount_1d",
    "pending", "delivered_365d", "rto_90d", "rto_365d", "rto_ever", "cancelled_ever",
    "returned_ever", "treated_ever", "rto_rate_90d", "rto_rate_365d", "rto_rate_ever",
    "cod_share_ever", "last_was_rto", "rto_share_of_last_3", "days_since_order", "days_since_rto",
    "amount_ratio", "phones", "devices", "addresses", "capped", "knows_phone", "knows_device",
    "knows_address", "bought_before", "merchants", "merchants_1d", "returned_share_ever",
)  # fmt: skip

NEAR_VALUES = ("linked", "linked_orders", "linked_delivered", "linked_rto")


@compiled
def _of_class(counts: Integers, kind: int) -> int:
    """Orders in one class, treated or not."""
    return counts[FIRST_STATE + kind] + counts[FIRST_STATE + CLASSES + kind]


@compiled
def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan


@compiled
def where_rate(counts: Integers, above: float, strength: float, top: bool) -> float:
    """The shrunk RTO rate of one window of a where-key; see the module's formula."""
    rto = counts[FIRST_STATE + RTO] + counts[FIRST_STATE + RTO_NOT_CUSTOMER]
    kept = counts[FIRST_STATE + DELIVERED] + counts[FIRST_STATE + RETURNED]
    pending = 0 if top else counts[FIRST_STATE + PENDING]
    return (rto + (pending + strength) * above) / (rto + kept + pending + strength)


@compiled
def where_rates(counts: Integers, rates: Floats, strength: float, top: bool) -> None:
    """Turn the rates of the level above into this key's, over 30, 90 and 365 days.

    Parameters
    ----------
    counts : ndarray of int64, shape (WINDOWS, COUNTS)
    rates : ndarray of float64, shape (RATES,)
        In: the level above. Out: this key's; NaN for a merchant without a known outcome.
    """
    ever = counts[EVER]
    known = ever[FIRST_STATE + DELIVERED] + ever[FIRST_STATE + RTO]
    known += ever[FIRST_STATE + RETURNED] + ever[FIRST_STATE + RTO_NOT_CUSTOMER]
    for i in range(RATES):
        above = rates[i]
        if top:
            above = where_rate(ever, above, strength, top) if known > 0 else np.nan
        rates[i] = where_rate(counts[RATE_WINDOWS[i]], above, strength, top)


@compiled
def returned_share(counts: Integers) -> float:
    """Orders sent back after delivery among all that were delivered; NaN without any."""
    returned = _of_class(counts, RETURNED)
    return _share(returned, _of_class(counts, DELIVERED) + returned)


@compiled
def amount_ratio(amount: int, counts: Integers) -> float:
    """This amount against the mean of those counted; NaN where either is unknown."""
    if amount < 0 or counts[AMOUNT_PAISE] <= 0:
        return np.nan
    return amount * counts[AMOUNT_ORDERS] / counts[AMOUNT_PAISE]


@compiled
def where_values(counts: Integers, rates: Floats, amount: int, out: Floats) -> None:
    """Fill ``out``, shape (len(WHERE_VALUES),), for one where-key."""
    month, quarter = counts[DAYS_30], counts[DAYS_90]
    out[0] = counts[DAYS_7, ORDERS]
    out[1] = month[ORDERS]
    out[2] = quarter[ORDERS]
    out[3] = counts[DAYS_365, ORDERS]
    out[4] = rates[0]
    out[5] = rates[1]
    out[6] = rates[2]
    out[7] = _share(_of_class(month, PENDING), month[ORDERS])
    out[8] = _share(quarter[COD_ORDERS], quarter[ORDERS])
    out[9] = _share(_of_class(quarter, CANCELLED), quarter[ORDERS])
    out[10] = amount_ratio(amount, quarter)
    out[11] = returned_share(counts[DAYS_365])


@compiled
def who_rate(counts: Integers, above: float, strength: float) -> float:
    """The shrunk RTO rate of one window of a who-key, by the customer's own faults only."""
    rto = counts[FIRST_STATE + RTO]
    kept = counts[FIRST_STATE + DELIVERED] + counts[FIRST_STATE + RETURNED]
    pending = counts[FIRST_STATE + PENDING]
    return (rto + (pending + strength) * above) / (rto + kept + pending + strength)


@compiled
def _days_since(as_of_us: int, then_us: int) -> float:
    return (as_of_us - then_us) / DAY_US if then_us != 0 else np.nan


@compiled
def _known_partner(marks: Integers, ever: Integers, same: int) -> float:
    """Whether an earlier order came with what this one names; NaN where neither can be said."""
    if ever[ORDERS] == 0 or marks[same] == UNASKED:
        return np.nan
    return 1.0 if marks[same] > 0 else 0.0


@compiled
def who_values(
    counts: Integers,
    marks: Integers,
    above: Floats,
    strength: float,
    as_of_us: int,
    amount: int,
    out: Floats,
) -> None:
    """Fill ``out``, shape (len(WHO_VALUES),), for one who-key; see ``who.read`` for the input."""
    ever = counts[EVER]
    out[0] = counts[HOUR, ORDERS]
    out[1] = counts[DAY, ORDERS]
    out[2] = counts[DAYS_30, ORDERS]
    out[3] = counts[DAYS_365, ORDERS]
    out[4] = ever[ORDERS]
    out[5] = counts[HOUR, AMOUNT_PAISE] / 100
    out[6] = counts[DAY, AMOUNT_PAISE] / 100
    out[7] = _of_class(ever, PENDING)
    out[8] = _of_class(counts[DAYS_365], DELIVERED)
    out[9] = _of_class(counts[DAYS_90], RTO)
    out[10] = _of_class(counts[DAYS_365], RTO)
    out[11] = _of_class(ever, RTO)
    out[12] = _of_class(ever, CANCELLED)
    out[13] = _of_class(ever, RETURNED)
    treated = 0
    for kind in range(CLASSES):
        treated += ever[FIRST_STATE + CLASSES + kind]
    out[14] = treated
    out[15] = who_rate(counts[DAYS_90], above[1], strength)
    out[16] = who_rate(counts[DAYS_365], above[2], strength)
    out[17] = who_rate(ever, above[2], strength)
    out[18] = _share(ever[COD_ORDERS], ever[ORDERS])
    out[19] = np.nan
    if marks[LAST_KNOWN] != NONE_KNOWN:
        out[19] = 1.0 if marks[LAST_KNOWN] == LAST_RTO else 0.0
    out[20] = _share(marks[RTO_OF_LAST_3], marks[KNOWN_OF_LAST_3])
    out[21] = _days_since(as_of_us, marks[LAST_PLACED_US])
    out[22] = _days_since(as_of_us, marks[LAST_RTO_PLACED_US])
    out[23] = amount_ratio(amount, ever)
    out[24] = marks[PHONES]
    out[25] = marks[DEVICES]
    out[26] = marks[ADDRESSES]
    out[27] = marks[CAPPED]
    out[28] = _known_partner(marks, ever, SAME_PHONE)
    out[29] = _known_partner(marks, ever, SAME_DEVICE)
    out[30] = _known_partner(marks, ever, SAME_ADDRESS)
    out[31] = _known_partner(marks, ever, SAME_ARTICLE)
    out[32] = marks[MERCHANTS]
    out[33] = marks[MERCHANTS_1D]
    out[34] = returned_share(ever)


@compiled
def near_values(linked: int, counts: Integers, out: Floats) -> None:
    """Fill ``out``, shape (len(NEAR_VALUES),), from the summed lifetime counts of the linked.

    ``linked`` is -1 for an order without phone, device and address: then nothing is known.
    """
    out[0] = linked
    out[1] = counts[ORDERS]
    out[2] = _of_class(counts, DELIVERED)
    out[3] = _of_class(counts, RTO)
    if linked < 0:
        out[:] = np.nan
