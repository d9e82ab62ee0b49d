"""What is kept of people, taken away."""

from __future__ import annotations

from serving.store.connection import Connection

# What goes with a merchant, beside what its orders have sealed.
_OWN = (
    "list_entry", "channel", "template_stop", "subscription", "shop_order", "shop_reading",
    "shop_points", "membership", "page_session",
    "message", "task", "payment_link", "courier_order", "courier_pace", "watched_parcel",
)  # fmt: skip


def drop_contacts(connection: Connection, number: int) -> int:
    """Delete everything sealed of one order, in every revision and note; how many pieces."""
    return len(
        connection.execute(
            """DELETE FROM contact WHERE number IN (SELECT seq FROM event WHERE number=?)
               RETURNING 1""",
            (number,),
        ).fetchall()
    )


def drop_merchant_data(connection: Connection, merchant_id: str) -> int:
    """Delete everything sealed of a merchant's orders, and what is the merchant's own.

    Lists, accounts with carriers and receivers with their secrets, who opens its pages, and all
    that was still to be done or sent.

    Returns
    -------
    int
        Sealed pieces of orders.
    """
    connection.execute(
        """DELETE FROM delivery WHERE subscription_id IN
           (SELECT subscription_id FROM subscription WHERE merchant_id=?)""",
        (merchant_id,),
    )
    connection.execute(
        "DELETE FROM timer WHERE number IN (SELECT number FROM orders WHERE merchant_id=?)",
        (merchant_id,),
    )
    for table in _OWN:
        connection.execute(f"DELETE FROM {table} WHERE merchant_id=?", (merchant_id,))
    return len(
        connection.execute(
            """DELETE FROM contact WHERE number IN (SELECT seq FROM event WHERE merchant_id=?)
               RETURNING 1""",
            (merchant_id,),
        ).fetchall()
    )


def overwrite_deleted(connection: Connection) -> None:
    """Have what is deleted through this connection overwritten on disk (SQLite)."""
    if not connection.remote:
        connection.execute("PRAGMA secure_delete=ON").fetchall()


def settle_deleted(connection: Connection) -> bool:
    """Bring deletions into the file itself; False while readers hold the old pages (SQLite)."""
    if connection.remote:
        return True
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy
