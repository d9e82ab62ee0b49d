"""History as a transaction in progress has it: the ledger, and what was appended on top of it."""

from __future__ import annotations

from serving.ledger import Ledger
from serving.store.changes import changes_between
from serving.store.log import Log


class Overlay(Ledger):
    """Who-records up to a log's last event, committed or not; the ledger beneath stays as it is.

    Parameters
    ----------
    under : Ledger
        The fold of what is committed, and of nothing later.
    log : Log
        In a transaction.
    """

    def __init__(self, under: Ledger, log: Log) -> None:
        super().__init__(log.connection)
        self._under = under
        self._log = log
        self.seq = under.seq
        if log.seq > self.seq:
            self.apply(changes_between(log.connection, self.seq, log.seq), log.seq)
        self._followed = len(log.changes)

    def follow(self) -> None:
        """Take in what has been appended since."""
        self.apply(self._log.changes[self._followed :], self._log.seq)
        self._followed = len(self._log.changes)

    def _fetch(self, keys: list[int]) -> None:
        self._records.update(zip(keys, self._under.read(keys), strict=True))
