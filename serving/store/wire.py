"""A connection to PostgreSQL as psycopg has it, given up in time, its faults told as ours."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.types.numeric import Int8BinaryDumper

from features.errors import RefusedError, StoreError
from serving.store.faults import LogDownError, TakenError

R = TypeVar("R")

OLDEST = 150_000
_CONNECT_S = 3
_LOCK_MS = 3_000
_PREPARED = 300


class _Flag(Int8BinaryDumper):
    """Flags are stored as 0 and 1, as on SQLite."""

    def dump(self, obj: Any) -> Any:
        return super().dump(int(obj))


class Wire(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose server is given up when it does not answer in time."""

    limit_s: float | None = None

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """Wait for the server, ``limit_s`` at most."""
        try:
            return super().wait(gen, interval, timeout or self.limit_s)
        except psycopg.errors._WaitTimeout as late:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer in {self.limit_s} s") from late


class WireCursor(psycopg.Cursor[tuple[Any, ...]]):
    """A cursor whose late faults (in a flight, or while fetching) are told as ours too."""

    def fetchone(self) -> Any:
        try:
            return super().fetchone()
        except psycopg.Error as error:
            raise told(error) from error

    def fetchall(self) -> list[Any]:
        try:
            return super().fetchall()
        except psycopg.Error as error:
            raise told(error) from error


def open_wire(url: str, *, readonly: bool, limit_s: float | None) -> Wire:
    """A connection held to what an answer promises.

    Raises
    ------
    LogDownError
        If the server is out of reach.
    StoreError
        If it is too old, or does not flush.
    """
    try:
        wire = Wire.connect(
            url, autocommit=True, prepare_threshold=0, connect_timeout=_CONNECT_S,
            application_name="rto", tcp_user_timeout=5_000, client_encoding="utf8",
        )  # fmt: skip
        wire.limit_s = limit_s
        _settle(wire, readonly=readonly)
    except psycopg.Error as error:
        raise LogDownError(f"cannot reach the database: {_line(error)}") from error
    wire.prepared_max = _PREPARED
    wire.adapters.register_dumper(int, Int8BinaryDumper)
    wire.adapters.register_dumper(bool, _Flag)
    return wire


def _settle(wire: Wire, *, readonly: bool) -> None:
    """Hold the server to what an answer promises."""
    if wire.info.server_version < OLDEST:
        raise StoreError("the database server is older than PostgreSQL 15; upgrade it")
    found = wire.execute("SELECT current_setting('fsync')").fetchone()
    if found is None or found[0] != "on":
        raise StoreError("the database server runs with fsync=off; an answer must be on disk")
    wire.execute("SET synchronous_commit TO on")
    wire.execute(f"SET lock_timeout TO {_LOCK_MS}")
    if readonly:
        wire.execute("SET default_transaction_read_only TO on")


@lru_cache(maxsize=1024)
def dialect(sql: str) -> str:
    """A statement with psycopg's marks for parameters."""
    return sql.replace("%", "%%").replace("?", "%s")


def told(error: Exception) -> Exception:
    """PostgreSQL's fault as ours; a mistake in a statement stays what it is."""
    if isinstance(error, psycopg.errors.UniqueViolation):
        return TakenError(f"the database holds such a row already: {_line(error)}")
    if isinstance(error, psycopg.DataError) and "NUL" in str(error):
        return RefusedError("a text holds the character NUL, which PostgreSQL cannot keep")
    if isinstance(error, psycopg.errors.PipelineAborted | psycopg.OperationalError):
        return LogDownError(f"the database cannot be used: {_line(error)}")
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction | psycopg.InterfaceError):
        return LogDownError(f"the database cannot be used: {_line(error)}")
    return error


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
