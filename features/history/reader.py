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
from features.history.fact import AMOUNT_PAISE, FIRST_WHERE, FIRST_WHO, NUMBER, Fact
from features.history.fill import fill_where, fill_who
from features.history.layout import N_HISTORY, NEAR_START, PLACE_STRENGTH, WHO_ABOVE, WHO_WANTED
from features.history.linked import (
    LINK_SLOTS,
    LINKS,
    MOST_LINKED,
    OWN,
    PARTNER,
    PARTNER_SPACES,
    SLOT,
)
from features.history.take import PARTNER_COLUMNS
from features.history.values import RATES, WHERE_VALUES, WHO_VALUES, near_values
from features.history.where import WindowTable, read_sums
from features.keys import ABSENT, MERCHANT_PINCODE, PHONE, WHERE_KINDS, WHO_SLOTS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

NO_RECORD: Integers = np.empty(0, np.int64)

# Where evidence may come from, the finest level first.
LEVELS = ("pincode", "district", "state", "merchant", "prior")
_LEVEL_KINDS = tuple(WHERE_KINDS.index(level) for level in LEVELS[1:-1])


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
        near = self._near
        n = _take_in(*_joined(records), self._records, fact, near)
        kinds, keys = near[who.KIND, :n].tolist(), near[who.KEY, :n].tolist()
        return [LinkedKey(PARTNER_SPACES[k], key) for k, key in zip(kinds, keys, strict=True)]

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
        _read(
            self._records, fact, windows.keys, windows.starts, windows.days, windows.sums,
            windows.merchants, as_of_us, *_joined(near), self._linked, self._rates, self._counts,
            self._marks, self._where_out, self._who_out, out,
        )  # fmt: skip
        return out

    def evidence(self, fact: Fact, windows: WindowTable, as_of_us: int) -> Evidence:
        """What the merchant's own log knows of this phone and pincode, after :meth:`linked`."""
        phone, pincode, level = _evidence(
            self._records, fact, windows.keys, windows.starts, windows.days, windows.sums, as_of_us,
            self._counts,
        )  # fmt: skip
        return Evidence(phone, pincode, LEVELS[level])


def _joined(records: Sequence[Integers]) -> tuple[Integers, Integers]:
    """Records end to end and the length of each: one compiled call then takes them all."""
    if not records:
        return NO_RECORD, NO_RECORD
    return np.concatenate(records), np.array([len(packed) for packed in records], np.int64)


@compiled
def _take_in(
    joined: Integers, lengths: Integers, records: Integers, fact: Integers, near: Integers
) -> int:
    """Unpack the records of the order's keys; returns how many keys are near."""
    begin = 0
    for slot in range(len(lengths)):
        end = begin + lengths[slot]
        who.unpack(joined[begin:end], records[slot])
        begin = end
    return _linked_keys(records, fact, near)


@compiled
def _read(
    records: Integers, fact: Integers, keys: Integers, starts: Integers, days: Integers,
    sums: Integers, merchants: Integers, as_of_us: int, near: Integers, lengths: Integers,
    linked: Integers, rates: Floats, counts: Integers, marks: Integers, where_out: Floats,
    who_out: Floats, out: Floats,
) -> None:  # fmt: skip
    """All history features of one order, in one call."""
    today = (as_of_us + IST_SHIFT_US) // DAY_US
    _read_where(fact, keys, starts, days, sums, merchants, today, rates, counts, where_out, out)
    _read_who(records, fact, as_of_us, rates, counts, marks, who_out, out)
    _read_near(fact, near, lengths, linked, counts[EVER], out)


@compiled
def _read_near(
    fact: Integers, near: Integers, lengths: Integers, linked: Integers, lifetimes: Integers,
    out: Floats,
) -> None:  # fmt: skip
    lifetimes[:] = 0
    begin = 0
    for i in range(len(lengths)):
        end = begin + lengths[i]
        who.unpack(near[begin:end], linked)
        who.lifetime(linked, fact[NUMBER], lifetimes)
        begin = end
    known = False
    for slot in LINK_SLOTS:
        known = known or fact[FIRST_WHO + slot] != ABSENT
    near_values(len(lengths) if known else -1, lifetimes, out[NEAR_START:])


@compiled
def _evidence(
    records: Integers, fact: Integers, keys: Integers, starts: Integers, days: Integers,
    sums: Integers, as_of_us: int, counts: Integers,
) -> tuple[int, int, int]:  # fmt: skip
    """Orders of the phone and of the pincode, and an index into ``LEVELS``."""
    phone = _ever(records[PHONE], fact, PHONE, counts[EVER])
    pincode = _ever(records[MERCHANT_PINCODE], fact, MERCHANT_PINCODE, counts[EVER])
    if pincode >= PLACE_STRENGTH:
        return phone, pincode, 0
    today = (as_of_us + IST_SHIFT_US) // DAY_US
    for i in range(len(_LEVEL_KINDS)):
        key = fact[FIRST_WHERE + _LEVEL_KINDS[i]]
        read_sums(keys, starts, days, sums, key, today, counts)
        if counts[EVER, ORDERS] >= PLACE_STRENGTH:
            return phone, pincode, 1 + i
    return phone, pincode, 1 + len(_LEVEL_KINDS)


@compiled
def _ever(record: Integers, fact: Integers, slot: int, counts: Integers) -> int:
    counts[:] = 0
    if fact[FIRST_WHO + slot] != ABSENT:
        who.lifetime(record, fact[NUMBER], counts)
    return counts[ORDERS]


@compiled
def _read_where(
    fact: Integers, keys: Integers, starts: Integers, days: Integers, sums: Integers,
    merchants: Integers, today: int, rates: Floats, counts: Integers, scratch: Floats, out: Floats,
) -> None:  # fmt: skip
    for kind in range(len(WHERE_KINDS)):
        key = fact[FIRST_WHERE + kind]
        at = read_sums(keys, starts, days, sums, key, today, counts)
        known = merchants[at] if at >= 0 else 0
        fill_where(kind, key != ABSENT, known, counts, fact[AMOUNT_PAISE], rates, scratch, out)


@compiled
def _read_who(
    records: Integers, fact: Integers, as_of_us: int, rates: Floats, counts: Integers,
    marks: Integers, scratch: Floats, out: Floats,
) -> None:  # fmt: skip
    partners = fact[PARTNER_COLUMNS]
    for slot in range(len(WHO_SLOTS)):
        present = fact[FIRST_WHO + slot] != ABSENT
        if present:
            who.read(
                records[slot], as_of_us, fact[NUMBER], partners, WHO_WANTED[slot], counts, marks
            )  # fmt: skip
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
