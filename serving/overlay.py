"""History as a transaction in progress has it: the ledger, and what comes on top of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.history import who
from features.history.fact import FACT_SIZE
from features.history.reader import NO_RECORD
from features.history.states import ABSENT as UNPLACED
from features.history.states import PENDING
from features.history.take import take_who
from features.keys import ABSENT
from serving.ledger import Ledger, keys_of_change
from serving.store.changes import Change, changes_between
from serving.store.log import Log

Integers = NDArray[np.int64]


class Overlay(Ledger):
    """Who-records up to a log's last event, committed or not; the ledger beneath stays as it is.

    Of what is expected a record takes in its part only once it is read: of a list's orders most
    keys are asked for by nobody else.

    Parameters
    ----------
    under : Ledger
        The fold of what is committed, and of nothing later.
    log : Log
        In a transaction.
    """

    _in_place = False  # the records are those of the ledger beneath

    def __init__(self, under: Ledger, log: Log) -> None:
        super().__init__(log.connection)
        self._under = under
        self._log = log
        self._followed = len(log.changes)
        self._coming: dict[int, list[Change]] = {}
        self._current: dict[int, tuple[int, Integers]] = {}
        self.shared: set[int] = set()
        """Keys that were asked for and have something coming; the caller clears them."""
        self.seq = under.seq
        if log.seq > self.seq:
            self.apply(changes_between(log.connection, self.seq, log.seq), log.seq)

    def expect(self, change: Change) -> None:
        """Show a change from now on that is about to be appended."""
        for key in {*keys_of_change(change)}:
            self._coming.setdefault(key, []).append(change)
        self._coming.pop(ABSENT, None)

    def follow(self) -> None:
        """Take in what has been appended, instead of what was expected."""
        self._coming.clear()
        self._current.clear()
        self.apply(self._log.changes[self._followed :], self._log.seq)
        self._followed = len(self._log.changes)

    def read(self, keys: Sequence[int]) -> list[Integers]:
        """As the ledger reads, with what has come on top."""
        records, coming = self._records, self._coming
        if missing := [key for key in keys if key not in records]:
            self._fetch(missing)
        return [self._with_coming(key) if key in coming else records[key] for key in keys]

    def _with_coming(self, key: int) -> Integers:
        """A record with all that its key has coming."""
        self.shared.add(key)
        changes = self._coming[key]
        taken, record = self._current.get(key, (0, self._records[key]))
        for change in changes[taken:]:
            fact = np.frombuffer(change.fact, np.int64)
            record = _taken_in(record, self._scratch, fact, change.was, change.becomes)
        self._current[key] = len(changes), record
        return record

    def _fetch(self, keys: list[int]) -> None:
        self._records.update(zip(keys, self._under.read(keys), strict=True))


@compiled
def _taken_in(
    packed: Integers, scratch: Integers, fact: Integers, was: int, becomes: int
) -> Integers:
    """One record with one change more."""
    who.unpack(packed, scratch)
    take_who(scratch, who.OPEN, fact, was, becomes)
    return who.pack(scratch)


def warm_up_overlay() -> None:
    """Have the machine code for showing changes at hand."""
    fact = np.frombuffer(np.zeros(FACT_SIZE, np.int64).tobytes(), np.int64)
    _taken_in(NO_RECORD, who.blank(), fact, UNPLACED, PENDING)
