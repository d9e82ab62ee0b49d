"""A data folder: past orders, their lines and events as checked tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.columns import canonical
from features.coupons import split_coupons
from features.errors import DataError
from features.order_rows import orders_of
from features.order_table import read_orders
from features.schema import (
    CONSENT_COLUMNS,
    EVENT_COLUMNS,
    ITEM_COLUMNS,
    ONE_MERCHANT,
    ORDER_COLUMNS,
)
from features.shelf import Shelf
from features.table_file import TableFile

__all__ = [
    "ONE_MERCHANT",
    "About",
    "Folder",
    "orders_of",
    "read_about",
    "read_events",
    "read_folder",
    "read_items",
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


def read_folder(path: Path, *, shelf: Shelf | None = None) -> Folder:
    """Read and check a data folder (parquet or csv).

    Parameters
    ----------
    shelf : Shelf, optional
        Takes the orders, of which no more than some columns are then in memory at a time. Events,
        items and revisions are left to ``read_items`` and ``read_events``.

    Raises
    ------
    DataError
        Naming file, row and column: a missing or doubled order, a value outside its vocabulary,
        an unreadable number or time.
    """
    file = TableFile.find(path, "orders")
    if file is None:
        raise DataError(
            "holds no orders.parquet or orders.csv; make one with rto import", file=str(path)
        )
    about = read_about(path)
    orders = read_orders(file, shelf)
    folder = Folder(
        orders=orders,
        events=None if shelf else _optional(path, "events", EVENT_COLUMNS),
        items=None if shelf else read_items(path),
        revisions=None if shelf else _raw(path, "revisions"),
        carried=_raw(path, "carried"),
        consents=_optional(path, "consents", CONSENT_COLUMNS),
        extras=tuple(c for c in orders.column_names if c not in ORDER_COLUMNS),
        about=about,
    )
    # Reading takes more than what is kept, and the allocator would hold on to it.
    pa.default_memory_pool().release_unused()
    return folder


def read_items(path: Path, *, shelf: Shelf | None = None) -> pa.Table | None:
    """The lines of the orders in a folder; None where it has none.

    Raises
    ------
    DataError
        As :func:`read_folder`.
    """
    return _optional(path, "items", ITEM_COLUMNS, shelf)


def read_events(path: Path, columns: Collection[str]) -> Iterator[pa.Table] | None:
    """Some columns of the events in a folder, piece by piece; None where it has none.

    Raises
    ------
    DataError
        As :func:`read_folder`.
    """
    file = TableFile.find(path, "events")
    if file is None:
        return None
    file.require("order_id")
    kinds = {column: EVENT_COLUMNS[column] for column in columns}
    return _canonical_pieces(file, kinds)


def _canonical_pieces(file: TableFile, kinds: Mapping[str, pa.DataType]) -> Iterator[pa.Table]:
    first = 1
    for piece in file.pieces(kinds):
        yield canonical(piece, kinds, str(file.path), keep_extras=False, first_row=first)
        first += piece.num_rows


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


def _raw(path: Path, name: str) -> pa.Table | None:
    file = TableFile.find(path, name)
    return None if file is None else file.read()


def read_about(path: Path) -> About:
    """What ``folder.json`` says; nothing where there is none."""
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
    path: Path, name: str, columns: Mapping[str, pa.DataType], shelf: Shelf | None = None
) -> pa.Table | None:
    file = TableFile.find(path, name)
    if file is None:
        return None
    file.require(*(c for c in ("order_id",) if c in columns))
    table = file.canonical(columns, lambda _, v: v if shelf is None else shelf.keep(v))
    if table.column("merchant_id").null_count == table.num_rows:
        at = table.schema.get_field_index("merchant_id")
        table = table.set_column(
            at, "merchant_id", pa.array([ONE_MERCHANT] * table.num_rows, pa.string())
        )
    return table


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
