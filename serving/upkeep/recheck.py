"""Logged decisions computed again from the log: their features bit for bit, and what followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from features.catalogue import CATALOGUE
from features.errors import StoreError
from features.history.fact import NETWORK_KEY
from features.history.where import WindowTable
from features.keys import ABSENT
from features.order import Order
from serving.apart import set_apart
from serving.intake import Content, order_of
from serving.ledger import Ledger
from serving.rows import Rows
from serving.store.carried import replayed_between, settled_seq
from serving.store.census import orders_as_of
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.decisions import Recorded, decisions_by_reading
from serving.store.stories import body_at, data_at
from serving.upkeep.redeciding import Redeciding

_STEP = 5_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One feature, or one part of the decision, that came out otherwise."""

    order_id: str
    decision_id: str
    name: str
    logged: object
    again: object


@dataclass(slots=True)
class Rechecked:
    """What a recheck found.

    Parameters
    ----------
    equal : int
        Decisions whose features are all the same, bit for bit, and that come out as they did.
    erased : int
        Decisions whose text has been erased since: nothing to compare.
    other_catalogue : int
        Decisions made by a program with other features.
    pruned : int
        Decisions that read the log, or a fold that is gone, from before the last order that has
        been taken out since: what they saw of it cannot be told any more.
    """

    equal: int = 0
    erased: int = 0
    other_catalogue: int = 0
    pruned: int = 0
    differences: list[Difference] = field(default_factory=list)


class Recheck:
    """Walks the log once, with a ledger of its own, and recomputes every decision on the way.

    Parameters
    ----------
    connection : Connection
        For reading.
    folds_dir : Path
        Tables found there are used, others are counted again from the log.
    """

    def __init__(
        self, connection: Connection, rows: Rows, contacts: Contacts, folds_dir: Path
    ) -> None:
        self._connection = connection
        self._rows = rows
        self._contacts = contacts
        self._folds_dir = folds_dir
        self._redeciding = Redeciding(connection)
        self._ledger = Ledger.from_nothing(connection)
        self._settled = settled_seq(connection)
        self._fold = -1
        self._windows: WindowTable | None = WindowTable.empty()

    def run(self, progress: Callable[[int], object] = lambda _: None) -> Rechecked:
        """Compare all decisions; ``progress`` is told how many are done."""
        found = Rechecked()
        for decided in decisions_by_reading(self._connection):
            windows = self._windows_of(decided.fold)
            if windows is None or decided.read_seq < self._settled:
                found.pruned += 1
            else:
                self._read_up_to(decided.read_seq)
                self._compare(decided, windows, found)
            progress(1)
        return found

    def _read_up_to(self, seq: int) -> None:
        while self._ledger.seq < seq:
            until = min(self._ledger.seq + _STEP, seq)
            changes = replayed_between(self._connection, self._ledger.seq, until)
            self._ledger.apply(changes, until)

    def _compare(self, decided: Recorded, windows: WindowTable, found: Rechecked) -> None:
        logged = np.frombuffer(decided.row)
        if len(logged) != len(CATALOGUE):
            found.other_catalogue += 1
            return
        personal = self._contacts.of(self._connection, decided.said_seq)
        if personal is None:
            found.erased += 1
            return
        content = Content(self._public(decided.said_seq), dict(personal))
        order = order_of(decided.merchant_id, decided.order_id, content)
        again = self._row(decided, order, windows)
        apart = np.flatnonzero(again.view(np.int64) != logged.view(np.int64))
        differing: list[tuple[str, object, object]] = [
            (CATALOGUE[i].name, float(logged[i]), float(again[i])) for i in apart
        ]
        cutoff = content.public.get("dispatch_cutoff_us")
        differing += self._redeciding.differences(order, cutoff, logged, decided.body)
        found.equal += not differing
        found.differences += [
            Difference(decided.order_id, decided.body["decision_id"], name, was, now)
            for name, was, now in differing
        ]

    def _row(
        self, decided: Recorded, order: Order, windows: WindowTable
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        named = set_apart(order) if decided.test else order
        shares = self._fact(decided.said_seq)[NETWORK_KEY] != ABSENT
        identity = self._rows.identity(named, decided.number, shares=shares)
        past = self._rows.past(identity, self._ledger, windows, int(decided.body["as_of_us"]))
        return self._rows.row(order, identity, past).values

    def _fact(self, seq: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.frombuffer(data_at(self._connection, seq), np.int64)

    def _public(self, seq: int) -> dict[str, Any]:
        return body_at(self._connection, seq)

    def _windows_of(self, boundary: int) -> WindowTable | None:
        """The table of a fold; None where it is gone and can no longer be counted again."""
        if boundary != self._fold:
            self._fold = boundary
            self._windows = self._open(boundary)
        return self._windows

    def _open(self, boundary: int) -> WindowTable | None:
        if boundary == 0:
            return WindowTable.empty()
        try:
            return WindowTable.open(self._folds_dir / str(boundary))
        except StoreError:
            settled = boundary >= self._settled
            return windows_at(self._connection, boundary) if settled else None


def windows_at(connection: Connection, boundary: int) -> WindowTable:
    """The window table as of a position, counted from the log; see ``orders_as_of``."""
    return WindowTable.build(*orders_as_of(connection, boundary), boundary)
