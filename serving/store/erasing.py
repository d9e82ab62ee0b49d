"""What is kept of people, found by the keys of history, and taken away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import numpy as np

from features.history.fact import FIRST_WHERE, FIRST_WHO
from serving.store.connection import Connection
from serving.store.log import ORDER_COLUMNS, Held, held_of


def numbers_under(
    connection: Connection,
    keys: Collection[int],
    progress: Callable[[int], object] = lambda _: None,
) -> list[int]:
    """Numbers of the orders that any of their revisions put under one of these keys.

    Walks the whole log: who-records hold the latest orders alone.

    Parameters
    ----------
    progress : callable
        Told how many facts went by.
    """
    wanted, found = np.array(sorted(keys), np.int64), set()
    for number, fact in connection.stream(
        "SELECT number, data FROM event WHERE kind IN ('placed', 'revised') ORDER BY seq"
    ):
        who = np.frombuffer(fact, np.int64)[FIRST_WHO:FIRST_WHERE]
        if np.isin(who, wanted).any():
            found.add(int(number))
        progress(1)
    return sorted(found)


def orders_numbered(connection: Connection, numbers: Iterable[int]) -> list[Held]:
    """These orders as they stand."""
    statement = f"SELECT {ORDER_COLUMNS} FROM orders WHERE number=?"
    return [held_of(connection.execute(statement, (n,)).fetchone()) for n in numbers]


def drop_contacts(connection: Connection, number: int) -> int:
    """Delete everything sealed of one order, in every revision and note; how many pieces."""
    return len(
        connection.execute(
            """DELETE FROM contact WHERE number IN (SELECT seq FROM event WHERE number=?)
               RETURNING 1""",
            (number,),
        ).fetchall()
    )


def drop_entries(connection: Connection, keys: Collection[int]) -> int:
    """Delete the list entries under these keys; how many."""
    return sum(
        len(connection.execute("DELETE FROM list_entry WHERE key=? RETURNING 1", (key,)).fetchall())
        for key in keys
    )


def drop_merchant_data(connection: Connection, merchant_id: str) -> int:
    """Delete everything sealed of a merchant's orders, and its lists; how many pieces."""
    connection.execute("DELETE FROM list_entry WHERE merchant_id=?", (merchant_id,))
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
