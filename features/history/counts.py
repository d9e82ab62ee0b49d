"""The integers counted for every key: orders and amounts, and one count per state."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.history.states import STATES

ORDERS, COD_ORDERS, AMOUNT_ORDERS, AMOUNT_PAISE = range(4)
FIRST_STATE = 4
COUNTS = FIRST_STATE + STATES

# Windows of a who-record: the first two end at the instant, the others at the Indian day.
HOUR, DAY, DAYS_7, DAYS_30, DAYS_90, DAYS_365, EVER = range(7)
WINDOWS = 7
WINDOW_DAYS = (0, 0, 7, 30, 90, 365, 0)
WINDOW_NAMES = ("1h", "1d", "7d", "30d", "90d", "365d", "ever")


@compiled
def first_day(day: int, window: int) -> int:
    """The first Indian day inside a day window whose last day is ``day``."""
    return day - WINDOW_DAYS[window] + 1


@compiled
def add_order(counts: NDArray[np.int64], amount: int, cod: int, state: int, by: int) -> None:
    """Count one order in ``state`` (or with ``by`` -1 take it away again); amount -1 is unknown."""
    counts[ORDERS] += by
    counts[COD_ORDERS] += by * cod
    if amount >= 0:
        counts[AMOUNT_ORDERS] += by
        counts[AMOUNT_PAISE] += by * amount
    counts[FIRST_STATE + state] += by
