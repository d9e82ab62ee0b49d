"""The record of one who-key: its latest orders, and day counts of the orders before those.

A record is one row of integers: a head (recent orders held, orders gone over, days held), the
counts of all orders gone over, the latest 64 orders in the log's order, and the counts per Indian
day of placement of the orders gone over (400 days). As long as a key has 64 orders or fewer the
latest orders say everything, so that the common record is small; windows of seven days and more
read day counts and latest orders together, which is the same as day counts of all orders.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.days import DAY_US, HOUR_US, IST_SHIFT_US
from features.history.counts import (
    COUNTS,
    DAY,
    DAYS_7,
    EVER,
    FIRST_STATE,
    HOUR,
    add_order,
    first_day,
)
from features.history.states import CLASSES, DELIVERED, RETURNED, RTO

Record = NDArray[np.int64]
Integers = NDArray[np.int64]

LATEST = 64
KEPT_DAYS = 400
PARTNERS = 5  # phone, device, address, merchant, article
MERCHANT_PARTNER = 3

_RECENT, _EVICTED, _DAYS = range(3)
_COUNTS_AT = 3
_LATEST_AT = _COUNTS_AT + COUNTS
_NUMBER, _PLACED_US, _AMOUNT, _COD, _STATE, _PARTNER = range(6)
_WIDTH = _PARTNER + PARTNERS
_DAYS_AT = _LATEST_AT + LATEST * _WIDTH
_DAY_WIDTH = 1 + COUNTS
FULL = 3 + LATEST * _WIDTH
"""A packed record this long holds as many orders as it ever does."""
RECORD_SIZE = _DAYS_AT + (KEPT_DAYS + 1) * _DAY_WIDTH
# One order more makes a packed record longer by so much at most.
MOST_LONGER = 3 + _WIDTH + COUNTS + _DAY_WIDTH

# What stands beside the windows of counts.
(
    LAST_PLACED_US, LAST_RTO_PLACED_US, LAST_KNOWN, KNOWN_OF_LAST_3, RTO_OF_LAST_3, CAPPED,
    PHONES, DEVICES, ADDRESSES, MERCHANTS, ARTICLES,
    SAME_PHONE, SAME_DEVICE, SAME_ADDRESS, SAME_MERCHANT, SAME_ARTICLE, MERCHANTS_1D,
) = range(17)  # fmt: skip
MARKS = 17
UNASKED = -1  # of SAME_…: the order names no such partner
# What a reader may want of each kind of partner; going through 64 orders is not free.
NOTHING, DISTINCT, SAME, BOTH = range(4)
NONE_KNOWN, LAST_KEPT, LAST_RTO = range(3)

# Rows of the keys near an order: which, when last seen, on which order, and what kind of key.
KEY, WHEN, WHICH, KIND = range(4)
NEAR_ROWS = 4


class Layout(NamedTuple):
    """Where the parts of a record begin: open, with room for more, or packed."""

    latest: int
    counts: int
    days: int


OPEN = Layout(_LATEST_AT, _COUNTS_AT, _DAYS_AT)


@compiled
def packed_layout(packed: Record) -> Layout:
    """Where the parts of a stored record begin; it has no counts before an order is gone over."""
    counts = 3 + packed[_RECENT] * _WIDTH
    return Layout(3, counts, counts + COUNTS)


def blank() -> Record:
    """A record of no orders, large enough for any."""
    return np.zeros(RECORD_SIZE, np.int64)


@compiled
def clear(record: Record) -> None:
    """Forget everything in ``record``."""
    record[:_LATEST_AT] = 0


@compiled
def _day_row(record: Record, layout: Layout, day: int) -> int:
    """Where ``day`` stands, or would stand, among the days held (ascending)."""
    low, high = 0, record[_DAYS]
    while low < high:
        middle = (low + high) // 2
        if record[layout.days + middle * _DAY_WIDTH] < day:
            low = middle + 1
        else:
            high = middle
    return layout.days + low * _DAY_WIDTH


@compiled
def _has_day(record: Record, layout: Layout, at: int, day: int) -> bool:
    return at < layout.days + record[_DAYS] * _DAY_WIDTH and record[at] == day


@compiled
def _drop_old_days(record: Record, newest: int) -> None:
    at = _day_row(record, OPEN, newest - KEPT_DAYS + 1)
    end = _DAYS_AT + record[_DAYS] * _DAY_WIDTH
    if at > _DAYS_AT:
        for i in range(end - at):
            record[_DAYS_AT + i] = record[at + i]
        record[_DAYS] -= (at - _DAYS_AT) // _DAY_WIDTH


@compiled
def _open_day(record: Record, layout: Layout, day: int) -> int:
    """The row of ``day``, made if need be; -1 where it is too old to be held.

    A packed record has no room for another: see :func:`keeps_its_length`.
    """
    at = _day_row(record, layout, day)
    if _has_day(record, layout, at, day):
        return at
    end = _DAYS_AT + record[_DAYS] * _DAY_WIDTH
    if at < end and day <= record[end - _DAY_WIDTH] - KEPT_DAYS:
        return -1
    if at == end:
        _drop_old_days(record, day)
        at = end = _DAYS_AT + record[_DAYS] * _DAY_WIDTH
    for i in range(end - 1, at - 1, -1):
        record[i + _DAY_WIDTH] = record[i]
    record[at : at + _DAY_WIDTH] = 0
    record[at] = day
    record[_DAYS] += 1
    return at


@compiled
def _evict(record: Record, layout: Layout) -> None:
    """Move the earliest of the latest orders over to the counts."""
    first = record[layout.latest : layout.latest + _WIDTH]
    amount, cod, state = first[_AMOUNT], first[_COD], first[_STATE]
    add_order(record[layout.counts : layout.counts + COUNTS], amount, cod, state, 1)
    at = _open_day(record, layout, (first[_PLACED_US] + IST_SHIFT_US) // DAY_US)
    if at >= 0:
        add_order(record[at + 1 : at + _DAY_WIDTH], amount, cod, state, 1)
    for i in range((record[_RECENT] - 1) * _WIDTH):
        record[layout.latest + i] = record[layout.latest + _WIDTH + i]
    record[_RECENT] -= 1
    record[_EVICTED] += 1


@compiled
def keeps_its_length(packed: Record, layout: Layout) -> bool:
    """Whether a packed record can take an order more as it lies.

    It can where the earliest of the latest makes way for it, and is counted on a day that is held.
    """
    if packed[_RECENT] < LATEST or packed[_EVICTED] == 0:
        return False
    day = (packed[layout.latest + _PLACED_US] + IST_SHIFT_US) // DAY_US
    return _has_day(packed, layout, _day_row(packed, layout, day), day)


@compiled
def place(
    record: Record,
    layout: Layout,
    number: int,
    placed_us: int,
    amount: int,
    cod: int,
    state: int,
    partners: Record | tuple[int, ...],
) -> None:
    """Add an order as the latest; ``partners`` are the keys it is found with, shape (PARTNERS,).

    A new order is pending; one that comes over from another key by a revision keeps its state.
    """
    if record[_RECENT] == LATEST:
        _evict(record, layout)
    at = layout.latest + record[_RECENT] * _WIDTH
    record[at + _NUMBER] = number
    record[at + _PLACED_US] = placed_us
    record[at + _AMOUNT] = amount
    record[at + _COD] = cod
    record[at + _STATE] = state
    for i in range(PARTNERS):
        record[at + _PARTNER + i] = partners[i]
    record[_RECENT] += 1


@compiled
def _latest_row(record: Record, layout: Layout, number: int) -> int:
    """Where an order stands among the latest; -1 where it is no longer one of them."""
    for i in range(record[_RECENT] - 1, -1, -1):
        at = layout.latest + i * _WIDTH
        if record[at + _NUMBER] == number:
            return at
    return -1


@compiled
def unplace(record: Record, number: int, day: int, amount: int, cod: int, state: int) -> None:
    """Take an order away again, of an open record: a revision of it has another key."""
    at = _latest_row(record, OPEN, number)
    if at >= 0:
        end = _LATEST_AT + record[_RECENT] * _WIDTH
        for i in range(at, end - _WIDTH):
            record[i] = record[i + _WIDTH]
        record[_RECENT] -= 1
        return
    add_order(record[_COUNTS_AT:_LATEST_AT], amount, cod, state, -1)
    record[_EVICTED] -= 1
    if record[_EVICTED] == 0:
        record[_DAYS] = 0
    at = _day_row(record, OPEN, day)
    if _has_day(record, OPEN, at, day):
        add_order(record[at + 1 : at + _DAY_WIDTH], amount, cod, state, -1)


@compiled
def move(record: Record, layout: Layout, number: int, day: int, before: int, after: int) -> None:
    """Change the state of an order placed earlier on Indian day ``day``."""
    latest = _latest_row(record, layout, number)
    if latest >= 0:
        record[latest + _STATE] = after
        return
    record[layout.counts + FIRST_STATE + before] -= 1
    record[layout.counts + FIRST_STATE + after] += 1
    at = _day_row(record, layout, day)
    if _has_day(record, layout, at, day):
        record[at + 1 + FIRST_STATE + before] -= 1
        record[at + 1 + FIRST_STATE + after] += 1


@compiled
def _shortest(placed_us: int, as_of_us: int) -> int:
    """The shortest window that an order lies in; every longer one holds it too."""
    if placed_us > as_of_us - HOUR_US:
        return HOUR
    if placed_us > as_of_us - DAY_US:
        return DAY
    today = (as_of_us + IST_SHIFT_US) // DAY_US
    for window in range(DAYS_7, EVER):
        if placed_us + IST_SHIFT_US >= first_day(today, window) * DAY_US:
            return window
    return EVER


@compiled
def _add_shorter(counts: NDArray[np.int64]) -> None:
    """Add to every window what lies in the shorter ones."""
    for window in range(HOUR + 1, EVER + 1):
        for i in range(COUNTS):
            counts[window, i] += counts[window - 1, i]


@compiled
def _add_days(record: Record, layout: Layout, as_of_us: int, counts: NDArray[np.int64]) -> None:
    """Add the orders gone over: each day once, from the latest back, to all windows it lies in."""
    today = (as_of_us + IST_SHIFT_US) // DAY_US
    sums = np.zeros(COUNTS, np.int64)
    window = DAYS_7
    held = record[_DAYS]
    days = record[layout.days : layout.days + held * _DAY_WIDTH].reshape(held, _DAY_WIDTH)
    for row in range(held - 1, -1, -1):
        while window < EVER and days[row, 0] < first_day(today, window):
            counts[window] += sums
            window += 1
        if window == EVER:
            break
        for i in range(COUNTS):
            sums[i] += days[row, 1 + i]
    for longer in range(window, EVER):
        counts[longer] += sums
    counts[EVER] += record[layout.counts : layout.counts + COUNTS]


@compiled
def _counts_here(record: Record, at: int, own_number: int, since_us: int) -> bool:
    return record[at + _NUMBER] != own_number and record[at + _PLACED_US] > since_us


@compiled
def _distinct(record: Record, first: int, partner: int, own_number: int, since_us: int) -> int:
    """How many different partners of one kind the latest orders placed after ``since_us`` name."""
    found = 0
    for i in range(record[_RECENT]):
        at = first + i * _WIDTH
        value = record[at + _PARTNER + partner]
        new = value != 0 and _counts_here(record, at, own_number, since_us)
        for j in range(i if new else 0):
            before = first + j * _WIDTH
            if record[before + _PARTNER + partner] == value and _counts_here(
                record, before, own_number, since_us
            ):
                new = False
                break
        found += int(new)
    return found


@compiled
def _same(record: Record, first: int, partner: int, own_number: int, mine: int) -> int:
    """How many of the latest orders name the very partner that the asking order names."""
    if mine == 0:
        return UNASKED
    found = 0
    for i in range(record[_RECENT]):
        at = first + i * _WIDTH
        if record[at + _PARTNER + partner] == mine and record[at + _NUMBER] != own_number:
            found += 1
    return found


@compiled
def _mark_outcome(state: int, placed_us: int, marks: NDArray[np.int64]) -> None:
    """Take one order, from the latest backwards, into the marks of the last outcomes."""
    kind = state % CLASSES
    rto = kind == RTO
    if rto:
        marks[LAST_RTO_PLACED_US] = max(marks[LAST_RTO_PLACED_US], placed_us)
    if kind not in (DELIVERED, RETURNED, RTO):
        return
    if marks[LAST_KNOWN] == NONE_KNOWN:
        marks[LAST_KNOWN] = LAST_RTO if rto else LAST_KEPT
    if marks[KNOWN_OF_LAST_3] < 3:
        marks[KNOWN_OF_LAST_3] += 1
        marks[RTO_OF_LAST_3] += int(rto)


@compiled
def read(
    record: Record,
    layout: Layout,
    as_of_us: int,
    own_number: int,
    partners: Record,
    wanted: Integers,
    counts: NDArray[np.int64],
    marks: NDArray[np.int64],
) -> None:
    """Everything a feature may know of this key at ``as_of_us``, as integers.

    Parameters
    ----------
    record : ndarray of int64
    layout : Layout
        ``OPEN``, or that of a packed record, which is read as it is.
    as_of_us : int
        Windows end here; the hour and the day window hold orders placed after the instant one
        hour or day before.
    own_number : int
        An order that must not see itself (a later revision is scored again); -1 for none.
    partners : ndarray of int64, shape (PARTNERS,)
        What the asking order itself names.
    wanted : ndarray of int64, shape (PARTNERS,)
        ``NOTHING``, ``DISTINCT``, ``SAME`` or ``BOTH`` of each kind; other marks stay 0.
    counts : ndarray of int64, shape (WINDOWS, COUNTS), overwritten
    marks : ndarray of int64, shape (MARKS,), overwritten
    """
    counts[:] = 0
    marks[:] = 0
    for i in range(record[_RECENT] - 1, -1, -1):
        at = layout.latest + i * _WIDTH
        if record[at + _NUMBER] == own_number:
            continue
        placed, state = record[at + _PLACED_US], record[at + _STATE]
        window = counts[_shortest(placed, as_of_us)]
        add_order(window, record[at + _AMOUNT], record[at + _COD], state, 1)
        marks[LAST_PLACED_US] = max(marks[LAST_PLACED_US], placed)
        _mark_outcome(state, placed, marks)
    _add_shorter(counts)
    if record[_EVICTED] > 0:
        _add_days(record, layout, as_of_us, counts)
        marks[CAPPED] = 1
    for partner in range(PARTNERS):
        if wanted[partner] & DISTINCT:
            marks[PHONES + partner] = _distinct(record, layout.latest, partner, own_number, 0)
        if wanted[partner] & SAME:
            marks[SAME_PHONE + partner] = _same(
                record, layout.latest, partner, own_number, partners[partner]
            )
    if wanted[MERCHANT_PARTNER] & DISTINCT:
        since = as_of_us - DAY_US
        marks[MERCHANTS_1D] = _distinct(record, layout.latest, MERCHANT_PARTNER, own_number, since)


@compiled
def lifetime(record: Record, layout: Layout, own_number: int, counts: NDArray[np.int64]) -> None:
    """Add the counts of all orders of this key to ``counts``, shape (COUNTS,)."""
    if record[_EVICTED] > 0:
        counts += record[layout.counts : layout.counts + COUNTS]
    for row in range(record[_RECENT]):
        at = layout.latest + row * _WIDTH
        if record[at + _NUMBER] != own_number:
            add_order(counts, record[at + _AMOUNT], record[at + _COD], record[at + _STATE], 1)


@compiled
def latest_partners(
    record: Record, layout: Layout, partner: int, own: int, own_number: int, near: Integers, n: int
) -> int:
    """Collect the partners of one kind other than ``own``, keeping the most recent of all calls.

    Parameters
    ----------
    partner : int
        0 phone, 1 device, 2 address.
    own : int
        The order's own key of that kind.
    near : ndarray of int64, shape (4, most)
        Rows KEY, WHEN, WHICH and KIND of those collected; ``n`` columns are in use.

    Returns
    -------
    int
        How many are in use now.
    """
    for i in range(record[_RECENT]):
        at = layout.latest + i * _WIDTH
        key, number = record[at + _PARTNER + partner], record[at + _NUMBER]
        if key != 0 and key != own and number != own_number:
            n = keep_recent(near, n, key, record[at + _PLACED_US], number, partner)
    return n


@compiled
def _is_later(near: Integers, at: int, placed_us: int, number: int, kind: int) -> bool:
    """Whether column ``at`` was seen later; ties go by order and kind, never by the hashed key."""
    return (near[WHEN, at], near[WHICH, at], near[KIND, at]) > (placed_us, number, kind)


@compiled
def keep_recent(near: Integers, n: int, key: int, placed_us: int, number: int, kind: int) -> int:
    """Keep a key among the most recent ones; returns how many are kept."""
    at = n
    for j in range(n):
        if near[KEY, j] == key and near[KIND, j] == kind:
            if _is_later(near, j, placed_us, number, kind):
                return n
            at = j
            break
    if at == near.shape[1]:
        at = 0
        for j in range(1, n):
            if _is_later(near, at, near[WHEN, j], near[WHICH, j], near[KIND, j]):
                at = j
        if _is_later(near, at, placed_us, number, kind):
            return n
    near[KEY, at] = key
    near[WHEN, at] = placed_us
    near[WHICH, at] = number
    near[KIND, at] = kind
    return max(n, at + 1)


@compiled
def rename_partners(record: Record, olds: Integers, news: Integers) -> None:
    """Put ``news[i]`` in place of ``olds[i]`` wherever the latest orders name it."""
    for row in range(record[_RECENT]):
        first = _LATEST_AT + row * _WIDTH + _PARTNER
        for at in range(first, first + PARTNERS):
            for i in range(len(olds)):
                if record[at] == olds[i]:
                    record[at] = news[i]
                    break


@compiled
def _packed_size(record: Record) -> int:
    size = 3 + record[_RECENT] * _WIDTH
    if record[_EVICTED] > 0:
        size += COUNTS + record[_DAYS] * _DAY_WIDTH
    return size


@compiled
def pack_into(record: Record, out: Record, begin: int) -> int:
    """Put the stored form, only what the record holds, into ``out`` from ``begin``; its end."""
    latest = record[_RECENT] * _WIDTH
    for i in range(3):
        out[begin + i] = record[i]
    at = begin + 3
    for i in range(latest):
        out[at + i] = record[_LATEST_AT + i]
    at += latest
    if record[_EVICTED] > 0:
        days = record[_DAYS] * _DAY_WIDTH
        for i in range(COUNTS):
            out[at + i] = record[_COUNTS_AT + i]
        at += COUNTS
        for i in range(days):
            out[at + i] = record[_DAYS_AT + i]
        at += days
    return at


@compiled
def pack(record: Record) -> Record:
    """The stored form of its own."""
    packed = np.empty(_packed_size(record), np.int64)
    pack_into(record, packed, 0)
    return packed


@compiled
def unpack(packed: Record, record: Record) -> None:
    """Fill ``record`` from its stored form; an empty ``packed`` is a key never seen."""
    clear(record)
    if len(packed) == 0:
        return
    record[:3] = packed[:3]
    end = 3 + record[_RECENT] * _WIDTH
    record[_LATEST_AT : _LATEST_AT + record[_RECENT] * _WIDTH] = packed[3:end]
    if record[_EVICTED] > 0:
        record[_COUNTS_AT:_LATEST_AT] = packed[end : end + COUNTS]
        record[_DAYS_AT : _DAYS_AT + record[_DAYS] * _DAY_WIDTH] = packed[end + COUNTS :]
