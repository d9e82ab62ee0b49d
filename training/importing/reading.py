"""Reading an export under its mapping: a row's cells under our names, or a reason against it."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError
from training.importing.cells import spread_over_month
from training.importing.column import Column
from training.importing.columns import build_columns, clock_of, text_column
from training.importing.refusal import Reason
from training.importing.source import Source
from training.mapping import ExportMapping

ROW = "row"
JOIN = "join key"


@dataclass
class Reading:
    """What was read of a file.

    ``table`` has one row per accepted row of the file: ``row``, the order's columns by their names,
    those of a line as ``lines.…``, extras as ``extra.…``; money in paise and times in microseconds
    as int64. ``estimated`` counts the times taken from a month.
    """

    source: Source
    table: pa.Table
    refused: dict[int, Reason]
    columns: list[Column]
    estimated: int = 0

    def refuse(self, rows: Sequence[int] | np.ndarray, reason: Reason) -> None:
        """Refuse further rows and take them out of the table."""
        gone = np.asarray(rows, np.int64)
        self.refused.update(dict.fromkeys(gone.tolist(), reason))
        kept = pc.invert(pc.is_in(self.table.column(ROW), pa.array(gone)))
        self.table = self.table.filter(kept)


def read_export(
    source: Source, mapping: ExportMapping, *, join: str | None = None, progress: bool = False
) -> Reading:
    """Read a file under its mapping.

    Parameters
    ----------
    source : Source
        The opened file.
    mapping : ExportMapping
        What its columns mean.
    join : str, optional
        A column of the file to keep, under the name ``join key``, as the key of a join.
    progress : bool, optional
        Show a bar on anything longer than two seconds.

    Raises
    ------
    DataError
        For a file without rows, a missing column, or bytes that are no text.
    """
    columns = build_columns(mapping, source)
    if join is not None:
        columns.append(text_column(JOIN, source.require(join)))
    refused, numbers = _read_batches(source, columns, progress=progress)
    if source.rows == source.blank:
        raise DataError("holds a header and no rows", file=source.path.name)
    refused |= {number: Reason(says, says) for number, says in source.refused.items()}
    arrays = {column.name: column.take_array() for column in columns if not column.is_check}
    table = pa.table({ROW: pa.chunked_array(numbers, pa.int64()), **arrays})
    reading = Reading(source, table, refused, columns)
    _fill_months(reading, mapping)
    _drop_refused(reading, mapping)
    return reading


def _read_batches(
    source: Source, columns: list[Column], *, progress: bool
) -> tuple[dict[int, Reason], list[pa.Array]]:
    refused: dict[int, Reason] = {}
    numbers: list[pa.Array] = []
    # Millions of short-lived lists, none in a cycle: collecting them in between doubles the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        for batch in source.batches(progress=progress):
            numbers.append(pa.array(batch.numbers, pa.int64()))
            for column in columns:
                for number, reason in column.read(batch).items():
                    refused.setdefault(number, reason)
    finally:
        if collecting:
            gc.enable()
    return refused, numbers


def _fill_months(reading: Reading, mapping: ExportMapping) -> None:
    """Set missing times evenly over the month another column names, in row order."""
    spec = mapping.columns.get("created_at")
    if spec is None or spec.when_empty is None:
        return
    clock = clock_of("created_at", spec, mapping)
    months = _integers(reading.table.column("month of created_at"))
    times = _integers(reading.table.column("created_at"))
    for start in np.unique(months[months > _MISSING]):
        rows = np.flatnonzero((months == start) & (times == _MISSING))
        end = clock.next_month(int(start))
        spread = [spread_over_month(int(start), end, i, len(rows)) for i in range(len(rows))]
        times[rows] = spread
        reading.estimated += len(rows)
    filled = pa.array(times, pa.int64(), mask=times == _MISSING)
    table = reading.table.drop_columns(["month of created_at"])
    reading.table = table.set_column(
        table.schema.get_field_index("created_at"), "created_at", filled
    )


_MISSING = np.iinfo(np.int64).min


def _integers(column: pa.ChunkedArray) -> np.ndarray:
    """An int64 column as numpy, the lowest integer where it is null."""
    filled = pc.fill_null(column, pa.scalar(int(_MISSING), pa.int64()))
    return np.array(filled.combine_chunks().to_numpy(zero_copy_only=False))


def order_keys(table: pa.Table) -> pa.Array:
    """One text per row that is equal for rows of the same order of the same merchant."""
    order_id = table.column("order_id")
    if "merchant_id" not in table.column_names:
        return order_id.combine_chunks()
    merchant = pc.fill_null(table.column("merchant_id"), "")
    return pc.binary_join_element_wise(merchant, order_id, "\x1f").combine_chunks()


def _drop_refused(reading: Reading, mapping: ExportMapping) -> None:
    """Take refused rows out, and with a refused line the rest of its order.

    An order that lost a line would have a wrong amount and a wrong number of items.
    """
    table = reading.table
    nameless = pc.and_(pc.is_null(table.column("order_id")), pc.invert(_is_refused(reading)))
    for number in table.column(ROW).filter(nameless).to_pylist():
        reading.refused[number] = Reason("order_id is empty", "order_id is empty")
    if mapping.row_is == "line" and reading.refused:
        keys = order_keys(table)
        bad = _is_refused(reading).combine_chunks()
        spoiled = pc.and_(pc.is_in(keys, pc.drop_null(keys.filter(bad))), pc.invert(bad))
        says = "another line of the order was refused"
        for number in table.column(ROW).filter(spoiled).to_pylist():
            reading.refused[number] = Reason(says, says)
    if reading.refused:
        reading.table = table.filter(pc.invert(_is_refused(reading)))


def _is_refused(reading: Reading) -> pa.ChunkedArray:
    return pc.is_in(reading.table.column(ROW), pa.array(list(reading.refused), pa.int64()))
