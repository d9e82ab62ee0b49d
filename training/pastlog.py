"""The log of a data folder: every change of an order's state at the instant it was known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.compiled import compiled
from features.days import HOUR_US, SECOND_US
from features.errors import DataError
from features.history.replay import Asks, Log
from features.history.states import ABSENT, EVENT_CODES, event_detail, next_state
from features.tables import Folder
from training.revisions import fact_rows, order_rows

Integers = NDArray[np.int64]

FOLD_DELAY_US = 5 * 60 * SECOND_US
"""The fold of an hour is in force five minutes after it."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Events as columns, in the order a reader of imported data learns of them.

    Parameters
    ----------
    order : ndarray of int64
        Row of the orders table.
    kind, detail : ndarray of int64
        As ``next_state`` takes them; of a ``revised`` the detail is the row of its fact, -1 where
        the folder does not say what the order came to say.
    known_us : ndarray of int64
        When it was learned.
    seq : ndarray of int64
        Position in the live log; -1 for imported events.
    """

    order: Integers
    kind: Integers
    detail: Integers
    known_us: Integers
    seq: Integers

    def take(self, at: Integers) -> Events:
        """The events at these places, in this order."""
        return Events(*(getattr(self, name)[at] for name in self.__slots__))

    def joined(self, others: Events) -> Events:
        """These events and others behind them."""
        pairs = ((getattr(self, name), getattr(others, name)) for name in self.__slots__)
        return Events(*(np.concatenate(pair) for pair in pairs))

    def without_revisions(self) -> Events:
        """The same events with no word on what revisions brought."""
        return replace(self, detail=np.where(self.kind == _REVISED, -1, self.detail))

    def without(self, orders: Integers) -> Events:
        """The events of all orders but these."""
        return self.take(np.flatnonzero(~np.isin(self.order, orders)))


def events_of(folder: Folder) -> Events:
    """Every event of the folder, by known time, ties in the contract's order.

    Without an events table the columns of ``orders`` stand for them. An outcome whose
    ``outcome_at`` is unknown is not known at any time, so it enters no history.
    """
    both = _placed(folder.orders)
    if folder.events is None:
        both = both.joined(_from_columns(folder.orders))
    else:
        told = _from_table(folder, folder.events)
        both = both.without(told.order[told.kind == EVENT_CODES["placed"]]).joined(told)
    return both.take(np.lexsort((both.order, both.kind, both.known_us)))


def live_decisions(folder: Folder) -> tuple[Integers, pa.Table]:
    """The first live decision of every order that has one: rows of the orders, and the events."""
    if folder.events is None:
        return np.empty(0, np.int64), pa.table({name: [] for name in ("read_seq", "fold", "as_of")})
    decided = folder.events.filter(pc.equal(folder.events.column("event"), "decided"))
    decided = decided.filter(pc.is_valid(decided.column("read_seq"))).sort_by("seq")
    order, first = np.unique(order_rows(folder.orders, decided), return_index=True)
    return order, decided.take(first)


def live_asks(folder: Folder, seqs: Integers) -> tuple[Asks, NDArray[np.bool_]]:
    """What the live decisions of an exported log had read, by their own record.

    Parameters
    ----------
    folder : Folder
        With ``decided`` events; the first decision of an order is the one that counts.
    seqs : ndarray of int64, ascending
        Position of each change of the log.

    Returns
    -------
    Asks
        One per order that was decided live.
    ndarray of bool, shape (n_orders,)
        Which orders those are.
    """
    live = np.zeros(folder.orders.num_rows, bool)
    order, decided = live_decisions(folder)
    if not len(order):
        nothing = np.empty(0, np.int64)
        return Asks(nothing, nothing, nothing, nothing), live
    live[order] = True
    read, fold = (decided.column(c).to_numpy() for c in ("read_seq", "fold"))
    asks = Asks(
        order=order,
        read=np.searchsorted(seqs, read, side="right"),
        fold=np.searchsorted(seqs, fold, side="right"),
        as_of_us=_us(decided.column("as_of")),
    )
    return asks, live


def changes_of(events: Events, n_orders: int) -> tuple[Log, Integers]:
    """Fold each order's events and keep those that change what is counted.

    Returns
    -------
    Log
        Without facts (an empty array stands for them): orders as placed come first, then the
        revisions in the order of ``training.revisions``.
    ndarray of int64
        Which event each change was; a revision is two.
    """
    row, before, after, at = _fold(events.order, events.kind, events.detail, n_orders)
    return Log(np.empty((0, 0), np.int64), row, before, after), at


def fold_hour(created_us: Integers) -> Integers:
    """The hour whose fold is in force when an imported order is placed."""
    return (created_us - FOLD_DELAY_US) // HOUR_US * HOUR_US


def imported_asks(order: Integers, created_us: Integers, known_us: Integers) -> Asks:
    """What orders of an import may know: changes known strictly before their own instant.

    Parameters
    ----------
    order : ndarray of int64
        Rows that ask.
    created_us : ndarray of int64
        When each was placed.
    known_us : ndarray of int64, ascending
        When each change of the log was known.
    """
    hour = fold_hour(created_us)
    return Asks(
        order=order,
        read=np.searchsorted(known_us, created_us, side="left"),
        fold=np.searchsorted(known_us, hour, side="left"),
        as_of_us=created_us,
    )


_REVISED = EVENT_CODES["revised"]


@compiled
def _fold(
    order: Integers, kind: Integers, detail: Integers, n_orders: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Fact row, state before and after, and event of every change."""
    state, row = np.full(n_orders, ABSENT, np.int64), np.arange(n_orders)
    found = np.empty((4, 2 * len(order)), np.int64)
    n = 0
    for i in range(len(order)):
        which = order[i]
        was = state[which]
        if kind[i] == _REVISED:
            if was != ABSENT and detail[i] >= 0:
                found[:, n] = row[which], was, ABSENT, i
                found[:, n + 1] = detail[i], ABSENT, was, i
                row[which] = detail[i]
                n += 2
            continue
        state[which] = next_state(was, kind[i], detail[i])
        if state[which] != was:
            found[:, n] = row[which], was, state[which], i
            n += 1
    return found[0, :n].copy(), found[1, :n].copy(), found[2, :n].copy(), found[3, :n].copy()


def _us(column: pa.ChunkedArray) -> Integers:
    return np.asarray(column.cast(pa.int64()).fill_null(-1).to_numpy(), np.int64)


def _placed(orders: pa.Table) -> Events:
    n = orders.num_rows
    return Events(
        order=np.arange(n),
        kind=np.full(n, EVENT_CODES["placed"]),
        detail=np.zeros(n, np.int64),
        known_us=_us(orders.column("created_at")),
        seq=np.full(n, -1),
    )


_OUTCOME_EVENTS = {
    "delivered": "delivered",
    "rto": "rto_initiated",
    "cancelled": "cancelled",
    "lost": "lost",
}


def _from_columns(orders: pa.Table) -> Events:
    outcome = orders.column("outcome").to_pylist()
    reason = orders.column("outcome_reason").to_pylist()
    outcome_us = _us(orders.column("outcome_at"))
    intervention = orders.column("intervention").to_pylist()
    intervention_us = _us(orders.column("intervention_at"))
    rows: list[tuple[int, str, int, int]] = []
    for i, what in enumerate(outcome):
        if what is not None and outcome_us[i] >= 0:
            kind = _OUTCOME_EVENTS[what]
            detail = event_detail(kind, reason=reason[i], outcome=what, action=None)
            rows.append((i, kind, detail, int(outcome_us[i])))
    for i, done in enumerate(intervention):
        if done not in (None, "none") and intervention_us[i] >= 0:
            rows.append((i, "contacted", 0, int(intervention_us[i])))
    return _events(rows)


def _events(rows: Iterable[tuple[int, str, int, int]]) -> Events:
    table = [(order, EVENT_CODES[kind], detail, known) for order, kind, detail, known in rows]
    order, kind, detail, known = np.array(table, np.int64).reshape(-1, 4).T
    return Events(order, kind, detail, known, np.full(len(table), -1))


_WORDS = ["event", "reason", "outcome", "action"]


def _from_table(folder: Folder, events: pa.Table) -> Events:
    # A reader passes over kinds it does not know.
    events = events.filter(pc.is_in(events.column("event"), pa.array(list(EVENT_CODES))))
    rows = order_rows(folder.orders, events)
    kind, detail = _kinds(events)
    fact_row = fact_rows(folder)
    revised = np.flatnonzero(kind == _REVISED)
    revision = events.column("revision").take(pa.array(revised)).to_pylist()
    for i, number in zip(revised.tolist(), revision, strict=True):
        detail[i] = fact_row.get((int(rows[i]), number), -1)
    known = events.column("known_at")
    if known.null_count:
        row = pc.index(pc.is_null(known), True).as_py() + 1
        raise DataError(
            "is empty; say when it was learned", file="events", row=row, column="known_at"
        )
    return Events(
        order=rows,
        kind=kind,
        detail=detail,
        known_us=_us(known),
        seq=events.column("seq").fill_null(-1).to_numpy().astype(np.int64),
    )


def _kinds(events: pa.Table) -> tuple[Integers, Integers]:
    """Kind and detail of every event; the few combinations of words are looked up once each."""
    columns = [events.column(c).dictionary_encode("encode") for c in _WORDS]
    combination = np.zeros(events.num_rows, np.int64)
    for column in columns:
        codes = column.combine_chunks()
        combination = combination * len(codes.dictionary) + codes.indices.to_numpy()
    _, first, code = np.unique(combination, return_index=True, return_inverse=True)
    words = events.select(_WORDS).take(pa.array(first)).to_pylist()
    kinds = [EVENT_CODES[row["event"]] for row in words]
    details = [
        event_detail(
            row["event"], reason=row["reason"], outcome=row["outcome"], action=row["action"]
        )
        for row in words
    ]
    return np.array(kinds, np.int64)[code], np.array(details, np.int64)[code]
