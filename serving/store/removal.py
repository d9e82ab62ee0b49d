"""Whole orders taken out of the store, with everything about them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from pydantic_core import from_json

from serving.store.connection import Connection

_EVENTS = """SELECT e.seq, e.kind, e.body, o.merchant_id, o.test, o.order_id FROM event e
    JOIN orders o ON o.number = e.number WHERE e.number=?"""


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
            contacts.append((seq,))
            if kind == "placed":
                in_shops.append((merchant_id, test, order_id))
            said = from_json(body) if kind in ("decided", "overridden", "shipped") else {}
            if "decision_id" in said:
                decisions.append((UUID(said["decision_id"]).bytes, seq))
            if "awb" in said:
                shipments.append((merchant_id, test, said["awb"], number))
    connection.executemany("DELETE FROM contact WHERE number=?", contacts)
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
