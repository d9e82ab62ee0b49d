"""What remembers an erasure for whatever was on its way meanwhile: one-way marks of keys."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from features.days import DAY_US
from serving.store.connection import Connection

# What has been on its way for longer than this (a spool left behind) is taken for erased; past
# orders that are imported later than this are new data.
REMEMBERED_US = 90 * DAY_US
_DELETE = "DELETE FROM erased WHERE at_us < ?"


def remember_erased(
    connection: Connection, keys: Collection[int], *, seq: int, now_us: int
) -> None:
    """Keep the marks of a person's keys, in the erasure's transaction."""
    connection.executemany(
        "INSERT INTO erased (mark, seq, at_us) VALUES (?,?,?)",
        [(_mark(key), seq, now_us) for key in sorted(keys)],
    )


def newest_erasure(connection: Connection) -> int:
    """Position of the newest erasure that is remembered; 0 without one."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM erased").fetchone()[0])


def erased_since(connection: Connection, keys: Collection[int], after: int) -> bool:
    """Whether one of the keys was a person's who has been erased at a later position."""
    return any(
        connection.execute(
            "SELECT 1 FROM erased WHERE mark=? AND seq>?", (_mark(key), after)
        ).fetchone()
        for key in keys
    )


def erased_after(connection: Connection, keys: Collection[int], at_us: int) -> bool:
    """Whether one of the keys was a person's who has been erased at a later time."""
    return any(
        connection.execute(
            "SELECT 1 FROM erased WHERE mark=? AND at_us>?", (_mark(key), at_us)
        ).fetchone()
        for key in keys
    )


def order_erased_since(connection: Connection, number: int, after: int) -> bool:
    """Whether the order itself has been erased at a later position."""
    found = connection.execute(
        "SELECT 1 FROM event WHERE number=? AND kind='erased' AND seq>? LIMIT 1", (number, after)
    )
    return found.fetchone() is not None


def merchant_erased_since(connection: Connection, merchant_id: str, after: int) -> bool:
    """Whether any of a merchant's orders has been erased at a later position."""
    found = connection.execute(
        "SELECT 1 FROM event WHERE merchant_id=? AND seq>? AND kind='erased' LIMIT 1",
        (merchant_id, after),
    )
    return found.fetchone() is not None


def forget_erased(connection: Connection, now_us: int) -> None:
    """Drop marks that nothing can need any more."""
    connection.execute(_DELETE, (now_us - REMEMBERED_US,))


def _mark(key: int) -> int:
    """What is kept of a key: nobody gets it back, and no other table has it."""
    cut = hashlib.blake2b(key.to_bytes(8, "big", signed=True), digest_size=8, person=b"rto erased")
    return int.from_bytes(cut.digest(), "big", signed=True)
