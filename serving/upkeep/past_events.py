"""What became of imported orders as columns: events and lines, objects only while needed.

A million orders have several million events; as objects they would take gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.compiled import compiled
from features.history.states import (
    CLASSES,
    EVENT_CODES,
    NOT_THE_CUSTOMER,
    OUTCOME_CLASSES,
    PENDING,
    STATES,
    TREATING_ACTIONS,
    event_detail,
    next_state,
)
from features.schema import ONE_MERCHANT
from features.shelf import Shelf
from serving.store.log import Kind

BATCH = 16_384

_BETWEEN = "\x1f"
_KINDS = tuple(EVENT_CODES)
_OUTCOME_EVENTS: dict[str, Kind] = {
    "delivered": "delivered",
    "rto": "rto_initiated",
    "cancelled": "cancelled",
    "lost": "lost",
}
_WORDS = ("reason", "outcome", "action", "awb")
NEEDED = ("merchant_id", "order_id", "event", "at", "known_at", *_WORDS)
"""What is read of an events table."""
_UNCHANGED = -1


class PastEvent(NamedTuple):
    """One event of an imported order.

    Parameters
    ----------
    row : int
        Of its order.
    was, becomes : int
        The order's state before and after it.
    words : mapping
        What else is told of it.
    """

    known_us: int
    code: int
    row: int
    kind: Kind
    at_us: int
    was: int
    becomes: int
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PastEvents:
    """Every event that changes its order's state, by known time; ties as the contract orders them.

    Without an events table the columns of ``orders`` stand for it: an outcome counts from
    ``outcome_at`` (one without an instant is never known), an intervention from
    ``intervention_at``. What is known before its order was placed changes nothing.
    """

    known_us: NDArray[np.int64]
    codes: NDArray[np.int64]
    rows: NDArray[np.int64]
    at_us: NDArray[np.int64]
    was: NDArray[np.int64]
    becomes: NDArray[np.int64]
    words: pa.Table

    @classmethod
    def of(cls, orders: pa.Table, events: Iterable[pa.Table] | None) -> Self:
        """Those of a folder's orders and of the pieces of its events."""
        if events is None:
            parts = [_outcomes(orders), _interventions(orders)]
        else:
            names = _names(orders).combine_chunks()
            parts = [_told(names, piece) for piece in events] or [_NONE]
            del names
        table = pa.concat_tables(parts, promote_options="default")
        del parts
        known, codes, rows, at = (_integers(table.column(name)) for name in _NUMBERS)
        placed = _integers(orders.column("created_at").cast(pa.int64()))
        by = np.lexsort((rows, codes, known))
        by = by[known[by] >= placed[rows[by]]]
        was, becomes = _states(codes[by], _details(table, codes)[by], rows[by], len(placed))
        changing = becomes != _UNCHANGED
        by, was, becomes = by[changing], was[changing], becomes[changing]
        words = table.drop_columns(list(_NUMBERS)).combine_chunks().take(pa.array(by))
        del table
        pa.default_memory_pool().release_unused()
        return cls(known[by], codes[by], rows[by], at[by], was, becomes, words)

    def __iter__(self) -> Iterator[PastEvent]:
        for begin in range(0, len(self.rows), BATCH):
            part = slice(begin, begin + BATCH)
            columns = (self.known_us, self.codes, self.rows, self.at_us, self.was, self.becomes)
            numbers = (column[part].tolist() for column in columns)
            words = self.words.slice(begin, BATCH).to_pylist()
            for known_us, code, row, at_us, was, becomes, said in zip(*numbers, words, strict=True):
                spoken = {name: str(word) for name, word in said.items() if word is not None}
                kind = cast(Kind, _KINDS[code])
                yield PastEvent(known_us, code, row, kind, at_us, was, becomes, spoken)


_NUMBERS = ("known_us", "code", "row", "at_us")
_NONE = pa.schema(
    [*((name, pa.int64()) for name in _NUMBERS), *((name, pa.string()) for name in _WORDS)]
).empty_table()


@compiled
def _states(
    codes: NDArray[np.int64], details: NDArray[np.int64], rows: NDArray[np.int64], orders: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The state of each event's order before it and after it, or ``_UNCHANGED``."""
    stands = np.full(orders, PENDING, np.int64)
    was, becomes = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64)
    for i in range(len(rows)):
        was[i] = stands[rows[i]]
        stands[rows[i]] = next_state(was[i], codes[i], details[i])
        becomes[i] = _UNCHANGED if stands[rows[i]] == was[i] else stands[rows[i]]
    return was, becomes


_REASONS = (None, *sorted(NOT_THE_CUSTOMER))
_CLASSES = (None, *OUTCOME_CLASSES)
_ACTIONS = (None, *sorted(TREATING_ACTIONS))


def _details(table: pa.Table, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """:func:`event_detail` of each event."""
    known = np.array([
        [[[event_detail(kind, reason=r, outcome=o, action=a) for a in _ACTIONS] for o in _CLASSES]
         for r in _REASONS]
        for kind in _KINDS
    ])  # fmt: skip
    which = (("reason", _REASONS), ("outcome", _CLASSES), ("action", _ACTIONS))
    return np.asarray(known[codes, *(_which(table, name, words) for name, words in which)])


def _which(table: pa.Table, name: str, words: Sequence[str | None]) -> NDArray[np.int64]:
    """The place of each event's word among ``words``; 0 for any other."""
    if name not in table.column_names:
        return np.zeros(table.num_rows, np.int64)
    found = pc.index_in(table.column(name), value_set=pa.array(words[1:], pa.string()))
    return _integers(pc.add(pc.fill_null(found, -1), 1))


def _outcomes(orders: pa.Table) -> pa.Table:
    kinds = pa.array(_OUTCOME_EVENTS)
    codes = np.array([EVENT_CODES[kind] for kind in _OUTCOME_EVENTS.values()], np.int64)
    found = _rows_with(orders, "outcome", "outcome_at", words=["outcome_reason"])
    which = _integers(pc.index_in(found.column("outcome"), value_set=kinds))
    return _events(
        found, codes[which], found.column("outcome_at"), found.column("outcome_at"),
        {"outcome": "outcome", "reason": "outcome_reason"},
    )  # fmt: skip


def _interventions(orders: pa.Table) -> pa.Table:
    found = _rows_with(orders, "intervention", "intervention_at")
    found = found.filter(pc.not_equal(found.column("intervention"), "none"))
    codes = np.full(found.num_rows, EVENT_CODES["contacted"], np.int64)
    at = found.column("intervention_at")
    return _events(found, codes, at, at, {"intervention": "intervention"})


def _told(names: pa.Array, events: pa.Table) -> pa.Table:
    """Events that move orders which are there; readers pass over kinds that they do not know."""
    events = events.append_column(
        "kind", pc.index_in(events.column("event"), value_set=pa.array(_KINDS))
    )
    known = pc.and_(pc.is_valid(events.column("kind")), pc.is_valid(events.column("known_at")))
    events = events.filter(known)
    codes = _integers(events.column("kind"))
    events = events.filter(pa.array(_moves()[codes, _details(events, codes)]))
    events = events.append_column("row", pc.index_in(_names(events), value_set=names))
    events = events.filter(pc.is_valid(events.column("row")))
    known_at = events.column("known_at")
    at = pc.coalesce(events.column("at"), known_at)
    codes = _integers(events.column("kind"))
    return _events(events, codes, known_at, at, {n: n for n in _WORDS})


@cache
def _moves() -> NDArray[np.bool_]:
    """Whether an event of a kind and with a detail moves an order from any state to another."""
    return np.array([
        [any(next_state(state, code, detail) != state for state in range(STATES))
         for detail in range(CLASSES)]
        for code in range(len(_KINDS))
    ])  # fmt: skip


def _rows_with(orders: pa.Table, *names: str, words: Sequence[str] = ()) -> pa.Table:
    """The orders where none of the columns is empty, each with its ``row`` and ``words``."""
    rows = pa.array(np.arange(orders.num_rows))
    table = orders.select([*names, *words]).append_column("row", rows)
    for name in names:
        table = table.filter(pc.is_valid(table.column(name)))
    return table


def _events(
    table: pa.Table, codes: NDArray[np.int64], known: pa.ChunkedArray, at: pa.ChunkedArray,
    words: Mapping[str, str],
) -> pa.Table:  # fmt: skip
    numbers = (known.cast(pa.int64()), pa.array(codes), table.column("row"), at.cast(pa.int64()))
    columns = dict(zip(_NUMBERS, numbers, strict=True))
    columns["row"] = columns["row"].cast(pa.int64())
    return pa.table(columns | {name: table.column(column) for name, column in words.items()})


@dataclass(frozen=True, slots=True)
class PastLines:
    """The lines of imported orders, by the rows of their orders."""

    rows: NDArray[np.int64]
    lines: pa.Table | None

    @classmethod
    def of(cls, orders: pa.Table, items: pa.Table | None, *, shelf: Shelf | None = None) -> Self:
        """Those of a folder's tables, put on the shelf where they must be moved."""
        if items is None:
            return cls(np.empty(0, np.int64), None)
        rows = pc.index_in(_names(items), value_set=_names(orders).combine_chunks())
        row = _integers(pc.fill_null(rows, -1))
        by = np.argsort(row, kind="stable")
        by = by[row[by] >= 0]
        if len(by) == len(row) and (np.diff(by) == 1).all():
            return cls(row, items)
        places = pa.array(by)
        moved = {
            name: column.take(places) if shelf is None else shelf.keep(column.take(places))
            for name, column in zip(items.column_names, items.itercolumns(), strict=True)
        }
        return cls(row[by], pa.table(moved))

    def between(self, begin: int, end: int) -> pa.Table | None:
        """The lines of the orders in rows ``begin`` to ``end``, the last excluded."""
        if self.lines is None:
            return None
        first, last = np.searchsorted(self.rows, (begin, end))
        return self.lines.slice(int(first), int(last - first))


def _names(table: pa.Table) -> pa.ChunkedArray:
    merchants = pc.fill_null(table.column("merchant_id"), ONE_MERCHANT)
    return pc.binary_join_element_wise(merchants, table.column("order_id"), _BETWEEN)


def _integers(column: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    return np.asarray(column.to_numpy(), np.int64)
