"""The writer: everything that waits goes into one transaction, and is answered after its commit."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar

from features.errors import RtoError, StoreError
from serving.store.changes import Change, changes_between
from serving.store.connection import Connection
from serving.store.faults import LockedError, LogDownError, SlowError
from serving.store.log import Log
from serving.store.renames import Renamed

T = TypeVar("T")
Work = Callable[[Log], T]
Landed = Callable[[int, list[Change | Renamed]], None]

_log = logging.getLogger("rto.writer")

_GROUP = 256
_WAITING = 4096
_LOCKED_S = 5.0
_DRAIN_S = 10.0
_LOCKED_STEP_S = 0.002
# How long work that is in no hurry waits for company.
_COMPANY_S = 0.25


class BusyError(RtoError):
    """More work is waiting for the disk than the service holds."""


@dataclass(slots=True)
class _Item:
    work: Work[Any]
    future: asyncio.Future[Any]
    since: float


@dataclass(slots=True)
class _Group:
    """The members of one transaction, and what it brings."""

    items: list[_Item]
    answers: list[Any] = field(default_factory=list)
    changes: list[Change | Renamed] = field(default_factory=list)


class Writer:
    """Serialises every write of this process.

    Work is a function of the :class:`Log`. It runs on the event loop, where it takes
    microseconds; only what waits for the disk, a server or other processes' locks (``COMMIT``, a
    contended or remote ``BEGIN``) is done by a thread, which needs no Python and so never competes
    with the loop for the interpreter. While a commit is under way new work gathers for the next.

    Work that raises fails alone: its group is rolled back and each member then has a transaction
    of its own, so work may run twice and must change nothing but the log. The writer outlives
    every error.

    Parameters
    ----------
    connection : Connection
        A writing connection that nothing else uses; it must not wait for locks (``patient=False``).
    landed : callable
        Called after each commit and before its answers, with the last position on disk and every
        change up to it since the call before, those of other processes included.
    waiting : int
        Work that may wait; more is refused.
    """

    def __init__(self, connection: Connection, landed: Landed, *, waiting: int = _WAITING) -> None:
        self._log = Log(connection)
        self._seen = self._log.seq
        self._landed = landed
        self._limit = waiting
        self._queue: deque[_Item] = deque()
        self._alone = 0
        self._busy = False
        self._stopping = False
        self._given_up: str | None = None
        self._handed: _Group | None = None
        self._since: float | None = None
        self._idle = asyncio.Event()
        self._orders: SimpleQueue[tuple[str, _Group] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def busy(self) -> bool:
        """Whether anything is on its way to the disk."""
        return self._busy

    @property
    def waiting(self) -> int:
        """Work not yet begun."""
        return len(self._queue)

    @property
    def stuck_s(self) -> float:
        """For how long disk, server or lock have kept the thread; a busy loop does not count."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def give_up(self, why: str) -> None:
        """Fail whatever waits, begun or not, and take nothing until the present group is through.

        What a group had written when it was given up may still be committed.
        """
        self._given_up = why
        self._give_up(LogDownError, why, time.monotonic())
        self._queue.clear()

    def give_up_late(self, after_s: float, why: str) -> None:
        """Fail whatever has waited longer than ``after_s`` seconds, and go on."""
        self._give_up(SlowError, why, time.monotonic() - after_s)

    def _give_up(self, error: type[LogDownError], why: str, since: float) -> None:
        """Fail what has waited since then or longer; what has not begun will not begin."""
        for item in (*(self._handed.items if self._handed else ()), *self._queue):
            if item.since <= since and not item.future.done():
                item.future.set_exception(error(why))

    def start(self, loop: asyncio.AbstractEventLoop, seen: int) -> None:
        """Begin; ``seen`` is the last position whose changes ``landed`` has no need of."""
        self._loop = loop
        self._seen = seen
        self._idle.set()
        self._thread.start()

    def submit(self, work: Work[T], *, hurry: bool = True) -> asyncio.Future[T]:
        """Hand over work from the event loop; the future answers after the commit.

        Parameters
        ----------
        hurry : bool
            Else it waits a moment for other work, to be flushed with it.

        Raises
        ------
        BusyError
            If too much is waiting.
        StoreError
            If the writer has been stopped.
        """
        if self._loop is None or self._stopping:
            raise StoreError("the service is shutting down; post again in a moment")
        if self._given_up is not None:
            raise LogDownError(self._given_up)
        if len(self._queue) >= self._limit:
            raise BusyError("too many requests are waiting for the disk; post again in a second")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.append(_Item(work, future, time.monotonic()))
        if hurry:
            self._begin()
        else:
            self._loop.call_later(_COMPANY_S, self._begin)
        return future

    def _begin(self) -> None:
        if self._loop is not None and self._queue and not self._busy:
            self._busy = True
            self._idle.clear()
            self._loop.call_soon(self._turn)

    async def stop(self) -> None:
        """Commit what is waiting and end the thread; the connection stays open.

        A thread that hangs is left behind after ``_DRAIN_S``.
        """
        self._stopping = True
        self._begin()
        try:
            async with asyncio.timeout(_DRAIN_S):
                await self._idle.wait()
        except TimeoutError:
            self.give_up("the service is shutting down and the log does not answer")
            return
        self._orders.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _hand_over(self, what: str, group: _Group) -> None:
        """Let the thread do what may take long."""
        self._handed, self._since = group, time.monotonic()
        self._orders.put((what, group))

    def _back(self) -> None:
        """The thread is through with what it was handed."""
        self._handed = self._given_up = None

    def _turn(self) -> None:
        """Begin the next group, or rest."""
        if not self._queue:
            self._busy = False
            self._idle.set()
            return
        size = 1 if self._alone else min(_GROUP, len(self._queue))
        self._alone = max(0, self._alone - 1)
        group = _Group([self._queue.popleft() for _ in range(size)])
        if self._log.connection.remote:
            self._hand_over("begin", group)
            return
        try:
            self._log.begin()
        except LockedError:
            self._hand_over("begin", group)
        except BaseException as error:  # noqa: BLE001 - the writer outlives whatever happens
            self._failed(group, error)
        else:
            self._fill(group)

    def _fill(self, group: _Group) -> None:
        """Run the work of a group inside the transaction that has begun."""
        self._back()
        group.items = [item for item in group.items if not item.future.done()]
        try:
            if self._log.seq > self._seen:  # other processes have appended since
                group.changes = changes_between(self._log.connection, self._seen, self._log.seq)
            for item in group.items:
                group.answers.append(item.work(self._log))
            group.changes += self._log.changes
        except BaseException as error:  # noqa: BLE001 - the writer outlives whatever happens
            self._failed(group, error)
        else:
            self._hand_over("commit", group)

    def _failed(self, group: _Group, error: BaseException) -> None:
        self._back()
        try:
            self._log.rollback()
        except Exception:  # noqa: BLE001 - the next ``begin`` meets a fresh or a broken connection
            _log.exception("rolling back failed")
        if isinstance(error, LogDownError):
            for item in group.items:
                _fail(item, error)
        elif len(group.items) > 1:
            self._queue.extendleft(reversed(group.items))
            self._alone += len(group.items)
        elif group.items:
            _fail(group.items[0], error)
        if self._loop is not None:
            self._loop.call_soon(self._turn)

    def _committed(self, group: _Group) -> None:
        self._back()
        self._seen = self._log.seq
        self._landed(self._seen, group.changes)
        for item, answer in zip(group.items, group.answers, strict=True):
            if not item.future.done():
                item.future.set_result(answer)
        self._turn()

    def _run(self) -> None:
        """The thread: waits for locks and for the disk."""
        while (order := self._orders.get()) is not None:
            what, group = order
            try:
                if what == "begin":
                    self._begin_patiently()
                    then: tuple[Any, ...] = (self._fill, group)
                else:
                    self._log.commit()
                    then = (self._committed, group)
            except BaseException as error:  # noqa: BLE001 - the thread outlives whatever happens
                then = (self._failed, group, error)
            self._since = None
            assert self._loop is not None
            try:
                self._loop.call_soon_threadsafe(*then)
            except RuntimeError:  # the loop is closed: nobody waits any more
                _log.warning("an answer had no one left to wait for it")

    def _begin_patiently(self) -> None:
        until = time.monotonic() + _LOCKED_S
        while True:
            try:
                self._log.begin()
            except LockedError:
                if time.monotonic() >= until:
                    raise
                time.sleep(_LOCKED_STEP_S)
            else:
                return


def _fail(item: _Item, error: BaseException) -> None:
    if not item.future.done():
        item.future.set_exception(_readable(error))


def _readable(error: BaseException) -> BaseException:
    """Turn a database's own error into one that says what to change."""
    if isinstance(error, (LogDownError, sqlite3.Error)):
        return LogDownError(f"the database did not take the write: {error}; post again in a moment")
    return error
