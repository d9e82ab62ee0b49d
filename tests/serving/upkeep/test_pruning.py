"""Pruning removes contacts of orders long finished and old test orders, and nothing that counts."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from features.days import DAY_US
from features.errors import RefusedError
from serving.commands.prune import instant_of
from serving.home import Home
from serving.parcels.outcomes import Report, read_outcomes
from serving.store.orders import find_order
from serving.store.repeats import first_seen
from serving.store.shop_orders import ShopOrder, keep_shop_order, shop_order
from serving.upkeep.pruning import HOOK_DAYS, Pruned, forget_repeats, prune
from tests.serving import shop

LATER = shop.NOON + 100 * DAY_US


async def _live(home: Path) -> None:
    Home.open(shop.settings_in(home)).close()
    clock = shop.Clock()
    async with shop.serving(home, clock=clock) as service:

        async def score(access: Any, order_id: str) -> None:
            await service.desk.score(access, shop.body(order_id=order_id))

        await score(shop.LIVE, "finished")
        await score(shop.LIVE, "pending")
        await score(shop.TEST, "test")
        for place, name in enumerate(("test", "finished")):
            one = ShopOrder("kurtas", name == "test", place, name)
            await service.writer.submit(lambda log, one=one: keep_shop_order(log.connection, one))  # type: ignore[misc]
        report = read_outcomes([shop.outcome("finished")])
        await service.writer.submit(Report(shop.LIVE, report, clock(), service.doorkeeper.speaking))
        clock.us = LATER
        await score(shop.LIVE, "new")
        await score(shop.TEST, "new test")


def _contacts(home: Home) -> int:
    found = home.connection.execute("SELECT count(*) FROM contact").fetchone()
    return int(found[0])


def test_only_finished_orders_and_old_tests_lose_anything(tmp_path: Path) -> None:
    asyncio.run(_live(tmp_path))
    with Home.open(shop.settings_in(tmp_path)) as home:
        events = home.connection.execute("SELECT count(*) FROM event").fetchone()[0]
        assert prune(home, shop.NOON - DAY_US, now_us=LATER) == Pruned(0, 0, 5)
        assert prune(home, shop.NOON + DAY_US, now_us=LATER) == Pruned(1, 1, 3)
        assert prune(home, shop.NOON + DAY_US, now_us=LATER) == Pruned(0, 0, 3)
        assert _contacts(home) == 3
        assert find_order(home.connection, "kurtas", "finished") is not None
        assert find_order(home.connection, "kurtas", "test", test=True) is None
        assert shop_order(home.connection, "kurtas", 0, test=True) is None
        assert shop_order(home.connection, "kurtas", 1, test=False) is not None
        assert find_order(home.connection, "kurtas", "new test", test=True) is not None
        now = home.connection.execute("SELECT count(*) FROM event").fetchone()[0]
        assert now == events - 2 + 3  # placed and decided of the test gone, three audits more


def test_what_is_scored_afterwards_sees_the_same_history(tmp_path: Path) -> None:
    asyncio.run(_live(tmp_path))
    with Home.open(shop.settings_in(tmp_path)) as home:
        prune(home, LATER, now_us=LATER)

    async def scene() -> int:
        async with shop.serving(tmp_path, clock=shop.Clock(LATER)) as service:
            answer = await service.desk.score(shop.LIVE, shop.body(order_id="next"))
            count: int = answer["evidence"]["phone_orders"]
            return count

    assert asyncio.run(scene()) == 3


def test_what_guards_against_repeats_is_forgotten_once_none_can_come(tmp_path: Path) -> None:
    with Home.open(shop.settings_in(tmp_path)) as home:
        for event_id, days in (("old", 0), ("new", HOOK_DAYS)):
            with home.transaction() as log:
                first_seen(log.connection, "hook", event_id, shop.NOON + days * DAY_US)
        forget_repeats(home, shop.NOON + (HOOK_DAYS + 1) * DAY_US)
        left = home.connection.execute("SELECT event_id FROM hook_seen").fetchall()
        assert left == [("new",)]


def test_an_age_is_days_or_an_instant_that_has_passed() -> None:
    assert instant_of("10d", LATER) == LATER - 10 * DAY_US
    assert instant_of("2026-11-20T12:00:00", LATER) == shop.NOON
    for wrong in ("soon", "10", "2099-01-01"):
        with pytest.raises(RefusedError):
            instant_of(wrong, LATER)
