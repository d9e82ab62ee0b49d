"""Past orders and their outcomes into the log, in the order in which they became known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple, cast

import pyarrow as pa

from features.consents import Consents
from features.days import from_us
from features.directory import Directory
from features.history.fact import fact_of
from features.history.states import EVENT_CODES, PENDING, event_detail, next_state
from features.keys import Hasher, keys_of
from features.order import Order
from features.tables import Folder, orders_of
from serving.home import Home
from serving.intake import content_held_of
from serving.rows import UNNUMBERED
from serving.store.contacts import Contacts
from serving.store.log import Held, Kind, Log, find_order
from serving.store.merchants import add_merchant

Progress = Callable[[int], None]

# Short transactions: whoever serves beside us waits for each.
_CHUNK = 400

_OUTCOME_EVENTS: dict[str, Kind] = {
    "delivered": "delivered",
    "rto": "rto_initiated",
    "cancelled": "cancelled",
    "lost": "lost",
}
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
_WORDS = ("reason", "outcome", "action", "awb")


class Past(NamedTuple):
    """One event of an imported order, sortable by the order in which a reader learns of it."""

    known_us: int
    code: int
    row: int
    kind: Kind
    at_us: int
    words: Mapping[str, str]


@dataclass(slots=True)
class Loaded:
    """What a load did."""

    orders: int = 0
    events: int = 0
    live_already: int = 0
    loaded_already: int = 0


def events_of(folder: Folder) -> list[Past]:
    """Every event but the placing, by known time; ties as the contract orders them.

    Without an events table the columns of ``orders`` stand for it: an outcome counts from
    ``outcome_at`` (one without an instant is never known), an intervention from
    ``intervention_at``.
    """
    found = _from_columns(folder.orders) if folder.events is None else _from_table(folder)
    return sorted(found, key=lambda past: past[:3])


def _from_columns(orders: pa.Table) -> Iterator[Past]:
    names = ("outcome", "outcome_reason", "outcome_at", "intervention", "intervention_at")
    columns = (_plain(orders.column(name)) for name in names)
    for row, values in enumerate(zip(*columns, strict=True)):
        outcome, reason, outcome_us, done, done_us = values
        if outcome is not None and outcome_us is not None:
            words = {"outcome": outcome} | ({"reason": reason} if reason else {})
            yield _past(row, _OUTCOME_EVENTS[outcome], outcome_us, outcome_us, words)
        if done not in (None, "none") and done_us is not None:
            yield _past(row, "contacted", done_us, done_us, {"intervention": done})


def _from_table(folder: Folder) -> Iterator[Past]:
    events = cast(pa.Table, folder.events)
    rows = {key: row for row, key in enumerate(_keys(folder.orders))}
    columns = [_plain(events.column(name)) for name in ("event", "at", "known_at", *_WORDS)]
    for key, kind, at_us, known_us, *words in zip(_keys(events), *columns, strict=True):
        row = rows.get(key)
        if row is None or kind not in EVENT_CODES or kind == "placed" or known_us is None:
            continue  # readers pass over what they do not know
        said = {name: str(w) for name, w in zip(_WORDS, words, strict=True) if w is not None}
        moment = known_us if at_us is None else at_us
        yield _past(row, cast(Kind, kind), cast(int, moment), cast(int, known_us), said)


def _past(row: int, kind: Kind, at_us: int, known_us: int, words: Mapping[str, str]) -> Past:
    return Past(known_us, EVENT_CODES[kind], row, kind, at_us, words)


def _keys(table: pa.Table) -> list[tuple[str, str]]:
    columns = (table.column(name).to_pylist() for name in ("merchant_id", "order_id"))
    return list(zip(*columns, strict=True))


def _plain(column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return cast("list[object]", column.to_pylist())


class Loader:
    """Writes one folder into one log.

    Parameters
    ----------
    home : Home
    folder : Folder
    now_us : int
        The load time: nothing is known later than this.
    """

    def __init__(self, home: Home, folder: Folder, now_us: int) -> None:
        self._home = home
        self._folder = folder
        self._now_us = now_us
        self._directory = Directory.open()
        self._consents = Consents(folder.consents)
        self._hasher = Hasher(list(home.keyring.hashing.keys.values()))
        self._contacts = Contacts(home.keyring.sealing)
        self._held: dict[int, Held] = {}
        self._known: dict[int, int] = {}
        self._decided_elsewhere = {
            kept: _plain(folder.orders.column(name)) for name, kept in _ELSEWHERE.items()
        }
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
                for order, past in chunk:
                    if order is not None:
                        self._place(log, order[0], order[1])
                    elif past is not None:
                        self._happen(log, past)
            progress(len(chunk))
        return self._done

    def _add_merchants(self) -> None:
        names = set(self._folder.orders.column("merchant_id").to_pylist())
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

    def _steps(self) -> Iterator[tuple[tuple[int, Order] | None, Past | None]]:
        """Orders and events merged by known time; a placing comes first among equals."""
        events = iter(events_of(self._folder))
        past = next(events, None)
        for row, order in enumerate(orders_of(self._folder.orders, self._folder.items)):
            while past is not None and past.known_us < order.created_us:
                yield None, past
                past = next(events, None)
            yield (row, order), None
        while past is not None:
            yield None, past
            past = next(events, None)

    def _place(self, log: Log, row: int, order: Order) -> None:
        held = find_order(log.connection, order.merchant_id, order.order_id)
        if held is None:
            self._held[row] = self._new(log, row, order)
            self._done.orders += 1
        elif held.decided_seq is None:
            # Go through its events again from the start, and pass over as many as are known.
            self._held[row] = replace(held, state=PENDING)
            self._known[row] = _changes_known(log, held)
            self._done.loaded_already += 1
        else:
            self._done.live_already += 1

    def _new(self, log: Log, row: int, order: Order) -> Held:
        place = self._directory.place(order.pincode)
        shares = self._consents.shares(order.merchant_id, order.created_us)
        keys = keys_of(order, place, self._hasher, shares=shares)
        fact = fact_of(order, keys, UNNUMBERED)
        content = content_held_of(order, self._elsewhere(row))
        held = log.place(
            order.merchant_id, order.order_id, content.public_json(), fact=fact.tobytes(),
            state=PENDING, digest=None, at_us=order.created_us,
            known_us=min(order.created_us, self._now_us),
        )  # fmt: skip
        if content.personal:
            self._contacts.keep(log.connection, held.number, content.personal_json())
        return held

    def _elsewhere(self, row: int) -> dict[str, object]:
        values = {kept: column[row] for kept, column in self._decided_elsewhere.items()}
        return {name: value for name, value in values.items() if value is not None}

    def _happen(self, log: Log, past: Past) -> None:
        """Append an event if it changes its order's state."""
        held = self._held.get(past.row)
        if held is None:
            return
        words = past.words
        detail = event_detail(
            past.kind,
            reason=words.get("reason"),
            outcome=words.get("outcome"),
            action=words.get("action"),
        )
        becomes = next_state(held.state, past.code, detail)
        if becomes == held.state:
            return
        self._held[past.row] = replace(held, state=becomes)
        if self._known.get(past.row, 0):
            self._known[past.row] -= 1
            return
        log.append(
            past.kind, dict(words), at_us=past.at_us, known_us=min(past.known_us, self._now_us),
            order=held, becomes=becomes,
        )  # fmt: skip
        self._done.events += 1


def _changes_known(log: Log, held: Held) -> int:
    """How many changes of state the log holds of an order."""
    found = log.connection.execute(
        "SELECT count(*) FROM event WHERE number=? AND was IS NOT NULL", (held.number,)
    ).fetchone()
    return int(found[0])


def span_of(folder: Folder) -> str:
    """From when to when a folder's orders were placed, for people."""
    created = [int(cast(int, us)) for us in _plain(folder.orders.column("created_at"))]
    if not created:
        return "no orders"
    return f"{from_us(min(created)):%Y-%m-%d} to {from_us(max(created)):%Y-%m-%d}"
