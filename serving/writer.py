"""The writer: one thread that commits whatever is waiting as one transaction, then answers."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

from features.errors import RtoError, StoreError
from serving.store.log import Change, Log, changes_between

T = TypeVar("T")
Work = Callable[[Log], T]
Landed = Callable[[int, list[Change]], None]

_log = logging.getLogger("rto.writer")

_GROUP = 512
_WAITING = 4096


class BusyError(RtoError):
    """More work is waiting for the disk than the service holds."""


@dataclass(slots=True)
class _Item:
    work: Work[Any]
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Group:
    """What one commit did, on its way back to the event loop."""

    until: int
    changes: list[Change] = field(default_factory=list)
    answers: list[tuple[asyncio.Future[Any], Any]] = field(default_factory=list)
    faults: list[tuple[asyncio.Future[Any], BaseException]] = field(default_factory=list)


class Writer:
    """Serialises every write of this process.

    Work is a function of the :class:`Log`; what it returns is answered once the transaction that
    holds it is on disk. Work that raises fails alone: its group is rolled back and each of its
    members is then tried in a transaction of its own. The thread outlives every error.

    Parameters
    ----------
    connection : sqlite3.Connection
        A writing connection for this thread alone.
    landed : callable
        Called on the event loop after each commit and before its answers, with the last position
        on disk and every change up to it since the call before, those of other processes
        included.
    waiting : int
        Work that may wait; more is refused.
    """

    def __init__(
        self, connection: sqlite3.Connection, landed: Landed, *, waiting: int = _WAITING
    ) -> None:
        self._log = Log(connection)
        self._seen = self._log.seq
        self._landed = landed
        self._limit = waiting
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def waiting(self) -> int:
        """Work not yet begun."""
        return self._queue.qsize()

    def start(self, loop: asyncio.AbstractEventLoop, seen: int) -> None:
        """Begin; ``seen`` is the last position whose changes ``landed`` has no need of."""
        self._loop = loop
        self._seen = seen
        self._thread.start()

    def submit(self, work: Work[T]) -> asyncio.Future[T]:
        """Hand over work from the event loop; the future answers after the commit.

        Raises
        ------
        BusyError
            If too much is waiting.
        StoreError
            If the writer has been stopped.
        """
        if self._loop is None or self._stopping:
            raise StoreError("the service is shutting down; post again in a moment")
        if self._queue.qsize() >= self._limit:
            raise BusyError("too many requests are waiting for the disk; post again in a second")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(_Item(work, future))
        return future

    def stop(self) -> None:
        """Commit what is waiting and end the thread; the connection stays open."""
        self._stopping = True
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            items = [first]
            while len(items) < _GROUP and not self._queue.empty():
                item = self._queue.get()
                if item is None:
                    self._queue.put(None)  # stop after this group
                    break
                items.append(item)
            self._write(items)

    def _write(self, items: list[_Item]) -> None:
        try:
            group = self._commit(items)
        except BaseException as error:  # noqa: BLE001 - the thread outlives whatever happens
            self._undo()
            if len(items) > 1:
                for item in items:
                    self._write([item])
                return
            group = _Group(until=self._seen, faults=[(items[0].future, _readable(error))])
        self._answer(group)

    def _commit(self, items: list[_Item]) -> _Group:
        tail = self._log.begin()
        changes = []
        if tail > self._seen:  # other processes have appended since
            changes = changes_between(self._log.connection, self._seen, tail)
        answers = [(item.future, item.work(self._log)) for item in items]
        self._log.commit()
        self._seen = self._log.seq
        return _Group(until=self._seen, changes=changes + self._log.changes, answers=answers)

    def _undo(self) -> None:
        try:
            self._log.rollback()
        except sqlite3.Error:
            _log.exception("rolling back failed")

    def _answer(self, group: _Group) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._deliver, group)
        except RuntimeError:  # the loop is closed: nobody waits any more
            _log.warning("%d answers had no one left to wait for them", len(group.answers))

    def _deliver(self, group: _Group) -> None:
        if not group.faults:
            self._landed(group.until, group.changes)
        for future, answer in group.answers:
            if not future.done():
                future.set_result(answer)
        for future, fault in group.faults:
            if not future.done():
                future.set_exception(fault)


def _readable(error: BaseException) -> BaseException:
    """Turn a database's own error into one that says what to change."""
    if isinstance(error, sqlite3.IntegrityError) or not isinstance(error, sqlite3.Error):
        return error
    return StoreError(f"the database did not take the write: {error}; post again in a moment")
