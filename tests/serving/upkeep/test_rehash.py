"""The hash key is rotated: whoever was known stays known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from features.directory import Directory
from features.errors import RefusedError, StoreError
from features.keys import Hasher
from models.arms import Shares
from models.policy import default_policy
from models.thresholds import Thresholds
from serving.decisions import Answer
from serving.home import Home
from serving.keyring import Keyring, VersionedKeys
from serving.rows import Rows
from serving.service import Service
from serving.store.connection import connect
from serving.store.contacts import Contacts
from serving.store.policies import save_policy
from serving.upkeep.order_pruning import prune_orders
from serving.upkeep.recheck import Recheck
from serving.upkeep.rehash import rehash
from serving.wish import Wish
from tests.serving import shop
from tests.serving.client import open_shop
from tests.serving.degraded.gone import out_of_reach

FIRST = shop.KEYRING.hashing.newest
ROTATED = Keyring(VersionedKeys({1: FIRST, 2: bytes(32), 3: bytes([9] * 32)}), shop.KEYRING.sealing)
STRANGER = {"phone": "+91 90000 00009", "email": "ravi@example.com"}
ELSEWHERE = {"shipping_address": {"city": "Bengaluru", "pincode": "560034"}}
BLOCKED = {"list": "block", "field": "phone", "value": STRANGER["phone"], "reason": "fraud"}


async def _score(service: Service, **changes: object) -> Answer:
    return await service.standby.score(shop.LIVE, shop.body(**changes), Wish())


@contextmanager
def _rotated(home: Path) -> Iterator[Home]:
    settings = shop.settings_in(home)
    with closing(connect(settings.store_url)) as connection:
        yield Home(settings, ROTATED, connection)


def test_customers_and_list_entries_follow_a_new_hash_key(tmp_path: Path) -> None:
    async def before() -> None:
        async with open_shop(tmp_path) as ask:
            for i in range(3):
                await ask("POST", "/v1/score", shop.order(order_id=f"o{i}"))
            await ask("POST", "/v1/lists", [BLOCKED])

    async def after() -> None:
        async with shop.serving(tmp_path, keyring=ROTATED) as service:
            told = await _score(service, order_id="next")
            assert told["evidence"]["phone_orders"] == 3
            blocked = await _score(service, order_id="s", customer=STRANGER, shipping_address=None)
            assert blocked["rule"] == "block list: phone"

    asyncio.run(before())
    with pytest.raises(StoreError, match="stop the server and run `rto rehash`"):
        asyncio.run(after())
    with _rotated(tmp_path) as home:
        assert prune_orders(home, shop.NOON - 1, now_us=shop.NOON).orders == 0
        assert rehash(home, now_us=shop.NOON) == 3
        assert rehash(home, now_us=shop.NOON) == 0
    asyncio.run(after())
    with _rotated(tmp_path) as home:
        rows = Rows(Directory.open(), Hasher(list(ROTATED.hashing.keys.values())))
        contacts = Contacts(ROTATED.sealing)
        found = Recheck(home.connection, rows, contacts, home.settings.folds_dir).run()
        assert (found.equal, found.differences) == (5, [])


async def _arms(service: Service, prefix: str) -> list[str]:
    """The arm of twenty customers, each by a new order."""
    found = []
    for i in range(20):
        customer = {"phone": f"+91 90000 001{i:02d}"} if i % 2 else {"email": f"a{i}@example.com"}
        told = await _score(service, order_id=f"{prefix}{i}", customer=customer, **ELSEWHERE)
        found.append(told["arm"])
    return found


def test_whoever_was_drawn_into_an_arm_stays_there_for_the_quarter(tmp_path: Path) -> None:
    acting = replace(
        default_policy(), mode="act", shares=Shares(holdout=0.5, explore=0.0),
        thresholds=Thresholds(verify=0.01),
    ).to_json()  # fmt: skip

    async def before() -> list[str]:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            await service.writer.submit(
                lambda log: save_policy(log, "kurtas", acting, expected=0, now_us=1)
            )
            return await _arms(service, "old")

    async def after() -> tuple[list[str], list[str]]:
        async with shop.serving(tmp_path, keyring=ROTATED) as service:
            changed = []
            for i in range(20):
                body = shop.body(order_id=None, created_at=None, amount=1_500, **ELSEWHERE)
                told = await service.desk.revise(shop.LIVE, f"old{i}", body, 0)
                changed.append(told["arm"])
            return await _arms(service, "new"), changed

    arms = asyncio.run(before())
    assert set(arms) == {"holdout", "treatment"}
    with _rotated(tmp_path) as home:
        rehash(home, now_us=shop.NOON)
    assert asyncio.run(after()) == (arms, arms)


def test_pruned_orders_follow_too(tmp_path: Path) -> None:
    async def scene(keyring: Keyring, order_id: str) -> int:
        async with shop.serving(tmp_path, keyring=keyring) as service:
            await shop.add_shop(service)
            told = await _score(service, order_id=order_id)
            return int(told["evidence"]["phone_orders"])

    asyncio.run(scene(shop.KEYRING, "a"))
    with Home(
        shop.settings_in(tmp_path), shop.KEYRING, connect(shop.settings_in(tmp_path).store_url)
    ) as home:
        assert prune_orders(home, shop.NOON + 1, now_us=shop.NOON + 1).orders == 1
    with _rotated(tmp_path) as home:
        assert rehash(home, now_us=shop.NOON) == 1
    assert asyncio.run(scene(ROTATED, "b")) == 1


def test_what_waits_in_a_spool_or_is_under_an_unknown_version_is_not_rehashed(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            with out_of_reach(service):
                await _score(service, order_id="a")

    asyncio.run(scene())
    with _rotated(tmp_path) as home, pytest.raises(RefusedError, match="1 decisions wait"):
        rehash(home, now_us=shop.NOON)
    other = Keyring(VersionedKeys({2: bytes(32)}), shop.KEYRING.sealing)
    with closing(connect(shop.settings_in(tmp_path).store_url)) as connection:
        home = Home(shop.settings_in(tmp_path), other, connection)
        with pytest.raises(StoreError, match="version 1 of RTO_HASH_KEY is missing"):
            rehash(home, now_us=shop.NOON)
