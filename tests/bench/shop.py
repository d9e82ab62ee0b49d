"""Orders of an invented year, and what a shop's server knows when the next one comes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.directory import Directory
from features.history import who
from features.history.fact import FACT_SIZE, FIRST_WHERE, FIRST_WHO, fact_of
from features.history.reader import NO_RECORD
from features.history.replay import Log
from features.history.states import ABSENT
from features.history.take import take_who
from features.history.where import WindowTable
from features.keys import Hasher, keys_of
from features.order import Order
from features.tables import Folder, orders_of, read_folder
from training.pastlog import changes_of, events_of
from training.simulate_command import write_year
from training.world.spec import WorldSpec

Integers = NDArray[np.int64]

HASHER = Hasher([b"a secret of the benchmark alone"])


class Records:
    """Who-records in memory, read as a ledger is read."""

    def __init__(self) -> None:
        self._of: dict[int, Integers] = {}
        self._scratch = who.blank()

    def read(self, keys: Sequence[int]) -> list[Integers]:
        """The packed record of each key."""
        return [self._of.get(key, NO_RECORD) for key in keys]

    def take(self, fact: Integers, before: int, after: int) -> None:
        """One change of an order into the records of all its keys."""
        for key in set(fact[FIRST_WHO:FIRST_WHERE].tolist()) - {0}:
            who.unpack(self._of.get(key, NO_RECORD), self._scratch)
            take_who(self._scratch, who.OPEN, fact, before, after)
            self._of[key] = who.pack(self._scratch)


@dataclass(frozen=True, slots=True, eq=False)
class Shop:
    """The past of a shop as its server holds it, and the orders that come next."""

    directory: Directory
    records: Records
    windows: WindowTable
    next_orders: list[Order]


def invented(orders: int, seed: int) -> Folder:
    """The data folder of an invented year."""
    with tempfile.TemporaryDirectory() as folder:
        write_year(Path(folder), orders, seed, WorldSpec(), quiet=True)
        return read_folder(Path(folder))


def open_shop(past: int, coming: int, seed: int = 1) -> Shop:
    """Invent a year and stand at the moment after its first ``past`` orders."""
    folder = invented(past + coming, seed)
    directory, orders = Directory.open(), list(orders_of(folder.orders, folder.items))
    facts = np.empty((len(orders), FACT_SIZE), np.int64)
    for i, order in enumerate(orders):
        facts[i] = fact_of(order, keys_of(order, directory.place(order.pincode), HASHER), i)
    events = events_of(folder)
    log, at = changes_of(events, len(orders))
    known = int(np.searchsorted(events.known_us[at], orders[past].created_us))
    records, windows = _past(replace(log, facts=facts), known)
    return Shop(directory, records, windows, orders[past:])


def _past(log: Log, known: int) -> tuple[Records, WindowTable]:
    """What the first ``known`` changes of the log leave behind."""
    records, states = Records(), np.full(len(log.facts), ABSENT)
    for i in range(known):
        records.take(log.facts[log.order[i]], int(log.before[i]), int(log.after[i]))
        states[log.order[i]] = log.after[i]
    placed = states != ABSENT
    return records, WindowTable.build(log.facts[placed], states[placed], known)
