"""An order's whole way over real HTTP: shop, customer, shop again, courier; webhooks however."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from features.days import DAY_US
from serving.api import create_app
from serving.home import Home
from serving.sandbox.graph import Graph
from serving.sandbox.shopify import Event, Storefront
from serving.shops.polling import EVERY_US, Polling
from serving.standing import life_of
from serving.store.channels import WHATSAPP
from serving.store.connection import connect
from serving.store.shops import SHOPIFY, Shopify
from serving.webhooks.delivering import Deliverer
from serving.webhooks.subscriptions import Arranging
from tests.serving import shop
from tests.serving.parcels.test_tracking import graph_names, scan
from tests.serving.played import Played, play
from tests.serving.shops.test_shopify import DOMAIN, ORDER, SECRET

NUMBER = 77
ACCOUNT = Shopify(domain=DOMAIN, secret=SECRET, token="shpat_of_the_shop")
SAID = {n: v for n, v in ORDER.items() if n not in ("id", "created_at", "updated_at")} | {
    "name": "1001", "customer_locale": "en-IN",
}  # fmt: skip
OTHER = "Flat 7A, Green Park, 5th Cross, near water tank, Bengaluru 560095"


@pytest.fixture
def front() -> Iterator[Storefront]:
    """A shop that listens."""
    one = Storefront(ACCOUNT.token, SECRET, bucket=100_000)
    one.url = one.start()  # type: ignore[attr-defined]
    yield one
    one.stop()


class Loop:
    """A shop, its packer, and everything of ours between them and the customer."""

    def __init__(self, played: Played, front: Storefront, deliverer: Deliverer) -> None:
        self.played, self.front, self.deliverer = played, front, deliverer
        self.pick, self.late, self.endpoint = random.Random(11), list[Event](), ""
        service, url = played.service, front.url  # type: ignore[attr-defined]
        self.polling = Polling(service.taking, service.contacts, url, played.clock)

    async def connect(self) -> None:
        """As ``rto shop set`` does; every customer agrees to messages at checkout."""
        contacts, now = self.played.service.contacts, self.played.clock()

        def work(log: Any) -> str:
            Arranging("kurtas", contacts, now).write_back(log, DOMAIN, on=True)
            number = WHATSAPP.of(log.connection, contacts, "kurtas")
            assert number is not None
            agreed = number.account.model_copy(update={"opt_in_declared": True})
            WHATSAPP.keep(log.connection, contacts, "kurtas", agreed)
            return SHOPIFY.keep(log.connection, contacts, "kurtas", ACCOUNT)

        self.endpoint = await self.played.service.writer.submit(work)
        await self.polling.look()

    async def turn(self) -> None:
        """Time passes: webhooks come doubled, shuffled and late, orders are read, work is done."""
        self.played.clock.us += EVERY_US
        told = self.late + self.front.events(self.pick, times=2)
        self.pick.shuffle(told)
        half = len(told) // 2
        self.late = told[:half]
        for body, headers in told[half:]:
            url = f"/v1/hooks/{self.endpoint}"
            answer = await self.played.client.post(url, content=body, headers=headers)
            assert answer.status_code == 200, answer.text
        await self.polling.look()
        self.played.send()
        for _ in range(4):
            await self.deliverer.look(self.played.clock)
            while self.deliverer.busy:
                await self.deliverer.settle_ended(10, self.played.clock)

    def packed(self) -> bool:
        """Whether the packer, who tries all the time, has sent the order off."""
        waits = self.life().dispatch != "go"
        sent = self.front.ship(NUMBER, "AWB1", "fast")
        assert not (sent and waits), "it left while it was to wait"
        return sent

    def life(self) -> Any:
        """Of the order."""
        return life_of(self.played.service.connection, self.played.number())

    def revision(self) -> int:
        """Of the order."""
        held = self.played.service.desk.find(shop.LIVE, "1001")
        assert held is not None
        return held.revision


@asynccontextmanager
async def looped(played: Played, front: Storefront) -> AsyncIterator[Loop]:
    """The scene's service behind a socket, beside a worker."""
    front.clock = lambda: played.clock.us / 1e6
    listening = socket.create_server(("127.0.0.1", 0))
    app = create_app(played.service)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error"))
    task = asyncio.create_task(server.serve([listening]))
    await played.client.aclose()
    played.client = httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", trust_env=False
    )
    home = Path(played.service.settings.home)
    url = front.url  # type: ignore[attr-defined]
    settings = shop.settings_in(home).model_copy(update={"shopify_url": url})
    with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
        loop = Loop(played, front, Deliverer(opened))
        await loop.connect()
        try:
            yield loop
        finally:
            await loop.deliverer.close()
            await loop.polling.end()
            await played.client.aclose()
            server.should_exit = True
            await task


@pytest.mark.parametrize("hooks_on", [True, False])
def test_from_placed_to_delivered_whatever_becomes_of_the_webhooks(
    tmp_path: Path, graph: Graph, front: Storefront, hooks_on: bool
) -> None:
    async def scene(played: Played) -> None:
        async with looped(played, front) as loop:
            front.hooks_on = hooks_on
            front.place(NUMBER, "COD", **SAID)
            await loop.turn()
            assert not loop.packed()
            assert graph_names(played) == ["order_check"]
            assert front.tags[NUMBER] == {"COD", "rto-high", "rto-waiting"}
            await played.tap("change")
            await played.tap("address")
            await played.say(OTHER)
            assert not loop.packed()
            await played.tap("yes")
            assert loop.life().stage == "released"
            await loop.turn()
            there = front.orders[NUMBER]["shipping_address"]
            assert (there["zip"], there["address1"]) == ("560095", "Flat 7A, Green Park")
            assert front.tags[NUMBER] == {"COD", "rto-high", "rto-corrected", "rto-released"}
            assert loop.packed()
            for _ in range(3):
                await loop.turn()
            assert (loop.life().stage, loop.revision()) == ("in_transit", 1)
            played.clock.us += DAY_US
            for _ in range(2):
                assert await scan(played, "ndr", remark="Customer not available") == 200
            played.send()
            await played.tap("retry")
            await played.tap("on-2026-11-24")
            played.clock.us += DAY_US
            for status in ("delivered", "out_for_delivery", "delivered", "ndr"):
                assert await scan(played, status) == 200
            assert loop.life().stage == "delivered"
            assert graph_names(played) == ["order_check", "delivery_failed"]
            await loop.turn()
            assert (loop.life().stage, loop.revision()) == ("delivered", 1)

    play(tmp_path, graph, scene)
