"""A connection to the log's database: one interface, two engines behind it.

SQL is written once, in the dialect both understand, with ``?`` for parameters. Transactions are
begun and ended by name; outside of them every statement stands for itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

SQLITE = "sqlite:///"
POSTGRESQL = "postgresql://"


class Cursor(Protocol):
    """The rows of one statement."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All remaining rows."""

    def __iter__(self) -> Iterator[Any]:
        """The remaining rows."""


class Connection(Protocol):
    """What both engines offer; one thread at a time may use it.

    Every method raises ``LogDownError`` where the database cannot do it now, and ``TakenError``
    where a row of the same key exists (PostgreSQL may find that out as late as ``commit``).
    """

    @property
    def remote(self) -> bool:
        """Whether a server answers, so that every statement may wait for a network."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        """Run one statement once per member of ``parameters``."""

    def insert_many(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /
    ) -> None:
        """Insert many rows as fast as the engine can."""

    def stream(self, sql: str, parameters: Sequence[Any] = (), /) -> Iterator[Any]:
        """The rows of a large result, never all of them in memory."""

    def begin(self) -> None:
        """Begin to write, alone among all processes until ``commit`` or ``rollback``.

        Raises
        ------
        LockedError
            If another process is writing, and this connection does not wait for it.
        """

    def commit(self) -> None:
        """Put everything since ``begin`` on disk."""

    def rollback(self) -> None:
        """Forget everything since ``begin``; whatever state the connection is in."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Read one instant of the log for as long as the context is open."""

    def own(self) -> bool:
        """Claim the log for this process, for as long as the connection lasts.

        Returns
        -------
        bool
            False when another connection holds it. Where processes share no server a lock file
            does this (``serving.store.owner``), and the answer is True.
        """

    def revive(self) -> None:
        """Connect again if the connection is lost."""

    def close(self) -> None:
        """Close it."""


def connect(
    where: Path | str,
    *,
    readonly: bool = False,
    patient: bool = True,
    limit_s: float | None = None,
) -> Connection:
    """Open the log's database, so that every commit is on disk when it returns.

    Parameters
    ----------
    where : Path or str
        A SQLite file, ``sqlite:///path`` or ``postgresql://…``.
    readonly : bool
        Refuse every write through this connection.
    patient : bool
        Wait up to five seconds for other processes' locks; else fail at once (SQLite).
    limit_s : float, optional
        Longest wait for one answer of a server; the connection is given up after it.

    Raises
    ------
    StoreError
        If it cannot be opened.
    """
    if isinstance(where, str) and where.startswith(POSTGRESQL):
        from serving.store.postgres import open_postgres

        return open_postgres(where, readonly=readonly, limit_s=limit_s)
    from serving.store.sqlite import open_sqlite

    path = Path(where.removeprefix(SQLITE)) if isinstance(where, str) else where
    return open_sqlite(path, readonly=readonly, patient=patient)


@contextmanager
def flushed_together(connection: Connection) -> Iterator[None]:
    """Let the first commit after the context flush all those within, which stay in order.

    For work that is done again where it was cut off: a power cut takes away its last commits and
    nothing else, and whatever somebody else commits meanwhile is flushed with all before it.
    """
    setting = "SET synchronous_commit TO" if connection.remote else "PRAGMA synchronous ="
    connection.execute(f"{setting} {'off' if connection.remote else 'NORMAL'}")
    try:
        yield
    finally:
        connection.execute(f"{setting} {'on' if connection.remote else 'FULL'}")


def flush_folder(folder: Path) -> None:
    """Put a folder's entries on disk, so that a file just made or renamed survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
