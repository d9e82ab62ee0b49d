"""The write side of the log: events appended in one transaction, orders folded beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

from pydantic_core import from_json, to_json

from features.history.states import ABSENT
from serving.store.changes import Change
from serving.store.connection import Connection
from serving.store.erased import newest_erasure
from serving.store.meta import keep_meta
from serving.store.orders import Held, find_order

Kind = Literal[
    "placed", "revised", "shipped", "out_for_delivery", "ndr", "rto_initiated", "rto_delivered",
    "delivered", "returned", "cancelled", "lost", "correction", "decided", "overridden",
    "message_sent", "replied", "contacted", "paid", "erased",
    "merchant", "policy", "fold", "promoted", "challenger", "retrained", "list", "audit",
    "carried", "message", "released", "noted", "spend", "feedback",
]  # fmt: skip


# Columns by name: a program that is still running writes on after a newer one has added some.
_EVENT = """INSERT INTO event
    (seq, number, merchant_id, kind, revision, at_us, known_us, was, becomes, body, data)
    VALUES (?,?,?,?,?,?,?,?,?,?,?)"""
_ORDER = """INSERT INTO orders
    (number, merchant_id, test, order_id, revision, state, digest, fact_seq, decided_seq)
    VALUES (?,?,?,?,0,?,?,?,?)"""
_DECISION = "INSERT INTO decision (decision_id, seq) VALUES (?,?)"


class Decision(NamedTuple):
    """What the log keeps of a decision.

    Parameters
    ----------
    body : bytes
        As JSON.
    row : bytes or None
        The feature row it was made from.
    becomes : int
        The order's state after it.
    """

    decision_id: bytes
    body: bytes
    row: bytes | None
    becomes: int
    at_us: int


class Log:
    """Appends within one transaction at a time; ``changes`` is what the transaction did so far.

    ``erased_seq`` is the position of the newest erasure: what was decided before it may name a
    person who is erased by now.

    Parameters
    ----------
    connection : Connection
        A writing connection that nothing else uses.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.seq = last_seq(connection)
        self.changes: list[Change] = []
        self.erased_seq = 0
        self._committed = -1

    def begin(self) -> int:
        """Take the write lock.

        Returns
        -------
        int
            The last position of the log. Where it is past ``self.seq`` as it stood, other
            processes have appended in between.
        """
        self.connection.begin()
        self.changes = []
        self.seq = last_seq(self.connection)
        if self.seq != self._committed:  # others have appended: perhaps an erasure
            self.erased_seq = newest_erasure(self.connection)
        return self.seq

    def commit(self) -> None:
        """Put everything since ``begin`` on disk."""
        self.connection.commit()
        self._committed = self.seq

    def rollback(self) -> None:
        """Forget everything since ``begin``."""
        self.changes = []
        self.connection.rollback()

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
            The feature row of a ``decided``, the facts of a ``carried``.

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
        decision: Decision | None = None,
    ) -> Held:
        """Append ``placed`` and the order it begins, and ``decided`` where that is known at once.

        Parameters
        ----------
        body : bytes
            The order's content without personal data, as JSON.
        fact : bytes
            Its fact with any number in the first eight bytes: the order's number takes their
            place.

        Raises
        ------
        TakenError
            If the merchant has an order of this id.
        """
        self.seq += 1
        number = self.seq
        fact = number.to_bytes(8, "little", signed=True) + fact[8:]
        self.connection.execute(
            _EVENT,
            (number, number, merchant_id, "placed", 0, at_us, known_us, None, state, body, fact),
        )
        if not test:
            self.changes.append(Change(number, ABSENT, state, fact))
        now, decided = state, None
        if decision is not None:
            now, decided = decision.becomes, self._decided(number, merchant_id, 0, state, decision)
            if now != state and not test:
                self.changes.append(Change(decided, state, now, fact))
        self.connection.execute(
            _ORDER, (number, merchant_id, test, order_id, now, digest, number, decided)
        )
        return Held(number, merchant_id, test, order_id, 0, now, digest, number, decided)

    def revise(
        self,
        order: Held,
        body: bytes,
        *,
        fact: bytes,
        digest: bytes,
        at_us: int,
        known_us: int,
    ) -> Held:
        """Append ``revised``: from now on the order counts under the keys of its new fact.

        Parameters
        ----------
        body : bytes
            The new content without personal data, as JSON; personal data is kept under the
            position of this event (``fact_seq`` of what is returned).
        fact : bytes
            See :meth:`place`.
        """
        self.seq += 1
        fact = order.number.to_bytes(8, "little", signed=True) + fact[8:]
        revised = replace(order, revision=order.revision + 1, digest=digest, fact_seq=self.seq)
        self.connection.execute(
            _EVENT,
            (
                self.seq, order.number, order.merchant_id, "revised", revised.revision,
                at_us, known_us, order.state, order.state, body, fact,
            ),
        )  # fmt: skip
        if not order.test:
            before = self._fact(order)
            self.changes.append(Change(self.seq, order.state, ABSENT, before))
            self.changes.append(Change(self.seq, ABSENT, order.state, fact))
        self.connection.execute(
            "UPDATE orders SET revision=?, digest=?, fact_seq=? WHERE number=?",
            (revised.revision, digest, self.seq, order.number),
        )
        return revised

    def decide(self, order: Held, decision: Decision) -> int:
        """Append ``decided`` and put it in force; some decisions move the order's state."""
        seq = self._decided(order.number, order.merchant_id, order.revision, order.state, decision)
        self.connection.execute(
            "UPDATE orders SET decided_seq=? WHERE number=?", (seq, order.number)
        )
        if decision.becomes != order.state:
            self._move(order, decision.becomes)
        return seq

    def has_decision(self, decision_id: bytes) -> bool:
        """Whether a decision of this id is in the log."""
        found = self.connection.execute(
            "SELECT 1 FROM decision WHERE decision_id=?", (decision_id,)
        )
        return found.fetchone() is not None

    def name_decision(self, decision_id: bytes, seq: int) -> None:
        """Let a decision's id be found at a position."""
        self.connection.execute(_DECISION, (decision_id, seq))

    def find(self, merchant_id: str, order_id: str, *, test: bool = False) -> Held | None:
        """One order as the transaction sees it."""
        return find_order(self.connection, merchant_id, order_id, test=test)

    def _decided(
        self, number: int, merchant_id: str, revision: int, state: int, decision: Decision
    ) -> int:
        """The event alone; its position."""
        self.seq += 1
        decision_id, body, row, becomes, at_us = decision
        was, now = (None, None) if becomes == state else (state, becomes)
        self.connection.execute(
            _EVENT,
            (
                self.seq, number, merchant_id, "decided", revision, at_us, at_us, was, now,
                body, row,
            ),
        )  # fmt: skip
        self.connection.execute(_DECISION, (decision_id, self.seq))
        return self.seq

    def _move(self, order: Held, becomes: int) -> None:
        self.connection.execute("UPDATE orders SET state=? WHERE number=?", (becomes, order.number))
        if not order.test:
            self.changes.append(Change(self.seq, order.state, becomes, self._fact(order)))

    def _fact(self, order: Held) -> bytes:
        found = self.connection.execute("SELECT data FROM event WHERE seq=?", (order.fact_seq,))
        fact: bytes = found.fetchone()[0]
        return fact


def pulse(log: Log, now_us: int) -> None:
    """Write something that means nothing, to see whether the log takes it."""
    keep_meta(log.connection, "pulse", str(now_us).encode())


def last_seq(connection: Connection) -> int:
    """Position of the newest event; 0 for an empty log."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])


def body_of(body: bytes) -> dict[str, object]:
    """The body of an event, read back."""
    read: dict[str, object] = from_json(body)
    return read
