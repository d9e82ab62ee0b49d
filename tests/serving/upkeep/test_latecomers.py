"""Orders that reach the log after their person was erased: they count, and name nobody."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.days import DAY_US
from features.history.fact import FIRST_WHO
from features.keys import EMAIL, PHONE, Hasher
from serving.backfill import Backfill, Past, read_all
from serving.decisions import Answer
from serving.home import Home
from serving.service import Service
from serving.store.connection import connect
from serving.store.erased import REMEMBERED_US, forget_erased
from serving.store.merchants import Access
from serving.upkeep.erasure import Person, erase
from serving.wish import Wish
from tests.serving import shop
from tests.serving.degraded.gone import out_of_reach

PHONE_KEY = Hasher(list(shop.KEYRING.hashing.keys.values()))("phone", "kurtas", "+919876543210")
STRANGER = {"phone": "+91 90000 00009", "email": "ravi@example.com"}


def _erase(service: Service, phone: str = "9876543210") -> None:
    with closing(connect(service.settings.store_url)) as connection:
        home = Home(service.settings, shop.KEYRING, connection)
        erase(home, Person(phone), now_us=service.clock())


def _erased_before_the_next_write(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody erases the person after the judge has read the log and before the append."""
    submit = service.writer.submit

    def later(work: Any) -> Any:
        monkeypatch.undo()
        _erase(service)
        return submit(work)

    monkeypatch.setattr(service.writer, "submit", later)


def _facts(service: Service) -> list[Any]:
    found = service.connection.execute(
        "SELECT data FROM event WHERE kind IN ('placed', 'revised') ORDER BY seq"
    )
    return [np.frombuffer(data, np.int64) for (data,) in found.fetchall()]


def _kinds(service: Service, order_id: str) -> list[str]:
    found = service.connection.execute(
        """SELECT e.kind FROM event e JOIN orders o ON o.number=e.number
           WHERE o.order_id=? ORDER BY e.seq""",
        (order_id,),
    )
    return [kind for (kind,) in found.fetchall()]


def _sealed(service: Service) -> int:
    return int(service.connection.execute("SELECT count(*) FROM contact").fetchone()[0])


async def _score(service: Service, access: Access = shop.LIVE, **changes: Any) -> Answer:
    return await service.standby.score(access, shop.body(**changes), Wish())


def test_a_spooled_order_comes_in_without_whoever_was_erased_meanwhile(tmp_path: Path) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            await _score(service, order_id="before")
            with out_of_reach(service):
                told = await _score(service, order_id="a")
                await _score(service, order_id="b", customer=STRANGER, shipping_address=None)
            _erase(service)
            assert service.standby.spooled == 2
            await service.tick()
            assert service.standby.spooled == 0
            assert not any(PHONE_KEY in fact for fact in _facts(service))
            assert _kinds(service, "a") == ["placed", "decided", "erased"]
            assert _kinds(service, "b") == ["placed", "decided"]
            assert _sealed(service) == 1
            assert await _score(service, order_id="a") == told
            assert service.history.ledger.read([PHONE_KEY])[0].size == 0
            tombstone = int(_facts(service)[1][FIRST_WHO + PHONE])
            assert service.history.ledger.read([tombstone])[0][0] == 1
            again = await _score(service, order_id="c")  # who orders anew is a new customer
            assert again["evidence"]["phone_orders"] == 0

    asyncio.run(scene())


def test_a_decision_in_flight_comes_in_without_whoever_was_erased_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            for access in (shop.LIVE, shop.TEST):
                _erased_before_the_next_write(service, monkeypatch)
                await _score(service, access, order_id="a")
            assert _kinds(service, "a") == ["placed", "decided", "erased"] * 2
            assert not any(PHONE_KEY in fact for fact in _facts(service))
            assert _sealed(service) == 0

    asyncio.run(scene())


def test_a_change_in_flight_of_an_erased_order_brings_nobody_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with shop.serving(tmp_path) as service:
            await shop.add_shop(service)
            await _score(service, order_id="a")
            _erased_before_the_next_write(service, monkeypatch)
            change = {"amount": 1, "customer": STRANGER, "shipping_address": None}
            body = json.dumps(shop.order(order_id=None, created_at=None, **change)).encode()
            answer = await service.desk.revise(shop.LIVE, "a", body, 0)
            assert answer["revision"] == 1
            email = Hasher(list(shop.KEYRING.hashing.keys.values()))
            known = email("email", "kurtas", "ravi@example.com")
            assert int(_facts(service)[-1][FIRST_WHO + EMAIL]) not in (0, known)
            assert _sealed(service) == 0

    asyncio.run(scene())


def test_an_erasure_is_remembered_by_marks_alone_and_for_as_long_as_it_says(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock) as service:
            await shop.add_shop(service)
            with out_of_reach(service):
                await _score(service, order_id="a", customer=STRANGER, shipping_address=None)
            _erase(service)
            marks = service.connection.execute("SELECT mark FROM erased").fetchall()
            assert marks
            assert (PHONE_KEY,) not in marks
            clock.us += REMEMBERED_US + DAY_US
            await service.writer.submit(lambda log: forget_erased(log.connection, clock.us))
            assert service.connection.execute("SELECT count(*) FROM erased").fetchone() == (0,)
            await service.tick()  # what waited for longer than that is taken for erased
            assert _kinds(service, "a") == ["placed", "decided", "erased"]

    asyncio.run(scene())


def test_past_orders_bring_nobody_back_who_was_erased_since_they_were_placed(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        clock = shop.Clock()
        async with shop.serving(tmp_path, clock=clock) as service:
            await shop.add_shop(service)
            await _score(service, order_id="known")
            _erase(service)
            old, new = shop.order(order_id="old"), shop.order(order_id="new")
            other = shop.order(order_id="other", customer=STRANGER, shipping_address=None)
            clock.us += DAY_US
            new["created_at"] = "2026-11-21T10:00:00+05:30"
            await _backfilled(service, [old, new, other, shop.order(order_id="known")])
            assert _kinds(service, "old") == ["placed", "erased"]
            assert (_kinds(service, "new"), _kinds(service, "other")) == (["placed"], ["placed"])
            assert [PHONE_KEY in fact for fact in _facts(service)] == [False, False, False, True]
            assert _sealed(service) == 2
            await service.writer.submit(lambda log: forget_erased(log.connection, 2 * clock.us))
            await _backfilled(service, [shop.order(order_id="later")])
            assert _kinds(service, "later") == ["placed"]

    asyncio.run(scene())


async def _backfilled(service: Service, orders: list[dict[str, Any]]) -> None:
    read = [
        past
        for past in read_all(service.desk.reception, shop.LIVE, orders)
        if isinstance(past, Past)
    ]
    assert len(read) == len(orders)
    work = Backfill(service.rows, service.policies, service.contacts, service.clock())
    await work.run(service.writer, read)
