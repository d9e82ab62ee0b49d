"""One attempt at telling a receiver: its own server, the merchant's shop, or a courier."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import httpx2

from features.days import SECOND_US
from features.errors import RefusedError, StoreError
from serving.attempts import Taken, read_answer
from serving.home import Home
from serving.parcels.accounts import Accounts
from serving.parcels.passing import Passing
from serving.shops.admin import RevokedError, ShopFaultError
from serving.shops.writing import SCHEME, Shopkeeper
from serving.store.contacts import Contacts
from serving.store.deliveries import Delivery
from serving.store.subscriptions import Subscription
from serving.webhooks.announcements import payload
from serving.webhooks.signatures import signed_headers
from serving.webhooks.targets import Resolve, allowed_address, read_target

AT_ONCE_EACH = 4
ANSWER_S = 15.0
_SHOP_S = 45.0
_WHY_MOST = 200
# Under which the client for all couriers is kept.
_COURIERS = "couriers"
_HEADERS = {"content-type": "application/json", "user-agent": "rto-webhooks/1"}


class Posting:
    """Tells receivers, each over connections of its own.

    Parameters
    ----------
    home : Home
        Its connection belongs to whoever delivers.
    resolve : callable
        Looks names up.
    clock, sleep : callable
        By which couriers are spared.
    """

    def __init__(
        self, home: Home, resolve: Resolve, clock: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:  # fmt: skip
        self._connection = home.connection
        self._resolve = resolve
        self._trust = ssl.create_default_context()
        called = httpx2.AsyncClient(verify=self._trust, trust_env=False, follow_redirects=False)
        self._clients: dict[str, httpx2.AsyncClient] = {_COURIERS: called}
        contacts = Contacts(home.keyring.sealing)
        self.shops = Shopkeeper(home, contacts)
        self.couriers = Passing(Accounts(home, contacts, called, clock, sleep))

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()

    async def attempt(self, held: Delivery, one: Subscription, now: int) -> Taken:
        """Post once; whatever happens is told, nothing is raised."""
        if one.url.startswith(SCHEME):
            return await self._write_back(held, one)
        if self.couriers.is_for(one):
            return await self._pass_on(held, one)
        body = payload(self._connection, held.seq, held.event)
        if body is None:
            return Taken("the order was removed", removed=True)
        signing = [s.secret for s in one.secrets if s.until_us is None or s.until_us > now]
        headers = signed_headers(held.delivery_id, body, signing, at_s=now // SECOND_US)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._post(one, body, headers)
        except (RefusedError, OSError, httpx2.HTTPError, UnicodeError) as error:
            return Taken(f"{type(error).__name__}: {error}"[:_WHY_MOST])

    async def _write_back(self, held: Delivery, one: Subscription) -> Taken:
        """Bring the order to how it stands now in the merchant's own shop."""
        work = self.shops.write_back(self._client(one), one.merchant_id, held.seq)
        try:
            async with asyncio.timeout(_SHOP_S):
                await work
        except RevokedError as error:
            return Taken(str(error), gone=True, token=error.token)
        except (ShopFaultError, StoreError, OSError, httpx2.HTTPError) as error:
            return Taken(f"{type(error).__name__}: {error}"[:_WHY_MOST])
        return Taken()

    async def _pass_on(self, held: Delivery, one: Subscription) -> Taken:
        """Bring the order to how it stands now at the merchant's courier."""
        try:
            async with asyncio.timeout(_SHOP_S):
                return await self.couriers.take(held, one)
        except (StoreError, OSError) as error:
            return Taken(f"{type(error).__name__}: {error}"[:_WHY_MOST])

    async def _post(self, one: Subscription, body: bytes, headers: dict[str, str]) -> Taken:
        target = read_target(one.url, nearby=one.nearby)
        address = await allowed_address(target, nearby=one.nearby, resolve=self._resolve)
        sent = headers | _HEADERS | {"host": target.named}
        async with self._client(one).stream(
            "POST", target.at(address), content=body, headers=sent,
            extensions={"sni_hostname": target.host},
        ) as answer:  # fmt: skip
            return read_answer(answer)

    def _client(self, one: Subscription) -> httpx2.AsyncClient:
        """A client of its own: a connection opened for one name is never used for another."""
        if (found := self._clients.get(one.url)) is None:
            found = self._clients[one.url] = httpx2.AsyncClient(
                verify=self._trust, trust_env=False, follow_redirects=False,
                timeout=ANSWER_S, limits=httpx2.Limits(max_connections=AT_ONCE_EACH),
            )  # fmt: skip
        return found
