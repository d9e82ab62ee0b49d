"""Whole orders taken out of the log, once their facts are carried by an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history.carried import Carried
from features.history.states import CLASSES, PENDING
from serving.audit import audit
from serving.carried import carry
from serving.home import Home
from serving.store.connection import Connection
from serving.store.log import Log
from serving.store.removal import remove_orders
from serving.store.who import stored_seq

Integers = NDArray[np.int64]

# Short transactions: whoever serves beside us waits for each.
_CHUNK = 1_000

_SETTLED = """SELECT o.number, o.state, max(e.seq), max(e.known_us)
    FROM orders o JOIN event e ON e.number = o.number
    WHERE o.test = 0 AND o.number > ? AND o.number < ?
    GROUP BY o.number HAVING max(e.seq) < ?
    ORDER BY o.number LIMIT ?"""
_FACTS = """SELECT number, seq, known_us, data FROM event
    WHERE number >= ? AND number <= ? AND kind IN ('placed', 'revised') ORDER BY seq"""


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
            orders = log.connection.execute(_SETTLED, (last, end, end, _CHUNK)).fetchall()
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
    (young,) = connection.execute(
        "SELECT min(seq) FROM event WHERE number IS NOT NULL AND known_us >= ?", (before_us,)
    ).fetchone()
    counted = stored_seq(connection) + 1
    return counted if young is None else min(young, counted)


def _take_out(log: Log, orders: list[tuple[int, int, int, int]], now_us: int) -> None:
    states = {number: state for number, state, _, _ in orders}
    seq, us = (max(order[i] for order in orders) for i in (2, 3))
    rows = _rows(log.connection, states)
    carry(log, len(orders), Carried(rows, seq, us), now_us=now_us)
    remove_orders(log.connection, list(states))


def _rows(connection: Connection, states: dict[int, int]) -> Integers:
    """The facts of these orders as ``CARRIED_COLUMNS``."""
    found = connection.execute(_FACTS, (min(states), max(states))).fetchall()
    return np.array(
        [
            [*np.frombuffer(fact, np.int64).tolist(), states[number], seq, known_us]
            for number, seq, known_us, fact in found
            if number in states
        ],
        np.int64,
    )


def _pending(orders: list[tuple[int, int, int, int]]) -> int:
    return sum(state % CLASSES == PENDING for _, state, _, _ in orders)
