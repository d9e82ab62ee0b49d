"""The batch reading of history: many orders at once, each as of its own position in the log.

One pass per space of keys. The log's changes and the askers are grouped by key; within a key they
are merged by position, so that one record (or one set of sliding windows) serves all of them. The
arithmetic is the live reading's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history import replay_kernels as kernels
from features.history.counts import COUNTS
from features.history.fact import FIRST_WHERE, FIRST_WHO, MERCHANT
from features.history.layout import N_HISTORY, NEAR_START, RATE_ROW, RATE_ROWS, WHERE_ABOVE
from features.history.linked import LINK_SLOTS, PARTNER_SLOTS
from features.history.values import PRIOR_RATE, RATES
from features.history.who import KEY, KIND, NEAR_ROWS
from features.keys import ABSENT, FIRST_NET_KIND, WHERE_KINDS, WHO_SLOTS, WHO_SPACES

Integers = NDArray[np.int64]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Orders and the changes of their states, in the order a reader learns of them.

    Parameters
    ----------
    facts : ndarray of int64, shape (n_orders, FACT_SIZE)
        Also of orders that only ask.
    order, before, after : ndarray of int64, shape (n_changes,)
        Which row of ``facts`` changed, from which state to which; before is ``ABSENT`` (-1) when
        it was placed.
    """

    facts: Integers
    order: Integers
    before: Integers
    after: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Asks:
    """Who asks, and what each may know.

    Parameters
    ----------
    order : ndarray of int64, shape (n_asks,)
        Row of ``Log.facts``.
    read, fold : ndarray of int64, shape (n_asks,)
        How many changes of the log the who-records and the folded windows have seen.
    as_of_us : ndarray of int64, shape (n_asks,)
        Where windows end.
    """

    order: Integers
    read: Integers
    fold: Integers
    as_of_us: Integers


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """Rows grouped by key: those of key ``k`` are ``rows[starts[k]:starts[k + 1]]``."""

    starts: Integers
    rows: Integers


def replay(
    log: Log, asks: Asks, out: NDArray[np.float32], *, threads: int = 2, say: Progress | None = None
) -> None:
    """Write the history features of every asking order.

    Parameters
    ----------
    log : Log
    asks : Asks
    out : ndarray of float32, shape (n_asks, N_HISTORY)
        In the order of ``HISTORY_FEATURES``; may be a slice of a larger matrix.
    threads : int
        Spaces of keys are independent once the where-rates are known.
    say : callable, optional
        Told the name of each pass when it is done.
    """
    if out.shape != (len(asks.order), N_HISTORY):
        raise ValueError(f"out has shape {out.shape}, not {(len(asks.order), N_HISTORY)}")
    told = say or (lambda _: None)
    rates = np.full((RATE_ROWS, len(asks.order), RATES), np.nan)
    by_fold = np.argsort(asks.fold, kind="stable")
    by_read = np.argsort(asks.read, kind="stable")

    def where(kind: int) -> None:
        _replay_where(log, asks, by_fold, kind, rates, out)
        told(WHERE_KINDS[kind])

    def who(space: str) -> list[Integers]:
        found = _replay_who(log, asks, by_read, space, rates, out)
        told(space)
        return found

    with ThreadPoolExecutor(threads) as pool:
        for level in _levels():
            list(pool.map(where, level))
        links = [rows for found in pool.map(who, WHO_SPACES) for rows in found]
        _replay_linked(log, asks, links, out, pool.map)
    told("linked")


def _levels() -> Iterable[list[int]]:
    """The where-kinds in groups, each after the levels it shrinks to."""
    depth = [0] * len(WHERE_KINDS)
    for kind in range(len(WHERE_KINDS)):
        above = int(WHERE_ABOVE[kind])
        depth[kind] = 0 if above < 0 else depth[above] + 1
    for wanted in range(max(depth) + 1):
        yield [kind for kind, found in enumerate(depth) if found == wanted]


def _group(codes: Integers, rows: Integers, n_keys: int) -> _Groups:
    starts, grouped = kernels.group(codes, rows, n_keys)
    return _Groups(starts, grouped)


def _codes(keys: Integers) -> tuple[Integers, Integers]:
    """Distinct keys (ascending) and the place of each row's key among them; -1 where absent."""
    distinct, codes = np.unique(keys, return_inverse=True)
    at = np.searchsorted(distinct, ABSENT)
    codes = codes.astype(np.int64)
    if at < len(distinct) and distinct[at] == ABSENT:
        codes[keys == ABSENT] = -1
    return distinct, codes


def _replay_where(
    log: Log, asks: Asks, by_fold: Integers, kind: int, rates: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:  # fmt: skip
    distinct, codes = _codes(log.facts[:, FIRST_WHERE + kind])
    n_keys = len(distinct)
    changes = _group(codes[log.order], np.arange(len(log.order)), n_keys)
    askers = _group(codes[asks.order[by_fold]], by_fold, n_keys)
    above = int(WHERE_ABOVE[kind])
    if RATE_ROW[kind] >= 0:
        rates[RATE_ROW[kind]] = rates[RATE_ROW[above]] if above >= 0 else PRIOR_RATE
    kernels.where_pass(
        kind, log.facts, log.order, log.before, log.after, changes.starts, changes.rows,
        asks.order, asks.fold, asks.as_of_us, askers.starts, askers.rows,
        _pairs(codes, log.facts[:, MERCHANT], kind), rates, out,
    )  # fmt: skip
    lonely = np.flatnonzero(codes[asks.order] < 0)
    kernels.where_absent(kind, lonely, out)


def _pairs(codes: Integers, merchants: Integers, kind: int) -> Integers:
    """The pair of key and merchant of every fact, numbered; nothing for a merchant's own kinds."""
    if kind < FIRST_NET_KIND:
        return np.empty(0, np.int64)
    _, of = np.unique(merchants, return_inverse=True)
    numbers = (codes + 1) * (of.max(initial=0) + 1) + of
    return np.unique(numbers, return_inverse=True)[1].astype(np.int64)


def _replay_who(
    log: Log, asks: Asks, by_read: Integers, space: str, rates: NDArray[np.float64],
    out: NDArray[np.float32],
) -> list[Integers]:  # fmt: skip
    slots = [i for i, slot in enumerate(WHO_SLOTS) if slot.space == space]
    distinct, codes = _codes(np.concatenate([log.facts[:, FIRST_WHO + s] for s in slots]))
    per_slot = codes.reshape(len(slots), -1)
    n_keys = len(distinct)
    changes = _changes(log, per_slot, n_keys)
    links = []
    for codes_of_slot, slot in zip(per_slot, slots, strict=True):
        askers = _group(codes_of_slot[asks.order[by_read]], by_read, n_keys)
        found = kernels.who_pass(
            slot, slot in LINK_SLOTS, log.facts, log.order, log.before, log.after, changes.starts,
            changes.rows, asks.order, asks.read, asks.as_of_us, askers.starts, askers.rows, rates,
            out,
        )  # fmt: skip
        kernels.who_absent(slot, np.flatnonzero(codes_of_slot[asks.order] < 0), out)
        if slot in LINK_SLOTS:
            links.append(found)
    return links


def _changes(log: Log, per_slot: Integers, n_keys: int) -> _Groups:
    """The log's changes grouped by key, in its order, over all slots that share the space."""
    if len(per_slot) == 1:
        return _group(per_slot[0][log.order], np.arange(len(log.order)), n_keys)
    codes = np.stack([codes[log.order] for codes in per_slot], axis=1).reshape(-1)
    return _group(codes, np.repeat(np.arange(len(log.order)), len(per_slot)), n_keys)


def _replay_linked(
    log: Log, asks: Asks, links: list[Integers], out: NDArray[np.float32],
    run: Callable[..., Iterable[Integers]],
) -> None:  # fmt: skip
    found = np.concatenate(links) if links else np.empty((0, 1 + NEAR_ROWS), np.int64)
    chosen = kernels.choose_linked(found[np.argsort(found[:, 0], kind="stable")])
    lifetimes = np.zeros((len(asks.order), COUNTS), np.int64)
    linked = np.bincount(chosen[:, 0], minlength=len(asks.order)).astype(np.int64)
    keys = log.facts[asks.order][:, [FIRST_WHO + slot for slot in LINK_SLOTS]]
    linked[(keys == ABSENT).all(axis=1)] = -1

    def one(partner: int) -> Integers:
        return _lifetimes_of(log, asks, chosen[chosen[:, 1 + KIND] == partner], partner)

    for rows in run(one, range(len(PARTNER_SLOTS))):
        lifetimes += rows
    kernels.write_near(linked, lifetimes, NEAR_START, out)


def _lifetimes_of(log: Log, asks: Asks, wanted: Integers, partner: int) -> Integers:
    """Summed lifetime counts of the linked keys of one kind, per asker."""
    space = WHO_SLOTS[PARTNER_SLOTS[partner]].space
    slots = [i for i, slot in enumerate(WHO_SLOTS) if slot.space == space]
    distinct, codes = _codes(np.concatenate([log.facts[:, FIRST_WHO + s] for s in slots]))
    per_slot = codes.reshape(len(slots), -1)
    changes = _changes(log, per_slot, len(distinct))
    at = np.searchsorted(distinct, wanted[:, 1 + KEY])
    order = np.argsort(asks.read[wanted[:, 0]], kind="stable")
    askers = _group(at[order], wanted[order, 0], len(distinct))
    lifetimes = np.zeros((len(asks.order), COUNTS), np.int64)
    kernels.lifetime_pass(
        log.facts, log.order, log.before, log.after, changes.starts, changes.rows, asks.read,
        askers.starts, askers.rows, lifetimes,
    )  # fmt: skip
    return lifetimes
