"""What a shop at Shopify tells: orders placed, changed and cancelled, parcels handed over."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import Request, Response

from serving.conversation.life import UNDISPATCHED
from serving.decisions import Answer
from serving.desk import OtherContentError
from serving.moments import rfc3339
from serving.parcels.outcomes import Report, read_outcomes
from serving.parcels.shipments import Ship
from serving.parsing import BodyError, FieldsError
from serving.problems import problem
from serving.routes.door import service_of
from serving.routes.scoring import wish_of
from serving.shops.shopify import NotAnOrderError, ShopOrder, read_event, read_order, signed
from serving.standing import life_of
from serving.store.log import Held
from serving.store.merchants import Access
from serving.store.shops import Shop, keep_shop_order, order_numbered_in_shop
from serving.wish import Wish

_log = logging.getLogger("rto.shopify")

_PLACED = "orders/create"
_CHANGED = ("orders/updated", "orders/edited", "orders/paid", "orders/partially_paid")
_CANCELLED = "orders/cancelled"
_PARCELS = ("fulfillments/create", "fulfillments/update")


async def take(request: Request, shop: Shop, body: bytes) -> Response:
    """Take in one event of a shop's; repeats and what is older than what is known change nothing.

    What is signed and cannot be used is answered 200 and logged: Shopify gives up endpoints that
    refuse.
    """
    headers, account = request.headers, shop.account
    if not signed(account, body, headers.get("x-shopify-hmac-sha256")):
        return problem(403, "the signature does not fit this endpoint")
    if headers.get("x-shopify-shop-domain", account.domain).lower() != account.domain:
        return problem(403, "this endpoint belongs to another shop")
    topic = headers.get("x-shopify-topic", "")
    try:
        if topic in (_PLACED, _CANCELLED, *_CHANGED):
            order = read_order(account, read_event(body))
            await _Taking(request, shop, order, topic, await wish_of(request)).order_told()
        elif topic in _PARCELS:
            await _parcel(request, shop, read_event(body))
    except (NotAnOrderError, FieldsError, BodyError) as error:
        _log.warning("%s of %s is passed over: %s", topic, shop.merchant_id, error)
    return Response(status_code=200)


class _Taking:
    """One order of a shop's on its way in."""

    def __init__(
        self, request: Request, shop: Shop, order: ShopOrder, topic: str, wish: Wish
    ) -> None:
        self._service, self._wish = service_of(request), wish
        self._merchant_id, self._order, self._topic = shop.merchant_id, order, topic
        self._access = Access(shop.merchant_id, "test" if order.test else "live", key_id="shopify")

    async def order_told(self) -> None:
        """Place it, change it, or cancel it."""
        order, service = self._order, self._service
        if order_numbered_in_shop(
            service.connection, self._merchant_id, order.number, test=order.test
        ) is None:  # fmt: skip
            await self._keep(0)  # before it is decided, so that whoever follows the log knows it
        held = await service.desk.held(self._access, order.order_id, self._wish)
        if held is None:
            await self._placed()
        elif self._topic != _PLACED and self._newer(held):
            await self._revised(held)
        if order.cancelled_at is not None:
            await self._cancelled()
        await self._keep(order.updated_us)

    async def _keep(self, updated_us: int) -> None:
        order = self._order
        await self._service.writer.submit(
            lambda log: keep_shop_order(
                log.connection, self._merchant_id, order.number, order.order_id, updated_us,
                test=order.test,
            )
        )  # fmt: skip

    async def _placed(self) -> None:
        """Score it; one that was cancelled before it came is only remembered."""
        body = self._order.body(record_only=self._order.cancelled_at is not None)
        try:
            await self._service.standby.score(self._access, body, self._wish)
        except OtherContentError:  # another event of the same order came first
            held = await self._service.desk.held(self._access, self._order.order_id, self._wish)
            if held is not None and self._topic != _PLACED and self._newer(held):
                await self._revised(held)

    def _newer(self, held: Held) -> bool:
        """Whether it may still change, and what comes in is not older than what is known."""
        connection = self._service.connection
        if held.decided_seq is None or life_of(connection, held.number).stage not in UNDISPATCHED:
            return False
        known = order_numbered_in_shop(
            connection, self._merchant_id, self._order.number, test=self._order.test
        )
        return known is None or known[1] < self._order.updated_us

    async def _revised(self, held: Held) -> Answer:
        body = self._order.body()
        desk = self._service.desk
        return await desk.revise(self._access, held.order_id, body, held.revision, self._wish)

    async def _cancelled(self) -> None:
        order, now = self._order, self._service.clock()
        item = {
            "order_id": order.order_id, "outcome": "cancelled", "outcome_at": rfc3339(now),
            "cancelled_by": order.cancelled_by,
        }  # fmt: skip
        speaks = self._service.doorkeeper.speaking
        work = Report(self._access, read_outcomes([item]), now, speaks)
        await self._service.writer.submit(work)


async def _parcel(request: Request, shop: Shop, said: dict[str, Any]) -> None:
    """A parcel with a waybill; without one there is nothing to follow yet."""
    service, awb, number = service_of(request), said.get("tracking_number"), said.get("order_id")
    if type(number) is not int:
        raise NotAnOrderError("the parcel names no order")
    for test in (False, True):
        found = order_numbered_in_shop(service.connection, shop.merchant_id, number, test=test)
        if found is not None and isinstance(awb, str) and awb.strip():
            company, now = said.get("tracking_company"), service.clock()
            shipment = {
                "order_id": found[0], "awb": awb.strip(), "shipped_at": rfc3339(now),
                "courier": company if isinstance(company, str) else None,
            }  # fmt: skip
            access = Access(shop.merchant_id, "test" if test else "live", key_id="shopify")
            work = Ship(access, [shipment], now, service.doorkeeper.speaking)
            await service.writer.submit(work)
