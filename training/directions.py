"""Which way a column may push the risk, where that is plain before any data are seen."""

from __future__ import annotations

import re

RISES = re.compile(
    r"_rto_rate_|_rto_(90d|365d|ever)$|_rto_share_of_last_|_last_was_rto$|^linked_rto$"
)
FALLS = re.compile(r"_delivered_365d$|^linked_delivered$")


def direction(name: str) -> int:
    """Say 1 where more can only mean more risk, −1 where it can only mean less, else 0.

    Earlier returns under a key speak against an order and earlier deliveries for it. Everything
    else (amounts, hours, how often somebody orders) may go either way.

    >>> direction("phone_rto_ever"), direction("phone_delivered_365d"), direction("amount")
    (1, -1, 0)
    """
    return 1 if RISES.search(name) else -1 if FALLS.search(name) else 0
