"""The table of places: keys and days are found wherever they stand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.history.counts import COUNTS, DAYS_7, EVER, ORDERS, WINDOW_DAYS, WINDOWS
from features.history.where import find_key, read_sums

NUMBER = st.integers(-(2**63), 2**63 - 1)
NEAR = st.integers(-20, 20)


@given(st.lists(NUMBER | NEAR, unique=True, max_size=60), NUMBER | NEAR)
def test_a_key_is_found_however_unevenly_keys_are_spread(keys: list[int], key: int) -> None:
    table = np.sort(np.array(keys, np.int64))
    for asked in (key, *keys):
        assert find_key(table, asked) == np.searchsorted(table, asked)


@given(st.sets(st.integers(0, 500), min_size=1), st.integers(0, 900))
def test_windows_hold_their_days_whatever_days_are_missing(days: set[int], today: int) -> None:
    held = np.array(sorted(days), np.int64)
    sums = np.repeat(np.arange(1, len(held) + 1), COUNTS).reshape(-1, COUNTS)
    counts = np.ones((WINDOWS, COUNTS), np.int64)
    keys, starts = np.array([7], np.int64), np.array([0, len(held)], np.int64)
    assert read_sums(keys, starts, held, sums, 7, today, counts) == 0
    for window in range(DAYS_7, EVER):
        within = held > today - WINDOW_DAYS[window]
        assert counts[window, ORDERS] == within.sum()
    assert counts[EVER, ORDERS] == len(held)
