"""The log on PostgreSQL: statements prepared once, one flight of them per transaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from serving.store.faults import LogDownError
from serving.store.wire import Wire, WireCursor, dialect, open_wire, told

# Two numbers that no other program on the server is likely to lock.
_WRITING, _OWNING = 7_810_001, 7_810_002

# After these psycopg prepares everything anew, which it cannot do while statements are in flight.
_SCHEMA = ("ALTER", "CREATE", "DROP")


class PostgresConnection:
    """One connection; statements of a writing transaction travel together.

    Within ``begin`` and ``commit`` statements are sent without waiting for their answers
    (libpq's pipeline mode): a grouped commit costs two waits however many orders are in it.

    Parameters
    ----------
    url : str
        ``postgresql://user@host/database``; everything libpq knows may stand in it.
    """

    remote = True

    def __init__(self, url: str, *, readonly: bool, limit_s: float | None) -> None:
        self._url = url
        self._readonly = readonly
        self._limit_s = limit_s
        self._owning = False
        self._pipeline: Any = None
        self._wire = self._connect()

    def _connect(self) -> Wire:
        return open_wire(self._url, readonly=self._readonly, limit_s=self._limit_s)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return not self._wire.closed and (
            self._pipeline is not None
            or self._wire.info.transaction_status != psycopg.pq.TransactionStatus.IDLE
        )

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> psycopg.Cursor[Any]:
        """Run one statement; within ``begin`` only send it."""
        try:
            if self._pipeline is not None and sql.startswith(_SCHEMA):
                self._land()
            cursor = WireCursor(self._wire)
            return cursor.execute(dialect(sql), parameters, binary=True)
        except (psycopg.Error, ValueError) as error:
            raise told(error) from error

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> None:
        """Run one statement once per member of ``parameters``, in one flight."""
        try:
            self._wire.cursor().executemany(dialect(sql), parameters)
        except (psycopg.Error, ValueError) as error:
            raise told(error) from error

    def insert_many(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], /
    ) -> None:
        """Insert many rows by COPY, which travels by itself: a flight goes on after it."""
        try:
            in_flight = self._land()
            sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with self._wire.cursor() as cursor, cursor.copy(sql.encode()) as copy:
                for row in rows:
                    copy.write_row(row)
            if in_flight:
                self._take_off()
        except (psycopg.Error, ValueError) as error:
            raise told(error) from error

    def stream(self, sql: str, parameters: Sequence[Any] = (), /) -> Iterator[Any]:
        """The rows through a cursor of the server's, which a pipeline does not carry."""
        try:
            self._land()
            within = self.in_transaction
            with self._wire.cursor("stream", binary=True, withhold=not within) as cursor:
                cursor.itersize = 1_000
                cursor.execute(dialect(sql), parameters)
                yield from cursor
        except psycopg.Error as error:
            raise told(error) from error

    def begin(self) -> None:
        """Begin, and wait for the one lock that orders all commits.

        A reader never skips a row that commits late: positions are given under this lock, and it
        is let go after the commit has become visible.
        """
        self.rollback()
        try:
            self._begin()
        except psycopg.Error as error:
            self.rollback()
            if not self._wire.closed:
                raise told(error) from error
            self._begin_anew()

    def _begin(self) -> None:
        self.revive()
        self._wire.execute("BEGIN")
        self._take_off()
        self._wire.execute(f"SELECT pg_advisory_xact_lock({_WRITING})").fetchone()

    def _begin_anew(self) -> None:
        """Begin on a new connection: the server had closed the old one while nothing was sent."""
        try:
            self._begin()
        except psycopg.Error as error:
            self.rollback()
            raise told(error) from error

    def commit(self) -> None:
        """Wait for everything sent, and for the flush."""
        try:
            self._land()
            self._wire.execute("COMMIT")
        except psycopg.Error as error:
            raise told(error) from error

    def rollback(self) -> None:
        """Undo; a connection that cannot even do that is closed."""
        with suppress(psycopg.Error):
            self._land()
        try:
            if self.in_transaction:
                self._wire.execute("ROLLBACK")
        except psycopg.Error:
            self._wire.close()

    def _take_off(self) -> None:
        """Enter pipeline mode."""
        self._pipeline = self._wire.pipeline()
        self._pipeline.__enter__()

    def _land(self) -> bool:
        """Leave pipeline mode, if it was on; whatever failed on the way is raised here."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.__exit__(None, None, None)
        return pipeline is not None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One repeatable read."""
        self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self.rollback()

    def own(self) -> bool:
        """Take the lock that says who scores; it ends with this connection.

        A server notices only after a moment that the process that held it is gone.
        """
        try:
            self._wire.execute(f"SELECT pg_advisory_lock({_OWNING})")
        except psycopg.errors.LockNotAvailable:
            return False
        except psycopg.Error as error:
            raise told(error) from error
        self._owning = True
        return True

    def revive(self) -> None:
        """Connect again, and take up the ownership held before.

        Raises
        ------
        LogDownError
            If the server is out of reach, or another process owns the log by now.
        """
        if not self._wire.closed and not self._wire.broken:
            return
        self._pipeline = None
        self._wire = self._connect()
        if self._owning and not self.own():
            self._wire.close()
            raise LogDownError("another process has taken over the log")

    def close(self) -> None:
        """Close it."""
        self._wire.close()


def open_postgres(url: str, *, readonly: bool, limit_s: float | None) -> PostgresConnection:
    """Open a database; see ``serving.store.connection.connect``."""
    return PostgresConnection(url, readonly=readonly, limit_s=limit_s)


_TYPES = {
    "BLOB": "BYTEA",
    "INTEGER": "BIGINT",
    "REAL": "DOUBLE PRECISION",
    "WITHOUT ROWID": "",
    "randomblob(32)": "uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())",
}
_TYPE = re.compile("|".join(re.escape(name) for name in _TYPES))


def schema_sql(sql: str) -> str:
    """A statement of the schema, written for SQLite, in PostgreSQL's types.

    >>> schema_sql("CREATE TABLE who (key INTEGER PRIMARY KEY, record BLOB) WITHOUT ROWID")
    'CREATE TABLE who (key BIGINT PRIMARY KEY, record BYTEA) '
    """
    return _TYPE.sub(lambda found: _TYPES[found[0]], sql)
