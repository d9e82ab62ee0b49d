"""Reading shops every quarter of an hour: what no webhook told of is taken in all the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx2

from features.days import SECOND_US
from features.errors import RtoError
from serving.audit import audit
from serving.parsing import BodyError, FieldsError
from serving.shops.admin import Admin, RevokedError, ShopFaultError
from serving.shops.allowance import Allowance
from serving.shops.pace import Pace
from serving.shops.reading import read_page, since_of
from serving.shops.shopify import NotAnOrderError, read_order, read_parcel
from serving.shops.taking import Taking
from serving.shops.troubles import trouble_in
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.log import Log, last_seq
from serving.store.shop_readings import Reading, keep_reading, placed_since, reading_of
from serving.store.shops import SHOPIFY, Shop

_log = logging.getLogger("rto.shopify")
T = TypeVar("T")

EVERY_US = 15 * 60 * SECOND_US
# What Shopify's index may lag, and what a webhook may take.
OVERLAP_US = 10 * 60 * SECOND_US
HOOK_US = 5 * 60 * SECOND_US
# So many orders without a webhook are no accident.
MISSED = 3
_AGAIN_US = 60 * SECOND_US
_LOOK_S, _ANSWER_S = 5.0, 20.0


@dataclass
class _Seen:
    """What one reading came upon."""

    missed: int = 0
    told: int = 0


class Polling:
    """Reads every connected shop when it is due.

    Parameters
    ----------
    taking : Taking
        Takes in what is read, just as what webhooks tell.
    url : str
        Of the Admin API, with ``{shop}`` for a shop's domain.
    clock : callable
        Microseconds since 1970.
    """

    def __init__(
        self, taking: Taking, contacts: Contacts, url: str, clock: Callable[[], int]
    ) -> None:
        self._taking, self._contacts, self._url, self._clock = taking, contacts, url, clock
        self._due: dict[str, int] = {}
        self._allowances: dict[str, Allowance] = {}
        self._client: httpx2.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Read from now on; every shop at once, from where it was left."""
        self._task = asyncio.create_task(self._keep())

    async def end(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def look(self) -> None:
        """Read every shop that is due."""
        for shop in SHOPIFY.all(self._taking.desk.connection, self._contacts):
            if self._clock() >= self._due.get(shop.merchant_id, 0):
                await self._read(shop)

    async def _keep(self) -> None:
        while True:
            try:
                await self.look()
            except (RtoError, OSError):
                _log.exception("reading shops failed; trying again")
            await asyncio.sleep(_LOOK_S)

    async def _read(self, shop: Shop) -> None:
        connection, now = self._taking.desk.connection, self._clock()
        known = reading_of(connection, shop.merchant_id)
        before = known or Reading(shop.merchant_id, now, now, last_seq(connection))
        first = shop.merchant_id not in self._due  # webhooks of a time without us are no fault
        one, seen, fault, pause = before, _Seen(), None, EVERY_US
        try:
            if shop.account.token:
                one = await self._orders(shop, before, seen)
        except RevokedError:
            fault = "revoked"
        except (ShopFaultError, OSError, httpx2.HTTPError) as error:
            _log.warning("the shop of %s cannot be read: %s", shop.merchant_id, error)
            fault, pause = "away", _AGAIN_US
        self._due[shop.merchant_id] = now + pause
        one = reading_of(connection, shop.merchant_id) or one
        await self._keep_state(before, self._counted(one, seen, first=first), fault)

    def _counted(self, one: Reading, seen: _Seen, *, first: bool) -> Reading:
        """The reading with what came counted, by webhook or not."""
        now = self._clock()
        came, seq = placed_since(self._taking.desk.connection, one.merchant_id, one.seq)
        pace = Pace.read(one.pace).after(one.read_us, now, came)
        missed = one.missed + seen.missed if seen.missed else 0 if seen.told else one.missed
        return replace(
            one, read_us=now, seq=seq, pace=pace.to_json(), missed=one.missed if first else missed
        )

    async def _keep_state(self, before: Reading, one: Reading, fault: str | None) -> None:
        if fault is None and one.missed >= MISSED:
            fault = "hooks"
        if fault is None and Pace.read(one.pace).silent:
            fault = "silent"
        now, same = self._clock(), fault == before.fault
        since = None if fault is None else before.since_us if same else now
        one = replace(one, fault=fault, since_us=since)

        def work(log: Log) -> None:
            keep_reading(log.connection, one)
            if fault is not None and not same:
                audit(log, "shop in trouble", one.merchant_id, now_us=now, by="polling", why=fault)

        await self._taking.desk.writer.submit(work)
        if fault is not None and not same and (trouble := trouble_in(one, now)) is not None:
            _log.error("shop of %s: %s", one.merchant_id, trouble)

    async def _orders(self, shop: Shop, one: Reading, seen: _Seen) -> Reading:
        """Take in what changed since the last time; each page is remembered."""
        admin, after = self._admin(shop), None
        since_us, fresh_us = one.position_us - OVERLAP_US, one.position_us
        while True:
            page = await read_page(admin, since_us, after)
            for said in page.orders:
                news = await self._taken(shop, said)
                changed_us = since_of(said)
                if changed_us > fresh_us and changed_us < self._clock() - HOOK_US:
                    seen.missed += news
                    seen.told += not news
                one = replace(one, position_us=max(one.position_us, changed_us))
            await self._taking.desk.writer.submit(
                lambda log, one=one: keep_reading(log.connection, one)  # type: ignore[misc]
            )
            if (after := page.after) is None:
                return one

    async def _taken(self, shop: Shop, said: Mapping[str, Any]) -> bool:
        try:
            told = read_order(shop.account, said)
            news = await self._taking.order(shop.merchant_id, told)
            for parcel in said["parcels"]:
                if (handed := read_parcel(parcel)) is not None:
                    await self._taking.parcel(shop.merchant_id, handed)
        except (NotAnOrderError, FieldsError, BodyError) as error:
            _log.warning("an order of %s is passed over: %s", shop.merchant_id, error)
            return False
        return news

    def _admin(self, shop: Shop) -> Admin:
        if self._client is None:
            self._client = httpx2.AsyncClient(trust_env=False, timeout=_ANSWER_S)
        domain = shop.account.domain
        url = self._url.replace("{shop}", domain).rstrip("/")
        allowance = self._allowances.setdefault(domain, Allowance(shop.merchant_id, self._on_store))
        return Admin(self._client, url, shop.account.token, allowance)

    async def _on_store(self, work: Callable[[Connection], T]) -> T:
        return await self._taking.desk.writer.submit(lambda log: work(log.connection))
