"""A client with one merchant's key, over the application itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2

from serving.api import create_app
from serving.service import Service
from serving.store.merchants import KeyKind, Scope, add_merchant, new_key
from tests.serving import shop
from tests.serving.shop import NOON, run, serving


class Shop:
    """A client with one merchant's key, and the service behind it."""

    def __init__(self, client: httpx2.AsyncClient, service: Service, key: str) -> None:
        self.service = service
        self._client = client
        self._key = key

    async def __call__(
        self, method: str, path: str, body: Any = None, status: int = 200, **headers: str
    ) -> Any:
        """Ask; the answer's body, or None."""
        sent = {"Authorization": f"Bearer {self._key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self._client.request(method, path, json=body, headers=sent)
        assert answer.status_code == status, answer.text
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        return answer.json() if answer.content else None

    async def raw(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """Ask; whatever is answered."""
        sent = {"Authorization": f"Bearer {self._key}"} | (headers or {})
        return await self._client.request(method, path, json=body, headers=sent)

    async def posted(self, path: str, body: bytes, headers: dict[str, str]) -> httpx2.Response:
        """What an outside system posts, which has no key."""
        return await self._client.post(path, content=body, headers=headers)

    async def with_key(self, merchant_id: str, kind: KeyKind, *scopes: Scope) -> Shop:
        """The same door with another key."""

        def work(log: Any) -> str:
            add_merchant(log.connection, merchant_id, merchant_id, invented=False, now_us=NOON)
            return new_key(log.connection, merchant_id, kind, now_us=NOON, scopes=scopes)

        key = await self.service.writer.submit(work)
        return Shop(self._client, self.service, key)


@asynccontextmanager
async def open_shop(home: Path, **options: Any) -> AsyncIterator[Shop]:
    """A started shop."""
    async with serving(home, **options) as service:
        key = await shop.add_shop(service)
        transport = httpx2.ASGITransport(app=create_app(service))
        async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as client:
            yield Shop(client, service, key)


def played(tmp_path: Path, scene: Any, **options: Any) -> None:
    """Run a scene with a started shop."""

    async def play() -> None:
        async with open_shop(tmp_path, **options) as ask:
            await scene(ask)

    run(play())
