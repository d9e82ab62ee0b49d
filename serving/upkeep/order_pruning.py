"""Whole orders taken out of the log, once their facts are carried by an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from features.history.carried import Carried
from features.history.states import CLASSES, PENDING
from serving.audit import audit
from serving.home import Home
from serving.store.carried import carry
from serving.store.connection import Connection
from serving.store.facts import facts_of
from serving.store.log import Log
from serving.store.removal import quiet_orders, remove_orders
from serving.store.stories import first_known_since
from serving.store.who import stored_seq

# Short transactions: whoever serves beside us waits for each.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class PrunedOrders:
    """What a pruning of orders took out.

    Parameters
    ----------
    orders : int
        Orders of which only the facts are left.
    pending : int
        How many of them never had an outcome.
    """

    orders: int = 0
    pending: int = 0


def prune_orders(
    home: Home, before_us: int, *, now_us: int, progress: Callable[[int], object] = lambda _: None
) -> PrunedOrders:
    """Take out every order of which nothing has been heard since an instant.

    Each chunk's facts go into a ``carried`` event in the transaction that deletes its orders, so
    an interruption loses nothing. Only what the stored who-records have counted is taken out;
    they, and a server that is running, need not change at all.

    Parameters
    ----------
    before_us : int
        All events of the order stand before the first one, of any order, that was known from
        then on.
    """
    end = _boundary(home.connection, before_us)
    done, last = PrunedOrders(), 0
    while True:
        with home.transaction() as log:
            orders = quiet_orders(log.connection, last, end, _CHUNK)
            if not orders:
                break
            _take_out(log, orders, now_us)
        last = orders[-1][0]
        done = PrunedOrders(done.orders + len(orders), done.pending + _pending(orders))
        progress(len(orders))
    with home.transaction() as log:
        audit(log, "orders pruned", None, now_us=now_us, orders=done.orders)
    return done


def _boundary(connection: Connection, before_us: int) -> int:
    """The first position that is too young, or that the stored who-records have yet to count."""
    young = first_known_since(connection, before_us)
    counted = stored_seq(connection) + 1
    return counted if young is None else min(young, counted)


def _take_out(log: Log, orders: list[tuple[int, int]], now_us: int) -> None:
    states = dict(orders)
    found = facts_of(log.connection, min(states), max(states))
    events = [event for event in found if event.number in states]
    rows = [
        [*np.frombuffer(one.fact, np.int64).tolist(), states[one.number], one.seq, one.known_us]
        for one in events
        if one.fact is not None
    ]
    last_seq, last_us = max(one.seq for one in events), max(one.known_us for one in events)
    carry(log, len(orders), Carried(np.array(rows, np.int64), last_seq, last_us), now_us=now_us)
    remove_orders(log.connection, list(states))


def _pending(orders: list[tuple[int, int]]) -> int:
    return sum(state % CLASSES == PENDING for _, state in orders)
