"""A file's columns become the contract's: their types, with every unreadable value named."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError
from features.schema import RUPEES, TIME


def canonical(
    raw: pa.Table,
    columns: Mapping[str, pa.DataType],
    name: str,
    *,
    keep_extras: bool,
    first_row: int = 1,
) -> pa.Table:
    """Every column of a contract's table in its type, absent ones as nulls.

    Parameters
    ----------
    columns : mapping
        Names and types, of ``features.schema``.
    name : str
        The file, for faults.
    keep_extras : bool
        Whether further columns stay, as float64 where every value is a number, else as text.
    first_row : int
        The number of the first row, of a piece of the file.

    Raises
    ------
    DataError
        Naming file, row and column of a value that cannot be read.
    """
    arrays, names = [], []
    for column, kind in columns.items():
        names.append(column)
        if column in raw.column_names:
            arrays.append(_cast(raw.column(column), kind, name, column, first_row))
        else:
            arrays.append(pa.nulls(raw.num_rows, kind))
    for column in raw.column_names if keep_extras else ():
        if column not in columns:
            names.append(column)
            arrays.append(_extra(raw.column(column), name, column))
    return pa.table(dict(zip(names, arrays, strict=True)))


def _extra(values: pa.ChunkedArray, name: str, column: str) -> pa.ChunkedArray:
    """A further column as numbers where every value is one, else as text; infinity is unknown."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    try:
        numbers = values.cast(pa.float64())
    except pa.ArrowException:
        return _as_text(values, name, column)
    return pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))


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


def _cast(
    values: pa.ChunkedArray, kind: pa.DataType, name: str, column: str, first_row: int
) -> pa.ChunkedArray:
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
            f'"{value}" is not {_SAYS[kind]}', file=name, row=first_row + row, column=column
        ) from None


_SAYS = {
    RUPEES: "an amount in rupees with at most two decimals",
    TIME: "a time with an offset, like 2026-11-20T10:15:00+05:30",
    pa.int32(): "a whole number",
    pa.int64(): "a whole number",
    pa.float64(): "a number",
    pa.bool_(): "true or false",
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
    for row, value in enumerate(values):
        try:
            _typed(pa.chunked_array([pa.array([value.as_py()], values.type)]), kind)
        except (pa.ArrowException, DataError):
            return row, value.as_py()
    return 0, values[0].as_py() if len(values) else ""


def _blank_to_null(values: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)
