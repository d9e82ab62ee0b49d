"""One connection to the log's database, set up so that a commit is on disk when it returns."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from features.errors import StoreError

# A page cache of 32 MB and a log of 16 MB between checkpoints: a checkpoint stalls the writer.
_CACHE_KIB = 32 * 1024
_CHECKPOINT_PAGES = 4096
_BUSY_MS = 5_000


def connect(path: Path, *, readonly: bool = False, patient: bool = True) -> sqlite3.Connection:
    """Open the database in write-ahead mode with every commit flushed.

    Parameters
    ----------
    path : Path
        The file; its folder is made if missing, unless ``readonly``.
    readonly : bool
        Refuse every write through this connection.
    patient : bool
        Wait up to five seconds for other processes' locks; else fail at once.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode: transactions are begun and ended by name. It may be handed between
        threads, one at a time.

    Raises
    ------
    StoreError
        If the file cannot be opened or is no database.
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
            timeout=_BUSY_MS / 1000,
        )
        _prepare(connection, readonly=readonly)
        if not patient:
            connection.execute("PRAGMA busy_timeout=0")
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"cannot open the database {path}: {error}; check RTO_HOME and the file's rights"
        ) from error
    return connection


def _prepare(connection: sqlite3.Connection, *, readonly: bool) -> None:
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute("PRAGMA temp_store=MEMORY")
    if readonly:
        connection.execute("PRAGMA query_only=ON")
        return
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA fullfsync=ON")  # macOS flushes its drive cache only when told to
    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")


def flush_folder(folder: Path) -> None:
    """Put a folder's entries on disk, so that a file just made or renamed survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
