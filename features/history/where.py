"""Counts per where-key and Indian day of placement, as known at a fold, and their windows.

Batch slides the windows of one key through its events (:func:`slide`); live reads them from a
memory-mapped table of running sums (:class:`WindowTable`). Both give the same integers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.errors import StoreError
from features.history.counts import (
    COUNTS,
    DAYS_7,
    EVER,
    add_order,
    first_day,
)
from features.history.fact import AMOUNT_PAISE as FACT_AMOUNT
from features.history.fact import COD, DAY, FIRST_WHERE, MERCHANT
from features.keys import ABSENT, FIRST_NET_KIND, WHERE_KINDS

Integers = NDArray[np.int64]

_FILES = ("keys", "starts", "days", "sums", "merchants")


@compiled
def _find(sorted_values: Integers, low: int, high: int, value: int) -> int:
    """The first place in ``[low, high)`` whose value is not below ``value``, else ``high``."""
    while low < high:
        middle = (low + high) // 2
        if sorted_values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def read_sums(
    keys: Integers, starts: Integers, days: Integers, sums: Integers, key: int, today: int,
    counts: Integers,
) -> int:  # fmt: skip
    """The windows of one key that end with Indian day ``today``, from a table's arrays.

    ``counts``, shape (WINDOWS, COUNTS), is overwritten; its hour and day windows stay zero.
    Returns where the key stands in the table, -1 where it does not.
    """
    counts[:] = 0
    at = _find(keys, 0, len(keys), key)
    if key == ABSENT or at == len(keys) or keys[at] != key:
        return -1
    begin, end = starts[at], starts[at + 1]
    for window in range(DAYS_7, EVER):
        since = _find(days, begin, end, first_day(today, window))
        for i in range(COUNTS):
            before = sums[since - 1, i] if since > begin else 0
            counts[window, i] = sums[end - 1, i] - before
    counts[EVER] = sums[end - 1]
    return at


@compiled
def _running_sums(codes: Integers, rows: Integers) -> None:
    """Turn per-day counts, sorted by key and day, into running sums within each key."""
    for row in range(1, len(codes)):
        if codes[row] == codes[row - 1]:
            rows[row] += rows[row - 1]


@compiled
def _fill(rows: Integers, at: Integers, cod: Integers, amount: Integers, state: Integers) -> None:
    for i in range(len(at)):
        add_order(rows[at[i]], amount[i], cod[i], state[i], 1)


@dataclass(frozen=True, slots=True, eq=False)
class WindowTable:
    """Running sums of every where-key by day, as of one fold.

    Parameters
    ----------
    seq : int
        The fold's boundary: events with a smaller or equal position are counted.
    keys : ndarray of int64, shape (n_keys,), ascending
    starts : ndarray of int64, shape (n_keys + 1,)
        Where each key's days begin.
    days : ndarray of int64, shape (n_rows,), ascending within a key
    sums : ndarray of int64, shape (n_rows, COUNTS)
        Running sums over the days of a key.
    merchants : ndarray of int64, shape (n_keys,)
        How many have orders under each key of the network; 0 for a key of one merchant's own.
    """

    seq: int
    keys: Integers
    starts: Integers
    days: Integers
    sums: Integers
    merchants: Integers

    @classmethod
    def build(cls, facts: Integers, states: Integers, seq: int) -> WindowTable:
        """Count every order once, in the state it is known to be in at ``seq``.

        Parameters
        ----------
        facts : ndarray of int64, shape (n_orders, FACT_SIZE)
        states : ndarray of int64, shape (n_orders,)
        seq : int
        """
        kinds = len(WHERE_KINDS)
        keys = facts[:, FIRST_WHERE : FIRST_WHERE + kinds].reshape(-1)
        day = np.repeat(facts[:, DAY], kinds)
        here = keys != ABSENT
        order = np.repeat(np.arange(len(facts)), kinds)[here]
        pairs = np.stack([keys[here], day[here]], axis=1)
        cells, at = _cells(pairs)
        rows = np.zeros((len(cells), COUNTS), np.int64)
        _fill(rows, at, facts[order, COD], facts[order, FACT_AMOUNT], states[order])
        _running_sums(cells[:, 0], rows)
        firsts = np.flatnonzero(np.r_[True, cells[1:, 0] != cells[:-1, 0]][: len(cells)])
        distinct = np.ascontiguousarray(cells[firsts, 0])
        return cls(
            seq=seq,
            keys=distinct,
            starts=np.r_[firsts, len(cells)].astype(np.int64),
            days=np.ascontiguousarray(cells[:, 1]),
            sums=rows,
            merchants=_merchants(facts, distinct),
        )

    def write(self, path: Path) -> None:
        """Write the table as a folder of arrays that appears whole or not at all."""
        partial = path.with_name(f".{path.name}.partial")
        partial.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            np.save(partial / f"{name}.npy", getattr(self, name), allow_pickle=False)
        about = {"seq": self.seq, "kinds": list(WHERE_KINDS), "counts": COUNTS}
        (partial / "about.json").write_text(json.dumps(about), encoding="utf-8")
        partial.rename(path)

    @classmethod
    def open(cls, path: Path) -> WindowTable:
        """Memory-map a written table.

        Raises
        ------
        StoreError
            If it is absent, damaged, or counts other kinds than today's.
        """
        try:
            about = json.loads((path / "about.json").read_text(encoding="utf-8"))
            arrays = {
                name: np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False)
                for name in _FILES
            }
        except (OSError, ValueError) as error:
            raise StoreError(f"the fold {path.name} cannot be read; fold again") from error
        if about["kinds"] != list(WHERE_KINDS) or about["counts"] != COUNTS:
            raise StoreError(f"the fold {path.name} counts other kinds; fold again")
        return cls(seq=int(about["seq"]), **{k: v.view(np.ndarray) for k, v in arrays.items()})

    @classmethod
    def empty(cls) -> WindowTable:
        """The table before any order."""
        nothing = np.empty(0, np.int64)
        sums = np.empty((0, COUNTS), np.int64)
        return cls(0, nothing, np.zeros(1, np.int64), nothing, sums, nothing)

    def read(self, key: int, today: int, counts: Integers) -> None:
        """See :func:`read_sums`."""
        read_sums(self.keys, self.starts, self.days, self.sums, key, today, counts)


def _merchants(facts: Integers, distinct: Integers) -> Integers:
    """How many merchants have orders under each key of the network."""
    net = facts[:, FIRST_WHERE + FIRST_NET_KIND :]
    keys = net.reshape(-1)
    of = np.repeat(facts[:, MERCHANT], net.shape[1])[keys != ABSENT]
    pairs, _ = _cells(np.stack([keys[keys != ABSENT], of], axis=1))
    found = np.zeros(len(distinct), np.int64)
    np.add.at(found, np.searchsorted(distinct, pairs[:, 0]), 1)
    return found


def _cells(pairs: Integers) -> tuple[Integers, Integers]:
    """The distinct (key, day) pairs, sorted, and where each row of ``pairs`` stands among them."""
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    ordered = pairs[order]
    new = np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)][: len(ordered)]
    at = np.empty(len(pairs), np.int64)
    at[order] = np.cumsum(new) - 1
    return ordered[new], at


@compiled
def slide_to(
    days: Integers, rows: Integers, n: int, firsts: Integers, windows: Integers, today: int
) -> None:
    """Move the windows of one key on to ``today`` (or back).

    Parameters
    ----------
    days, rows : the key's days, ascending, and the counts of each; ``n`` are in use.
    firsts : ndarray of int64, shape (WINDOWS,)
        First row inside each window, kept up to date.
    windows : ndarray of int64, shape (WINDOWS, COUNTS)
        Sums over each day window, kept up to date.
    """
    for window in range(DAYS_7, EVER):
        since = first_day(today, window)
        while firsts[window] < n and days[firsts[window]] < since:
            for i in range(COUNTS):
                windows[window, i] -= rows[firsts[window], i]
            firsts[window] += 1
        while firsts[window] > 0 and days[firsts[window] - 1] >= since:
            firsts[window] -= 1
            for i in range(COUNTS):
                windows[window, i] += rows[firsts[window], i]


@compiled
def find_day(days: Integers, n: int, day: int) -> int:
    """Where ``day`` stands, or would stand, among the first ``n`` days (ascending)."""
    return _find(days, 0, n, day)


@compiled
def open_day(days: Integers, rows: Integers, n: int, firsts: Integers, at: int, day: int) -> None:
    """Make an empty row for a new day at ``at``; windows that begin behind it keep their rows."""
    for i in range(n, at, -1):
        days[i] = days[i - 1]
        rows[i] = rows[i - 1]
    days[at] = day
    rows[at] = 0
    for window in range(DAYS_7, EVER):
        if at < firsts[window]:
            firsts[window] += 1
