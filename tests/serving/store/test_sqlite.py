"""Who waits for SQLite's write lock looks often enough to get it between two commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.store.connection import Connection, connect
from serving.store.faults import LockedError

pytestmark = pytest.mark.only_sqlite


def _both(folder: Path) -> tuple[Connection, Connection]:
    """One that holds the lock, and one that wants it."""
    busy, waiting = (connect(folder / "log.sqlite3") for _ in range(2))
    busy.execute("CREATE TABLE told (n INTEGER)")
    busy.begin()
    return busy, waiting


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT INTO told VALUES (1)"])
def test_a_lock_that_is_free_for_a_moment_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    busy, waiting = _both(tmp_path)
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            busy.commit()

    monkeypatch.setattr("serving.store.sqlite.sleep", sleep)
    waiting.execute(statement)
    assert len(looks) == 3
    assert max(looks) < 0.005
    waiting.close()
    busy.close()


def test_a_lock_that_nobody_lets_go_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, waiting = _both(tmp_path)
    seconds = [0.0]

    def sleep(_: float) -> None:
        seconds[0] += 1.0

    monkeypatch.setattr("serving.store.sqlite.sleep", sleep)
    monkeypatch.setattr("serving.store.sqlite.monotonic", lambda: seconds[0])
    with pytest.raises(LockedError, match="another process is writing"):
        waiting.begin()
    assert seconds == [5.0]
    impatient = connect(tmp_path / "log.sqlite3", patient=False)
    with pytest.raises(LockedError):
        impatient.begin()
    assert seconds == [5.0]
    for connection in (impatient, waiting, busy):
        connection.close()
