"""Which order a waybill belongs to."""

from __future__ import annotations

from serving.store.connection import Connection
from serving.store.orders import Held


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


def known_scan(connection: Connection, number: int, kind: str, at_us: int, within_us: int) -> bool:
    """Whether an order's parcel is known to have failed or gone out at about an instant."""
    found = connection.execute(
        """SELECT 1 FROM event WHERE number=? AND kind=? AND at_us BETWEEN ? AND ?
           AND kind IN ('ndr', 'out_for_delivery') LIMIT 1""",
        (number, kind, at_us - within_us, at_us + within_us),
    )
    return found.fetchone() is not None


def later_scan(connection: Connection, number: int, kind: str, at_us: int) -> int | None:
    """When something happened to an order's parcel last after an instant; None if it did not."""
    found = connection.execute(
        "SELECT max(at_us) FROM event WHERE number=? AND kind=? AND at_us>?",
        (number, kind, at_us),
    )
    at: int | None = found.fetchone()[0]
    return at
