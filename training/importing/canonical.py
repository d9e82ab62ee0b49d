"""Gathered columns as the contract's tables: canonical types, one merchant at least, time order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError
from features.schema import ITEM_COLUMNS, ORDER_COLUMNS, RUPEES, TIME
from features.tables import ONE_MERCHANT
from training.importing.cells import MOST_PAISE


def canonical_orders(gathered: pa.Table, *, merchant: str | None) -> pa.Table:
    """Orders with every column of the contract, then the extras by their own names.

    Parameters
    ----------
    gathered : pa.Table
        Money in paise and times in microseconds as int64; extras as ``extra.…``.
    merchant : str, optional
        Whose orders these are, where the export does not say.
    """
    arrays = _canonical(gathered, ORDER_COLUMNS, "orders")
    arrays["merchant_id"] = _merchants(arrays["merchant_id"], merchant)
    for name in gathered.column_names:
        if name.startswith("extra."):
            arrays[name.removeprefix("extra.")] = gathered.column(name)
    return pa.table(arrays)


def canonical_items(gathered: pa.Table, *, merchant: str | None) -> pa.Table:
    """Lines with every column of the contract."""
    arrays = _canonical(gathered, ITEM_COLUMNS, "items")
    arrays["merchant_id"] = _merchants(arrays["merchant_id"], merchant)
    return pa.table(arrays)


def in_time_order(orders: pa.Table) -> np.ndarray:
    """The row numbers of the orders by created_at, merchant_id, order_id."""
    names = ("created_at", "merchant_id", "order_id")
    keys = [(name, "ascending") for name in names]
    return np.asarray(pc.sort_indices(orders.select(list(names)), sort_keys=keys))


def plain_texts(table: pa.Table) -> pa.Table:
    """The table with texts that were kept once each written out."""
    for at, column in enumerate(table.columns):
        if pa.types.is_dictionary(column.type):
            table = table.set_column(at, table.column_names[at], column.cast(pa.string()))
    return table


def rupees(paise: pa.Array) -> pa.Array:
    """Whole paise as decimals of two places, exactly.

    >>> rupees(pa.array([12990050, None], pa.int64())).to_pylist()
    [Decimal('129900.50'), None]
    """
    whole = pc.fill_null(paise, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    words = np.stack([whole, whole >> 63], axis=1)
    mask = pc.is_null(paise).to_numpy(zero_copy_only=False)
    values = pa.Array.from_buffers(RUPEES, len(paise), [None, pa.py_buffer(words.tobytes())])
    return pc.if_else(pa.array(mask), pa.scalar(None, RUPEES), values)


def _canonical(
    gathered: pa.Table, columns: dict[str, pa.DataType], table: str
) -> dict[str, pa.Array | pa.ChunkedArray]:
    arrays: dict[str, pa.Array | pa.ChunkedArray] = {}
    for name, kind in columns.items():
        if name in gathered.column_names:
            arrays[name] = _typed(gathered.column(name).combine_chunks(), kind, name, table)
        else:
            arrays[name] = pa.nulls(gathered.num_rows, kind)
    return arrays


def _typed(values: pa.Array, kind: pa.DataType, name: str, table: str) -> pa.Array:
    if pa.types.is_dictionary(values.type):
        return values
    if kind == RUPEES:
        most = pc.max(values).as_py()
        if most is not None and most > MOST_PAISE:
            raise DataError(
                "an order's lines add up to too large an amount", file=table, column=name
            )
        return rupees(values)
    if kind == TIME:
        return values.cast(TIME)
    try:
        return values.cast(kind)
    except pa.ArrowInvalid:
        raise DataError("holds a number that is too large", file=table, column=name) from None


def _merchants(values: pa.Array, merchant: str | None) -> pa.Array:
    if merchant is not None:
        return pa.array(np.repeat(merchant, len(values)), pa.string())
    return pc.fill_null(values, ONE_MERCHANT)
