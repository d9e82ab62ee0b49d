"""The write side of the log: events appended in one transaction, orders folded beside them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic_core import from_json, to_json

Kind = Literal[
    "placed", "revised", "shipped", "out_for_delivery", "ndr", "rto_initiated", "rto_delivered",
    "delivered", "returned", "cancelled", "lost", "correction", "decided", "overridden",
    "message_sent", "replied", "contacted", "paid", "erased",
    "merchant", "policy", "fold", "promoted",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What an event did to history: an order was placed, or moved between states.

    Parameters
    ----------
    seq : int
        Position of the event.
    was, becomes : int
        States of ``features.history.states``; ``was`` is None when the order was placed.
    fact : bytes
        The order's fact (``features.history.fact``).
    """

    seq: int
    was: int | None
    becomes: int
    fact: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """An order as the store holds it."""

    number: int
    merchant_id: str
    test: bool
    order_id: str
    revision: int
    state: int
    digest: bytes | None
    fact_seq: int
    decided_seq: int | None


_COLUMNS = "number, merchant_id, test, order_id, revision, state, digest, fact_seq, decided_seq"
_BY_ID = f"SELECT {_COLUMNS} FROM orders WHERE merchant_id=? AND test=? AND order_id=?"
_EVENT = "INSERT INTO event VALUES (?,?,?,?,?,?,?,?,?,?,?)"


def find_order(
    connection: sqlite3.Connection, merchant_id: str, order_id: str, *, test: bool = False
) -> Held | None:
    """One order by its id, or None."""
    found = connection.execute(_BY_ID, (merchant_id, test, order_id)).fetchone()
    return None if found is None else _held(found)


def _held(found: tuple[object, ...]) -> Held:
    number, merchant_id, test, *rest = found
    return Held(number, merchant_id, bool(test), *rest)  # type: ignore[arg-type]


class Log:
    """Appends within one transaction at a time; ``changes`` is what the transaction did so far.

    Parameters
    ----------
    connection : sqlite3.Connection
        A writing connection that nothing else uses.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.seq = last_seq(connection)
        self.changes: list[Change] = []

    def begin(self) -> int:
        """Take the write lock.

        Returns
        -------
        int
            The last position of the log. Where it is past ``self.seq`` as it stood, other
            processes have appended in between.
        """
        self.connection.execute("BEGIN IMMEDIATE")
        self.changes = []
        self.seq = last_seq(self.connection)
        return self.seq

    def commit(self) -> None:
        """Put everything since ``begin`` on disk."""
        self.connection.execute("COMMIT")

    def rollback(self) -> None:
        """Forget everything since ``begin``."""
        self.changes = []
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def append(
        self,
        kind: Kind,
        body: Mapping[str, object],
        *,
        at_us: int,
        known_us: int,
        order: Held | None = None,
        merchant_id: str | None = None,
        becomes: int | None = None,
        data: bytes | None = None,
    ) -> int:
        """Append one event about an order already placed, or about none.

        Parameters
        ----------
        kind, body
            What happened, without personal data.
        at_us, known_us : int
            When it happened and when we learned of it.
        order : Held, optional
            The order it is about.
        merchant_id : str, optional
            Whose event it is where there is no order.
        becomes : int, optional
            The order's new state.
        data : bytes, optional
            The feature row of a ``decided``.

        Returns
        -------
        int
            Its position.
        """
        self.seq += 1
        number, revision, was = (
            (order.number, order.revision, order.state) if order else (None, 0, None)
        )
        owner = order.merchant_id if order else merchant_id
        moved = becomes is not None
        self.connection.execute(
            _EVENT,
            (
                self.seq, number, owner, kind, revision, at_us, known_us,
                was if moved else None, becomes, to_json(body), data,
            ),
        )  # fmt: skip
        if order is not None and becomes is not None:
            self._move(order, becomes)
        return self.seq

    def place(
        self,
        merchant_id: str,
        order_id: str,
        body: bytes,
        *,
        fact: bytes,
        state: int,
        digest: bytes | None,
        at_us: int,
        known_us: int,
        test: bool = False,
    ) -> Held:
        """Append ``placed`` and the order it begins.

        Parameters
        ----------
        body : bytes
            The order's content without personal data, as JSON.
        fact : bytes
            Its fact with any number in the first eight bytes: the order's number takes their
            place.

        Raises
        ------
        sqlite3.IntegrityError
            If the merchant has an order of this id.
        """
        self.seq += 1
        number = self.seq
        fact = number.to_bytes(8, "little", signed=True) + fact[8:]
        self.connection.execute(
            _EVENT,
            (number, number, merchant_id, "placed", 0, at_us, known_us, None, state, body, fact),
        )
        held = Held(number, merchant_id, test, order_id, 0, state, digest, number, None)
        self.connection.execute(
            "INSERT INTO orders VALUES (?,?,?,?,0,?,?,?,NULL)",
            (number, merchant_id, test, order_id, state, digest, number),
        )
        if not test:
            self.changes.append(Change(number, None, state, fact))
        return held

    def decide(
        self,
        order: Held,
        decision_id: bytes,
        body: bytes,
        row: bytes,
        *,
        becomes: int,
        at_us: int,
    ) -> int:
        """Append ``decided`` and put it in force; some decisions move the order's state."""
        self.seq += 1
        was, now = (None, None) if becomes == order.state else (order.state, becomes)
        self.connection.execute(
            _EVENT,
            (
                self.seq, order.number, order.merchant_id, "decided", order.revision,
                at_us, at_us, was, now, body, row,
            ),
        )  # fmt: skip
        self.connection.execute("INSERT INTO decision VALUES (?,?)", (decision_id, self.seq))
        self.connection.execute(
            "UPDATE orders SET decided_seq=? WHERE number=?", (self.seq, order.number)
        )
        if now is not None:
            self._move(order, now)
        return self.seq

    def find(self, merchant_id: str, order_id: str, *, test: bool = False) -> Held | None:
        """One order as the transaction sees it."""
        return find_order(self.connection, merchant_id, order_id, test=test)

    def _move(self, order: Held, becomes: int) -> None:
        self.connection.execute("UPDATE orders SET state=? WHERE number=?", (becomes, order.number))
        if not order.test:
            fact = self.connection.execute(
                "SELECT data FROM event WHERE seq=?", (order.fact_seq,)
            ).fetchone()[0]
            self.changes.append(Change(self.seq, order.state, becomes, fact))


def last_seq(connection: sqlite3.Connection) -> int:
    """Position of the newest event; 0 for an empty log."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])


def changes_between(connection: sqlite3.Connection, after: int, until: int) -> list[Change]:
    """What the events with ``after < seq <= until`` did to history, in order; no test orders."""
    found = connection.execute(
        """SELECT e.seq, e.was, e.becomes, f.data
           FROM event e JOIN orders o ON o.number = e.number JOIN event f ON f.seq = o.fact_seq
           WHERE e.seq > ? AND e.seq <= ? AND e.becomes IS NOT NULL AND o.test = 0
           ORDER BY e.seq""",
        (after, until),
    )
    return [Change(*line) for line in found]


def body_of(body: bytes) -> dict[str, object]:
    """The body of an event, read back."""
    read: dict[str, object] = from_json(body)
    return read
