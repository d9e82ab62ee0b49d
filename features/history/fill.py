"""One key's counts into its columns of the feature row; called by batch and live alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.history.bands import FEWEST_MERCHANTS, banded
from features.history.layout import (
    BANDS,
    COLUMNS,
    WHERE_ABOVE,
    WHERE_STARTS,
    WHERE_STRENGTH,
    WHO_STARTS,
    WHO_STRENGTH,
)
from features.history.values import PRIOR_RATE, RATES, where_rates, where_values, who_values
from features.history.who import MERCHANTS
from features.keys import FIRST_NET_KIND, FIRST_NET_SLOT

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Out = NDArray[np.float32] | NDArray[np.float64]


@compiled
def fill_where(
    kind: int,
    present: bool,
    merchants: int,
    counts: Integers,
    amount: int,
    rates: Floats,
    scratch: Floats,
    out: Out,
) -> None:
    """Write the features of one where-key of an order.

    Parameters
    ----------
    kind : int
        Index into ``WHERE_KINDS``; kinds are filled in that order, the level above first.
    present : bool
        Whether the order has such a key; without it the features are NaN and the levels below
        shrink to the level above this one.
    merchants : int
        How many have orders under the key; the network says nothing below three.
    counts : ndarray of int64, shape (WINDOWS, COUNTS)
    amount : int
        The order's amount in paise, -1 unknown.
    rates : ndarray of float64, shape (n_kinds, RATES)
        Row ``kind`` is written, the row of the level above is read.
    scratch : ndarray of float64, shape (len(WHERE_VALUES),)
    out : ndarray of float, shape (at least N_HISTORY,)
    """
    above = WHERE_ABOVE[kind]
    for i in range(RATES):
        rates[kind, i] = PRIOR_RATE if above < 0 else rates[above, i]
    begin, end = WHERE_STARTS[kind], WHERE_STARTS[kind + 1]
    if not present or (kind >= FIRST_NET_KIND and merchants < FEWEST_MERCHANTS):
        for column in range(begin, end):
            out[column] = np.nan
        return
    where_rates(counts, rates[kind], WHERE_STRENGTH[kind], above < 0)
    where_values(counts, rates[kind], amount, scratch)
    for column in range(begin, end):
        out[column] = banded(scratch[COLUMNS[column]], BANDS[column])


@compiled
def fill_who(
    slot: int,
    present: bool,
    counts: Integers,
    marks: Integers,
    above: Floats,
    as_of_us: int,
    amount: int,
    scratch: Floats,
    out: Out,
) -> None:
    """Write the features of one who-key of an order; see :func:`fill_where`.

    ``counts`` and ``marks`` come from ``who.read``; ``above`` are the rates it shrinks to.
    """
    begin, end = WHO_STARTS[slot], WHO_STARTS[slot + 1]
    if not present or (slot >= FIRST_NET_SLOT and marks[MERCHANTS] < FEWEST_MERCHANTS):
        for column in range(begin, end):
            out[column] = np.nan
        return
    who_values(counts, marks, above, WHO_STRENGTH[slot], as_of_us, amount, scratch)
    for column in range(begin, end):
        out[column] = banded(scratch[COLUMNS[column]], BANDS[column])
