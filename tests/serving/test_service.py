"""The service from its start to its stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from serving.history import History
from serving.ledger import Ledger
from tests.serving.test_routes import open_shop


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
