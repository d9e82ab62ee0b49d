"""The summary's own SQLite file: orders, cells, ad spend and what was worked out of them.

It holds nothing that cannot be folded from the log again: a file of another version, of another
log, or one that is gone, is begun anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, Self

from pydantic_core import from_json, to_json

from features.errors import StoreError
from features.history.states import CLASSES
from serving.board.entry import Cell, Counts, Entry
from serving.store.connection import Connection, connect
from serving.store.erasing import overwrite_deleted

VERSION = 2

_COUNTS = tuple(Counts._fields)
_SCHEMA = (
    """CREATE TABLE position (
         seq INTEGER NOT NULL,
         log TEXT NOT NULL
       )""",
    "INSERT INTO position VALUES (0, '')",
    """CREATE TABLE entry (
         number INTEGER PRIMARY KEY,
         merchant_id TEXT NOT NULL,
         body BLOB NOT NULL
       )""",
    "CREATE INDEX entry_of ON entry(merchant_id, number)",
    f"""CREATE TABLE cell (
         merchant_id TEXT NOT NULL,
         dimension TEXT NOT NULL,
         at INTEGER NOT NULL,
         value TEXT NOT NULL,
         {", ".join(f"{name} INTEGER NOT NULL" for name in _COUNTS)},
         PRIMARY KEY (merchant_id, dimension, at, value)
       ) WITHOUT ROWID""",
    """CREATE TABLE spend (
         merchant_id TEXT NOT NULL,
         campaign TEXT NOT NULL,
         day INTEGER NOT NULL,
         paise INTEGER NOT NULL,
         PRIMARY KEY (merchant_id, campaign, day)
       ) WITHOUT ROWID""",
    # Merchants whose numbers have changed since something was worked out of them.
    "CREATE TABLE changed (merchant_id TEXT PRIMARY KEY) WITHOUT ROWID",
    """CREATE TABLE report (
         merchant_id TEXT NOT NULL,
         name TEXT NOT NULL,
         at_us INTEGER NOT NULL,
         body BLOB NOT NULL,
         PRIMARY KEY (merchant_id, name)
       ) WITHOUT ROWID""",
    """CREATE TABLE finding (
         merchant_id TEXT NOT NULL,
         days INTEGER NOT NULL,
         dimension TEXT NOT NULL,
         value TEXT NOT NULL,
         orders INTEGER NOT NULL,
         known INTEGER NOT NULL,
         back INTEGER NOT NULL,
         rate REAL NOT NULL,
         low REAL NOT NULL,
         high REAL NOT NULL,
         verdict TEXT NOT NULL,
         cause TEXT NOT NULL,
         lost_paise INTEGER NOT NULL,
         PRIMARY KEY (merchant_id, days, dimension, value)
       ) WITHOUT ROWID""",
)
_ADD = f"""INSERT INTO cell VALUES ({",".join("?" * (4 + len(_COUNTS)))})
    ON CONFLICT (merchant_id, dimension, at, value) DO UPDATE SET
    {", ".join(f"{name} = {name} + excluded.{name}" for name in _COUNTS)}"""
_OF_CELL = "merchant_id=? AND dimension=? AND at=? AND value=?"
_EMPTY = f"DELETE FROM cell WHERE {_OF_CELL} AND {' + '.join(_COUNTS[:CLASSES])} = 0"
_SUMS = ", ".join(f"SUM({name})" for name in _COUNTS)
_ENTRY_FIELDS = tuple(f.name for f in fields(Entry))
_AT_ONCE = 500

Deltas = Mapping[tuple[str, Cell], list[int]]


class Summary:
    """The file, for one writer and any number of readers.

    Parameters
    ----------
    connection : Connection
        To the summary's own database.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open it for writing; one of another version is begun anew."""
        connection = connect(path)
        overwrite_deleted(connection)
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != VERSION:
            _begin_anew(connection)
        return cls(connection)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Open it for reading; None while there is none of this version."""
        try:
            connection = connect(path, readonly=True)
        except StoreError:
            return None
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return cls(connection)
        connection.close()
        return None

    def close(self) -> None:
        """Close it."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction, undone by any exception."""
        self.connection.begin()
        try:
            yield
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise

    @property
    def seq(self) -> int:
        """The log is counted up to here."""
        return int(self.connection.execute("SELECT seq FROM position").fetchone()[0])

    def follows(self, log: str) -> bool:
        """Whether it is the summary of this log, or of none yet."""
        (mine,) = self.connection.execute("SELECT log FROM position").fetchone()
        return mine in ("", log)

    def move_to(self, seq: int, log: str) -> None:
        """Remember how far the log was read."""
        self.connection.execute("UPDATE position SET seq=?, log=?", (seq, log))

    def forget(self) -> None:
        """Begin anew, for another log."""
        _begin_anew(self.connection)

    def entries(self, numbers: Collection[int]) -> dict[int, Entry]:
        """The orders of these numbers that are held."""
        found: dict[int, Entry] = {}
        wanted = sorted(numbers)
        for begin in range(0, len(wanted), _AT_ONCE):
            some = wanted[begin : begin + _AT_ONCE]
            marks = ",".join("?" * len(some))
            for number, body in self.connection.execute(
                f"SELECT number, body FROM entry WHERE number IN ({marks})", some
            ):
                found[number] = _entry(body)
        return found

    def entries_of(self, merchant_id: str) -> Iterator[Entry]:
        """All orders that are held of one merchant."""
        for (body,) in self.connection.execute(
            "SELECT body FROM entry WHERE merchant_id=? ORDER BY number", (merchant_id,)
        ):
            yield _entry(body)

    def keep(self, entries: Iterable[Entry]) -> None:
        """Hold these orders as they are now."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO entry VALUES (?,?,?)",
            [(e.number, e.merchant_id, to_json(astuple(e))) for e in entries],
        )

    def let_go(self, numbers: Iterable[int]) -> None:
        """Hold these orders no more; what they count stays."""
        self.connection.executemany("DELETE FROM entry WHERE number=?", [(n,) for n in numbers])

    def add(self, deltas: Deltas) -> None:
        """Add to the cells, drop those in which no order is left, and note whose they are."""
        places = {key: (key[0], key[1].dimension, key[1].at, key[1].value) for key in deltas}
        self.connection.executemany(_ADD, [(*places[key], *deltas[key]) for key in deltas])
        left = [places[key] for key in deltas if min(deltas[key][:CLASSES]) < 0]
        self.connection.executemany(_EMPTY, left)
        self.mark_changed({merchant_id for merchant_id, _ in deltas})

    def mark_changed(self, merchant_ids: Iterable[str]) -> None:
        """Something of theirs is to be worked out again."""
        self.connection.executemany(
            "INSERT OR IGNORE INTO changed VALUES (?)", [(m,) for m in merchant_ids]
        )

    def spend(self, merchant_id: str, rows: Iterable[tuple[str, int, int]]) -> None:
        """What campaigns cost by day, in place of what was told of the same days before."""
        self.connection.executemany(
            "INSERT OR REPLACE INTO spend VALUES (?,?,?,?)", [(merchant_id, *row) for row in rows]
        )
        self.mark_changed([merchant_id])

    def counts(
        self, merchant_id: str, dimension: str, first: int, last: int
    ) -> list[tuple[str, int, Counts]]:
        """Cells of a dimension between two days or weeks, both included: value, at, counts."""
        found = self.connection.execute(
            f"""SELECT value, at, {", ".join(_COUNTS)} FROM cell
                WHERE merchant_id=? AND dimension=? AND at BETWEEN ? AND ?""",
            (merchant_id, dimension, first, last),
        )
        return [(value, at, Counts(*counts)) for value, at, *counts in found]

    def totals(self, merchant_id: str, dimension: str, first: int, last: int) -> dict[str, Counts]:
        """The same summed by value."""
        found = self.connection.execute(
            f"""SELECT value, {_SUMS} FROM cell
                WHERE merchant_id=? AND dimension=? AND at BETWEEN ? AND ? GROUP BY value""",
            (merchant_id, dimension, first, last),
        )
        return {value: Counts(*counts) for value, *counts in found}

    def report(self, merchant_id: str, name: str) -> dict[str, Any] | None:
        """Something worked out earlier, with ``at_us``; None before the first time."""
        found = self.connection.execute(
            "SELECT at_us, body FROM report WHERE merchant_id=? AND name=?", (merchant_id, name)
        ).fetchone()
        return None if found is None else {"at_us": found[0], **from_json(found[1])}

    def keep_report(
        self, merchant_id: str, name: str, body: Mapping[str, Any], *, now_us: int
    ) -> None:
        """Keep something worked out."""
        self.connection.execute(
            "INSERT OR REPLACE INTO report VALUES (?,?,?,?)",
            (merchant_id, name, now_us, to_json(body)),
        )


def _begin_anew(connection: Connection) -> None:
    connection.begin()
    try:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        for (name,) in names:
            connection.execute(f'DROP TABLE "{name}"')
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _entry(body: bytes) -> Entry:
    values = dict(zip(_ENTRY_FIELDS, from_json(body), strict=True))
    for name in ("skus", "failures", "feedback"):
        values[name] = [tuple(one) for one in values[name]]
    return Entry(**values)
