"""Settling: what was written ahead comes into the database's file while no order waits for it."""

from __future__ import annotations

import logging
import threading

from features.errors import StoreError
from features.settings import Settings
from serving.home import Home
from serving.store.connection import Connection

_log = logging.getLogger("rto.settling")

# A commit that comes upon a pass waits for it, and the longer the more there was to settle.
_BUSY_S, _IDLE_S = 0.05, 0.5


def keep_settling(settings: Settings, stop: threading.Event) -> None:
    """Settle a little at a time while anything is written, until ``stop`` is set."""
    with Home.open(settings) as home:
        before = now = _version(home.connection)
        while not stop.wait(_BUSY_S if now != before else _IDLE_S):
            before = now
            try:
                now = _version(home.connection)
                settle(home.connection)
            except (StoreError, OSError):
                _log.exception("settling failed; trying again")


def settle(connection: Connection) -> int:
    """Copy what was written ahead, beside whoever reads and writes (SQLite).

    Returns
    -------
    int
        Pages still ahead, because they came meanwhile or a reader needs the old ones.
    """
    if connection.remote:
        return 0
    _, written, settled = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(written - settled)


def _version(connection: Connection) -> int:
    """Another number whenever others have written."""
    if connection.remote:
        return 0
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
