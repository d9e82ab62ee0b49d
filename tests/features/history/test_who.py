"""One record: orders placed, moved and taken away again are counted as they stand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from features.days import DAY_US
from features.history import who
from features.history.counts import (
    AMOUNT_PAISE,
    COD_ORDERS,
    COUNTS,
    DAYS_365,
    EVER,
    FIRST_STATE,
    ORDERS,
)
from features.history.counts import WINDOWS as N_WINDOWS

Integers = NDArray[np.int64]

FIRST_US = 20_000 * DAY_US
NOBODY = np.zeros(who.PARTNERS, np.int64)


def read(record: Integers, as_of_us: int, number: int = -1) -> tuple[Integers, Integers]:
    counts, marks = np.zeros((N_WINDOWS, COUNTS), np.int64), np.zeros(who.MARKS, np.int64)
    who.read(record, who.OPEN, as_of_us, number, NOBODY, NOBODY, counts, marks)
    return counts, marks


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_done_the_counts_are_those_of_the_orders_that_stand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    record = who.blank()
    stand: dict[int, tuple[int, int, int, int]] = {}
    for number in range(300):
        placed = FIRST_US + number * DAY_US // 4
        amount = int(rng.integers(0, 9_000)) if rng.random() < 0.8 else -1
        cod = int(rng.integers(0, 2))
        who.place(record, who.OPEN, number, placed, amount, cod, 0, NOBODY)
        stand[number] = (placed, amount, cod, 0)
        for other in rng.choice(list(stand), min(2, len(stand)), replace=False).tolist():
            placed, amount, cod, state = stand[other]
            if rng.random() < 0.3:
                day = (placed + 19_800_000_000) // DAY_US
                who.unplace(record, other, day, amount, cod, state)
                del stand[other]
            else:
                after = int(rng.integers(0, 14))
                day = (placed + 19_800_000_000) // DAY_US
                who.move(record, who.OPEN, other, day, state, after)
                stand[other] = (placed, amount, cod, after)
        if rng.random() < 0.2:  # as the store keeps it
            who.unpack(who.pack(record), record)
    now = FIRST_US + 75 * DAY_US
    counts, marks = read(record, now)
    assert marks[who.CAPPED] == 1
    assert counts[EVER, ORDERS] == len(stand)
    assert counts[EVER, COD_ORDERS] == sum(cod for _, _, cod, _ in stand.values())
    assert counts[EVER, AMOUNT_PAISE] == sum(max(0, amount) for _, amount, _, _ in stand.values())
    states = np.bincount([state for *_, state in stand.values()], minlength=14)
    np.testing.assert_array_equal(counts[EVER, FIRST_STATE:], states)
    np.testing.assert_array_equal(counts[DAYS_365], counts[EVER])  # 75 days, counted day by day
    recent = [n for n, (placed, *_) in stand.items() if placed > now - 30 * DAY_US]
    assert abs(counts[3, ORDERS] - len(recent)) <= 4  # a window ends with the Indian day


def test_a_record_of_orders_all_taken_away_is_that_of_a_key_never_seen() -> None:
    record = who.blank()
    for number in range(70):
        who.place(record, who.OPEN, number, FIRST_US + number, 100, 1, 0, NOBODY)
    for number in range(70):
        who.unplace(record, number, FIRST_US // DAY_US, 100, 1, 0)
    counts, marks = read(record, FIRST_US + DAY_US)
    assert not counts.any()
    assert marks[who.CAPPED] == 0
    assert who.pack(record).tolist() == [0, 0, 0]
