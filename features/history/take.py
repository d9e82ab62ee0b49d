"""One change of an order into what is counted: placed, moved between states, or taken away.

``before`` is ``ABSENT`` when the order comes under the key and ``after`` is ``ABSENT`` when a
revision takes it away from there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.history import who
from features.history.counts import FIRST_STATE, add_order
from features.history.fact import AMOUNT_PAISE, COD, DAY, FIRST_WHO, MERCHANT, NUMBER, PLACED_US
from features.history.linked import OTHER_PARTNER_SLOTS, PARTNER_SLOTS
from features.history.states import ABSENT

Integers = NDArray[np.int64]

# Phone, device, address, merchant, article: see ``who.PARTNERS``.
PARTNER_COLUMNS = np.array(
    [FIRST_WHO + slot for slot in PARTNER_SLOTS]
    + [MERCHANT]
    + [FIRST_WHO + slot for slot in OTHER_PARTNER_SLOTS]
)


@compiled
def take_counts(counts: Integers, fact: Integers, before: int, after: int) -> None:
    """One change into a row of counts, shape (COUNTS,)."""
    if before == ABSENT:
        add_order(counts, fact[AMOUNT_PAISE], fact[COD], after, 1)
    elif after == ABSENT:
        add_order(counts, fact[AMOUNT_PAISE], fact[COD], before, -1)
    else:
        counts[FIRST_STATE + before] -= 1
        counts[FIRST_STATE + after] += 1


@compiled
def take_who(record: Integers, fact: Integers, before: int, after: int) -> None:
    """One change into a who-record, shape (RECORD_SIZE,)."""
    number, day, amount, cod = fact[NUMBER], fact[DAY], fact[AMOUNT_PAISE], fact[COD]
    if before == ABSENT:
        partners = fact[PARTNER_COLUMNS]
        who.place(record, number, fact[PLACED_US], amount, cod, after, partners)
    elif after == ABSENT:
        who.unplace(record, number, day, amount, cod, before)
    else:
        who.move(record, number, day, before, after)
