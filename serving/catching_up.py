"""Bringing a ledger to the end of the log, and what it has changed into the store."""

from __future__ import annotations

from collections.abc import Callable

from serving.ledger import Ledger
from serving.store.carried import replayed_between
from serving.store.connection import Connection
from serving.store.faults import LogDownError
from serving.store.log import last_seq
from serving.store.renames import renamed_between
from serving.store.who import write_records
from serving.upkeep.first_count import PARTS, first_count

_REPLAY_STEP = 20_000


def catch_up(
    ledger: Ledger,
    connection: Connection,
    progress: Callable[[int], object] = lambda _: None,
    *,
    must_store: bool = True,
) -> None:
    """Bring a ledger to the end of the log, storing records on the way.

    For a process that owns the log and does not serve yet.

    Parameters
    ----------
    connection : Connection
        For writing.
    progress : callable
        Told how many events went by.
    must_store : bool
        Else records that cannot be stored now (another process is writing, the disk is full) stay
        in memory until they can.
    """
    end = last_seq(connection)
    if ledger.seq == 0 and end > _REPLAY_STEP and must_store:
        _count_first(ledger, connection, end, progress)
    # An erasure has renamed the keys of earlier events too, so the records follow it first.
    ledger.apply(renamed_between(connection, ledger.seq, end), ledger.seq)
    while ledger.seq < end:
        begin = ledger.seq
        until = min(begin + _REPLAY_STEP, end)
        changes = replayed_between(connection, begin, until)
        ledger.fetch(changes)
        ledger.apply(changes, until)
        try:
            store_changed(ledger, connection)
        except LogDownError:
            if must_store:
                raise
        progress(until - begin)


def _count_first(
    ledger: Ledger, connection: Connection, end: int, progress: Callable[[int], object]
) -> None:
    """Store all records of a log that was never counted, where there is a short cut."""
    if (counted := first_count(connection, end)) is None:
        return
    for records in counted:
        connection.begin()
        write_records(connection, records, 0)
        connection.commit()
        progress(end // PARTS)
    ledger.seq = end
    store_changed(ledger, connection)


def store_changed(ledger: Ledger, connection: Connection) -> None:
    """Checkpoint in a transaction of its own, on a connection for writing."""
    records, seq = ledger.begin_checkpoint()
    try:
        connection.begin()
        write_records(connection, records, seq)
        connection.commit()
    except BaseException:
        connection.rollback()
        ledger.end_checkpoint(stored=False)
        raise
    ledger.end_checkpoint(stored=True)
