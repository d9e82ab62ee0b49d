"""What the scoring process knows of the past: the ledger's who-records and the newest fold."""

from __future__ import annotations

import logging
from pathlib import Path

from features.errors import StoreError
from features.history.where import WindowTable
from serving.folds import NO_FOLD, Fold, newest_fold, open_fold
from serving.ledger import Ledger
from serving.store.changes import Change
from serving.store.connection import Connection
from serving.store.renames import Renamed
from serving.store.who import write_records
from serving.writer import BusyError, Writer

_log = logging.getLogger("rto.history")


class History:
    """The ledger and the window table in force, both moved on by the event loop alone.

    Parameters
    ----------
    connection : Connection
        For reading, used by the event loop alone.
    folds_dir : Path
        Where the tables of published folds lie.
    """

    def __init__(self, connection: Connection, folds_dir: Path) -> None:
        self._connection = connection
        self._folds_dir = folds_dir
        self.ledger = Ledger(connection)
        self.fold: Fold = NO_FOLD
        self.windows = WindowTable.empty()

    @property
    def seq(self) -> int:
        """Decisions made now see every event up to here."""
        return self.ledger.seq

    def prepare(self, changes: list[Change | Renamed]) -> None:
        """Have at hand what :meth:`landed` will need, so that it cannot fail halfway.

        Raises
        ------
        LogDownError
            If the store does not give it now.
        """
        self.ledger.fetch(changes)

    def landed(self, until: int, changes: list[Change | Renamed]) -> None:
        """Take in what a commit brought."""
        self.ledger.apply(changes, until)

    def follow_fold(self) -> None:
        """Swap in the newest fold, once the ledger has reached it; keep the old one if damaged."""
        newest = newest_fold(self._connection)
        if newest == self.fold or newest.boundary > self.ledger.seq:
            return
        try:
            if newest.boundary != self.fold.boundary:
                self.windows = open_fold(self._folds_dir, newest)
        except StoreError:
            _log.exception("keeping fold %d", self.fold.boundary)
            return
        self.fold = newest

    async def checkpoint(self, writer: Writer, *, some: bool = False) -> None:
        """Store the changed who-records, or some of them, so that a start has little to replay."""
        records, seq = self.ledger.begin_checkpoint(some=some)
        stored = False
        try:
            await writer.submit(
                lambda log: write_records(log.connection, records, seq), hurry=False
            )
            stored = True
        except (StoreError, BusyError):
            _log.warning("who-records could not be stored now; they stay in memory", exc_info=True)
        finally:
            self.ledger.end_checkpoint(stored=stored)
