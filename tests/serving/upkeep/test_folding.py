"""The worker goes on after its database was away."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import ClassVar

from features.history.fact import FACT_SIZE
from serving.folds import NO_FOLD, newest_fold
from serving.home import Home
from serving.settling import keep_settling, settle
from serving.store.log import Log
from serving.upkeep.folding import keep_folding
from tests.serving import shop

_END_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


_LOOKS = 3


class _Looks(threading.Event):
    """Stops the worker after some looks; after the first an order comes and the server goes."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home, self._looks = home, 0

    def wait(self, timeout: float | None = None) -> bool:
        self._looks += 1
        if self._looks == 1:
            self._harm()
        return self._looks == _LOOKS

    def _harm(self) -> None:
        with Home.open(shop.settings_in(self._home)) as home:
            log = Log(home.connection)
            log.begin()
            fact = bytes(8 * FACT_SIZE)
            log.place("m", "a", b"{}", fact=fact, state=0, digest=None, at_us=0, known_us=0)
            log.commit()
            if home.connection.remote:
                home.connection.execute(_END_OTHERS).fetchall()


def test_what_was_written_ahead_comes_into_the_file_beside_readers_and_writers(
    tmp_path: Path,
) -> None:
    settings = shop.settings_in(tmp_path)
    file = tmp_path / "store" / "rto.sqlite3"
    with Home.open(settings) as home, Home.open(settings) as other:
        if home.connection.remote:
            return
        with home.transaction() as log:
            log.append("audit", {"what": "settled by and by"}, at_us=0, known_us=0)
        assert b"settled by and by" not in file.read_bytes()
        other.connection.begin()
        assert settle(home.connection) == 0
        other.connection.rollback()
        assert b"settled by and by" in file.read_bytes()


def test_settling_looks_more_often_while_anything_is_written(tmp_path: Path) -> None:
    class Stop(threading.Event):
        waited: ClassVar[list[float]] = []

        def wait(self, timeout: float | None = None) -> bool:
            assert timeout is not None
            self.waited.append(timeout)
            if len(self.waited) in (2, 3):
                with other.transaction() as log:
                    log.append("audit", {}, at_us=0, known_us=0)
            return len(self.waited) == 7

    settings = shop.settings_in(tmp_path)
    with Home.open(settings) as other:
        if other.connection.remote:
            return
        keep_settling(settings, Stop())
    idle = Stop.waited[0]
    assert [timeout < idle for timeout in Stop.waited] == [
        False, False, True, True, False, False, False,
    ]  # fmt: skip


def test_a_fold_is_published_although_the_connection_was_lost(tmp_path: Path) -> None:
    keep_folding(shop.settings_in(tmp_path), _Looks(tmp_path))
    with Home.open(shop.settings_in(tmp_path)) as home:
        assert newest_fold(home.connection) != NO_FOLD
