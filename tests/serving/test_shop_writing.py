"""An order that waits is held in the shop, and let go when it may: whatever goes wrong between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from features.days import HOUR_US
from serving.api import create_app
from serving.hands import Respond
from serving.home import Home
from serving.moments import now_us, rfc3339
from serving.sandbox.shopify import Storefront
from serving.schemas import ResponseRequest
from serving.service import Service
from serving.store.connection import connect
from serving.store.log import Held
from serving.store.policies import save_policy
from serving.store.shops import SHOPIFY, Shopify
from serving.store.subscriptions import Subscription, subscriptions_of
from serving.webhooks.delivering import Deliverer
from serving.webhooks.subscriptions import Arranging
from tests.serving import shop
from tests.serving.shop import LIVE, run, serving
from tests.serving.test_shopify import DOMAIN, ORDER, SECRET

NUMBER: int = ORDER["id"]
ACCOUNT = Shopify(domain=DOMAIN, secret=SECRET, token="shpat_of_the_shop")


@pytest.fixture
def front() -> Iterator[Storefront]:
    """A shop that listens."""
    one = Storefront(ACCOUNT.token, SECRET)
    one.url = one.start()  # type: ignore[attr-defined]
    one.place(NUMBER, "COD", "festive")
    yield one
    one.stop()


class Plugged:
    """A merchant whose shop is connected, and the worker that writes back."""

    def __init__(self, service: Service, deliverer: Deliverer, clock: shop.Clock) -> None:
        self.service, self.deliverer, self.clock, self.endpoint = service, deliverer, clock, ""

    async def set_up(self, account: Shopify = ACCOUNT) -> None:
        """Go live, and connect the shop."""
        await shop.add_shop(self.service)
        policy = self.service.policies.now("kurtas").to_json() | {
            "mode": "act",
            "thresholds": {"verify": 0.2, "prepaid": None, "hold": None, "block": None},
            "shares": {"holdout": 0.0, "explore": 0.0},
        }
        await self.service.writer.submit(
            lambda log: save_policy(log, "kurtas", policy, expected=0, now_us=self.clock())
        )
        self.service.policies.forget("kurtas")
        await self.connect(account)

    async def connect(self, account: Shopify) -> None:
        """As ``rto shop set`` does."""
        contacts = self.service.contacts

        def work(log: Any) -> str:
            arranging = Arranging("kurtas", contacts, self.clock())
            arranging.write_back(log, account.domain, on=bool(account.token))
            return SHOPIFY.keep(log.connection, contacts, "kurtas", account)

        self.endpoint = await self.service.writer.submit(work)

    async def tell(self, front: Storefront, topic: str, **changes: Any) -> None:
        """Let the shop post a webhook."""
        now = {
            "created_at": rfc3339(self.clock() - HOUR_US),
            "updated_at": rfc3339(self.clock() - HOUR_US),
        }
        body = json.dumps(ORDER | now | changes).encode()
        transport = httpx2.ASGITransport(app=create_app(self.service))
        async with httpx2.AsyncClient(transport=transport, base_url="http://rto") as client:
            answer = await client.post(
                f"/v1/hooks/{self.endpoint}", content=body,
                headers=front.signed(topic, body, DOMAIN),
            )  # fmt: skip
        assert answer.status_code == 200

    async def reply(self, response: Any) -> None:
        """Let the customer answer."""
        service, held = self.service, self.held()
        said = ResponseRequest(response=response)
        work = Respond("replied", held, said, service.contacts, service.persons, self.clock())
        await service.writer.submit(work)

    def held(self) -> Held:
        """The order."""
        found = self.service.desk.find(LIVE, "#1001")
        assert found is not None
        return found

    async def work(self) -> None:
        """Looks of a worker, until nothing is left to do now."""
        for _ in range(3):
            await self.deliverer.look(self.clock)
            while self.deliverer.busy:
                await self.deliverer.settle_ended(10, self.clock)

    def following(self) -> list[Subscription]:
        """What follows the log for the shop."""
        return subscriptions_of(self.service.connection, self.service.contacts, "kurtas")


def play(home: Path, front: Storefront, scene: Any) -> None:
    """Play one scene."""

    async def whole() -> None:
        clock = shop.Clock(now_us())
        async with serving(home, clock=clock) as service:
            url = front.url  # type: ignore[attr-defined]
            settings = shop.settings_in(home).model_copy(update={"shopify_url": url})
            with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
                deliverer = Deliverer(opened)
                plugged = Plugged(service, deliverer, clock)
                await plugged.set_up()
                try:
                    await scene(plugged)
                finally:
                    await deliverer.close()

    run(whole())


@pytest.mark.parametrize(
    ("response", "ships", "tags"),
    [
        ("confirmed", True, {"rto-high", "rto-confirmed"}),
        ("paid", True, {"rto-high", "rto-paid"}),
        ("refused", False, {"rto-high", "rto-cancelled"}),
        ("person", False, {"rto-high", "rto-waiting"}),
    ],
)
def test_an_order_that_waits_is_held_until_it_may_go(
    tmp_path: Path, front: Storefront, response: str, ships: bool, tags: set[str]
) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.work()
        assert not front.may_ship(NUMBER)
        assert front.tags[NUMBER] == {"COD", "festive", "rto-high", "rto-waiting"}
        await plugged.reply(response)
        await plugged.work()
        assert front.may_ship(NUMBER) is ships
        assert front.tags[NUMBER] == {"COD", "festive"} | tags
        kinds = plugged.service.connection.execute(
            "SELECT count(*) FROM event WHERE kind='revised'"
        )
        await plugged.tell(front, "orders/updated", tags=", ".join(front.tags[NUMBER]))
        assert kinds.fetchone()[0] == 0

    play(tmp_path, front, scene)


def test_what_is_so_already_is_not_asked_for_again(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.tell(front, "orders/create")
        await plugged.work()
        (one,) = plugged.following()
        front.asked.clear()
        await plugged.service.writer.submit(
            lambda log: log.connection.execute(
                "UPDATE delivery SET state='waiting', due_us=0 WHERE subscription_id=?",
                (one.subscription_id,),
            )
        )
        await plugged.work()
        assert front.asked == ["order"]

    play(tmp_path, front, scene)


def test_holds_of_others_stay(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        front.holds[NUMBER].add("fraud-app")
        await plugged.tell(front, "orders/create")
        await plugged.work()
        assert front.holds[NUMBER] == {"fraud-app", "rto"}
        await plugged.reply("confirmed")
        await plugged.work()
        assert front.holds[NUMBER] == {"fraud-app"}

    play(tmp_path, front, scene)


@pytest.mark.parametrize("fault", ["500", "429", "throttled", "refused", "reset"])
def test_what_fails_is_done_later(tmp_path: Path, front: Storefront, fault: str) -> None:
    async def scene(plugged: Plugged) -> None:
        front.faults.extend(["", fault] if fault == "refused" else [fault] * 3)
        await plugged.tell(front, "orders/create")
        for _ in range(5):
            await plugged.work()
            plugged.clock.us += HOUR_US
        assert not front.may_ship(NUMBER)

    play(tmp_path, front, scene)


def test_a_revoked_token_alerts_and_loses_nothing(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        front.token = "another-token"
        await plugged.tell(front, "orders/create")
        await plugged.work()
        (one,) = plugged.following()
        assert one.stopped == "HTTP 401"
        assert front.may_ship(NUMBER)
        await plugged.connect(ACCOUNT.model_copy(update={"token": "another-token"}))
        plugged.clock.us += HOUR_US
        await plugged.work()
        assert not front.may_ship(NUMBER)

    play(tmp_path, front, scene)


def test_what_did_not_come_from_the_shop_and_what_has_left_is_left_alone(
    tmp_path: Path, front: Storefront
) -> None:
    async def scene(plugged: Plugged) -> None:
        placed = rfc3339(plugged.clock() - HOUR_US)
        await plugged.service.desk.score(
            LIVE, shop.body(created_at=placed, promised_at=None, dispatch_cutoff=None)
        )
        await plugged.work()
        assert front.asked == []
        await plugged.tell(front, "orders/create")
        held, now = plugged.held(), plugged.clock()
        await plugged.service.writer.submit(
            lambda log: log.append("shipped", {}, at_us=now, known_us=now, order=held)
        )
        await plugged.work()
        assert front.asked == []

    play(tmp_path, front, scene)


def test_without_a_token_nothing_is_written(tmp_path: Path, front: Storefront) -> None:
    async def scene(plugged: Plugged) -> None:
        await plugged.connect(ACCOUNT.model_copy(update={"token": ""}))
        assert plugged.following() == []
        await plugged.tell(front, "orders/create")
        await plugged.work()
        assert front.asked == []

    play(tmp_path, front, scene)
