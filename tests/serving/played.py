"""A shop that acts, played against the stand-in for WhatsApp with a clock that is told to pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import httpx2

from features.days import SECOND_US
from serving.api import create_app
from serving.conversation.sending import Sender
from serving.home import Home
from serving.sandbox import listening
from serving.sandbox.graph import Graph, buttons_of
from serving.service import Service
from serving.standing import life_of
from serving.store.channels import WHATSAPP, WhatsApp
from serving.store.connection import connect
from serving.store.outbox import messages_of
from serving.store.policies import save_policy
from serving.store.tasks import tasks_of
from tests.serving import shop
from tests.serving.shop import LIVE, run, serving

SECRET = "app secret of the shop"
WEBHOOK_SECRET = "secret of the payments"

Event: TypeAlias = tuple[bytes, dict[str, str]]


class _Keeping:
    """A caller that keeps what it is to post."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def post(self, url: str, *, content: bytes, headers: dict[str, str]) -> httpx2.Response:
        """Keep it."""
        self.events.append((content, headers))
        return httpx2.Response(200)


@contextmanager
def kept() -> Iterator[list[Event]]:
    """What stand-ins post within, body and headers, kept instead."""
    keeping = _Keeping()
    with patch.object(listening, "caller", lambda: keeping):
        yield keeping.events


class Played:
    """A shop that acts, its hook and its sender, with a clock."""

    def __init__(self, service: Service, graph: Graph, sender: Sender, clock: shop.Clock) -> None:
        self.service, self.graph, self.sender, self.clock = service, graph, sender, clock
        self.endpoint = ""
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(create_app(service)), base_url="http://shop"
        )

    async def set_up(self) -> None:
        """Connect the number and go live."""
        account = WhatsApp(
            phone_number_id="123456", token="token-of-the-shop", app_secret=SECRET,
            verify_token="a token to verify",
        )  # fmt: skip
        await shop.add_shop(self.service)
        policy = self.service.policies.now("kurtas").to_json() | {
            "mode": "act",
            "thresholds": {"verify": 0.2, "prepaid": None, "hold": None, "block": None},
            "shares": {"holdout": 0.0, "explore": 0.0},
        }

        def work(log: Any) -> str:
            save_policy(log, "kurtas", policy, expected=0, now_us=shop.NOON)
            return WHATSAPP.keep(log.connection, self.service.contacts, "kurtas", account)

        self.endpoint = await self.service.writer.submit(work)
        self.service.policies.forget("kurtas")

    async def allow(self, **changes: Any) -> None:
        """Change the account."""
        contacts = self.service.contacts
        held = WHATSAPP.of(self.service.connection, contacts, "kurtas")
        assert held is not None
        account = held.account.model_copy(update=changes)

        def work(log: Any) -> str:
            return WHATSAPP.keep(log.connection, contacts, "kurtas", account)

        await self.service.writer.submit(work)

    async def tap(self, answer: str) -> None:
        """Press a button of the last message, by what it answers, and let the worker send."""
        self.clock.us += SECOND_US
        sent = self.graph.sent[-1]
        payloads = [payload.partition(":")[0] for payload, _ in buttons_of(sent)]
        place = next(i for i, payload in enumerate(payloads) if payload.startswith(answer))
        assert await self.hook(lambda: self.graph.press(sent, place)) == [200] * 3
        self.send()

    async def say(self, text: str) -> None:
        """Write as the customer, and let the worker send."""
        self.clock.us += SECOND_US
        assert await self.hook(lambda: self.graph.write(self.graph.sent[-1], text)) == [200] * 3
        self.send()

    def heard(self) -> str:
        """What was said last to the customer."""
        sent = self.graph.sent[-1]
        text: str = (
            sent["interactive"]["body"]["text"] if "interactive" in sent else (sent["text"]["body"])
        )
        return text

    def tasks(self) -> list[str]:
        """What people have to do."""
        return [task.kind for task in tasks_of(self.service.connection, "kurtas", None, 10)]

    def send(self) -> None:
        """One look of a worker, until what it began has ended."""
        self.sender.look(self.clock())
        while self.sender.busy:
            self.sender.settle_ended(10, self.clock())

    async def aim(self, thresholds: dict[str, float | None]) -> None:
        """Put other thresholds in force."""
        body = self.service.policies.now("kurtas").to_json() | {"thresholds": thresholds}

        def work(log: Any) -> int:
            return save_policy(log, "kurtas", body, expected=1, now_us=shop.NOON)

        await self.service.writer.submit(work)
        self.service.policies.forget("kurtas")

    async def hook(self, play: Any, *, endpoint: str = "", times: int = 3) -> list[int]:
        """What the stand-in would post, posted here, several times."""
        self.graph.hook = "unused"
        self.graph.said.clear()
        with kept() as posted:
            play()
        answers = []
        for content, headers in posted * times:
            url = f"/v1/hooks/{endpoint or self.endpoint}"
            answers.append(await self.client.post(url, content=content, headers=headers))
        return [answer.status_code for answer in answers]

    def stage(self) -> str:
        """Of the order."""
        number = self.number()
        return life_of(self.service.connection, number).stage

    def number(self) -> int:
        """Of the order."""
        held = self.service.desk.find(LIVE, "1001")
        assert held is not None
        return held.number

    def states(self) -> list[str]:
        """Of its messages."""
        return [state for _, state, _ in messages_of(self.service.connection, self.number())]


def play(home: Path, graph: Graph, scene: Any) -> None:
    """Play one scene."""

    async def whole() -> None:
        clock = shop.Clock()
        async with serving(home, clock=clock) as service:
            settings = shop.settings_in(home).model_copy(update={"whatsapp_url": graph.url})  # type: ignore[attr-defined]
            with Home(settings, shop.KEYRING, connect(settings.store_url)) as opened:
                sender = Sender(opened)
                played = Played(service, graph, sender, clock)
                await played.set_up()
                try:
                    await scene(played)
                finally:
                    sender.close()
                    await played.client.aclose()

    run(whole())
