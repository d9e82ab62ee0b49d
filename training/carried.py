"""Orders pruned from an exported log: they count on, and what read before them is history only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import DataError
from features.history.carried import CARRIED_COLUMNS, SETTLED_COLUMNS, Carried
from features.history.replay import Log
from features.tables import Folder
from training.pastlog import fold_hour, live_decisions

Integers = NDArray[np.int64]


def carried_of(folder: Folder) -> Carried:
    """The folder's ``carried`` table.

    Raises
    ------
    DataError
        Naming a column that is missing or holds something else than whole numbers.
    """
    if folder.carried is None or not folder.carried.num_rows:
        return Carried.nothing()
    columns = [_whole(folder.carried, name) for name in (*CARRIED_COLUMNS, *SETTLED_COLUMNS)]
    rows = np.stack(columns[: len(CARRIED_COLUMNS)], axis=1)
    seq, us = (int(column.max()) for column in columns[len(CARRIED_COLUMNS) :])
    return Carried(np.ascontiguousarray(rows), seq, us)


def _whole(table: pa.Table, name: str) -> Integers:
    if name not in table.column_names:
        raise DataError("is missing; export the log again", file="carried", column=name)
    column = table.column(name)
    try:
        column = column.cast(pa.int64())
    except pa.ArrowException as error:
        raise DataError("holds no whole numbers", file="carried", column=name) from error
    if column.null_count:
        raise DataError("holds an empty cell", file="carried", column=name)
    return np.asarray(column.to_numpy(), np.int64)


def joined(log: Log, at: Integers, carried: Carried, carried_at: Integers) -> tuple[Log, Integers]:
    """A log with the carried facts behind its own, and their changes where they stood.

    Parameters
    ----------
    log : Log
    at : ndarray of int64, ascending, shape (n_changes,)
        Position, or known time, of each change.
    carried_at : ndarray of int64, shape (n_facts,)
        The same of the carried facts.

    Returns
    -------
    Log
    ndarray of int64, ascending
        Position, or known time, of each of its changes.
    """
    if not len(carried.rows):
        return log, at
    row, before, after, their_at = carried.changes(carried_at)
    both_at = np.concatenate([their_at, at])
    order = np.argsort(both_at, kind="stable")
    both = replace(
        log,
        facts=np.concatenate([log.facts, carried.facts]),
        order=np.concatenate([row + len(log.facts), log.order])[order],
        before=np.concatenate([before, log.before])[order],
        after=np.concatenate([after, log.after])[order],
    )
    return both, both_at[order]


def history_only(folder: Folder, carried: Carried, created_us: Integers) -> NDArray[np.bool_]:
    """The orders that read the log before all that is carried had come to rest.

    What they saw of the pruned orders cannot be told, so their features are not what they were;
    they count for later orders and teach nothing themselves.

    Parameters
    ----------
    created_us : ndarray of int64, shape (n_orders,)
    """
    if not len(carried.rows):
        return np.zeros(len(created_us), bool)
    early = fold_hour(created_us) <= carried.settled_us
    order, decided = live_decisions(folder)
    read, fold = (decided.column(c).to_numpy() for c in ("read_seq", "fold"))
    settled = carried.settled_seq
    early[order] = (read < settled) | ((fold > 0) & (fold < settled))
    return early
