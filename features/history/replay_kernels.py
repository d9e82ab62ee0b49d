"""The compiled passes of the batch reading; see ``replay`` for what they are given."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.days import DAY_US, IST_SHIFT_US
from features.history import who
from features.history.counts import COUNTS, DAYS_7, EVER, WINDOWS
from features.history.fact import AMOUNT_PAISE, DAY, FIRST_WHO, NUMBER
from features.history.fill import fill_where, fill_who
from features.history.layout import (
    RATE_ROW,
    WHERE_ABOVE,
    WHERE_STARTS,
    WHO_ABOVE,
    WHO_STARTS,
    WHO_WANTED,
)
from features.history.linked import LINKS, MOST_LINKED, OWN, PARTNER, SLOT
from features.history.states import ABSENT
from features.history.take import PARTNER_COLUMNS, take_counts, take_who
from features.history.values import WHERE_VALUES, WHO_VALUES, near_values
from features.history.where import find_day, open_day, slide_to

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Matrix = NDArray[np.float32]


@compiled
def group(codes: Integers, rows: Integers, n_keys: int) -> tuple[Integers, Integers]:
    """Group ``rows`` by code, keeping their order within a code; code -1 is left out."""
    starts = np.zeros(n_keys + 1, np.int64)
    for code in codes:
        if code >= 0:
            starts[code + 1] += 1
    for key in range(n_keys):
        starts[key + 1] += starts[key]
    at = starts[:-1].copy()
    grouped = np.empty(starts[n_keys], np.int64)
    for i in range(len(codes)):
        if codes[i] >= 0:
            grouped[at[codes[i]]] = rows[i]
            at[codes[i]] += 1
    return starts, grouped


@compiled
def where_absent(kind: int, asks: Integers, out: Matrix) -> None:
    """Mark the features of a where-key that these askers do not have as unknown."""
    for ask in asks:
        for column in range(WHERE_STARTS[kind], WHERE_STARTS[kind + 1]):
            out[ask, column] = np.nan


@compiled
def who_absent(slot: int, asks: Integers, out: Matrix) -> None:
    """Mark the features of a who-key that these askers do not have as unknown."""
    for ask in asks:
        for column in range(WHO_STARTS[slot], WHO_STARTS[slot + 1]):
            out[ask, column] = np.nan


@compiled
def _take_where(
    fact: Integers, before: int, after: int, days: Integers, rows: Integers, n: int,
    firsts: Integers, windows: Integers,
) -> int:  # fmt: skip
    """One change into the day's counts and into every window that holds the day."""
    at = find_day(days, n, fact[DAY])
    if at == n or days[at] != fact[DAY]:
        open_day(days, rows, n, firsts, at, fact[DAY])
        n += 1
    take_counts(rows[at], fact, before, after)
    for window in range(DAYS_7, EVER):
        if at >= firsts[window]:
            take_counts(windows[window], fact, before, after)
    take_counts(windows[EVER], fact, before, after)
    return n


@compiled
def _turn(orders_of_pair: Integers, pair: int, before: int, after: int) -> int:
    """By how many the merchants of a key change when one change of an order is taken in."""
    if before == ABSENT:
        orders_of_pair[pair] += 1
        return int(orders_of_pair[pair] == 1)
    if after == ABSENT:
        orders_of_pair[pair] -= 1
        return -int(orders_of_pair[pair] == 0)
    return 0


@compiled
def where_pass(
    kind: int, facts: Integers, order: Integers, before: Integers, after: Integers,
    change_starts: Integers, changes: Integers, ask_order: Integers, ask_fold: Integers,
    as_of_us: Integers, ask_starts: Integers, asks: Integers, pairs: Integers, rates: Floats,
    out: Matrix,
) -> None:  # fmt: skip
    """Read one where-kind for every asker, from sliding windows key by key.

    ``pairs`` numbers the pair of key and merchant of every fact of a kind of the network, and is
    empty for a merchant's own.
    """
    longest = 0
    for key in range(len(change_starts) - 1):
        longest = max(longest, change_starts[key + 1] - change_starts[key])
    days = np.empty(longest + 1, np.int64)
    rows = np.zeros((longest + 1, COUNTS), np.int64)
    windows = np.zeros((WINDOWS, COUNTS), np.int64)
    firsts = np.zeros(WINDOWS, np.int64)
    mine = np.empty((len(WHERE_ABOVE), rates.shape[2]))
    scratch = np.empty(len(WHERE_VALUES))
    orders_of_pair = np.zeros(pairs.max() + 1 if len(pairs) else 0, np.int64)
    for key in range(len(ask_starts) - 1):
        if ask_starts[key] == ask_starts[key + 1]:
            continue
        windows[:] = 0
        firsts[:] = 0
        n = 0
        merchants = 0
        at = change_starts[key]
        for i in range(ask_starts[key], ask_starts[key + 1]):
            ask = asks[i]
            while at < change_starts[key + 1] and changes[at] < ask_fold[ask]:
                change = changes[at]
                n = _take_where(
                    facts[order[change]], before[change], after[change], days, rows, n, firsts,
                    windows,
                )  # fmt: skip
                if len(pairs) > 0:
                    pair = pairs[order[change]]
                    merchants += _turn(orders_of_pair, pair, before[change], after[change])
                at += 1
            slide_to(days, rows, n, firsts, windows, (as_of_us[ask] + IST_SHIFT_US) // DAY_US)
            if WHERE_ABOVE[kind] >= 0:
                mine[WHERE_ABOVE[kind]] = rates[RATE_ROW[WHERE_ABOVE[kind]], ask]
            fact = facts[ask_order[ask]]
            fill_where(kind, True, merchants, windows, fact[AMOUNT_PAISE], mine, scratch, out[ask])
            if RATE_ROW[kind] >= 0:
                rates[RATE_ROW[kind], ask] = mine[kind]


@compiled
def _note_linked(
    slot: int, record: Integers, fact: Integers, ask: int, near: Integers, links: Integers, n: int
) -> tuple[Integers, int]:
    """Append the keys near one asker, as rows of asker and the rows of ``near``."""
    found = 0
    for link in range(len(LINKS)):
        if LINKS[link, SLOT] == slot:
            own = fact[FIRST_WHO + LINKS[link, OWN]]
            found = who.latest_partners(
                record, who.OPEN, LINKS[link, PARTNER], own, fact[NUMBER], near, found
            )
    if n + found > len(links):
        longer = np.empty((2 * len(links) + found, 1 + who.NEAR_ROWS), np.int64)
        longer[:n] = links[:n]
        links = longer
    for i in range(found):
        links[n + i, 0] = ask
        links[n + i, 1:] = near[:, i]
    return links, n + found


@compiled
def who_pass(
    slot: int, linking: bool, facts: Integers, order: Integers, before: Integers, after: Integers,
    change_starts: Integers, changes: Integers, ask_order: Integers, ask_read: Integers,
    as_of_us: Integers, ask_starts: Integers, asks: Integers, rates: Floats, out: Matrix,
) -> Integers:  # fmt: skip
    """Read one who-slot for every asker, from one record key by key; returns linked keys."""
    record = np.zeros(who.RECORD_SIZE, np.int64)
    counts = np.zeros((WINDOWS, COUNTS), np.int64)
    marks = np.zeros(who.MARKS, np.int64)
    near = np.zeros((who.NEAR_ROWS, MOST_LINKED), np.int64)
    scratch = np.empty(len(WHO_VALUES))
    links = np.empty((1024 if linking else 0, 1 + who.NEAR_ROWS), np.int64)
    n = 0
    for key in range(len(ask_starts) - 1):
        if ask_starts[key] == ask_starts[key + 1]:
            continue
        who.clear(record)
        at = change_starts[key]
        for i in range(ask_starts[key], ask_starts[key + 1]):
            ask = asks[i]
            while at < change_starts[key + 1] and changes[at] < ask_read[ask]:
                change = changes[at]
                take_who(record, who.OPEN, facts[order[change]], before[change], after[change])
                at += 1
            fact = facts[ask_order[ask]]
            who.read(
                record, who.OPEN, as_of_us[ask], fact[NUMBER], fact[PARTNER_COLUMNS],
                WHO_WANTED[slot], counts, marks,
            )  # fmt: skip
            fill_who(
                slot, True, counts, marks, rates[RATE_ROW[WHO_ABOVE[slot]], ask], as_of_us[ask],
                fact[AMOUNT_PAISE], scratch, out[ask, :],
            )  # fmt: skip
            if linking:
                links, n = _note_linked(slot, record, fact, ask, near, links, n)
    return links[:n]


@compiled
def choose_linked(links: Integers) -> Integers:
    """Of rows sorted by asker (asker, then the rows of ``near``), each asker's most recent keys."""
    kept = np.empty_like(links)
    near = np.zeros((who.NEAR_ROWS, MOST_LINKED), np.int64)
    total, i = 0, 0
    while i < len(links):
        ask, n = links[i, 0], 0
        while i < len(links) and links[i, 0] == ask:
            key, placed_us = links[i, 1 + who.KEY], links[i, 1 + who.WHEN]
            number, kind = links[i, 1 + who.WHICH], links[i, 1 + who.KIND]
            n = who.keep_recent(near, n, key, placed_us, number, kind)
            i += 1
        for j in range(n):
            kept[total, 0] = ask
            kept[total, 1:] = near[:, j]
            total += 1
    return kept[:total]


@compiled
def lifetime_pass(
    facts: Integers, order: Integers, before: Integers, after: Integers, change_starts: Integers,
    changes: Integers, ask_read: Integers, ask_starts: Integers,
    asks: Integers, lifetimes: Integers,
) -> None:  # fmt: skip
    """Add the lifetime counts of the grouped keys to their askers' rows."""
    counts = np.zeros(COUNTS, np.int64)
    for key in range(len(ask_starts) - 1):
        counts[:] = 0
        at = change_starts[key]
        for i in range(ask_starts[key], ask_starts[key + 1]):
            ask = asks[i]
            while at < change_starts[key + 1] and changes[at] < ask_read[ask]:
                change = changes[at]
                take_counts(counts, facts[order[change]], before[change], after[change])
                at += 1
            lifetimes[ask] += counts


@compiled
def write_near(linked: Integers, lifetimes: Integers, first: int, out: Matrix) -> None:
    """Write the features of linked identities of every asker."""
    scratch = np.empty(4)
    for ask in range(len(linked)):
        near_values(linked[ask], lifetimes[ask], scratch)
        for i in range(len(scratch)):
            out[ask, first + i] = scratch[i]
