"""The stored who-records: the fold of the log up to a named position."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

# One statement per number of keys: a list of point look-ups; IN (VALUES …) would scan the table.
_MOST = 16
_LOOKUP = "SELECT key, record FROM who WHERE key=?"
_READS = tuple(" UNION ALL ".join([_LOOKUP] * n) for n in range(_MOST + 1))


def read_records(connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, bytes]:
    """The packed records of those ``keys`` that have one."""
    found: dict[int, bytes] = {}
    for begin in range(0, len(keys), _MOST):
        part = keys[begin : begin + _MOST]
        found.update(connection.execute(_READS[len(part)], part).fetchall())
    return found


def write_records(
    connection: sqlite3.Connection, records: Iterable[tuple[int, bytes]], seq: int
) -> None:
    """Store changed records; from now on the table is the fold of the log up to ``seq``."""
    connection.executemany("INSERT OR REPLACE INTO who VALUES (?,?)", records)
    connection.execute("UPDATE meta SET value=? WHERE name='who_seq'", (seq,))


def stored_seq(connection: sqlite3.Connection) -> int:
    """The position of which the table is the fold."""
    found = connection.execute("SELECT value FROM meta WHERE name='who_seq'").fetchone()
    return int(found[0])
