"""The stored who-records: the fold of the log up to a named position, some of them further."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from serving.store.connection import Connection, connect
from serving.store.meta import keep_meta, meta
from serving.store.renames import forget_renamed

# One statement per number of keys: a list of point look-ups; IN (VALUES …) would scan the table.
_MOST = 16
_LOOKUP = "SELECT key, record, seq FROM who WHERE key=?"
_STORE = """INSERT INTO who (key, record, seq) VALUES (?,?,?)
    ON CONFLICT (key) DO UPDATE SET record = excluded.record, seq = excluded.seq"""
_DROP = "DELETE FROM who WHERE key=?"
_KEYS = """SELECT group_concat(key, ' ') FROM
    (SELECT key FROM who WHERE key >= ? ORDER BY key LIMIT ?) AS next"""
_READS = tuple(" UNION ALL ".join([_LOOKUP] * n) for n in range(_MOST + 1))


_SEQ = "who_seq"

Integers = NDArray[np.int64]


class Stored(NamedTuple):
    """The packed record of a key, and the position up to which it has seen the log."""

    key: int
    record: bytes
    seq: int


def read_records(connection: Connection, keys: Sequence[int]) -> list[Stored]:
    """The records of those ``keys`` that have one."""
    found: list[Stored] = []
    for begin in range(0, len(keys), _MOST):
        part = keys[begin : begin + _MOST]
        found += map(Stored._make, connection.execute(_READS[len(part)], part).fetchall())
    return found


def stored_keys(where: Path | str, lowest: int, most: int) -> Integers:
    """Keys that have a record, from ``lowest`` on, ascending, by a connection of its own.

    For SQLite, and for another thread than the event loop's: one statement gives them as one text,
    during which the interpreter is free for others.

    Raises
    ------
    LogDownError
        If they cannot be read now.
    """
    with closing(connect(where, readonly=True)) as connection:
        text = connection.execute(_KEYS, (lowest, most)).fetchone()[0]
    return np.sort(np.fromstring(text, np.int64, sep=" ")) if text else np.empty(0, np.int64)


def write_records(connection: Connection, records: Iterable[Stored], seq: int) -> None:
    """Store changed records; from now on all of the table has seen the log up to ``seq``.

    An empty record is that of a key which nobody has any more.
    """
    records = list(records)
    connection.executemany(_STORE, [stored for stored in records if stored.record])
    connection.executemany(_DROP, [(stored.key,) for stored in records if not stored.record])
    forget_renamed(connection, seq)
    keep_seq(connection, seq)


def keep_seq(connection: Connection, seq: int) -> None:
    """Say up to which position every record has seen the log."""
    keep_meta(connection, _SEQ, str(seq).encode())


def none_stored(connection: Connection) -> bool:
    """Whether no record is stored."""
    return connection.execute("SELECT 1 FROM who LIMIT 1").fetchone() is None


def stored_seq(connection: Connection) -> int:
    """The position up to which every record has seen the log."""
    return int(meta(connection, _SEQ) or 0)
