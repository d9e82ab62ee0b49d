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
from features.history.fact import (
    AMOUNT_PAISE,
    COD,
    DAY,
    FIRST_WHERE,
    FIRST_WHO,
    MERCHANT,
    NUMBER,
    PLACED_US,
)
from features.history.linked import OTHER_PARTNER_SLOTS, PARTNER_SLOTS
from features.history.states import ABSENT
from features.keys import ABSENT as NO_KEY

Integers = NDArray[np.int64]

# Phone, device, address, merchant, article: see ``who.PARTNERS``.
PARTNER_COLUMNS = np.array(
    [FIRST_WHO + slot for slot in PARTNER_SLOTS]
    + [MERCHANT]
    + [FIRST_WHO + slot for slot in OTHER_PARTNER_SLOTS]
)
_PHONE, _DEVICE, _ADDRESS, _MERCHANT, _ARTICLE = PARTNER_COLUMNS.tolist()

# Of a change: its position in the log, and the states of its order.
SEQ, WAS, BECOMES = range(3)
SLOTS = FIRST_WHERE - FIRST_WHO


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
def take_who(record: Integers, layout: who.Layout, fact: Integers, before: int, after: int) -> None:
    """One change into a who-record: an open one, or a packed one that keeps its length by it."""
    number, day, amount, cod = fact[NUMBER], fact[DAY], fact[AMOUNT_PAISE], fact[COD]
    if before == ABSENT:
        partners = (fact[_PHONE], fact[_DEVICE], fact[_ADDRESS], fact[_MERCHANT], fact[_ARTICLE])
        who.place(record, layout, number, fact[PLACED_US], amount, cod, after, partners)
    elif after == ABSENT:
        who.unplace(record, number, day, amount, cod, before)
    else:
        who.move(record, layout, number, day, before, after)


@compiled
def touched(facts: Integers) -> tuple[Integers, Integers, Integers]:
    """Whose records changes of these orders touch, and where each key's changes are found.

    Parameters
    ----------
    facts : ndarray of int64, shape (n, FACT_SIZE)
        The order of each change.

    Returns
    -------
    keys, first, following : ndarray of int64
        The keys, and the first touch of each; behind every touch the next of the same key, or -1.
        A touch is a slot of a change; a change that names a key twice touches it once.
    """
    n = len(facts) * SLOTS
    keys, first, last = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    following = np.full(n, -1)
    size = 2
    while size < 2 * n:
        size *= 2
    places = np.full(size, -1)
    found = 0
    for touch in range(n):
        key = facts[touch // SLOTS, FIRST_WHO + touch % SLOTS]
        if key == NO_KEY:
            continue
        at = key & (size - 1)
        while places[at] >= 0 and keys[places[at]] != key:
            at = (at + 1) & (size - 1)
        place = places[at]
        if place < 0:
            places[at] = found
            keys[found] = key
            first[found] = last[found] = touch
            found += 1
        elif last[place] // SLOTS != touch // SLOTS:
            following[last[place]] = touch
            last[place] = touch
    return keys[:found], first[:found], following


@compiled
def take_in_place(
    record: Integers,
    i: int,
    facts: Integers,
    changes: Integers,
    first: Integers,
    following: Integers,
    seen: Integers,
    changed: Integers,
) -> None:
    """Changes into a packed record as it lies, up to one by which its length changes.

    ``first[i]`` is the touch where :func:`take_all` has to go on, -1 where nothing is left.
    """
    layout = who.packed_layout(record)
    touch = first[i]
    while touch >= 0:
        change = touch // SLOTS
        if changes[change, SEQ] > seen[i]:
            was, becomes = changes[change, WAS], changes[change, BECOMES]
            placed = was == ABSENT and who.keeps_its_length(record, layout)
            if not placed and (was == ABSENT or becomes == ABSENT):
                break
            changed[i] = 1
            take_who(record, layout, facts[change], was, becomes)
        touch = following[touch]
    first[i] = touch


@compiled
def take_all(
    packed: Integers,
    ends: Integers,
    which: Integers,
    facts: Integers,
    changes: Integers,
    first: Integers,
    following: Integers,
    seen: Integers,
    changed: Integers,
    scratch: Integers,
) -> tuple[Integers, Integers]:
    """Changes into records that they touch, each opened once.

    Parameters
    ----------
    packed, ends : ndarray of int64
        The records one behind the other, and where each ends.
    which : ndarray of int64
        Of which key each is.
    facts : ndarray of int64, shape (n, FACT_SIZE)
    changes : ndarray of int64, shape (n, 3)
        ``SEQ``, ``WAS`` and ``BECOMES`` of each, in order.
    first, following : ndarray of int64
        See :func:`touched`.
    seen : ndarray of int64
        Up to which position the record of each key has seen the log.
    changed : ndarray of int64, filled
        1 where the record of a key was changed.
    scratch : ndarray of int64, shape (RECORD_SIZE,)

    Returns
    -------
    taken, until : ndarray of int64
        The records with their changes, and their ends.
    """
    taken = np.empty(len(packed) + len(following) * who.MOST_LONGER, np.int64)
    until = np.empty_like(ends)
    begin = at = 0
    for place in range(len(which)):
        i = which[place]
        who.unpack(packed[begin : ends[place]], scratch)
        touch = first[i]
        while touch >= 0:
            change = touch // SLOTS
            if changes[change, SEQ] > seen[i]:
                changed[i] = 1
                was, becomes = changes[change, WAS], changes[change, BECOMES]
                take_who(scratch, who.OPEN, facts[change], was, becomes)
            touch = following[touch]
        at = who.pack_into(scratch, taken, at)
        begin, until[place] = ends[place], at
    return taken, until


@compiled
def renamed(packed: Integers, scratch: Integers, olds: Integers, news: Integers) -> Integers:
    """A packed record whose orders name other partners."""
    who.unpack(packed, scratch)
    who.rename_partners(scratch, olds, news)
    return who.pack(scratch)
