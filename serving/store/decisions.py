"""Decisions as the log holds them: by their id, by what they had read, and those in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from serving.store.connection import Connection
from serving.store.feeds import fold_before
from serving.store.log import body_of


class Decided(NamedTuple):
    """An order and its decision in force."""

    order_id: str
    state: int
    placed_us: int
    decided_us: int
    content: dict[str, Any]
    decided: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A decision as logged, and the event that holds what the order then said."""

    number: int
    said_seq: int
    merchant_id: str
    order_id: str
    test: bool
    body: dict[str, Any]
    row: bytes

    @property
    def read_seq(self) -> int:
        """The position of the log that it had read."""
        return int(self.body["read_seq"])

    @property
    def fold(self) -> int:
        """The fold that it had read."""
        return int(self.body["fold"])


def decision_named(
    connection: Connection, decision_id: UUID
) -> tuple[dict[str, Any], bytes | None] | None:
    """What was recorded of a decision, and its feature row; None where there is no such one."""
    found = connection.execute(
        "SELECT body, data FROM event WHERE seq = (SELECT seq FROM decision WHERE decision_id=?)",
        (decision_id.bytes,),
    ).fetchone()
    return None if found is None else (body_of(found[0]), found[1])


def count_decisions(connection: Connection) -> int:
    """How many there are."""
    return int(connection.execute("SELECT count(*) FROM decision").fetchone()[0])


def first_decided(connection: Connection, number: int) -> dict[str, Any]:
    """The record of an order's first decision, of which it must have one."""
    found = connection.execute(
        "SELECT body FROM event WHERE number=? AND kind='decided' ORDER BY seq LIMIT 1", (number,)
    ).fetchone()
    return body_of(found[0])


def decisions_by_reading(connection: Connection) -> Iterator[Recorded]:
    """All that have a feature row, by the position they read.

    It falls in the order of the log only where a decision came in late.
    """
    bodies = connection.stream(
        "SELECT seq, body FROM event WHERE kind='decided' AND data IS NOT NULL"
    )
    for _, seq in sorted((int(str(body_of(body)["read_seq"])), seq) for seq, body in bodies):
        yield _recorded_at(connection, seq)


def _recorded_at(connection: Connection, seq: int) -> Recorded:
    number, said_seq, merchant_id, order_id, test, body, row = connection.execute(
        """SELECT e.number,
                  (SELECT max(f.seq) FROM event f WHERE f.number = e.number
                   AND f.seq < e.seq AND f.kind IN ('placed', 'revised')),
                  o.merchant_id, o.order_id, o.test, e.body, e.data
           FROM event e JOIN orders o ON o.number = e.number WHERE e.seq = ?""",
        (seq,),
    ).fetchone()
    return Recorded(number, said_seq, merchant_id, order_id, bool(test), body_of(body), row)


def in_force_since(
    connection: Connection, since_us: int
) -> Iterator[tuple[dict[str, Any], int, str]]:
    """Decisions in force of live orders made since an instant, with the order's state and owner."""
    for body, state, merchant_id in connection.stream(
        """SELECT e.body, o.state, o.merchant_id FROM orders o JOIN event e ON e.seq=o.decided_seq
           WHERE o.test=0 AND e.at_us>=?""",
        (since_us,),
    ):
        yield body_of(body), state, merchant_id


_DECIDED = """SELECT o.order_id, o.state, p.at_us, d.known_us, p.body, d.body
    FROM orders o JOIN event d ON d.seq = o.decided_seq JOIN event p ON p.seq = o.number
    WHERE o.merchant_id=? AND o.test=0"""


def orders_decided_last(connection: Connection, merchant_id: str, most: int) -> list[Decided]:
    """A merchant's live orders decided last, newest first."""
    found = connection.execute(
        f"{_DECIDED} AND o.decided_seq IS NOT NULL ORDER BY o.decided_seq DESC LIMIT ?",
        (merchant_id, most),
    )
    return [_decided(*line) for line in found]


def orders_decided_since(connection: Connection, merchant_id: str, since_us: int) -> list[Decided]:
    """A merchant's live orders whose decision in force is younger than an instant, newest first."""
    found = connection.execute(
        f"{_DECIDED} AND o.decided_seq>? AND d.known_us>=? ORDER BY o.decided_seq DESC",
        (merchant_id, fold_before(connection, since_us), since_us),
    )
    return [_decided(*line) for line in found]


def _decided(
    order_id: str, state: int, placed_us: int, decided_us: int, placed: bytes, decided: bytes
) -> Decided:
    return Decided(order_id, state, placed_us, decided_us, body_of(placed), body_of(decided))
