"""The stored who-records: the fold of the log up to a named position."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from serving.store.connection import Connection
from serving.store.renames import forget_renamed

# One statement per number of keys: a list of point look-ups; IN (VALUES …) would scan the table.
_MOST = 16
_LOOKUP = "SELECT key, record FROM who WHERE key=?"
_STORE = """INSERT INTO who (key, record) VALUES (?,?)
    ON CONFLICT (key) DO UPDATE SET record = excluded.record"""
_DROP = "DELETE FROM who WHERE key=?"
_READS = tuple(" UNION ALL ".join([_LOOKUP] * n) for n in range(_MOST + 1))


def read_records(connection: Connection, keys: Sequence[int]) -> dict[int, bytes]:
    """The packed records of those ``keys`` that have one."""
    found: dict[int, bytes] = {}
    for begin in range(0, len(keys), _MOST):
        part = keys[begin : begin + _MOST]
        found.update(connection.execute(_READS[len(part)], part).fetchall())
    return found


def write_records(connection: Connection, records: Iterable[tuple[int, bytes]], seq: int) -> None:
    """Store changed records; from now on the table is the fold of the log up to ``seq``.

    An empty record is that of a key which nobody has any more.
    """
    records = list(records)
    connection.executemany(_STORE, [pair for pair in records if pair[1]])
    connection.executemany(_DROP, [(key,) for key, record in records if not record])
    forget_renamed(connection, seq)
    connection.execute("UPDATE meta SET value=? WHERE name='who_seq'", (str(seq).encode(),))


def stored_seq(connection: Connection) -> int:
    """The position of which the table is the fold."""
    found = connection.execute("SELECT value FROM meta WHERE name='who_seq'").fetchone()
    return int(found[0])
