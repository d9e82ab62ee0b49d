"""The log on SQLite: one file, write-ahead, every commit flushed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from features.errors import StoreError
from serving.store.faults import LockedError, LogDownError, TakenError

# A page cache of 32 MB. A checkpoint by the writer makes whoever waits for its commit wait too, so
# the worker does it beside (``keep_settling``); the writer comes in at 64 MB, where none did.
_CACHE_KIB = 32 * 1024
_CHECKPOINT_PAGES = 16_384
_PATIENCE_S, _LOOK_S = 5.0, 0.002


class SqliteConnection(sqlite3.Connection):
    """A connection in autocommit mode that tells faults as this package does."""

    remote = False
    patience_s = 0.0

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Run one statement."""
        try:
            return super().execute(sql, parameters)
        except sqlite3.Error as error:
            fault = error
        return self._in_turn(fault, sql, parameters)

    def _in_turn(self, fault: sqlite3.Error, sql: str, parameters: Any) -> sqlite3.Cursor:
        """Run a statement that was refused, should it be because another process writes now.

        SQLite itself would look every tenth of a second, and miss the moment between two commits
        of a busy shop for seconds on end.
        """
        until = monotonic() + self.patience_s
        while _locked(fault) and not self.in_transaction and monotonic() < until:
            sleep(_LOOK_S)
            try:
                return super().execute(sql, parameters)
            except sqlite3.Error as error:
                fault = error
        raise told(fault) from fault

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> sqlite3.Cursor:  # type: ignore[override]
        """Run one statement once per member of ``parameters``."""
        try:
            return super().executemany(sql, parameters)
        except sqlite3.Error as error:
            raise told(error) from error

    def insert_many(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /
    ) -> None:
        """Insert many rows."""
        marks = ", ".join("?" * len(columns))
        self.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def stream(self, sql: str, parameters: Any = (), /) -> Iterator[Any]:
        """The rows, read as they are asked for."""
        return self.execute(sql, parameters)

    def begin(self) -> None:
        """Take the write lock."""
        self.rollback()  # a full disk may have kept the last one from being undone
        self.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Write ahead and flush."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo, where SQLite has not done so by itself."""
        if self.in_transaction:
            self.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One read transaction."""
        self.execute("BEGIN")
        try:
            yield
        finally:
            self.rollback()

    def own(self) -> bool:
        """True: the lock file beside the database has the say."""
        return True

    def revive(self) -> None:
        """Nothing: a file is there again by itself."""


def open_sqlite(path: Path, *, readonly: bool, patient: bool) -> SqliteConnection:
    """Open a file; see ``serving.store.connection.connect``.

    It may be handed between threads, one at a time.
    """
    try:
        if not readonly:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = "ro" if readonly else "rwc"
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            cached_statements=256,
            check_same_thread=False,
            timeout=0.0,
            factory=SqliteConnection,
        )
        connection.patience_s = _PATIENCE_S
        _prepare(connection, readonly=readonly)
        if not patient:
            connection.patience_s = 0.0
    except (OSError, sqlite3.Error, LogDownError) as error:
        cause = error.__cause__ or error
        raise LogDownError(
            f"cannot open the database {path}: {cause}; check RTO_HOME and the file's rights"
        ) from error
    return connection


def _prepare(connection: SqliteConnection, *, readonly: bool) -> None:
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute("PRAGMA temp_store=MEMORY")
    if readonly:
        connection.execute("PRAGMA query_only=ON")
        return
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA fullfsync=ON")  # macOS flushes its drive cache only when told to
    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")


def told(error: sqlite3.Error) -> StoreError | sqlite3.Error:
    """SQLite's fault as ours; a mistake in a statement stays what it is."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, sqlite3.IntegrityError):
        return TakenError(f"the database holds such a row already: {error}")
    if _locked(error):
        return LockedError(f"another process is writing to the database: {error}; try again")
    if type(error) in (sqlite3.DatabaseError, sqlite3.OperationalError) and (
        code is None or code & 0xFF != sqlite3.SQLITE_ERROR
    ):
        return LogDownError(f"the database under RTO_HOME cannot be used: {error}")
    return error


def _locked(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY
