"""A courier's report joined to the orders: keys compared, outcomes taken over, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError
from training.importing.groups import Groups, Numbers
from training.importing.outcomes import first_known, strongest
from training.importing.reading import Reading
from training.mapping import ExportMapping


@dataclass(frozen=True)
class Joined:
    """Which report order stands for which order of ours, and how many found each other.

    ``at`` has one entry per order of ours: the report's order, or −1.
    """

    at: Numbers
    reported: pa.Table
    orders: int
    orders_joined: int
    rows: int
    rows_joined: int
    ambiguous: int

    def column(self, name: str) -> pa.Array:
        """A column of the report in the order of our orders, null where none was found."""
        values = self.reported.column(name).combine_chunks()
        return values.take(pa.array(self.at, pa.int64(), mask=self.at < 0))


def same_key(keys: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Keys as they are compared: without ``#``, a spreadsheet's marks and ``.0``, letter case."""
    if isinstance(keys, pa.ChunkedArray):
        keys = keys.combine_chunks()
    trimmed = pc.utf8_trim_whitespace(keys)
    bare = pc.replace_substring_regex(trimmed, r"^(?:=\"|'|#)+", "")
    bare = pc.replace_substring_regex(bare, r"(?:\"|\.0+)+$", "")
    return pc.utf8_lower(bare)


def join_report(keys: pa.Array, reading: Reading, mapping: ExportMapping, export: str) -> Joined:
    """Match orders to the rows of a courier's report.

    Parameters
    ----------
    keys : text array of shape (n_orders,)
        Each order's key.
    reading, mapping
        The report as read, and its mapping; its ``order_id`` is the other side of the match.
    export : str
        The orders' file, for the error.

    Raises
    ------
    DataError
        If not one key of the report is a key of an order.
    """
    table = reading.table
    groups = Groups.of(same_key(table.column("order_id")))
    reported = _reported(table, groups, mapping)
    report_keys = same_key(table.column("order_id")).take(pa.array(groups.first))
    ours = same_key(keys)
    at = pc.index_in(ours, report_keys).fill_null(-1).to_numpy(zero_copy_only=False)
    at = at.astype(np.int64)
    at[pc.is_null(ours).to_numpy(zero_copy_only=False)] = -1
    used, counts = np.unique(at[at >= 0], return_counts=True)
    ambiguous = np.isin(at, used[counts > 1]) & (at >= 0)
    at[ambiguous] = -1
    if not (at >= 0).any():
        raise DataError(_no_match(ours, report_keys), file=export)
    rows_joined = int(np.isin(groups.code, at[at >= 0]).sum())
    return Joined(at, reported, len(at), int((at >= 0).sum()), table.num_rows, rows_joined,
                  int(ambiguous.sum()))  # fmt: skip


def _reported(table: pa.Table, groups: Groups, mapping: ExportMapping) -> pa.Table:
    words = table.column("outcome")
    chosen = strongest(words, groups)
    arrays = {"word": chosen}
    if "outcome_at" in table.column_names:
        arrays["learned"] = first_known(words, table.column("outcome_at"), groups, chosen)
    else:
        arrays["learned"] = pa.nulls(len(groups), pa.int64())
    for name in ("outcome_reason", "cancelled_by"):
        if name in table.column_names:
            arrays[name] = groups.first_filled(table.column(name))
    for name in mapping.extra:
        arrays[f"extra.{name}"] = groups.first_filled(table.column(f"extra.{name}"))
    return pa.table(arrays)


def _no_match(ours: pa.Array, theirs: pa.Array) -> str:
    shapes = [_shape(pc.drop_null(keys)) for keys in (ours, theirs)]
    return (
        "no order is in the outcome report; name the column that holds the report's order ids with "
        f"--join (the orders' keys look like {shapes[0]}, the report's like {shapes[1]})"
    )


def _shape(keys: pa.Array) -> str:
    """What a key looks like, without giving one away: digits as 9, letters as a.

    >>> _shape(pa.array(["hyp-4408"]))
    'aaa-9999'
    """
    if not len(keys):
        return "nothing"
    letters = (("9" if c.isdigit() else "a" if c.isalpha() else c) for c in keys[0].as_py()[:40])
    return "".join(letters)
