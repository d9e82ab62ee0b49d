"""Backups: the whole log in one file, from either engine and for either engine, without its keys.

The file is a SQLite database. It holds contacts as they are stored (sealed), never the keys that
open them: those are kept elsewhere, and a restore asks for the same ones.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from features.errors import RefusedError, StoreError
from features.settings import Settings
from serving.audit import audit
from serving.folds import publish_fold
from serving.home import Home
from serving.keyring import Keyring, open_keyring
from serving.store.announced import announced
from serving.store.connection import Connection, connect, flush_folder
from serving.store.copying import copy_rows, tables_of
from serving.store.log import last_seq
from serving.store.migrations import migrate
from serving.store.owner import Owner
from serving.store.sqlite import SqliteConnection

Progress = Callable[[int], object]

_PAGES = 4_096
_MADE = "backup made"


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of itself.

    Parameters
    ----------
    seq : int
        The last event in it.
    hashing, sealing : str
        Fingerprints of the keys it needs.
    """

    made_us: int
    seq: int
    orders: int
    hashing: str
    sealing: str


class Made(NamedTuple):
    """A backup as the log remembers it."""

    made_us: int
    file: str
    seq: int


def backup(home: Home, file: Path, *, now_us: int, progress: Progress = lambda _: None) -> About:
    """Write one instant of the log to a new file; servers go on meanwhile.

    Parameters
    ----------
    progress : callable
        Told how many pages (SQLite) or rows (PostgreSQL) went by.

    Raises
    ------
    RefusedError
        If the file exists.
    """
    if file.exists():
        raise RefusedError(f"{file} exists; name another file, a backup replaces nothing")
    draft = file.with_name(f".{file.name}.partial")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _copy(home.connection, draft, progress)
        about = _described(draft, home.keyring, now_us)
        draft.rename(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    flush_folder(file.resolve().parent)
    with home.transaction() as log:
        audit(log, _MADE, None, now_us=now_us, file=str(file.resolve()), up_to=about.seq)
    return about


def backups(connection: Connection) -> list[Made]:
    """Every backup the log knows of, oldest first; whether a file is still there is not known."""
    return [
        Made(done.at_us, str(done.body["file"]), int(done.body["up_to"]))
        for done in announced(connection, "audit")
        if done.body["did"] == _MADE
    ]


def restore(
    settings: Settings, file: Path, *, now_us: int, progress: Progress = lambda _: None
) -> About:
    """Bring a backup into a log that holds nothing yet.

    Raises
    ------
    RefusedError
        If the file is no backup, needs other keys, a server is running, or the log has events.
    StoreError
        If it was made by a newer program, or is damaged.
    """
    about = about_of(file)
    keyring = _keyring(settings)
    if (about.hashing, about.sealing) != (_mark(keyring, "hashing"), _mark(keyring, "sealing")):
        raise RefusedError(
            f"{file} was made under other keys; set RTO_HASH_KEY and RTO_ENCRYPTION_KEY, or "
            f"{settings.keys_file}, to those of its installation"
        )
    owner = Owner.claim(settings.claim, grace_s=0)
    try:
        _bring(settings, file, progress)
        with Home.open(settings) as home:
            with home.transaction() as log:
                audit(log, "backup restored", None, now_us=now_us, up_to=about.seq)
            publish_fold(home.connection, settings.folds_dir, now_us=now_us)
    finally:
        owner.release()
    return about


def about_of(file: Path) -> About:
    """What a backup says of itself.

    Raises
    ------
    RefusedError
        If it is none.
    """
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            values = dict(opened.execute("SELECT name, value FROM backup").fetchall())
            return About(**values)
    except (sqlite3.Error, TypeError) as error:
        raise RefusedError(f"{file} is no backup of rto: {error}") from None


def _copy(source: Connection, draft: Path, progress: Progress) -> None:
    with source.snapshot():
        last_seq(source)  # the instant is that of the first read
        if isinstance(source, SqliteConnection):
            with closing(sqlite3.connect(draft)) as copy:
                source.backup(copy, pages=_PAGES, progress=_pages(progress))
                copy.execute("PRAGMA journal_mode=DELETE")
            return
        target = connect(draft)
        try:
            migrate(target)
            target.begin()
            copy_rows(source, target, tables_of(target), progress)
            target.commit()
            target.execute("PRAGMA journal_mode=DELETE")
        finally:
            target.close()


def _pages(progress: Progress) -> Callable[[int, int, int], None]:
    def told(_status: int, left: int, _total: int) -> None:
        progress(min(_PAGES, left + _PAGES))

    return told


def _described(draft: Path, keyring: Keyring, now_us: int) -> About:
    """Check the copy, write into it what it is, and put it on disk."""
    with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
        (found,) = copy.execute("PRAGMA quick_check").fetchone()
        if found != "ok":
            raise StoreError(f"the copy is damaged ({found}); is the disk?")
        seq, orders = copy.execute(
            "SELECT (SELECT coalesce(max(seq), 0) FROM event), (SELECT count(*) FROM orders)"
        ).fetchone()
        about = About(now_us, seq, orders, _mark(keyring, "hashing"), _mark(keyring, "sealing"))
        copy.execute("CREATE TABLE backup (name TEXT PRIMARY KEY, value)")
        copy.executemany(
            "INSERT INTO backup VALUES (?,?)",
            [(name, getattr(about, name)) for name in about.__slots__],
        )
    handle = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return about


def _mark(keyring: Keyring, name: str) -> str:
    """What tells keys apart and tells nothing about them: they hold 256 random bits."""
    keys = getattr(keyring, name).keys
    whole = b"".join(version.to_bytes(4, "big") + key for version, key in sorted(keys.items()))
    return hmac.digest(whole, b"rto backup", hashlib.sha256).hex()[:16]


def _keyring(settings: Settings) -> Keyring:
    """The keys that are there; a restore never makes new ones."""
    given = settings.hash_key is not None and settings.encryption_key is not None
    if not given and not settings.keys_file.exists():
        raise RefusedError(
            f"there are no keys; put those of the backup's installation into {settings.keys_file} "
            "or set RTO_HASH_KEY and RTO_ENCRYPTION_KEY"
        )
    return open_keyring(settings)


def _bring(settings: Settings, file: Path, progress: Progress) -> None:
    database = settings.claim
    draft = database.with_name(f".{database.name}.restored")
    shutil.copyfile(file, draft)
    draft.chmod(0o600)
    try:
        with closing(connect(draft)) as copy:
            copy.execute("DROP TABLE backup")
            migrate(copy)
            if settings.on_postgresql:
                _into_server(copy, settings, progress)
                return
            copy.execute("PRAGMA journal_mode=DELETE")
        _into_place(draft, settings)
    finally:
        draft.unlink(missing_ok=True)


def _into_server(copy: Connection, settings: Settings, progress: Progress) -> None:
    with closing(connect(settings.store_url)) as target:
        migrate(target)
        if not target.own():
            raise RefusedError("the log is served by another process; stop it first")
        _refuse_events(target, "the database of RTO_DATABASE_URL", "name an empty one")
        target.begin()
        try:
            copy_rows(copy, target, tables_of(copy), progress)
            target.commit()
        except BaseException:
            target.rollback()
            raise


def _into_place(draft: Path, settings: Settings) -> None:
    database = settings.database
    if database.exists():
        with closing(connect(database)) as held:
            migrate(held)
            _refuse_events(held, f"the database {database}", "move it away, or set RTO_HOME")
        for name in ("", "-wal", "-shm"):
            database.with_name(database.name + name).unlink(missing_ok=True)
    draft.rename(database)
    flush_folder(database.parent)


def _refuse_events(connection: Connection, what: str, do: str) -> None:
    if seq := last_seq(connection):
        raise RefusedError(f"{what} holds {seq} events; a restore replaces nothing: {do}")
