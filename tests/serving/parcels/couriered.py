"""A shop that acts and ships by a courier, played over real HTTP with a clock told to pass."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import uvicorn

from features.days import SECOND_US
from serving.api import create_app
from serving.conversation.sending import Sender
from serving.home import Home
from serving.parcels.accounts import Accounts
from serving.parcels.connecting import connect_courier
from serving.parcels.polling import Poller
from serving.sandbox.delhivery import Delhivery
from serving.sandbox.graph import Graph, buttons_of
from serving.sandbox.shiprocket import Shiprocket
from serving.service import Service
from serving.store.connection import connect
from serving.store.couriers import Courier
from serving.store.faults import LogDownError
from serving.webhooks.delivering import Deliverer
from tests.serving import shop
from tests.serving.played import Played
from tests.serving.shop import LIVE, run, serving

T = TypeVar("T")
TOKEN = "token-of-the-courier"
EMAIL, PASSWORD = "api@example.com", "a password of the API's"
ACCOUNT = Courier(courier="shiprocket", token=TOKEN, email=EMAIL, password=PASSWORD,
                  calls_a_minute=60_000)  # fmt: skip


class Couriered(Played):
    """A shop that acts, its courier, and everything a worker does for both."""

    def __init__(
        self, service: Service, graph: Graph, sender: Sender, clock: shop.Clock, home: Home,
        url: str,
    ) -> None:  # fmt: skip
        super().__init__(service, graph, sender, clock)
        self.slept = 0.0
        self.deliverer = Deliverer(home, clock=clock, sleep=self.sleep)
        self.called = httpx2.AsyncClient(trust_env=False)
        contacts = service.contacts
        self.poller = Poller(Accounts(home, contacts, self.called, clock, self.sleep))
        self.url, self.scans_in = url, ""

    async def sleep(self, seconds: float) -> None:
        """Let the time pass that somebody would wait."""
        self.slept += seconds
        self.clock.us += int(seconds * SECOND_US)

    async def connect(self, account: Courier = ACCOUNT) -> None:
        """As ``rto channel courier`` does."""
        contacts, now = self.service.contacts, self.clock()

        def work(log: Any) -> str:
            return connect_courier(log, contacts, "kurtas", account, now)

        self.scans_in = f"{self.url}/v1/hooks/{await self.service.writer.submit(work)}"

    async def work(self, looks: int = 6) -> None:
        """Looks of a worker, until nothing is left to do now."""
        self.send()
        for _ in range(looks):
            await patiently(lambda: self.deliverer.look(self.clock))
            while self.deliverer.busy:
                await patiently(lambda: self.deliverer.settle_ended(10, self.clock))

    async def pass_time(self, us: int, step_us: int = 900 * SECOND_US) -> None:
        """Let time pass, with the worker asking whoever is silent."""
        end = self.clock.us + us
        while self.clock.us < end:
            self.clock.us = min(end, self.clock.us + step_us)
            await self.poll()

    async def poll(self) -> None:
        """Ask, and do what follows."""
        while await patiently(self.poller.look):
            pass
        await self.work(2)

    async def score(self, order_id: str = "1001", **changes: Any) -> dict[str, Any]:
        """An order; whoever it is from reads English."""
        customer = shop.ORDER["customer"] | {"language": "en"}
        said = {"customer": customer, "dispatch_cutoff": None, "order_id": order_id} | changes
        body = json.dumps(shop.order(**said)).encode()
        answer: dict[str, Any] = await self.service.desk.score(LIVE, body)
        return answer

    async def press(self, answer: str, times: int = 2) -> None:
        """Press a button of the last message, over real HTTP, more than once."""
        self.clock.us += SECOND_US
        sent = self.graph.sent[-1]
        payloads = [payload.partition(":")[0] for payload, _ in buttons_of(sent)]
        place = next(i for i, payload in enumerate(payloads) if payload.startswith(answer))
        self.graph.hook = f"{self.url}/v1/hooks/{self.endpoint}"
        for _ in range(times):
            assert await asyncio.to_thread(self.graph.press, sent, place) == 200
        await self.work()

    async def write(self, text: str) -> None:
        """Write as the customer."""
        self.clock.us += SECOND_US
        self.graph.hook = f"{self.url}/v1/hooks/{self.endpoint}"
        assert await asyncio.to_thread(self.graph.write, self.graph.sent[-1], text) == 200
        await self.work()

    async def hear(
        self, stand_in: Shiprocket, pick: random.Random | None = None, times: int = 1
    ) -> None:
        """Let the courier post what it has kept."""
        assert set(await asyncio.to_thread(stand_in.tell, pick, times)) <= {200}
        await self.work()

    async def close(self) -> None:
        """End."""
        await self.deliverer.close()
        await self.called.aclose()
        self.sender.close()
        await self.client.aclose()


async def patiently(look: Callable[[], Awaitable[T]]) -> T:
    """One look, again where the log was held by this very process, as the worker looks again."""
    while True:
        try:
            return await look()
        except LogDownError:
            await asyncio.sleep(0.05)


@asynccontextmanager
async def listening(service: Service) -> AsyncIterator[str]:
    """The service behind a real door; its address."""
    config = uvicorn.Config(create_app(service), port=0, lifespan="off", log_level="error")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


def play(home: Path, graph: Graph, courier: Shiprocket | Delhivery, scene: Any) -> None:
    """Play one scene with a courier's stand-in, which listens meanwhile."""
    where = courier.start()

    async def whole() -> None:
        clock = shop.Clock()
        async with serving(home, clock=clock) as service, listening(service) as url:
            urls = {"whatsapp_url": graph.url, "shiprocket_url": f"{where}/v1/external",  # type: ignore[attr-defined]
                    "delhivery_url": where}  # fmt: skip
            settings = shop.settings_in(home).model_copy(update=urls)
            with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
                played = Couriered(service, graph, Sender(opened), clock, opened, url)
                courier.clock = lambda: clock() / SECOND_US
                await played.set_up()
                try:
                    await scene(played)
                finally:
                    await played.close()

    try:
        run(whole())
    finally:
        courier.stop()
