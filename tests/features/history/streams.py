"""Random streams of orders and changes, with event time and known time drawn independently."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.days import DAY_US, HOUR_US, ist_day
from features.history.fact import (
    AMOUNT_PAISE,
    COD,
    DAY,
    FACT_SIZE,
    FIRST_WHERE,
    FIRST_WHO,
    MERCHANT,
    NUMBER,
    PLACED_US,
)
from features.history.replay import Asks, Log
from features.history.states import ABSENT, EVENT_CODES, next_state
from features.keys import ALT_PHONE, FIRST_NET_KIND, FIRST_NET_SLOT, WHERE_KINDS, WHO_SLOTS

Integers = NDArray[np.int64]

START_US = 20_000 * DAY_US


@dataclass(frozen=True)
class Stream:
    """A log, who asks, and when each change was known."""

    log: Log
    asks: Asks
    known_us: Integers


def random_stream(seed: int, n: int, *, keys: int = 12, days: int = 500) -> Stream:
    """``n`` orders over ``days`` days with few keys: ties, late, repeated, corrected and revised.

    The facts of revisions stand behind those of the orders as placed.
    """
    rng = np.random.default_rng(seed)
    facts = random_facts(rng, n, keys, days)
    # Known and happened are drawn apart: what is learned of an order may be placed anywhere.
    known = facts[:, PLACED_US] + rng.integers(0, 3, n) * rng.integers(0, 40 * DAY_US, n)
    events = [(int(known[i]), EVENT_CODES["placed"], i, 0) for i in range(n)]
    kinds = (
        "delivered",
        "rto_initiated",
        "cancelled",
        "lost",
        "returned",
        "correction",
        "contacted",
    )
    for i in range(n):
        for _ in range(int(rng.integers(0, 5))):
            kind = EVENT_CODES[str(rng.choice(kinds))]
            at = int(known[i]) + int(rng.integers(0, 20)) * int(rng.integers(0, 3 * DAY_US))
            events.append((at // HOUR_US * HOUR_US if rng.random() < 0.3 else at, kind, i,
                           int(rng.integers(0, 2))))  # fmt: skip
    revised = [(int(known[i]) + int(rng.integers(0, 5 * DAY_US)), EVENT_CODES["revised"], int(i), 0)
               for i in np.flatnonzero(rng.random(n) < 0.2)]  # fmt: skip
    revised.sort()
    events += revised
    return stream_of(facts, sorted(events), revisions(rng, facts, [i for _, _, i, _ in revised]))


def revisions(rng: np.random.Generator, facts: Integers, order: list[int]) -> Integers:
    """What the orders came to say: some keys, the amount and the payment are others now."""
    new = facts[order].copy()
    other = facts[rng.integers(0, len(facts), len(order))]
    changed = rng.random(new.shape) < 0.3
    changed[:, [NUMBER, PLACED_US, DAY, MERCHANT]] = False
    new[changed] = other[changed]
    return without_twins(new)


def without_twins(facts: Integers) -> Integers:
    """A receiver's number that is the buyer's is none of its own."""
    same = facts[:, FIRST_WHO + 1] == facts[:, FIRST_WHO]
    facts[same, FIRST_WHO + 1] = 0
    return facts


def random_facts(rng: np.random.Generator, n: int, keys: int, days: int) -> Integers:
    facts = np.zeros((n, FACT_SIZE), np.int64)
    placed = np.sort(START_US + rng.integers(0, days * DAY_US, n))
    ties = rng.random(n) < 0.2
    placed[ties] = placed[ties] // HOUR_US * HOUR_US
    facts[:, NUMBER] = np.arange(n)
    facts[:, PLACED_US] = placed
    facts[:, DAY] = [ist_day(int(us)) for us in placed]
    facts[:, COD] = rng.integers(0, 2, n)
    facts[:, AMOUNT_PAISE] = rng.integers(-1, 200_000, n)
    facts[:, MERCHANT] = rng.integers(1, 6, n)
    for slot in range(len(WHO_SLOTS)):
        facts[:, FIRST_WHO + slot] = rng.integers(0, keys, n)
    without_twins(facts)
    facts[:, FIRST_WHO + ALT_PHONE] *= rng.integers(0, 2, n) * 1_000  # rarely there, never a twin
    for kind in range(len(WHERE_KINDS)):
        # Keys of different kinds never meet, since the kind is part of what is hashed.
        facts[:, FIRST_WHERE + kind] = rng.integers(0, keys, n) * 100
        facts[facts[:, FIRST_WHERE + kind] > 0, FIRST_WHERE + kind] += kind
    unshared = facts[:, MERCHANT] > 4
    facts[unshared, FIRST_WHO + FIRST_NET_SLOT : FIRST_WHERE] = 0
    facts[unshared, FIRST_WHERE + FIRST_NET_KIND :] = 0
    return facts


def stream_of(
    facts: Integers, events: list[tuple[int, int, int, int]], revised: Integers
) -> Stream:
    """The log of ``events`` (known_us, kind, order, detail); ``revised``: the facts they bring."""
    state, row = np.full(len(facts), ABSENT), np.arange(len(facts))
    rows: list[tuple[int, int, int, int]] = []
    used = 0
    for known, kind, order, detail in events:
        was = int(state[order])
        if kind == EVENT_CODES["revised"]:
            if was != ABSENT:
                rows.append((int(row[order]), was, ABSENT, known))
                row[order] = len(facts) + used
                rows.append((int(row[order]), ABSENT, was, known))
            used += 1
            continue
        after = next_state(was, kind, detail)
        if after != was:
            rows.append((int(row[order]), was, after, known))
            state[order] = after
    order, before, after_, known_us = np.array(rows, np.int64).T
    n = len(facts)
    as_of = facts[:, PLACED_US].copy()
    hour = (as_of - 300_000_000) // HOUR_US * HOUR_US
    asks = Asks(
        order=np.arange(n),
        read=np.searchsorted(known_us, as_of, side="left"),
        fold=np.searchsorted(known_us, hour, side="left"),
        as_of_us=as_of,
    )
    return Stream(Log(np.concatenate([facts, revised]), order, before, after_), asks, known_us)
