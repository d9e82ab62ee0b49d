"""Who else is near: the latest partners of an order's phone, device and address."""

from __future__ import annotations

import numpy as np

from features.keys import ADDRESS, DEVICE, MERCHANT_SKU, PHONE

MOST_LINKED = 8

PARTNER_SPACES = ("phone", "device", "address")
PARTNER_SLOTS = (PHONE, DEVICE, ADDRESS)
# What else an order names in the records of its keys, to be recognised but not followed.
OTHER_PARTNER_SLOTS = (MERCHANT_SKU,)
LINK_SLOTS = (PHONE, DEVICE, ADDRESS)

SLOT, PARTNER, OWN = range(3)
# Each row: the order's slot whose record is read, which partner of its orders is wanted (an index
# into PARTNER_SPACES), and the order's own slot of that kind, which is no partner of itself.
LINKS = np.array(
    [
        (PHONE, 1, DEVICE),
        (PHONE, 2, ADDRESS),
        (DEVICE, 0, PHONE),
        (DEVICE, 2, ADDRESS),
        (ADDRESS, 0, PHONE),
        (ADDRESS, 1, DEVICE),
    ],
    np.int64,
)
