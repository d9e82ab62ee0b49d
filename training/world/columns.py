"""Columns: numpy numbers and word pools become arrow columns without a Python loop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.schema import RUPEES, TIME
from training.world.chance import Codes, Flags, Ints


def text(pool: Sequence[str], index: Ints | Codes, known: Flags | None = None) -> pa.Array:
    """Words picked from a pool; null where the word is empty or not known."""
    words = pa.array([word or None for word in pool], pa.string())
    return hide(words.take(pa.array(index)), known)


def hide(values: pa.Array, known: Flags | None) -> pa.Array:
    """Null wherever ``known`` is false."""
    if known is None:
        return values
    return pc.if_else(pa.array(known), values, pa.scalar(None, values.type))


def rupees(paise: Ints, known: Flags | None = None) -> pa.Array:
    """Whole paise as the files' rupees with two decimals."""
    wide = np.zeros((len(paise), 2), dtype="<i8")
    wide[:, 0] = paise
    wide[:, 1] = np.where(paise < 0, -1, 0)
    column = pa.Array.from_buffers(RUPEES, len(paise), [None, pa.py_buffer(wide.tobytes())])
    return hide(column, known)


def instants(us: Ints, known: Flags | None = None) -> pa.Array:
    """Microseconds since 1970 as times."""
    return hide(pa.array(us, pa.int64()).cast(TIME), known)


def counts(values: Ints, known: Flags | None = None) -> pa.Array:
    """Small whole numbers."""
    return hide(pa.array(values, pa.int32()), known)


def joined(*parts: pa.Array | str, by: str = "") -> pa.Array:
    """Row-wise concatenation; a part that is null is left out."""
    arrays = [pa.scalar(p) if isinstance(p, str) else p for p in parts]
    # pyarrow 25 drops rows whose parts are all null, so none may be.
    arrays[0] = pc.if_else(_any_known(arrays), arrays[0], "")
    whole = pc.binary_join_element_wise(*arrays, by, null_handling="skip")
    return pc.if_else(pc.equal(whole, ""), pa.scalar(None, pa.string()), whole)


def _any_known(arrays: Sequence[pa.Array | pa.Scalar]) -> pa.Array:
    known = pc.is_valid(arrays[0])
    for array in arrays[1:]:
        known = pc.or_(known, pc.is_valid(array))
    return known


def digits(values: Ints) -> pa.Array:
    """Whole numbers as text."""
    return pa.array(values, pa.int64()).cast(pa.string())


def choose(index: Ints, *options: pa.Array) -> pa.Array:
    """Row by row the option that ``index`` names."""
    return pc.choose(pa.array(index, pa.int64()), *options)
