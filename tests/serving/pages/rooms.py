"""Pages to visit in a test: both applications in one process, a person of each role."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from serving.api import create_app
from serving.commands.user import invite
from serving.pages.application import create_pages
from serving.pages.house import House
from serving.pages.inside import Inside
from serving.pages.visit import csrf_of
from serving.service import Service
from serving.store.accounts import Role, account_by_email, open_session
from tests.serving import shop
from tests.serving.client import Shop

TRUST = "t" * 64


class Rooms:
    """The pages of one merchant or more, and the API behind them."""

    def __init__(self, house: House, ask: Shop, client: httpx2.AsyncClient) -> None:
        self.house = house
        self.ask = ask
        self.client = client

    @property
    def service(self) -> Service:
        """The scoring process."""
        return self.ask.service

    def person(
        self, role: Role = "owner", merchant_id: str = "kurtas", email: str | None = None
    ) -> Person:
        """Somebody who is signed in."""
        now, email = self.house.clock(), email or f"{role}@example.com"
        with self.house.transaction() as log:
            invite(log, email, merchant_id, role, now=now)
            found = account_by_email(log.connection, email)
            assert found is not None
            token = open_session(
                log.connection, found.account_id, merchant_id, now_us=now, ends_us=now + 10**12
            )
        return Person(self.client, token, csrf_of(token, merchant_id))


class Person:
    """A browser with somebody's session."""

    def __init__(self, client: httpx2.AsyncClient, token: str, csrf: str) -> None:
        self.client, self.token, self.csrf, self.said = client, token, csrf, ""

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """Look at a page."""
        return await self.client.get(f"/app{path}", headers=self._headers(headers))

    async def see(self, path: str, **headers: str) -> str:
        """The text of a page that is there, without tags and spare blanks."""
        answer = await self.get(path, **headers)
        assert answer.status_code == 200, (answer.status_code, answer.text[:2000])
        return text_of(answer.text)

    async def post(self, path: str, form: dict[str, Any] | None = None) -> httpx2.Response:
        """Send a form of this person's pages."""
        data = {"csrf": self.csrf} | (form or {})
        answer = await self.client.post(f"/app{path}", data=data, headers=self._headers({}))
        self.said = answer.cookies.get("rto_said") or ""
        return answer

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        sent = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Cookie": f"rto_session={self.token}; rto_said={self.said}"} | sent


def text_of(page: str) -> str:
    """What a page says."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@asynccontextmanager
async def open_rooms(home: Path, **options: Any) -> AsyncIterator[Rooms]:
    """Rooms over a started shop."""
    async with shop.serving(home, **options) as service:
        key = await shop.add_shop(service)
        service.doorkeeper.trust = TRUST
        api = httpx2.ASGITransport(app=create_app(service))
        inside = Inside("http://inside", TRUST, api)
        settings = service.settings.model_copy(
            update={
                "hash_key": shop.secret("hashing"),
                "encryption_key": shop.secret("sealing"),
            }
        )
        house = House.open(settings, inside, clock=service.clock)
        pages = httpx2.ASGITransport(app=create_pages(house))
        async with (
            httpx2.AsyncClient(transport=api, base_url="http://shop") as asking,
            httpx2.AsyncClient(transport=pages, base_url="http://shop") as client,
        ):
            yield Rooms(house, Shop(asking, service, key), client)
        await house.close()


def visited(home: Path, scene: Callable[[Rooms], Awaitable[None]], **options: Any) -> None:
    """Play a scene in rooms."""

    async def play() -> None:
        async with open_rooms(home, **options) as rooms:
            await scene(rooms)

    asyncio.run(play())
