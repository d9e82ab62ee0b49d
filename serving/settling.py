"""Settling: what was written ahead comes into the database's file while no order waits for it."""

from __future__ import annotations

import logging
import threading

from features.errors import StoreError
from features.settings import Settings
from serving.home import Home
from serving.store.connection import Connection

_log = logging.getLogger("rto.settling")

_EVERY_S = 0.5
# What comes while one pass is under way is little for the next; with none left the log begins anew.
_PASSES = 4


def keep_settling(settings: Settings, stop: threading.Event) -> None:
    """Settle twice a second until ``stop`` is set."""
    with Home.open(settings) as home:
        while not stop.wait(_EVERY_S):
            try:
                for _ in range(_PASSES):
                    if not settle(home.connection):
                        break
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
