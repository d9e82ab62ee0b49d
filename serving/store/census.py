"""Facts and states of all orders that count, now or as of a position; no test orders."""

from __future__ import annotations

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from features.history.fact import FACT_SIZE
from serving.store.carried import carried_in
from serving.store.connection import Connection

Integers = NDArray[np.int64]

_AT_ONCE = 10_000


def standing_orders(connection: Connection) -> tuple[Integers, Integers]:
    """Facts and present states of all orders that count, those that were taken out first."""
    gone, ends = carried_in(connection).newest()
    facts, states = [gone], [ends]
    found = iter(
        connection.stream(
            """SELECT f.data, o.state FROM orders o JOIN event f ON f.seq = o.fact_seq
               WHERE o.test = 0 ORDER BY o.number"""
        )
    )
    while some := list(islice(found, _AT_ONCE)):
        facts.append(_rows([fact for fact, _ in some]))
        states.append(np.array([state for _, state in some], np.int64))
    return _joined(facts), _joined(states)


def orders_as_of(connection: Connection, boundary: int) -> tuple[Integers, Integers]:
    """As :func:`standing_orders` at a position, counted from the log.

    Of orders that were taken out only their last state is known, so the position should not lie
    before the last of their events.
    """
    placed: dict[int, bytes] = {}
    states: dict[int, int] = {}
    found = connection.execute(
        """SELECT e.number, e.becomes,
                  CASE WHEN e.was IS NULL OR e.kind = 'revised' THEN e.data END
           FROM event e JOIN orders o ON o.number = e.number
           WHERE e.seq <= ? AND e.becomes IS NOT NULL AND o.test = 0 ORDER BY e.seq""",
        (boundary,),
    )
    for number, becomes, fact in found:
        states[number] = becomes
        if fact is not None:
            placed[number] = fact
    gone, ends = carried_in(connection).newest(boundary)
    facts = np.concatenate([gone, _rows(list(placed.values()))])
    now = np.concatenate([ends, np.array([states[n] for n in placed], np.int64)])
    return facts, now


def _rows(facts: list[bytes]) -> Integers:
    """Stored facts as rows, shape (n_orders, FACT_SIZE)."""
    return np.frombuffer(b"".join(facts), np.int64).reshape(-1, FACT_SIZE)


def _joined(parts: list[Integers]) -> Integers:
    """One array of all parts, each of them let go once it is copied."""
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), np.int64)
    end = len(whole)
    while parts:
        part = parts.pop()
        whole[end - len(part) : end] = part
        end -= len(part)
    return whole
