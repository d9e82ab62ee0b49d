"""Carried events: what orders that were taken out of the log still count, and where they stood."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from features.history.carried import CARRIED_SIZE, Carried
from serving.store.changes import Change, changes_between
from serving.store.connection import Connection
from serving.store.facts import put_facts
from serving.store.log import Log, body_of
from serving.store.renames import Renamed

Integers = NDArray[np.int64]

_BODIES = """SELECT seq, body FROM event
    WHERE number IS NULL AND kind='carried' AND merchant_id IS NULL AND seq > ? ORDER BY seq"""
_DATA = "SELECT data FROM event WHERE seq=?"


def carry(log: Log, orders: int, carried: Carried, *, now_us: int) -> None:
    """Append the facts of orders that the same transaction takes out."""
    body = {
        "orders": orders,
        "first_seq": int(carried.seqs.min()),
        "settled_seq": carried.settled_seq,
        "settled_us": carried.settled_us,
    }
    data = _packed(carried.rows)
    log.append("carried", body, at_us=now_us, known_us=now_us, data=data)


def settled_seq(connection: Connection) -> int:
    """Positions before this one cannot be read as they were then; -1 where nothing was pruned."""
    return max((int(str(body["settled_seq"])) for _, body in _bodies(connection)), default=-1)


def carried_in(connection: Connection) -> Carried:
    """Everything that is carried."""
    bodies = [body for _, body in _bodies(connection)]
    if not bodies:
        return Carried.nothing()
    rows = np.concatenate([rows for _, rows in carried_events(connection)])
    seq, us = (max(int(str(b[name])) for b in bodies) for name in ("settled_seq", "settled_us"))
    return Carried(rows, seq, us)


def carried_events(connection: Connection, after: int = 0) -> Iterator[tuple[int, Integers]]:
    """The position of every carried event after one, and its rows of ``CARRIED_COLUMNS``."""
    for seq, _ in _bodies(connection, after):
        yield seq, _rows_at(connection, seq)


def rewrite(connection: Connection, seq: int, rows: Integers) -> None:
    """Put other rows into a carried event: keys have been renamed."""
    put_facts(connection, [(seq, _packed(rows))])


def replayed_between(connection: Connection, after: int, until: int) -> list[Change | Renamed]:
    """As ``changes_between``, for a reader from far back: carried facts stand among the events.

    Whoever follows the log from the stored who-records on never needs it: nothing is taken out
    that these have not counted.
    """
    changes = changes_between(connection, after, until)
    carried = [change for part in _overlapping(connection, after, until) for change in part]
    if not carried:
        return changes
    renames = [change for change in changes if isinstance(change, Renamed)]
    both = carried + [change for change in changes if isinstance(change, Change)]
    return [*renames, *sorted(both, key=lambda change: change.seq)]


def _overlapping(connection: Connection, after: int, until: int) -> Iterator[list[Change]]:
    for seq, body in _bodies(connection):
        if int(str(body["first_seq"])) <= until and int(str(body["settled_seq"])) > after:
            part = Carried(_rows_at(connection, seq))
            row, before, after_, at = part.changes(part.seqs)
            here = np.flatnonzero((at > after) & (at <= until)).tolist()
            facts = np.ascontiguousarray(part.facts)
            yield [
                Change(int(at[i]), int(before[i]), int(after_[i]), facts[row[i]].tobytes())
                for i in here
            ]


def _bodies(connection: Connection, after: int = 0) -> list[tuple[int, dict[str, object]]]:
    found = connection.execute(_BODIES, (after,)).fetchall()
    return [(seq, body_of(body)) for seq, body in found]


def _rows_at(connection: Connection, seq: int) -> Integers:
    packed = connection.execute(_DATA, (seq,)).fetchone()[0]
    columns = np.frombuffer(zlib.decompress(packed), np.int64).reshape(CARRIED_SIZE, -1)
    return np.ascontiguousarray(columns.T)


def _packed(rows: Integers) -> bytes:
    """By columns, where equal numbers stand together."""
    return zlib.compress(np.ascontiguousarray(rows.T).tobytes())
