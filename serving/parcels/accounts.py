"""A merchant's account with a courier, ready to be called: by its interface, under its login."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx2

from serving.home import Home
from serving.parcels.calls import Calls
from serving.parcels.delhivery import Delhivery
from serving.parcels.shiprocket import Shiprocket
from serving.store.contacts import Contacts
from serving.store.courier_orders import keep_login, sealed_login
from serving.store.couriers import Tracking


@dataclass(frozen=True, slots=True)
class Accounts:
    """Opens accounts for one worker.

    Parameters
    ----------
    clock, sleep : callable
        As :class:`serving.parcels.calls.Calls` has them.
    """

    home: Home
    contacts: Contacts
    client: httpx2.AsyncClient
    clock: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def open(self, tracking: Tracking) -> Shiprocket | Delhivery:
        """The courier's interface for one merchant."""
        account, settings = tracking.account, self.home.settings
        at_shiprocket = account.courier == "shiprocket"
        url = settings.shiprocket_url if at_shiprocket else settings.delhivery_url
        calls = Calls(
            self.home.connection, self.client, url.rstrip("/"), tracking.merchant_id,
            account.courier, account.calls_a_minute, self.clock, self.sleep,
        )  # fmt: skip
        if not at_shiprocket:
            return Delhivery(calls, account)
        login = Login(self.home, self.contacts, tracking.merchant_id, account.courier)
        return Shiprocket(calls, account, login)


@dataclass(frozen=True, slots=True)
class Login:
    """The login of an account, kept sealed, so that every process uses the same one."""

    home: Home
    contacts: Contacts
    merchant_id: str
    provider: str

    def __call__(self, token: str | None) -> str | None:
        """The one kept; given a token, keep it; an empty one forgets."""
        connection = self.home.connection
        if token is not None:
            sealed = self.contacts.seal(self._bound(), token.encode()) if token else None
            keep_login(connection, self.merchant_id, self.provider, sealed)
            return token or None
        sealed = sealed_login(connection, self.merchant_id, self.provider)
        return None if sealed is None else self.contacts.open(self._bound(), sealed).decode()

    def _bound(self) -> int:
        said = f"login\0{self.provider}\0{self.merchant_id}"
        return int.from_bytes(hashlib.sha256(said.encode()).digest()[:7], "big")
