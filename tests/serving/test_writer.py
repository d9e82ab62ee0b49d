"""The writer groups what waits, fails what fails alone, and outlives every error."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from features.errors import StoreError
from features.history.states import ABSENT
from serving.store.changes import Change
from serving.store.connection import connect
from serving.store.faults import LogDownError, SlowError
from serving.store.log import Log, body_of
from serving.store.migrations import migrate
from serving.store.renames import Renamed
from serving.writer import BusyError, Writer
from tests.serving import shop


class Desk:
    """A writer, and what it told of its commits."""

    def __init__(self, url: str, waiting: int) -> None:
        self.url = url
        connection = connect(url)
        migrate(connection)
        connection.close()
        self.landed: list[int] = []
        self.writer = Writer(connect(url, patient=False), self._landed, waiting=waiting)

    def _landed(self, until: int, changes: list[Change | Renamed]) -> None:
        self.landed.append(until)

    def note(self, name: str) -> asyncio.Future[int]:
        """Append one event."""
        return self.writer.submit(
            lambda log: log.append("policy", {"name": name}, at_us=0, known_us=0)
        )

    def names(self) -> list[str]:
        """What is in the log."""
        connection = connect(self.url, readonly=True)
        rows = connection.execute("SELECT body FROM event ORDER BY seq")
        names = [str(body_of(body)["name"]) for (body,) in rows]
        connection.close()
        return names


@asynccontextmanager
async def _desk(folder: Path, waiting: int = 100) -> AsyncIterator[Desk]:
    desk = Desk(shop.settings_in(folder).store_url, waiting)
    desk.writer.start(asyncio.get_running_loop(), 0)
    yield desk
    await desk.writer.stop()
    desk.writer._log.connection.close()


def _fail(error: BaseException) -> Any:
    def work(log: Log) -> None:
        log.append("policy", {"name": "bad"}, at_us=0, known_us=0)
        raise error

    return work


def test_what_is_in_no_hurry_goes_with_the_next_or_alone_or_before_the_end(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:

            def calmly(name: str) -> asyncio.Future[int]:
                return desk.writer.submit(
                    lambda log: log.append("policy", {"name": name}, at_us=0, known_us=0),
                    hurry=False,
                )

            first = calmly("1")
            for _ in range(5):
                await asyncio.sleep(0)
            assert desk.landed == []
            await desk.note("2")
            assert (desk.landed, first.done()) == ([2], True)
            await calmly("3")
            last = calmly("4")
        assert (desk.landed, last.result(), desk.names()) == ([2, 3, 4], 4, ["1", "2", "3", "4"])

    asyncio.run(scene())


def test_what_waits_is_committed_as_one_group(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:
            seqs = await asyncio.gather(*(desk.note(str(i)) for i in range(20)))
            assert seqs == list(range(1, 21))
            assert desk.landed == [20]

    asyncio.run(scene())


@pytest.mark.parametrize(
    "error", [ValueError("bad"), sqlite3.OperationalError("disk I/O error"), MemoryError()]
)
def test_work_that_fails_fails_alone_and_leaves_no_trace(
    tmp_path: Path, error: BaseException
) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:
            good = [desk.note("a"), desk.note("b")]
            bad = desk.writer.submit(_fail(error))
            good.append(desk.note("c"))
            with pytest.raises(type(error) if not isinstance(error, sqlite3.Error) else StoreError):
                await bad
            assert await asyncio.gather(*good) == [1, 2, 3]
            assert desk.names() == ["a", "b", "c"]
            assert await desk.note("after") == 4

    asyncio.run(scene())


def test_more_than_may_wait_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path, waiting=3) as desk:
            taken = [desk.note(str(i)) for i in range(3)]
            with pytest.raises(BusyError):
                desk.note("4")
            assert await asyncio.gather(*taken) == [1, 2, 3]

    asyncio.run(scene())


def test_a_lock_held_by_another_process_is_waited_for(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:
            other = connect(desk.url)
            other.begin()
            waiting = desk.note("late")
            done, _ = await asyncio.wait([waiting], timeout=0.05)
            assert not done
            other.commit()
            assert await waiting == 1
            other.close()

    asyncio.run(scene())


def test_what_was_given_up_before_it_began_is_never_written(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:
            other = connect(desk.url)
            other.begin()
            waiting = desk.note("given up")
            await asyncio.wait([waiting], timeout=0.05)
            assert desk.writer.stuck_s > 0
            desk.writer.give_up("too long")
            for refused in (waiting, None):
                with pytest.raises(LogDownError, match="too long"):
                    await (refused or desk.note("refused"))
            other.rollback()
            other.close()
            await desk.writer._idle.wait()
            assert await desk.note("after") == 1
            assert desk.names() == ["after"]

    asyncio.run(scene())


def test_who_has_waited_too_long_is_let_go_and_the_rest_is_written(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:
            other = connect(desk.url)
            other.begin()
            waiting = [desk.note("begun")]
            await asyncio.wait(waiting, timeout=0.05)
            waiting.append(desk.note("in line"))
            desk.writer.give_up_late(60, "too long")
            assert not any(one.done() for one in waiting)
            desk.writer.give_up_late(0, "too long")
            for refused in waiting:
                with pytest.raises(SlowError, match="too long"):
                    await refused
            later = desk.note("later")
            other.rollback()
            other.close()
            assert await later == 1
            assert desk.names() == ["later"]

    asyncio.run(scene())


def test_a_loop_that_is_busy_is_no_disk_that_hangs(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:
            noted = desk.note("held up by the loop alone")
            await asyncio.sleep(0)
            assert desk.writer._handed is not None
            assert any(not desk.writer.stuck_s for _ in range(10_000_000))  # nothing else runs
            assert not noted.done()
            assert await noted == 1

    asyncio.run(scene())


def test_what_others_append_is_told_too(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:
            other = connect(desk.url)
            log = Log(other)
            log.begin()
            log.place("m", "o", b"{}", fact=bytes(64), state=0, digest=None, at_us=0, known_us=0)
            log.commit()
            other.close()
            told: list[Change | Renamed] = []
            desk.writer._landed = lambda _, changes: told.extend(changes)
            assert await desk.note("own") == 2
            assert [(c.seq, c.was, c.becomes) for c in told if isinstance(c, Change)] == [
                (1, ABSENT, 0)
            ]

    asyncio.run(scene())


def test_after_the_end_nothing_is_taken(tmp_path: Path) -> None:
    async def scene() -> None:
        async with _desk(tmp_path) as desk:
            last = desk.note("last")
        assert last.done()
        with pytest.raises(StoreError):
            desk.note("too late")
        assert desk.names() == ["last"]

    asyncio.run(scene())
