"""Where-keys counted by day: the cells of a window table, some keys at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.history.counts import COUNTS, add_order
from features.history.fact import AMOUNT_PAISE as FACT_AMOUNT
from features.history.fact import COD, DAY, FIRST_WHERE, MERCHANT
from features.keys import ABSENT, FIRST_NET_KIND, WHERE_KINDS

Integers = NDArray[np.int64]

# So many parts of the keys, of which one is counted at a time: of a million orders all would take
# two gigabytes.
_PARTS, _PART_BIT = 16, 60


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


class Part(NamedTuple):
    """What some keys count: their (key, day) pairs, the running sums of each, their merchants."""

    cells: Integers
    sums: Integers
    merchants: Integers


def counted_parts(facts: Integers, states: Integers) -> Iterator[Part]:
    """All keys, some at a time, in their order."""
    where = np.ascontiguousarray(facts[:, FIRST_WHERE : FIRST_WHERE + len(WHERE_KINDS)].T)
    for part in range(-_PARTS // 2, _PARTS // 2):
        found = [np.flatnonzero((keys >> _PART_BIT == part) & (keys != ABSENT)) for keys in where]
        kind, order = (
            np.repeat(np.arange(len(where)), [len(at) for at in found]),
            np.concatenate(found),
        )
        keys = where[kind, order]
        cells, at = _cells(np.stack([keys, facts[order, DAY]], axis=1))
        sums = np.zeros((len(cells), COUNTS), np.int64)
        _fill(sums, at, facts[order, COD], facts[order, FACT_AMOUNT], states[order])
        _running_sums(cells[:, 0], sums)
        net = kind >= FIRST_NET_KIND
        pairs, _ = _cells(np.stack([keys[net], facts[order[net], MERCHANT]], axis=1))
        yield Part(cells, sums, _merchants(pairs, np.unique(cells[:, 0])))


def _merchants(pairs: Integers, distinct: Integers) -> Integers:
    """How many merchants have orders under each key of the network."""
    found = np.zeros(len(distinct), np.int64)
    np.add.at(found, np.searchsorted(distinct, pairs[:, 0]), 1)
    return found


def by_key(cells: Integers) -> dict[str, Integers]:
    """Keys, where the days of each begin, and the days."""
    firsts = np.flatnonzero(np.r_[True, cells[1:, 0] != cells[:-1, 0]][: len(cells)])
    return {
        "keys": np.ascontiguousarray(cells[firsts, 0]),
        "starts": np.r_[firsts, len(cells)].astype(np.int64),
        "days": np.ascontiguousarray(cells[:, 1]),
    }


def _cells(pairs: Integers) -> tuple[Integers, Integers]:
    """The distinct (key, day) pairs, sorted, and where each row of ``pairs`` stands among them."""
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    ordered = pairs[order]
    new = np.r_[True, (ordered[1:] != ordered[:-1]).any(axis=1)][: len(ordered)]
    at = np.empty(len(pairs), np.int64)
    at[order] = np.cumsum(new) - 1
    return ordered[new], at
