"""What each revision of an exported order said, as history counts it and as its text came to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.catalogue import SIGNAL_FEATURES
from features.errors import DataError
from features.history.fact import FACT_COLUMNS, FACT_SIZE, FIRST_WHO
from features.keys import ABSENT, PERSON_SLOTS
from features.tables import Folder

Integers = NDArray[np.int64]

_KEY = ("merchant_id", "order_id")


def fact_rows(folder: Folder) -> dict[tuple[int, int], int]:
    """The row of the facts for every (orders row, revision) after the first."""
    later = _later(folder)
    if later is None:
        return {}
    rows = order_rows(folder.orders, later, file="revisions").tolist()
    revision = later.column("revision").to_pylist()
    first = folder.orders.num_rows
    return {pair: first + i for i, pair in enumerate(zip(rows, revision, strict=True))}


def with_revisions(
    folder: Folder, facts: Integers, values: NDArray[np.float32], persons: Integers
) -> Integers:
    """The facts as they were counted live, those of later revisions behind them.

    An export's keys outlive the text they were made from, so they and the features read from text
    take the place of what its orders table still gives.

    Parameters
    ----------
    facts : ndarray of int64, shape (n_orders, FACT_SIZE)
        From the orders table; overwritten where the export says better, as are the two below.
    values : ndarray of float32, shape (n_orders, n_catalogue)
    persons : ndarray of int64, shape (n_orders,)
    """
    if folder.revisions is None:
        return facts
    placed = folder.revisions.filter(pc.equal(folder.revisions.column("revision"), 0))
    at = order_rows(folder.orders, placed, file="revisions")
    facts[at] = _facts(placed)
    persons[at] = _persons(facts[at], persons[at])
    for column, feature in enumerate(SIGNAL_FEATURES):
        if feature.text and feature.name in placed.column_names:
            kept = placed.column(feature.name)
            known = kept.is_valid().to_numpy()
            values[at[known], column] = kept.to_numpy()[known]
    later = _later(folder)
    return facts if later is None else np.concatenate([facts, _facts(later)])


def _later(folder: Folder) -> pa.Table | None:
    if folder.revisions is None:
        return None
    return folder.revisions.filter(pc.greater(folder.revisions.column("revision"), 0))


def _facts(revisions: pa.Table) -> Integers:
    facts = np.empty((revisions.num_rows, FACT_SIZE), np.int64)
    for i, name in enumerate(FACT_COLUMNS):
        if name not in revisions.column_names:
            raise DataError("is missing; export the log again", file="revisions", column=name)
        facts[:, i] = revisions.column(name).to_numpy()
    return facts


def _persons(facts: Integers, otherwise: Integers) -> Integers:
    """The first key present that stands for a person; see ``features.keys.person_of``."""
    persons = otherwise
    for slot in reversed(PERSON_SLOTS):
        key = facts[:, FIRST_WHO + slot]
        persons = np.where(key == ABSENT, persons, key)
    return persons


def order_keys(table: pa.Table) -> pa.Array:
    """Merchant and order id of every row in one text that no other pair gives."""
    merchant, order = (table.column(name).cast(pa.large_string()) for name in _KEY)
    length = pc.binary_length(merchant).cast(pa.large_string())
    joined = pc.binary_join_element_wise(length, merchant, order, pa.scalar(":", pa.large_string()))
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def order_rows(orders: pa.Table, others: pa.Table, *, file: str = "events") -> Integers:
    """The orders row that each row of another table speaks of.

    Raises
    ------
    DataError
        Naming the first row whose order is not there.
    """
    rows = pc.index_in(order_keys(others), value_set=order_keys(orders))
    if rows.null_count:
        first = pc.index(pc.is_null(rows), True).as_py()
        order = others.column("order_id")[first].as_py()
        raise DataError(
            f'order "{order}" is not in orders', file=file, row=first + 1, column="order_id"
        )
    return np.asarray(rows.to_numpy(zero_copy_only=False), np.int64)
