"""Rows become orders: lines of an order gathered into one, repeated orders settled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.schema import ITEM_COLUMNS
from training.importing.groups import Groups, Numbers, comparable
from training.importing.reading import JOIN, ROW, Reading, order_keys
from training.importing.refusal import Reason
from training.mapping import ExportMapping
from training.mapping_spec import Spec


@dataclass
class Gathered:
    """Orders and their lines, and what gathering had to settle.

    ``orders`` has the order's columns, ``extra.…`` ones, ``rows``; ``items`` is canonical but for
    its money (paise). ``differed`` counts, by column, orders whose rows disagreed.
    """

    orders: pa.Table
    items: pa.Table | None
    groups: Groups
    differed: dict[str, int] = field(default_factory=dict)
    merged_rows: int = 0
    repeated_lines: int = 0


def gather(reading: Reading, mapping: ExportMapping) -> Gathered:
    """Make one row per order; rows that must be refused for it are refused in ``reading``."""
    merged = 0
    if mapping.row_is == "order":
        merged = _settle_repeats(reading, mapping)
    _refuse_timeless(reading)
    table = reading.table
    totals = _line_totals(table)
    groups = Groups.of(order_keys(table), totals)
    orders, differed = _orders(table, groups, mapping)
    items = _items(table, mapping, totals)
    gathered = Gathered(orders, items, groups, differed, merged)
    if mapping.row_is == "line" and mapping.lines:
        gathered.repeated_lines = _repeated_lines(table, groups)
    return gathered


def _refuse_timeless(reading: Reading) -> None:
    """Refuse the orders of which no row says when they were placed."""
    table = reading.table
    groups = Groups.of(order_keys(table))
    timeless = pc.is_null(groups.first_filled(table.column("created_at"))).to_numpy(
        zero_copy_only=False
    )
    if timeless.any():
        says = "created_at is empty; every order needs it"
        reading.refuse(table.column(ROW).to_numpy()[timeless[groups.code]], Reason(says, says))


def _orders(
    table: pa.Table, groups: Groups, mapping: ExportMapping
) -> tuple[pa.Table, dict[str, int]]:
    arrays: dict[str, pa.Array] = {}
    differed: dict[str, int] = {}
    for section, name, spec in mapping.parts():
        if section == "lines":
            continue
        title = name if section == "columns" else f"extra.{name}"
        values = table.column(title)
        arrays[title] = _how(name, spec)(groups)(values)
        if mapping.row_is == "line" and _takes_first(name, spec):
            count = len(groups.differing(values))
            if count:
                differed[title] = count
    if mapping.lines:
        arrays |= _from_lines(table, groups)
    if JOIN in table.column_names:
        arrays[JOIN] = groups.first_filled(table.column(JOIN))
    return pa.table(arrays), differed


def _takes_first(name: str, spec: Spec) -> bool:
    return spec.gather in (None, "first") and name not in ("outcome", "outcome_at", "coupons")


def _how(name: str, spec: Spec) -> Callable[[Groups], Callable[[pa.ChunkedArray], pa.Array]]:
    gather = spec.gather or ("join" if name == "coupons" else "first")
    return {
        "first": lambda groups: groups.first_filled,
        "main": lambda groups: groups.of_main,
        "sum": lambda groups: groups.total,
        "join": lambda groups: groups.joined,
    }[gather]


def _from_lines(table: pa.Table, groups: Groups) -> dict[str, pa.Array]:
    """The order's columns that its lines say."""
    found = {"item_count": pa.array(groups.sizes(), pa.int64())}
    for name in ("sku", "category"):
        if f"lines.{name}" in table.column_names:
            found[name] = groups.of_main(table.column(f"lines.{name}"))
    if "lines.quantity" in table.column_names:
        found["quantity"] = groups.total(table.column("lines.quantity"))
    return found


def _line_totals(table: pa.Table) -> Numbers | None:
    """Paise per line, −1 where unknown; None where no line has a price."""
    if "lines.total" in table.column_names:
        totals = table.column("lines.total")
    elif "lines.price" in table.column_names:
        totals = table.column("lines.price")
        if "lines.quantity" in table.column_names:
            totals = pc.multiply(totals, table.column("lines.quantity"))
    else:
        return None
    filled = pc.fill_null(totals, -1).combine_chunks()
    return np.asarray(filled.to_numpy(zero_copy_only=False))


def _items(table: pa.Table, mapping: ExportMapping, totals: Numbers | None) -> pa.Table | None:
    if not mapping.lines:
        return None
    arrays = {"order_id": table.column("order_id")}
    if "merchant_id" in table.column_names:
        arrays["merchant_id"] = table.column("merchant_id")
    for name in ITEM_COLUMNS:
        if f"lines.{name}" in table.column_names:
            arrays[name] = table.column(f"lines.{name}")
    if "lines.total" in table.column_names and totals is not None:
        arrays["price"] = _unit_prices(totals, table)
    return pa.table(arrays)


def _unit_prices(totals: Numbers, table: pa.Table) -> pa.Array:
    """Paise per unit: the line's total over its quantity, to the nearest paisa."""
    if "lines.quantity" not in table.column_names:
        return pa.array(totals, mask=totals < 0)
    filled = pc.fill_null(table.column("lines.quantity"), 0).combine_chunks()
    quantity = filled.to_numpy(zero_copy_only=False)
    known = (totals >= 0) & (quantity > 0)
    units = np.where(known, quantity, 1)
    return pa.array((2 * totals + units) // (2 * units), pa.int64(), mask=~known)


def _repeated_lines(table: pa.Table, groups: Groups) -> int:
    """Lines that say the same as an earlier line of their order."""
    several = np.flatnonzero(groups.sizes()[groups.code] > 1)
    if not len(several):
        return 0
    names = [name for name in table.column_names if name != ROW]
    part = table.select(names).take(pa.array(several))
    part = pa.table({name: comparable(part.column(name)) for name in names})
    distinct = part.group_by(names).aggregate([]).num_rows
    return len(several) - int(distinct)


def _settle_repeats(reading: Reading, mapping: ExportMapping) -> int:
    """Merge equal rows of one order; refuse (or choose among) those that differ.

    Returns
    -------
    int
        The number of rows merged away.
    """
    table = reading.table
    groups = Groups.of(order_keys(table))
    if len(groups) == table.num_rows:
        return 0
    numbers = table.column(ROW).to_numpy()
    gone = np.zeros(table.num_rows, bool)
    if mapping.repeated_orders == "refuse":
        for order, columns in _disagreements(table, groups).items():
            members = np.flatnonzero(groups.code == order)
            gone[members] = True
            _refuse_repeat(reading, numbers[members], columns)
    refused = int(gone.sum())
    kept = groups.first
    if mapping.repeated_orders == "last":
        kept = table.num_rows - 1 - Groups.of(order_keys(table)[::-1]).first
    repeated = np.ones(table.num_rows, bool)
    repeated[kept] = False
    reading.table = table.filter(pa.array(~(gone | repeated)))
    return int((gone | repeated).sum()) - refused


def _disagreements(table: pa.Table, groups: Groups) -> dict[int, list[str]]:
    """By order, the columns in which its rows are not all equal."""
    found: dict[int, list[str]] = {}
    firsts = pa.array(groups.first[groups.code])
    for name in table.column_names:
        if name != ROW:
            values = comparable(table.column(name))
            others = values.take(firsts)
            equal = pc.if_else(pc.is_null(values), pc.is_null(others), pc.equal(values, others))
            differs = ~pc.fill_null(equal, False).combine_chunks().to_numpy(zero_copy_only=False)
            for order in np.unique(groups.code[differs]).tolist():
                found.setdefault(order, []).append(name)
    return found


def _refuse_repeat(reading: Reading, numbers: Numbers, columns: list[str]) -> None:
    kind = "order_id stands in several rows that differ"
    rows = ", ".join(str(number) for number in numbers[:5])
    says = f"order_id stands in rows {rows}, which differ in {', '.join(columns[:4])}"
    reading.refused |= {int(number): Reason(kind, says) for number in numbers}
