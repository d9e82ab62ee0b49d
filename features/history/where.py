"""Counts per where-key and Indian day of placement, as known at a fold, and their windows.

Batch slides the windows of one key through its events (:func:`slide`); live reads them from a
memory-mapped table of running sums (:class:`WindowTable`). Both give the same integers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.errors import StoreError
from features.history.cells import by_key, counted_parts
from features.history.counts import (
    COUNTS,
    DAYS_7,
    EVER,
    first_day,
)
from features.keys import ABSENT, WHERE_KINDS

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
def find_key(keys: Integers, key: int) -> int:
    """Where ``key`` stands, or would stand, among ascending hashes.

    Hashes are spread evenly, so it stands near its share of their range; halving the whole table
    would read a page of memory at every step.
    """
    n = len(keys)
    if n == 0 or key <= keys[0]:
        return 0
    if key > keys[n - 1]:
        return n
    first = float(keys[0])
    low = int((float(key) - first) / (float(keys[n - 1]) - first) * (n - 1))
    high = low = min(max(low, 0), n - 1)
    step = 8
    while low > 0 and keys[low] >= key:
        high, low, step = low, max(low - step, 0), 2 * step
    while keys[high] < key:
        low, high, step = high, min(high + step, n - 1), 2 * step
    return _find(keys, low, high, key)


@compiled
def _first_since(days: Integers, begin: int, end: int, since: int) -> int:
    """The first of a key's days from ``since`` on; most keys have nearly every day."""
    if begin == end or days[end - 1] < since:
        return end
    low = max(begin, end - 1 - (days[end - 1] - since))
    return low if days[low] >= since else _find(days, low, end, since)


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
    at = find_key(keys, key)
    if key == ABSENT or at == len(keys) or keys[at] != key:
        return -1
    begin, end = starts[at], starts[at + 1]
    for window in range(DAYS_7, EVER):
        since = _first_since(days, begin, end, first_day(today, window))
        for i in range(COUNTS):
            before = sums[since - 1, i] if since > begin else 0
            counts[window, i] = sums[end - 1, i] - before
    counts[EVER] = sums[end - 1]
    return at


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

    def __post_init__(self) -> None:
        # As they are when mapped: to the compiler arrays that can be written are of another type,
        # and the first fold of a new installation would find no machine code.
        for name in _FILES:
            getattr(self, name).setflags(write=False)

    @classmethod
    def build(cls, facts: Integers, states: Integers, seq: int) -> WindowTable:
        """Count every order once, in the state it is known to be in at ``seq``.

        Parameters
        ----------
        facts : ndarray of int64, shape (n_orders, FACT_SIZE)
        states : ndarray of int64, shape (n_orders,)
        seq : int
        """
        parts = list(counted_parts(facts, states))
        cells, sums, merchants = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return cls(seq=seq, **by_key(cells), sums=sums, merchants=merchants)

    @staticmethod
    def build_at(path: Path, facts: Integers, states: Integers, seq: int) -> None:
        """Put what :meth:`build` makes on disk without holding its sums, whole or not at all."""
        partial = path.with_name(f".{path.name}.partial")
        partial.mkdir(parents=True, exist_ok=True)
        cells, merchants = [], []

        def counted() -> Iterator[Integers]:
            for part in counted_parts(facts, states):
                cells.append(part.cells)
                merchants.append(part.merchants)
                yield part.sums

        with (partial / "sums.npy").open("wb") as file:
            _save_rows(file, counted())
        arrays = by_key(np.concatenate(cells)) | {"merchants": np.concatenate(merchants)}
        for name, array in arrays.items():
            np.save(partial / f"{name}.npy", array, allow_pickle=False)
        about = {"seq": seq, "kinds": list(WHERE_KINDS), "counts": COUNTS}
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


def _save_rows(file: BinaryIO, parts: Iterable[Integers]) -> None:
    """One array in numpy's format whose length shows at the end."""

    def head(rows: int) -> None:
        about = {"descr": "<i8", "fortran_order": False, "shape": (rows, COUNTS)}
        np.lib.format.write_array_header_1_0(file, about)

    head(0)
    begin, rows = file.tell(), 0
    for part in parts:
        file.write(part.data)
        rows += len(part)
    file.seek(0)
    head(rows)
    if file.tell() != begin:
        raise StoreError("numpy's header grew; write the table whole")


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
