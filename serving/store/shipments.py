"""Which order a waybill belongs to."""

from __future__ import annotations

from serving.store.connection import Connection
from serving.store.log import Held


def shipment_of(connection: Connection, merchant_id: str, awb: str, *, test: bool) -> int | None:
    """The number of the order that a waybill belongs to, or None."""
    found = connection.execute(
        "SELECT number FROM shipment WHERE merchant_id=? AND test=? AND awb=?",
        (merchant_id, test, awb),
    ).fetchone()
    return None if found is None else int(found[0])


def keep_shipment(connection: Connection, order: Held, awb: str, seq: int) -> None:
    """Remember a waybill; ``seq`` is its event."""
    connection.execute(
        "INSERT INTO shipment (merchant_id, test, awb, number, seq) VALUES (?,?,?,?,?)",
        (order.merchant_id, order.test, awb, order.number, seq),
    )
