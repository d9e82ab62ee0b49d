"""Facts of orders as their events hold them, and others put in their place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from serving.store.connection import Connection


def facts_after(connection: Connection, after: int, most: int) -> list[tuple[int, bytes]]:
    """Position and fact of what was placed or revised after a position, in the log's order."""
    return connection.execute(
        """SELECT seq, data FROM event WHERE seq > ? AND kind IN ('placed', 'revised')
           ORDER BY seq LIMIT ?""",
        (after, most),
    ).fetchall()


class Event(NamedTuple):
    """One event of an order, with the fact where it brought one."""

    number: int
    seq: int
    known_us: int
    fact: bytes | None


def facts_of(connection: Connection, first: int, last: int) -> list[Event]:
    """Every event of the orders between two numbers, in the log's order."""
    found = connection.execute(
        """SELECT number, seq, known_us, CASE WHEN kind IN ('placed', 'revised') THEN data END
           FROM event WHERE number >= ? AND number <= ? ORDER BY seq""",
        (first, last),
    )
    return [Event(*line) for line in found.fetchall()]


def put_facts(connection: Connection, facts: Iterable[tuple[int, bytes]]) -> None:
    """Put other facts into events, by their positions."""
    connection.executemany(
        "UPDATE event SET data=? WHERE seq=?", [(fact, seq) for seq, fact in facts]
    )
