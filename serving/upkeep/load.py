"""Past orders and their outcomes into the log, in the order in which they became known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.consents import Consents
from features.days import from_us
from features.directory import Directory
from features.history.fact import fact_of
from features.history.states import PENDING
from features.keys import Hasher, keys_of
from features.order import Order
from features.tables import Folder, orders_of
from serving.home import Home
from serving.intake import content_held_of
from serving.rows import UNNUMBERED
from serving.store.changes import count_changes
from serving.store.contacts import Contacts
from serving.store.log import Log
from serving.store.merchants import add_merchant
from serving.store.orders import Held, find_order
from serving.upkeep.latecomers import past_comer
from serving.upkeep.past_events import BATCH, PastEvent, PastEvents, PastLines

Progress = Callable[[int], None]

# Short transactions: whoever serves beside us waits for each.
_CHUNK = 400

# What was decided elsewhere: no history of ours, but worth keeping for exports.
_ELSEWHERE = {
    "intervention": "intervention",
    "intervention_at": "intervention_us",
    "response": "response",
    "cancelled_by": "cancelled_by",
    "arm": "arm",
    "propensity": "propensity",
    "scored_probability": "scored_probability",
    "model": "model",
    "policy": "policy",
}
_NOT_OURS = 0


class _Placing(NamedTuple):
    """An imported order on its way into the log."""

    row: int
    order: Order
    elsewhere: Mapping[str, object]


@dataclass(slots=True)
class Loaded:
    """What a load did."""

    orders: int = 0
    events: int = 0
    live_already: int = 0
    loaded_already: int = 0


class Loader:
    """Writes one folder into one log.

    Parameters
    ----------
    home : Home
    folder : Folder
        Its orders; of a folder with events and lines these are read too.
    now_us : int
        The load time: nothing is known later than this.
    events, lines : PastEvents and PastLines, optional
        In place of the folder's.
    """

    def __init__(
        self,
        home: Home,
        folder: Folder,
        now_us: int,
        *,
        events: PastEvents | None = None,
        lines: PastLines | None = None,
    ) -> None:
        self._home = home
        given = None if folder.events is None else [folder.events]
        self._events = events or PastEvents.of(folder.orders, given)
        self._lines = lines or PastLines.of(folder.orders, folder.items)
        self._folder = folder
        self._now_us = now_us
        self._directory = Directory.open()
        self._consents = Consents(folder.consents)
        self._hasher = Hasher(list(home.keyring.hashing.keys.values()))
        self._contacts = Contacts(home.keyring.sealing)
        # By row: a million objects of these would be a gigabyte.
        self._numbers = np.full(folder.orders.num_rows, _NOT_OURS, np.int64)
        self._known = np.zeros(folder.orders.num_rows, np.int32)
        self._ids = [folder.orders.column(name) for name in ("merchant_id", "order_id")]
        self._done = Loaded()

    def run(self, progress: Progress = lambda _: None) -> Loaded:
        """Load everything; ``progress`` is told how many events went by.

        An interrupted load is finished by running it again: orders loaded already keep their
        place, and only events that change their state are added.
        """
        self._add_merchants()
        steps = self._steps()
        while chunk := list(islice(steps, _CHUNK)):
            with self._home.transaction() as log:
                for step in chunk:
                    if isinstance(step, PastEvent):
                        self._happen(log, step)
                    else:
                        self._place(log, step)
            progress(len(chunk))
        return self._done

    @property
    def span(self) -> str:
        """From when to when the orders were placed, for people."""
        if not self._folder.orders.num_rows:
            return "no orders"
        ends = pc.min_max(self._folder.orders.column("created_at").cast(pa.int64())).as_py()
        return f"{from_us(ends['min']):%Y-%m-%d} to {from_us(ends['max']):%Y-%m-%d}"

    def _add_merchants(self) -> None:
        names = self._folder.orders.column("merchant_id").unique().to_pylist()
        with self._home.transaction() as log:
            for name in sorted(names):
                invented = self._folder.about.invented
                added = add_merchant(
                    log.connection, name, name, invented=invented, now_us=self._now_us
                )
                if added:
                    log.append(
                        "merchant", {"name": name, "invented": invented},
                        at_us=self._now_us, known_us=self._now_us, merchant_id=name,
                    )  # fmt: skip

    def _steps(self) -> Iterator[_Placing | PastEvent]:
        """Orders and events merged by known time; a placing comes first among equals."""
        events = iter(self._events)
        past = next(events, None)
        for placing in self._placings():
            while past is not None and past.known_us < placing.order.created_us:
                yield past
                past = next(events, None)
            yield placing
        while past is not None:
            yield past
            past = next(events, None)

    def _placings(self) -> Iterator[_Placing]:
        orders, lines = self._folder.orders, self._lines
        for begin in range(0, orders.num_rows, BATCH):
            part = orders.slice(begin, BATCH)
            columns = [_plain(part.column(name)) for name in _ELSEWHERE]
            read = orders_of(part, lines.between(begin, begin + BATCH))
            for row, (order, *said) in enumerate(zip(read, *columns, strict=True), begin):
                elsewhere = dict(zip(_ELSEWHERE.values(), said, strict=True))
                yield _Placing(row, order, {k: v for k, v in elsewhere.items() if v is not None})

    def _place(self, log: Log, placing: _Placing) -> None:
        row, order = placing.row, placing.order
        held = find_order(log.connection, order.merchant_id, order.order_id)
        if held is None:
            self._numbers[row] = self._new(log, placing)
            self._done.orders += 1
        elif held.decided_seq is None:
            # Go through its events again from the start, and pass over as many as are known.
            self._numbers[row] = held.number
            self._known[row] = count_changes(log.connection, held.number)
            self._done.loaded_already += 1
        else:
            self._done.live_already += 1

    def _new(self, log: Log, placing: _Placing) -> int:
        order = placing.order
        place = self._directory.place(order.pincode)
        shares = self._consents.shares(order.merchant_id, order.created_us)
        keys = keys_of(order, place, self._hasher, shares=shares)
        content = content_held_of(order, placing.elsewhere)
        now = past_comer(
            log, fact_of(order, keys, UNNUMBERED), content.personal_json, order.created_us
        )
        held = log.place(
            order.merchant_id, order.order_id, content.public_json, fact=now.fact.tobytes(),
            state=PENDING, digest=None, at_us=order.created_us,
            known_us=min(order.created_us, self._now_us),
        )  # fmt: skip
        if content.personal:
            now.keep(log, held, self._contacts, self._now_us)
        return held.number

    def _held(self, past: PastEvent) -> Held:
        """A loaded order: it has never been revised or decided."""
        merchant_id, order_id = (column[past.row].as_py() for column in self._ids)
        number = int(self._numbers[past.row])
        return Held(number, merchant_id, False, order_id, 0, past.was, None, number, None)

    def _happen(self, log: Log, past: PastEvent) -> None:
        """Append an event, unless its order is live or knows it already."""
        if self._numbers[past.row] == _NOT_OURS:
            return
        if self._known[past.row]:
            self._known[past.row] -= 1
            return
        log.append(
            past.kind, past.words, at_us=past.at_us, known_us=min(past.known_us, self._now_us),
            order=self._held(past), becomes=past.becomes,
        )  # fmt: skip
        self._done.events += 1


def _plain(column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    plain: list[object] = column.to_pylist()
    return plain
