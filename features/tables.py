"""A data folder: past orders, their lines and events as checked tables, and one row as an Order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.errors import DataError
from features.order import Line, Order, PaymentMode
from features.schema import (
    EVENT_COLUMNS,
    ITEM_COLUMNS,
    ORDER_COLUMNS,
    RUPEES,
    TIME,
    VOCABULARY,
)

ONE_MERCHANT = "merchant"


@dataclass(frozen=True, slots=True)
class About:
    """What ``folder.json`` says of a data folder.

    Parameters
    ----------
    invented : bool
        True for simulated data; every page and report on it says so.
    source : str
        Where the orders come from, in a few words.
    after_outcome : tuple of str
        Columns known only after the outcome; they can never become features.
    outcome_delay_days : float, optional
        The delay assumed where the export had no outcome time.
    """

    invented: bool = False
    source: str = ""
    after_outcome: tuple[str, ...] = ()
    outcome_delay_days: float | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """The tables of a data folder; ``orders`` is sorted by created_at, merchant_id, order_id.

    ``extras`` are the columns of ``orders`` beyond the contract's, of type float64 or string.
    """

    orders: pa.Table
    events: pa.Table | None = None
    items: pa.Table | None = None
    revisions: pa.Table | None = None
    extras: tuple[str, ...] = ()
    about: About = field(default_factory=About)


def read_folder(path: Path) -> Folder:
    """Read and check a data folder (parquet or csv).

    Raises
    ------
    DataError
        Naming file, row and column: a missing or doubled order, a value outside its vocabulary,
        an unreadable number or time.
    """
    raw = _read_table(path, "orders")
    if raw is None:
        raise DataError(
            "holds no orders.parquet or orders.csv; make one with rto import", file=str(path)
        )
    about = _read_about(path)
    name = str(_file(path, "orders"))
    _require(raw, ("order_id", "created_at"), name)
    if "merchant_id" not in raw.column_names:
        raw = raw.append_column("merchant_id", pa.array([ONE_MERCHANT] * raw.num_rows, pa.string()))
    orders = _canonical(raw, ORDER_COLUMNS, name, keep_extras=True)
    for column in ("order_id", "merchant_id", "created_at"):
        _refuse_nulls(orders, column, name)
    _check_vocabulary(orders, name)
    order = [("created_at", "ascending"), ("merchant_id", "ascending"), ("order_id", "ascending")]
    orders = orders.sort_by(order)
    _refuse_doubles(orders, name)
    return Folder(
        orders=orders,
        events=_optional(path, "events", EVENT_COLUMNS),
        items=_optional(path, "items", ITEM_COLUMNS),
        revisions=_read_table(path, "revisions"),
        extras=tuple(c for c in orders.column_names if c not in ORDER_COLUMNS),
        about=about,
    )


def write_folder(
    path: Path,
    orders: pa.Table,
    *,
    events: pa.Table | None = None,
    items: pa.Table | None = None,
    revisions: pa.Table | None = None,
    about: About | None = None,
) -> None:
    """Write a data folder as parquet; equal tables give equal bytes."""
    path.mkdir(parents=True, exist_ok=True)
    tables = {"orders": orders, "events": events, "items": items, "revisions": revisions}
    for name, table in tables.items():
        if table is not None:
            partial = path / f".{name}.parquet.partial"
            pq.write_table(table, partial, compression="zstd")
            partial.replace(path / f"{name}.parquet")
    about = about or About()
    text = {
        "invented": about.invented,
        "source": about.source,
        "after_outcome": list(about.after_outcome),
        "outcome_delay_days": about.outcome_delay_days,
    }
    (path / "folder.json").write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


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


def split_coupons(text: str | None) -> tuple[str, ...] | None:
    """The promotion codes of a ``|``-separated cell, each once, in their order; None is unknown.

    >>> split_coupons("DIWALI10| FREESHIP|DIWALI10")
    ('DIWALI10', 'FREESHIP')
    """
    if text is None:
        return None
    return tuple(dict.fromkeys(part for raw in text.split("|") if (part := raw.strip())))


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


def _lines(items: pa.Table) -> dict[tuple[str, str], tuple[Line, ...]]:
    found: dict[tuple[str, str], list[Line]] = {}
    names = ("merchant_id", "order_id", "sku", "name", "category", "quantity", "price")
    columns = [_plain(items.column(name).combine_chunks()) for name in names]
    for merchant, order_id, sku, name, category, quantity, price in zip(*columns, strict=True):
        line = Line(
            sku=cast("str | None", sku),
            name=cast("str | None", name),
            category=cast("str | None", category),
            quantity=cast("int | None", quantity),
            price_paise=cast("int | None", price),
        )
        key = (cast("str | None", merchant) or ONE_MERCHANT, cast(str, order_id))
        found.setdefault(key, []).append(line)
    return {key: tuple(lines) for key, lines in found.items()}


def _read_table(path: Path, name: str) -> pa.Table | None:
    file = _file(path, name)
    if not file.is_file():
        return None
    try:
        table = pq.read_table(file) if file.suffix == ".parquet" else _read_csv(file)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"cannot be read as a table ({_first_line(error)})", file=str(file)
        ) from error
    for column in table.column_names:
        if table.column_names.count(column) > 1:
            raise DataError("stands there twice; rename one", file=str(file), column=column)
    return table


def _file(path: Path, name: str) -> Path:
    """Where a table is: parquet before csv, whether or not there is one."""
    parquet = path / f"{name}.parquet"
    return parquet if parquet.is_file() else path / f"{name}.csv"


def _read_csv(file: Path) -> pa.Table:
    """All as text at first: pyarrow would guess pincodes and order ids to be numbers."""
    header = pa_csv.open_csv(file).schema.names
    as_text = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True
    )
    return pa_csv.read_csv(file, convert_options=as_text)


def _read_about(path: Path) -> About:
    file = path / "folder.json"
    if not file.is_file():
        return About()
    try:
        text = json.loads(file.read_text(encoding="utf-8"))
        delay = text.get("outcome_delay_days")
        return About(
            invented=bool(text.get("invented", False)),
            source=str(text.get("source", "")),
            after_outcome=tuple(str(c) for c in text.get("after_outcome", ())),
            outcome_delay_days=None if delay is None else float(delay),
        )
    except (ValueError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise DataError(
            f"is no valid JSON object ({_first_line(error)})", file=str(file)
        ) from error


def _optional(path: Path, name: str, columns: Mapping[str, pa.DataType]) -> pa.Table | None:
    raw = _read_table(path, name)
    if raw is None:
        return None
    file = str(_file(path, name))
    _require(raw, ("order_id",), file)
    table = _canonical(raw, columns, file, keep_extras=False)
    if table.column("merchant_id").null_count == table.num_rows:
        at = table.schema.get_field_index("merchant_id")
        table = table.set_column(
            at, "merchant_id", pa.array([ONE_MERCHANT] * table.num_rows, pa.string())
        )
    return table


def _require(table: pa.Table, columns: tuple[str, ...], name: str) -> None:
    for column in columns:
        if column not in table.column_names:
            raise DataError("is missing; every order needs it", file=name, column=column)


def _canonical(
    raw: pa.Table, columns: Mapping[str, pa.DataType], name: str, *, keep_extras: bool
) -> pa.Table:
    arrays, names = [], []
    for column, kind in columns.items():
        names.append(column)
        if column in raw.column_names:
            arrays.append(_cast(raw.column(column), kind, name, column))
        else:
            arrays.append(pa.nulls(raw.num_rows, kind))
    for column in raw.column_names if keep_extras else ():
        if column not in columns:
            names.append(column)
            arrays.append(_extra(raw.column(column), name, column))
    return pa.table(dict(zip(names, arrays, strict=True)))


def _extra(values: pa.ChunkedArray, name: str, column: str) -> pa.ChunkedArray:
    """A further column as numbers where every value is one, else as text."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    try:
        return values.cast(pa.float64())
    except pa.ArrowException:
        return _as_text(values, name, column)


def _as_text(values: pa.ChunkedArray, name: str, column: str) -> pa.ChunkedArray:
    """Text; numbers that are whole lose their point, since ids and pincodes come so."""
    if pa.types.is_floating(values.type):
        with suppress(pa.ArrowException):
            values = values.cast(pa.int64())
    try:
        return _blank_to_null(values.cast(pa.string()))
    except pa.ArrowException:
        raise DataError(
            f"holds {values.type}, which is no text; write it as text or leave it out",
            file=name, column=column,
        ) from None  # fmt: skip


def _cast(values: pa.ChunkedArray, kind: pa.DataType, name: str, column: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if kind == pa.string():
        return _as_text(values, name, column)
    if values.type == kind:
        return values
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        values = _blank_to_null(values)
    try:
        return _typed(values, kind)
    except (pa.ArrowException, DataError):
        row, value = _first_fault(values, kind)
        raise DataError(
            f'"{value}" is not {_SAYS[kind]}', file=name, row=row, column=column
        ) from None


_SAYS = {
    RUPEES: "an amount in rupees with at most two decimals",
    TIME: "a time with an offset, like 2026-11-20T10:15:00+05:30",
    pa.int32(): "a whole number",
    pa.int64(): "a whole number",
    pa.float64(): "a number",
}


def _typed(values: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_timestamp(kind):
        if pa.types.is_timestamp(values.type):
            if values.type.tz is None:
                raise DataError("a time without an offset")
            return values.cast(kind)
        return _zoned(values).cast(kind)
    if kind == RUPEES and pa.types.is_floating(values.type):
        paise = pc.round(pc.multiply(values, 100.0), ndigits=4)
        if pc.any(pc.not_equal(paise, pc.round(paise))).as_py():
            raise DataError("an amount with more than two decimals")
        whole = paise.cast(pa.int64()).cast(pa.decimal128(19, 0))
        return pc.multiply(whole, pa.scalar("0.01", pa.string()).cast(pa.decimal128(3, 2))).cast(
            kind
        )
    return values.cast(kind)


def _zoned(values: pa.ChunkedArray) -> pa.ChunkedArray:
    zoned = pc.match_substring_regex(values, r"(Z|[+-]\d\d:?\d\d)$")
    if pc.any(pc.invert(zoned)).as_py():
        raise DataError("a time without an offset")
    return values.cast(TIME)


def _first_fault(values: pa.ChunkedArray, kind: pa.DataType) -> tuple[int, object]:
    for row, value in enumerate(values, start=1):
        try:
            _typed(pa.chunked_array([pa.array([value.as_py()], values.type)]), kind)
        except (pa.ArrowException, DataError):
            return row, value.as_py()
    return 1, values[0].as_py() if len(values) else ""


def _blank_to_null(values: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _refuse_nulls(table: pa.Table, column: str, name: str) -> None:
    values = table.column(column)
    if values.null_count:
        row = pc.index(pc.is_null(values), True).as_py() + 1
        raise DataError("is empty; every order needs it", file=name, row=row, column=column)


def _check_vocabulary(orders: pa.Table, name: str) -> None:
    for column, words in VOCABULARY.items():
        values = orders.column(column)
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


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
