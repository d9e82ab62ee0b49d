"""A data folder: past orders, their lines and events as checked tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from features.columns import canonical
from features.coupons import split_coupons
from features.errors import DataError
from features.order_rows import orders_of
from features.schema import (
    CONSENT_COLUMNS,
    EVENT_COLUMNS,
    ITEM_COLUMNS,
    ONE_MERCHANT,
    ORDER_COLUMNS,
    VOCABULARY,
)

__all__ = [
    "ONE_MERCHANT",
    "About",
    "Folder",
    "orders_of",
    "read_beside",
    "read_folder",
    "split_coupons",
    "write_folder",
]


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

    ``carried`` is what orders pruned from a log still count (``features.history.carried``);
    ``consents`` says which merchants share into the network (``features.consents``);
    ``extras`` are the columns of ``orders`` beyond the contract's, of type float64 or string.
    """

    orders: pa.Table
    events: pa.Table | None = None
    items: pa.Table | None = None
    revisions: pa.Table | None = None
    carried: pa.Table | None = None
    consents: pa.Table | None = None
    extras: tuple[str, ...] = ()
    about: About = field(default_factory=About)


def read_folder(path: Path, *, only_orders: bool = False) -> Folder:
    """Read and check a data folder (parquet or csv).

    Parameters
    ----------
    only_orders : bool
        Leave events, items and revisions to ``read_beside``: together they take twice the memory.

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
    orders = canonical(raw, ORDER_COLUMNS, name, keep_extras=True)
    for column in ("order_id", "merchant_id", "created_at"):
        _refuse_nulls(orders, column, name)
    _check_vocabulary(orders, name)
    del raw
    orders = _sorted(orders)
    _refuse_doubles(orders, name)
    pa.default_memory_pool().release_unused()
    folder = Folder(
        orders=orders,
        events=None if only_orders else read_beside(path, "events"),
        items=None if only_orders else read_beside(path, "items"),
        revisions=None if only_orders else _read_table(path, "revisions"),
        carried=_read_table(path, "carried"),
        consents=_optional(path, "consents", CONSENT_COLUMNS),
        extras=tuple(c for c in orders.column_names if c not in ORDER_COLUMNS),
        about=about,
    )
    # Reading takes twice what is kept, and the allocator would hold on to it.
    pa.default_memory_pool().release_unused()
    return folder


def read_beside(
    path: Path, name: Literal["events", "items"], columns: Collection[str] | None = None
) -> pa.Table | None:
    """The events or the items of a folder, or some of their columns; None where it has none.

    Raises
    ------
    DataError
        As :func:`read_folder`.
    """
    kinds = EVENT_COLUMNS if name == "events" else ITEM_COLUMNS
    return _optional(path, name, kinds, columns)


def write_folder(
    path: Path,
    orders: pa.Table,
    *,
    events: pa.Table | None = None,
    items: pa.Table | None = None,
    revisions: pa.Table | None = None,
    carried: pa.Table | None = None,
    consents: pa.Table | None = None,
    about: About | None = None,
) -> None:
    """Write a data folder as parquet; equal tables give equal bytes."""
    path.mkdir(parents=True, exist_ok=True)
    tables = {
        "orders": orders, "events": events, "items": items, "revisions": revisions,
        "carried": carried, "consents": consents,
    }  # fmt: skip
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


def _sorted(orders: pa.Table) -> pa.Table:
    """By time, merchant and id; a table that is so already is not copied."""
    by = [("created_at", "ascending"), ("merchant_id", "ascending"), ("order_id", "ascending")]
    places = pc.sort_indices(orders, sort_keys=by).to_numpy()
    return orders if (np.diff(places.view(np.int64)) == 1).all() else orders.take(pa.array(places))


def _read_table(path: Path, name: str, columns: Collection[str] | None = None) -> pa.Table | None:
    file = _file(path, name)
    if not file.is_file():
        return None
    try:
        if file.suffix == ".parquet":
            there = pq.read_schema(file).names
            wanted = None if columns is None else [c for c in there if c in columns]
            table = pq.read_table(file, columns=wanted)
        else:
            table = _read_csv(file)
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


def _optional(
    path: Path,
    name: str,
    columns: Mapping[str, pa.DataType],
    wanted: Collection[str] | None = None,
) -> pa.Table | None:
    raw = _read_table(path, name, wanted)
    if raw is None:
        return None
    file = str(_file(path, name))
    _require(raw, tuple(c for c in ("order_id",) if c in columns), file)
    columns = {c: kind for c, kind in columns.items() if wanted is None or c in wanted}
    table = canonical(raw, columns, file, keep_extras=False)
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
