"""The log read into the summary: every event once, wherever the reader was interrupted.

What a batch of events did to each order is worked out in memory; then the difference between what
the order counted before and what it counts now is added to the cells, in one transaction with the
orders and the position. Whole numbers make that exact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.days import ist_day
from features.history.carried import Carried
from features.history.fact import AMOUNT_PAISE, COD, DAY, FIRST_WHERE, FIRST_WHO, MERCHANT, NUMBER
from features.keys import Keys, person_of, plain_key
from serving.board.content import tell
from serving.board.entry import Cell, Entry, counted
from serving.board.summary import Summary
from serving.store.carried import carried_events
from serving.store.connection import Connection
from serving.store.erasing import settle_deleted
from serving.store.log import body_of, last_seq
from serving.store.merchants import merchants
from serving.store.meta import arm_secret

AT_ONCE = 2_000

_EVENTS = """SELECT e.seq, e.number, e.merchant_id, e.kind, e.revision, e.known_us, e.becomes,
           e.at_us, e.body, CASE WHEN e.kind IN ('placed', 'revised') THEN e.data END, o.test
    FROM event e LEFT JOIN orders o ON o.number = e.number
    WHERE e.seq > ? ORDER BY e.seq LIMIT ?"""
_FACT = """SELECT f.data FROM orders o JOIN event f ON f.seq = o.fact_seq WHERE o.number=?"""


class _Event(NamedTuple):
    seq: int
    number: int | None
    merchant_id: str | None
    kind: str
    revision: int
    known_us: int
    becomes: int | None
    at_us: int
    body: bytes
    data: bytes | None
    test: int | None


def follow(summary: Summary, log: Connection, *, at_once: int = AT_ONCE) -> int:
    """Read one batch of what has been appended; how many events that were.

    Parameters
    ----------
    summary : Summary
        For writing.
    log : Connection
        For reading.
    """
    name, after = _name_of(log), summary.seq
    if not summary.follows(name) or last_seq(log) < after:
        summary.forget()  # another log, or one restored from before
        after = 0
    events = [_Event(*row) for row in log.execute(_EVENTS, (after, at_once)).fetchall()]
    if not events:
        return 0
    batch = _Batch(log, summary.entries({e.number for e in events if e.number is not None}))
    for event in events:
        batch.take(event, summary)
    with summary.transaction():
        if summary.seq != after:
            return 0  # another reader was here
        summary.add(batch.deltas())
        summary.keep(batch.kept())
        summary.let_go(batch.gone)
        for merchant_id, rows in batch.spent:
            summary.spend(merchant_id, rows)
        summary.move_to(events[-1].seq, name)
    if batch.erased:
        settle_deleted(summary.connection)
    return len(events)


def catch_up(summary: Summary, log: Connection) -> int:
    """Read all that has been appended; how many events that were."""
    done = 0
    while read := follow(summary, log):
        done += read
    return done


@dataclass(slots=True)
class _Batch:
    """Some events, the orders they are about as they were, and as they become."""

    log: Connection
    before: dict[int, Entry]
    now: dict[int, Entry] = field(init=False)
    gone: set[int] = field(default_factory=set)
    spent: list[tuple[str, list[tuple[str, int, int]]]] = field(default_factory=list)
    erased: bool = False

    def __post_init__(self) -> None:
        self.now = {number: copy(entry) for number, entry in self.before.items()}

    def take(self, event: _Event, summary: Summary) -> None:
        """What one event does."""
        if event.number is None:
            if event.kind == "carried":
                self._take_carried(event.seq, summary)
            elif event.kind == "spend" and event.merchant_id is not None:
                rows: Any = body_of(event.body)["rows"]
                self.spent.append((event.merchant_id, [tuple(row) for row in rows]))
        elif not event.test and event.merchant_id is not None:
            self._take(event, event.number, event.merchant_id)

    def deltas(self) -> dict[tuple[str, Cell], list[int]]:
        """What is to be added to the cells."""
        found: dict[tuple[str, Cell], list[int]] = {}
        for sign, entries in ((-1, self.before), (1, self.now)):
            for number, entry in entries.items():
                if self._same(number):
                    continue
                for cell, counts in counted(entry):
                    into = found.setdefault((entry.merchant_id, cell), [0] * len(counts))
                    for i, count in enumerate(counts):
                        into[i] += sign * count
        return {key: counts for key, counts in found.items() if any(counts)}

    def kept(self) -> Iterable[Entry]:
        """The orders to hold from now on."""
        return [e for n, e in self.now.items() if n not in self.gone and not self._same(n)]

    def _same(self, number: int) -> bool:
        return self.before.get(number) == self.now.get(number)

    def _take(self, event: _Event, number: int, merchant_id: str) -> None:
        if event.kind == "placed":
            self.now[number] = Entry(number, merchant_id, day=int(ist_day(event.at_us)))
        entry = self.now.get(number)
        if entry is None:
            return
        if event.kind in ("placed", "revised") and event.data is not None:
            entry.person = _person(number, event.data)
        if event.kind == "erased":
            self.erased, entry.person = True, self._renamed(number)
        tell(entry, event.kind, event.revision, body_of(event.body))
        if event.becomes is not None and event.becomes != entry.state:
            before, entry.state = entry.outcome, event.becomes
            if entry.outcome != before:
                entry.end_at(event.known_us)

    def _renamed(self, number: int) -> int:
        found = self.log.execute(_FACT, (number,)).fetchone()
        return 0 if found is None else _person(number, found[0])

    def _take_carried(self, seq: int, summary: Summary) -> None:
        """Orders that left the log: those that were counted stay so, the others are counted."""
        at, rows = next(carried_events(self.log, seq - 1))
        if at != seq:
            return
        facts, states = Carried(rows).newest()
        numbers = facts[:, NUMBER].tolist()
        unread = {n for n in numbers if n not in self.now}
        self.before |= (held := summary.entries(unread))
        self.now |= {number: copy(entry) for number, entry in held.items()}
        owners = {plain_key("merchant", m.merchant_id, m.merchant_id): m.merchant_id
                  for m in merchants(self.log)}  # fmt: skip
        for fact, state in zip(facts, states.tolist(), strict=True):
            number = int(fact[NUMBER])
            owner = owners.get(int(fact[MERCHANT]))
            if number not in self.now and owner is not None:
                self.now[number] = _of_fact(number, owner, fact)
            if number in self.now:
                self.now[number].state = state
                self.gone.add(number)


def _of_fact(number: int, merchant_id: str, fact: NDArray[np.int64]) -> Entry:
    """An order of which the log kept no more than its fact."""
    return Entry(
        number, merchant_id, day=int(fact[DAY]), payment_mode="cod" if fact[COD] else "",
        amount_paise=int(fact[AMOUNT_PAISE]),
    )  # fmt: skip


def _person(number: int, data: bytes) -> int:
    """The mark of an order's person; the order's own number where nothing names one."""
    fact = np.frombuffer(data, np.int64)
    return person_of(Keys(fact[FIRST_WHO:FIRST_WHERE], fact[FIRST_WHERE:]), number)


def _name_of(log: Connection) -> str:
    """What tells this log from any other, and says nothing about it."""
    return hashlib.sha256(b"board\x1f" + arm_secret(log)).hexdigest()
