"""The live reading of history: packed records and the window table become feature values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.days import ist_day
from features.history import who
from features.history.counts import COUNTS, EVER, ORDERS, WINDOWS
from features.history.fact import AMOUNT_PAISE, FIRST_WHERE, FIRST_WHO, NUMBER, Fact
from features.history.fill import fill_where, fill_who
from features.history.layout import N_HISTORY, NEAR_START, PLACE_STRENGTH, WHO_ABOVE
from features.history.linked import (
    LINK_SLOTS,
    LINKS,
    MOST_LINKED,
    OWN,
    PARTNER,
    PARTNER_SPACES,
    SLOT,
)
from features.history.values import RATES, WHERE_VALUES, WHO_VALUES, near_values
from features.history.where import WindowTable, read_sums
from features.keys import ABSENT, MERCHANT_PINCODE, PHONE, WHERE_KINDS, WHO_SLOTS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_RECORD: Integers = np.empty(0, np.int64)


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
        self._records = np.stack([who.blank() for _ in WHO_SLOTS])
        self._linked = who.blank()
        self._counts = np.zeros((WINDOWS, COUNTS), np.int64)
        self._marks = np.zeros(who.MARKS, np.int64)
        self._rates = np.zeros((len(WHERE_KINDS), RATES))
        self._near = np.zeros((who.NEAR_ROWS, MOST_LINKED), np.int64)
        self._where_out = np.zeros(len(WHERE_VALUES))
        self._who_out = np.zeros(len(WHO_VALUES))

    def linked(self, fact: Fact, records: Sequence[Integers]) -> list[LinkedKey]:
        """Take in the records of the order's who-keys; the keys near it are to be read next.

        Parameters
        ----------
        fact : ndarray of int64, shape (FACT_SIZE,)
        records : sequence of packed records, one per slot of ``WHO_SLOTS``
            ``NO_RECORD`` for a key that is absent or was never seen.
        """
        for slot, packed in enumerate(records):
            who.unpack(packed, self._records[slot])
        near = self._near
        n = _linked_keys(self._records, fact, near)
        return [
            LinkedKey(PARTNER_SPACES[near[who.KIND, i]], int(near[who.KEY, i])) for i in range(n)
        ]

    def read(
        self, fact: Fact, windows: WindowTable, as_of_us: int, near: Sequence[Integers]
    ) -> Floats:
        """The history features of the order whose records :meth:`linked` took in.

        Parameters
        ----------
        fact : ndarray of int64, shape (FACT_SIZE,)
        windows : WindowTable
            The fold in force.
        as_of_us : int
            Where windows end.
        near : sequence of packed records
            Of the keys :meth:`linked` returned.

        Returns
        -------
        ndarray of float64, shape (N_HISTORY,)
            In the order of ``HISTORY_FEATURES``.
        """
        out = np.empty(N_HISTORY)
        _read_where(
            fact, windows.keys, windows.starts, windows.days, windows.sums, ist_day(as_of_us),
            self._rates, self._counts, self._where_out, out,
        )  # fmt: skip
        _read_who(
            self._records, fact, as_of_us, self._rates, self._counts, self._marks, self._who_out,
            out,
        )  # fmt: skip
        lifetimes = np.zeros(COUNTS, np.int64)
        for packed in near:
            who.unpack(packed, self._linked)
            who.lifetime(self._linked, fact[NUMBER], lifetimes)
        known = any(fact[FIRST_WHO + slot] != ABSENT for slot in LINK_SLOTS)
        near_values(len(near) if known else -1, lifetimes, out[NEAR_START:])
        return out

    def evidence(self, fact: Fact, windows: WindowTable, as_of_us: int) -> Evidence:
        """What the merchant's own log knows of this phone and pincode, after :meth:`linked`."""
        phone, pincode = (self._ever(slot, fact, as_of_us) for slot in (PHONE, MERCHANT_PINCODE))
        if pincode >= PLACE_STRENGTH:
            return Evidence(phone, pincode, "pincode")
        for level in ("district", "state", "merchant"):
            key = fact[FIRST_WHERE + WHERE_KINDS.index(level)]
            windows.read(int(key), ist_day(as_of_us), self._counts)
            if self._counts[EVER, ORDERS] >= PLACE_STRENGTH:
                return Evidence(phone, pincode, level)
        return Evidence(phone, pincode, "prior")

    def _ever(self, slot: int, fact: Fact, as_of_us: int) -> int:
        if fact[FIRST_WHO + slot] == ABSENT:
            return 0
        who.read(self._records[slot], as_of_us, fact[NUMBER], self._counts, self._marks)
        return int(self._counts[EVER, ORDERS])


@compiled
def _read_where(
    fact: Integers, keys: Integers, starts: Integers, days: Integers, sums: Integers, today: int,
    rates: Floats, counts: Integers, scratch: Floats, out: Floats,
) -> None:  # fmt: skip
    for kind in range(len(WHERE_KINDS)):
        key = fact[FIRST_WHERE + kind]
        read_sums(keys, starts, days, sums, key, today, counts)
        fill_where(kind, key != ABSENT, counts, fact[AMOUNT_PAISE], rates, scratch, out)


@compiled
def _read_who(
    records: Integers, fact: Integers, as_of_us: int, rates: Floats, counts: Integers,
    marks: Integers, scratch: Floats, out: Floats,
) -> None:  # fmt: skip
    for slot in range(len(WHO_SLOTS)):
        present = fact[FIRST_WHO + slot] != ABSENT
        if present:
            who.read(records[slot], as_of_us, fact[NUMBER], counts, marks)
        fill_who(
            slot, present, counts, marks, rates[WHO_ABOVE[slot]], as_of_us, fact[AMOUNT_PAISE],
            scratch, out,
        )  # fmt: skip


@compiled
def _linked_keys(records: Integers, fact: Integers, near: Integers) -> int:
    """Collect the keys near an order in ``near``; see ``who.latest_partners``."""
    total = 0
    for link in range(len(LINKS)):
        slot, partner, own = LINKS[link, SLOT], LINKS[link, PARTNER], LINKS[link, OWN]
        if fact[FIRST_WHO + slot] != ABSENT:
            total = who.latest_partners(
                records[slot], partner, fact[FIRST_WHO + own], fact[NUMBER], near, total
            )
    return total
