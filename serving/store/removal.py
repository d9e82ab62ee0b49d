"""Which orders are old enough to go, and whole orders taken out with everything about them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from pydantic_core import from_json

from features.history.states import CLASSES, PENDING
from serving.store.connection import Connection
from serving.store.contacts import drop_sealed

_EVENTS = """SELECT e.seq, e.kind, e.body, o.merchant_id, o.test, o.order_id FROM event e
    JOIN orders o ON o.number = e.number WHERE e.number=?"""


def quiet_orders(connection: Connection, after: int, end: int, most: int) -> list[tuple[int, int]]:
    """Number and state of live orders past a number of which nothing stands from ``end`` on."""
    return connection.execute(
        """SELECT o.number, o.state FROM orders o
           WHERE o.test = 0 AND o.number > ? AND o.number < ?
           AND NOT EXISTS (SELECT 1 FROM event e WHERE e.number = o.number AND e.seq >= ?)
           ORDER BY o.number LIMIT ?""",
        (after, end, end, most),
    ).fetchall()


def old_tests(connection: Connection, after: int, before_us: int, most: int) -> list[int]:
    """Numbers past one of the test orders that were placed before an instant."""
    found = connection.execute(
        """SELECT o.number FROM orders o JOIN event e ON e.seq = o.number
           WHERE o.test = 1 AND o.number > ? AND e.known_us < ? ORDER BY o.number LIMIT ?""",
        (after, before_us, most),
    ).fetchall()
    return [number for (number,) in found]


def finished_with_contacts(
    connection: Connection, after: int, before_us: int, most: int
) -> list[int]:
    """Numbers past one of the orders with contacts that ended before an instant."""
    found = connection.execute(
        f"""SELECT c.number FROM contact c
            JOIN event s ON s.seq = c.number JOIN orders o ON o.number = s.number
            WHERE c.number > ? AND o.state % {CLASSES} <> {PENDING}
            AND NOT EXISTS (SELECT 1 FROM event e WHERE e.number = o.number AND e.known_us >= ?)
            ORDER BY c.number LIMIT ?""",
        (after, before_us, most),
    ).fetchall()
    return [number for (number,) in found]


def remove_orders(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete the orders of these numbers: events, contacts, decisions, shipments, shop's numbers.

    Decisions and shipments are found by what the events say, since no index leads to them from
    an order.
    """
    contacts, decisions, shipments, in_shops = [], [], [], []
    for number in numbers:
        for seq, kind, body, merchant_id, test, order_id in connection.execute(
            _EVENTS, (number,)
        ).fetchall():
            contacts.append(seq)
            if kind == "placed":
                in_shops.append((merchant_id, test, order_id))
            said = from_json(body) if kind in ("decided", "overridden", "shipped") else {}
            if "decision_id" in said:
                decisions.append((UUID(said["decision_id"]).bytes, seq))
            if "awb" in said:
                shipments.append((merchant_id, test, said["awb"], number))
    drop_sealed(connection, contacts)
    connection.executemany("DELETE FROM decision WHERE decision_id=? AND seq=?", decisions)
    connection.executemany(
        "DELETE FROM shipment WHERE merchant_id=? AND test=? AND awb=? AND number=?", shipments
    )
    connection.executemany(
        "DELETE FROM shop_order WHERE merchant_id=? AND test=? AND order_id=?", in_shops
    )
    gone = [(number,) for number in numbers]
    for table in ("event", "message", "timer", "task", "payment_link", "courier_order",
                  "watched_parcel"):  # fmt: skip
        connection.executemany(f"DELETE FROM {table} WHERE number=?", gone)
    connection.executemany("DELETE FROM orders WHERE number=?", gone)
