"""Rows of the orders table as orders: whole paise, microseconds, their lines and extra columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from features.coupons import split_coupons
from features.order import Line, Order, PaymentMode
from features.schema import ONE_MERCHANT, ORDER_COLUMNS


def orders_of(orders: pa.Table, items: pa.Table | None = None) -> Iterator[Order]:
    """Each row of a canonical orders table as an Order, in the table's order."""
    lines = _lines(items) if items is not None else {}
    extras = [c for c in orders.column_names if c not in ORDER_COLUMNS]
    for batch in orders.to_batches(max_chunksize=16_384):
        columns = {c: _plain(batch.column(c)) for c in batch.schema.names}
        for i in range(batch.num_rows):
            yield _order({c: values[i] for c, values in columns.items()}, extras, lines)


def _order(
    row: Mapping[str, object], extras: list[str], lines: Mapping[tuple[str, str], tuple[Line, ...]]
) -> Order:
    fields = {name: row[column] for name, column in _FIELDS.items()}
    coupons = row["coupons"]
    key = (cast(str, row["merchant_id"]), cast(str, row["order_id"]))
    return Order(
        **fields,  # type: ignore[arg-type]
        payment_mode=cast(PaymentMode, row["payment_mode"] or "unknown"),
        coupons=split_coupons(cast("str | None", coupons)),
        lines=lines.get(key, ()),
        extra={c: cast("float | str", row[c]) for c in extras if row[c] is not None},
    )


_PLAIN_FIELDS = (
    "merchant_id", "order_id", "sku", "category", "quantity", "item_count", "customer_id",
    "customer_name", "phone", "alt_phone", "email", "language", "ship_name", "ship_phone",
    "address_line1", "address_line2", "landmark", "city", "state", "pincode", "ip", "device_id",
    "user_agent", "channel", "utm_source", "utm_campaign", "origin_pincode", "courier",
    "package_type",
)  # fmt: skip
_MONEY_FIELDS = (
    "amount", "amount_due", "discount", "shipping_fee", "cod_fee", "shipping_cost", "rto_cost",
)  # fmt: skip
_FIELDS = (
    {name: name for name in _PLAIN_FIELDS}
    | {f"{name}_paise": name for name in _MONEY_FIELDS}
    | {"created_us": "created_at", "promised_us": "promised_at"}
)


def _plain(column: pa.Array) -> list[object]:
    """Python values: money as whole paise, times as microseconds, the rest as it is."""
    if pa.types.is_decimal(column.type):
        paise = pc.multiply(column, pa.scalar(100, pa.decimal128(3, 0)))
        return cast("list[object]", paise.cast(pa.int64()).to_pylist())
    if pa.types.is_timestamp(column.type):
        return cast("list[object]", column.cast(pa.int64()).to_pylist())
    return cast("list[object]", column.to_pylist())


# Of a line: its order, then the fields of ``Line`` in their order.
_LINE_COLUMNS = (
    "merchant_id", "order_id", "sku", "name", "category", "quantity", "price", "unit_cost",
    "weight_g", "image_url", "url",
)  # fmt: skip


def _lines(items: pa.Table) -> dict[tuple[str, str], tuple[Line, ...]]:
    found: dict[tuple[str, str], list[Line]] = {}
    columns = [_plain(items.column(name).combine_chunks()) for name in _LINE_COLUMNS]
    for merchant, order_id, *said in zip(*columns, strict=True):
        line = Line._make(said)
        key = (cast("str | None", merchant) or ONE_MERCHANT, cast(str, order_id))
        found.setdefault(key, []).append(line)
    return {key: tuple(lines) for key, lines in found.items()}
