"""The database's schema as numbered steps, each applied once and in order."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from features.errors import StoreError
from serving.store.connection import flush_folder

# Every step is a tuple of statements. A released step is never edited: add the next one.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        # The log. ``number`` is the seq of the order's `placed`; null for events about no order.
        # ``was`` and ``becomes`` are the order's state around the event; null: no state involved.
        # ``data`` holds the fact of a `placed` and the feature row of a `decided`.
        """CREATE TABLE event (
             seq INTEGER PRIMARY KEY,
             number INTEGER,
             merchant_id TEXT,
             kind TEXT NOT NULL,
             revision INTEGER NOT NULL,
             at_us INTEGER NOT NULL,
             known_us INTEGER NOT NULL,
             was INTEGER,
             becomes INTEGER,
             body BLOB NOT NULL,
             data BLOB
           )""",
        "CREATE INDEX event_of_order ON event(number, seq) WHERE number IS NOT NULL",
        "CREATE INDEX event_of_none ON event(kind, merchant_id, seq) WHERE number IS NULL",
        # The orders as they stand. ``fact_seq`` names the event whose fact is in force,
        # ``decided_seq`` the decision in force (null for a loaded order).
        """CREATE TABLE orders (
             number INTEGER PRIMARY KEY,
             merchant_id TEXT NOT NULL,
             test INTEGER NOT NULL,
             order_id TEXT NOT NULL,
             revision INTEGER NOT NULL,
             state INTEGER NOT NULL,
             digest BLOB,
             fact_seq INTEGER NOT NULL,
             decided_seq INTEGER
           )""",
        "CREATE UNIQUE INDEX orders_by_id ON orders(merchant_id, test, order_id)",
        """CREATE INDEX orders_decided ON orders(merchant_id, test, decided_seq)
           WHERE decided_seq IS NOT NULL""",
        "CREATE TABLE decision (decision_id BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TABLE contact (
             number INTEGER PRIMARY KEY,
             key_version INTEGER NOT NULL,
             sealed BLOB NOT NULL
           )""",
        "CREATE TABLE who (key INTEGER PRIMARY KEY, record BLOB NOT NULL)",
        """CREATE TABLE merchant (
             merchant_id TEXT PRIMARY KEY,
             name TEXT NOT NULL,
             invented INTEGER NOT NULL,
             added_us INTEGER NOT NULL
           ) WITHOUT ROWID""",
        """CREATE TABLE api_key (
             digest BLOB PRIMARY KEY,
             merchant_id TEXT NOT NULL,
             kind TEXT NOT NULL,
             hint TEXT NOT NULL,
             made_us INTEGER NOT NULL,
             revoked_us INTEGER
           ) WITHOUT ROWID""",
        """CREATE TABLE policy (
             merchant_id TEXT NOT NULL,
             revision INTEGER NOT NULL,
             seq INTEGER NOT NULL,
             body BLOB NOT NULL,
             PRIMARY KEY (merchant_id, revision)
           ) WITHOUT ROWID""",
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        # The arms' secret outlives every rotation of the hash key, so it stays with the log.
        "INSERT INTO meta VALUES ('arm_secret', randomblob(32)), ('who_seq', 0)",
    ),
)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to this program's schema, all missing steps in one transaction.

    Raises
    ------
    StoreError
        If the database was written by a newer program.
    """
    if _version(connection) == len(STEPS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = _version(connection)
        if done > len(STEPS):
            raise StoreError(
                f"the database {path} has schema {done}, this program knows {len(STEPS)}: "
                "install the newer program"
            )
        for step in STEPS[done:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    flush_folder(path.parent)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
