"""The service from its start to its stop."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from serving.history import History
from serving.ledger import Ledger
from serving.model import newest_promotions
from serving.store.sqlite import SqliteConnection
from tests.serving.client import open_shop


def test_no_second_reads_the_whole_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Any]] = []
    plain = SqliteConnection.execute

    def told(self: SqliteConnection, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        asked.append((sql, parameters))
        return plain(self, sql, parameters)

    async def scene() -> None:
        async with open_shop(tmp_path) as ask:
            monkeypatch.setattr(SqliteConnection, "execute", told)
            await ask.service.tick()
            ask.service.vitals.look()
            newest_promotions(ask.service.connection)  # a pinned model passes this over
            monkeypatch.undo()
            selects = [one for one in asked if one[0].lstrip().startswith("SELECT")]
            assert selects
            for sql, parameters in selects:
                plan = ask.service.connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
                read = [str(line[3]) for line in plan.fetchall()]
                assert not [step for step in read if step.startswith("SCAN event")], sql

    asyncio.run(scene())


def test_a_stop_waits_for_the_records_that_are_being_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, stored = asyncio.Event(), asyncio.Event(), []

    async def checkpoint(*_: object, **__: object) -> None:
        begun.set()
        await go_on.wait()
        stored.append(True)

    async def scene() -> None:
        async with open_shop(tmp_path) as ask:
            monkeypatch.setattr(History, "checkpoint", checkpoint)
            monkeypatch.setattr(Ledger, "wants_checkpoint", True)
            tick = asyncio.create_task(ask.service.tick())
            await begun.wait()
            tick.cancel()
            with suppress(asyncio.CancelledError):
                await tick
            go_on.set()
        assert stored

    asyncio.run(scene())
