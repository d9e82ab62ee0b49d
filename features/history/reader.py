"""The live reading of history: packed records and the window table become feature values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.days import DAY_US, IST_SHIFT_US
from features.history import who
from features.history.counts import COUNTS, EVER, ORDERS, WINDOWS
from features.history.fact import AMOUNT_PAISE, FACT_SIZE, FIRST_WHERE, FIRST_WHO, NUMBER, Fact
from features.history.fill import fill_where, fill_who
from features.history.layout import N_HISTORY, NEAR_START, PLACE_STRENGTH, WHO_ABOVE, WHO_WANTED
from features.history.linked import LINKS, MOST_LINKED, OWN, PARTNER, PARTNER_SPACES, SLOT
from features.history.take import PARTNER_COLUMNS
from features.history.values import RATES, WHERE_VALUES, WHO_VALUES, near_values
from features.history.where import WindowTable, read_sums
from features.keys import ABSENT, MERCHANT_PINCODE, PHONE, WHERE_KINDS, WHO_SLOTS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_RECORD: Integers = np.empty(0, np.int64)
_NONE_NEAR = (NO_RECORD,) * MOST_LINKED

# Where evidence may come from, the finest level first.
LEVELS = ("pincode", "district", "state", "merchant", "prior")
_LEVEL_KINDS = tuple((level, WHERE_KINDS.index(level)) for level in LEVELS[1:-1])


class LinkedKey(NamedTuple):
    """A key near an order, to be read for its lifetime counts."""

    space: str
    key: int


class Evidence(NamedTuple):
    """How much of the merchant's own past stands behind a score.

    ``fallback`` is the finest level that holds as many orders as steady a rate.
    """

    phone_orders: int
    pincode_orders: int
    fallback: str


class Reader:
    """Reads history for one order at a time, in buffers of its own (one per thread)."""

    def __init__(self) -> None:
        self._fact: Fact = np.zeros(FACT_SIZE, np.int64)
        self._counts = np.zeros((WINDOWS, COUNTS), np.int64)
        self._marks = np.zeros(who.MARKS, np.int64)
        self._rates = np.zeros((len(WHERE_KINDS), RATES))
        self._orders = np.zeros(len(WHERE_KINDS) + len(WHO_SLOTS), np.int64)
        self._near = np.zeros((who.NEAR_ROWS, MOST_LINKED), np.int64)
        self._where_out = np.zeros(len(WHERE_VALUES))
        self._who_out = np.zeros(len(WHO_VALUES))
        self._out = np.empty(N_HISTORY)

    def linked(
        self, fact: Fact, records: Sequence[Integers], windows: WindowTable, as_of_us: int
    ) -> list[LinkedKey]:
        """Read what the order's own keys tell; the keys near it are to be read next.

        Parameters
        ----------
        fact : ndarray of int64, shape (FACT_SIZE,)
        records : sequence of packed records, one per slot of ``WHO_SLOTS``
            ``NO_RECORD`` for a key that is absent or was never seen. Writable, as all compiled
            code takes them.
        windows : WindowTable
            The fold in force.
        as_of_us : int
            Where windows end.
        """
        self._fact, self._out = fact, np.empty(N_HISTORY)
        n = _read(
            tuple(records), fact, windows.keys, windows.starts, windows.days, windows.sums,
            windows.merchants, as_of_us, self._rates, self._counts, self._marks,
            self._orders, self._near, self._where_out, self._who_out, self._out,
        )  # fmt: skip
        if n == 0:
            return []
        kinds, keys = self._near[who.KIND, :n].tolist(), self._near[who.KEY, :n].tolist()
        return [LinkedKey(PARTNER_SPACES[k], key) for k, key in zip(kinds, keys, strict=True)]

    def read(self, near: Sequence[Integers]) -> Floats:
        """The history features of the order whose records :meth:`linked` took in.

        Parameters
        ----------
        near : sequence of packed records
            Of the keys :meth:`linked` returned.

        Returns
        -------
        ndarray of float64, shape (N_HISTORY,)
            In the order of ``HISTORY_FEATURES``.
        """
        if near:
            padded = (*near, *_NONE_NEAR[len(near) :])
            _read_near(padded, len(near), self._fact, self._counts[EVER], self._out)
        return self._out

    def evidence(self) -> Evidence:
        """What the merchant's own log knows of this phone and pincode, after :meth:`linked`."""
        orders = self._orders.tolist()
        phone, pincode = (
            orders[len(WHERE_KINDS) + PHONE],
            orders[len(WHERE_KINDS) + MERCHANT_PINCODE],
        )
        if pincode >= PLACE_STRENGTH:
            return Evidence(phone, pincode, LEVELS[0])
        for level, kind in _LEVEL_KINDS:
            if orders[kind] >= PLACE_STRENGTH:
                return Evidence(phone, pincode, level)
        return Evidence(phone, pincode, LEVELS[-1])


@compiled
def _read(
    records: tuple[Integers, ...], fact: Integers, keys: Integers, starts: Integers,
    days: Integers, sums: Integers, merchants: Integers, as_of_us: int, rates: Floats,
    counts: Integers, marks: Integers, orders: Integers, near: Integers,
    where_out: Floats, who_out: Floats, out: Floats,
) -> int:  # fmt: skip
    """All that the order's own keys tell, in one call; returns how many keys are near.

    ``orders`` are those ever placed under each where-key and who-key, in this order.
    """
    today = (as_of_us + IST_SHIFT_US) // DAY_US
    _read_where(
        fact, keys, starts, days, sums, merchants, today, rates, counts, orders, where_out, out
    )
    known = _read_who(records, fact, as_of_us, rates, counts, marks, orders, near, who_out, out)
    counts[EVER] = 0
    near_values(min(known, 0), counts[EVER], out[NEAR_START:])
    return max(known, 0)


@compiled
def _read_where(
    fact: Integers, keys: Integers, starts: Integers, days: Integers, sums: Integers,
    merchants: Integers, today: int, rates: Floats, counts: Integers, orders: Integers,
    scratch: Floats, out: Floats,
) -> None:  # fmt: skip
    for kind in range(len(WHERE_KINDS)):
        key = fact[FIRST_WHERE + kind]
        at = read_sums(keys, starts, days, sums, key, today, counts)
        orders[kind] = counts[EVER, ORDERS]
        known = merchants[at] if at >= 0 else 0
        fill_where(kind, key != ABSENT, known, counts, fact[AMOUNT_PAISE], rates, scratch, out)


@compiled
def _read_who(
    records: tuple[Integers, ...], fact: Integers, as_of_us: int, rates: Floats, counts: Integers,
    marks: Integers, orders: Integers, near: Integers, scratch: Floats, out: Floats,
) -> int:  # fmt: skip
    """Returns how many keys are near; -1 for an order that has no key of the linking kinds."""
    partners = fact[PARTNER_COLUMNS]
    unseen = np.zeros(3, np.int64)
    known = -1
    for slot in range(len(WHO_SLOTS)):
        present = fact[FIRST_WHO + slot] != ABSENT
        if present:
            record = records[slot] if len(records[slot]) > 0 else unseen
            layout = who.packed_layout(record)
            who.read(
                record, layout, as_of_us, fact[NUMBER], partners, WHO_WANTED[slot], counts, marks
            )
            known = _linked_keys(record, layout, slot, fact, near, known)
        orders[len(WHERE_KINDS) + slot] = counts[EVER, ORDERS] if present else 0
        fill_who(
            slot, present, counts, marks, rates[WHO_ABOVE[slot]], as_of_us, fact[AMOUNT_PAISE],
            scratch, out,
        )  # fmt: skip
    return known


@compiled
def _linked_keys(
    record: Integers, layout: who.Layout, slot: int, fact: Integers, near: Integers, known: int
) -> int:
    """Collect the keys near an order in ``near``; see ``who.latest_partners``."""
    for link in range(len(LINKS)):
        if LINKS[link, SLOT] == slot:
            own = fact[FIRST_WHO + LINKS[link, OWN]]
            known = who.latest_partners(
                record, layout, LINKS[link, PARTNER], own, fact[NUMBER], near, max(known, 0)
            )
    return known


@compiled
def _read_near(
    near: tuple[Integers, ...], n: int, fact: Integers, lifetimes: Integers, out: Floats
) -> None:  # fmt: skip
    """What the linked keys tell together; of ``near`` the first ``n`` are theirs."""
    lifetimes[:] = 0
    for i in range(n):
        if len(near[i]) > 0:
            who.lifetime(near[i], who.packed_layout(near[i]), fact[NUMBER], lifetimes)
    near_values(n, lifetimes, out[NEAR_START:])
