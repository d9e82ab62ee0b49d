"""The log cut into shares that know nothing of each other: every key belongs to a merchant."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.history.fact import MERCHANT, NETWORK_KEY
from features.history.layout import N_HISTORY
from features.history.replay import Asks, Log, replay
from features.keys import ABSENT

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def shares_of(facts: Integers, *, most: int) -> list[Flags]:
    """Which facts belong to each share: about equally many, no key in two of them.

    All keys of a merchant's own name the merchant. Those of the network name nobody, so all
    merchants who ever shared into it stay together, with everything of their own.

    Parameters
    ----------
    facts : ndarray of int64, shape (n_facts, FACT_SIZE)
    most : int
        As many shares at most.
    """
    _, merchant = np.unique(facts[:, MERCHANT], return_inverse=True)
    shared = np.zeros(merchant.max(initial=-1) + 1, bool)
    shared[merchant[facts[:, NETWORK_KEY] != ABSENT]] = True
    group = np.where(shared, -1, np.arange(len(shared)))[merchant]
    _, group, sizes = np.unique(group, return_inverse=True, return_counts=True)
    share_of, weights = np.zeros(len(sizes), np.int64), np.zeros(min(most, max(len(sizes), 1)))
    for one in np.argsort(-sizes, kind="stable"):
        share_of[one] = np.argmin(weights)
        weights[share_of[one]] += sizes[one]
    return [share_of[group] == share for share in range(len(weights))]


def cut(log: Log, asks: Asks, share: Flags) -> tuple[Log, Asks]:
    """The part of a log that some facts make, and those of them that ask.

    Positions are counted anew: what an asker had seen of the whole log is a prefix of it, and so of
    its part.

    Parameters
    ----------
    share : ndarray of bool, shape (n_facts,)
    """
    number = np.cumsum(share) - 1
    at = np.flatnonzero(share[log.order])
    part = Log(log.facts[share], number[log.order[at]], log.before[at], log.after[at])
    mine = np.flatnonzero(share[asks.order])
    theirs = Asks(
        order=number[asks.order[mine]],
        read=np.searchsorted(at, asks.read[mine]),
        fold=np.searchsorted(at, asks.fold[mine]),
        as_of_us=asks.as_of_us[mine],
    )
    return part, theirs


def replayed(log: Log, asks: Asks) -> NDArray[np.float32]:
    """The history features of those who ask, shape (n_asks, N_HISTORY)."""
    out = np.empty((len(asks.order), N_HISTORY), np.float32)
    replay(log, asks, out, threads=1)
    return out
