"""Every row of the log's database, from one engine to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from serving.store.connection import Connection

# Before a copy the target holds nothing but what a new database begins with.
_SEEDED = ("meta",)


def tables_of(connection: Connection) -> dict[str, tuple[str, ...]]:
    """The columns of every table, by table, on a SQLite database with this program's schema."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    return {
        name: tuple(
            column for _, column, *_ in connection.execute(f"PRAGMA table_info({name})").fetchall()
        )
        for (name,) in names
    }


def copy_rows(
    source: Connection,
    target: Connection,
    tables: dict[str, tuple[str, ...]],
    progress: Callable[[int], object] = lambda _: None,
) -> None:
    """Copy all rows of ``tables``, in the transactions that the caller has begun on both."""
    for table in _SEEDED:
        target.execute(f"DELETE FROM {table}")
    for table, columns in tables.items():
        rows = source.stream(f"SELECT {', '.join(columns)} FROM {table}")
        target.insert_many(table, columns, _told(map(_plain, rows), progress))


def _plain(row: Any) -> tuple[Any, ...]:
    """A row with bytes as such; PostgreSQL gives them as a view where they are long."""
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)


def _told(rows: Iterator[Any], progress: Callable[[int], object]) -> Iterator[Any]:
    for row in rows:
        yield row
        progress(1)
