"""The orders of a data folder, checked and put in order column by column."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.columns import canonical
from features.errors import DataError
from features.schema import ONE_MERCHANT, ORDER_COLUMNS, VOCABULARY
from features.shelf import Shelf
from features.table_file import TableFile

_NAMES = ("created_at", "merchant_id", "order_id")


def read_orders(file: TableFile, shelf: Shelf | None) -> pa.Table:
    """The orders in their order; each column is checked and kept before the next is read."""
    file.require("order_id", "created_at")
    names = _names(file)
    places = _places(names)

    def keep(column: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
        _check_vocabulary(column, values, str(file.path))
        values = values if places is None else values.take(places)
        return values if shelf is None else shelf.keep(values)

    orders = file.canonical(ORDER_COLUMNS, keep, extras=True)
    if "merchant_id" not in file.names:  # the same for all, whatever their order
        at = orders.schema.get_field_index("merchant_id")
        orders = orders.set_column(at, "merchant_id", names.column("merchant_id"))
    return orders


def _names(file: TableFile) -> pa.Table:
    """What tells orders apart and puts them in order, as the file has it."""
    raw = file.read(_NAMES)
    if "merchant_id" not in raw.column_names:
        raw = raw.append_column("merchant_id", pa.array([ONE_MERCHANT] * raw.num_rows, pa.string()))
    kinds = {column: ORDER_COLUMNS[column] for column in _NAMES}
    names = canonical(raw, kinds, str(file.path), keep_extras=False)
    for column in _NAMES:
        _refuse_nulls(names, column, str(file.path))
    _refuse_doubles(names, str(file.path))
    return names


def _places(names: pa.Table) -> pa.Array | None:
    """Where each row is found, by time, merchant and id; None where they are so already."""
    places = pc.sort_indices(names, sort_keys=[(column, "ascending") for column in _NAMES])
    in_order = (np.diff(places.to_numpy().view(np.int64)) == 1).all()
    return None if in_order else places


def _refuse_nulls(table: pa.Table, column: str, name: str) -> None:
    values = table.column(column)
    if values.null_count:
        row = pc.index(pc.is_null(values), True).as_py() + 1
        raise DataError("is empty; every order needs it", file=name, row=row, column=column)


def _check_vocabulary(column: str, values: pa.ChunkedArray, name: str) -> None:
    words = VOCABULARY.get(column)
    if words is None:
        return
    known = pc.or_kleene(pc.is_in(values, pa.array(words)), pc.is_null(values))
    if not pc.all(known, min_count=0).as_py():
        row = pc.index(known, False).as_py()
        raise DataError(
            f'"{values[row].as_py()}" is not one of {", ".join(words)}',
            file=name, row=row + 1, column=column,
        )  # fmt: skip


def _refuse_doubles(orders: pa.Table, name: str) -> None:
    counts = orders.group_by(["merchant_id", "order_id"]).aggregate([("order_id", "count")])
    doubled = counts.filter(pc.greater(counts.column("order_id_count"), 1))
    if doubled.num_rows:
        order_id = doubled.column("order_id")[0].as_py()
        raise DataError(
            f'order "{order_id}" stands there {doubled.column("order_id_count")[0].as_py()} times; '
            "one row is one order", file=name, column="order_id",
        )  # fmt: skip
