"""What a shop at Shopify tells: orders placed, changed and cancelled, parcels handed over."""

from __future__ import annotations

import logging

from fastapi import Request, Response

from serving.parsing import BodyError, FieldsError
from serving.problems import problem
from serving.routes.door import service_of
from serving.routes.scoring import wish_of
from serving.shops.shopify import (
    CANCELLED,
    CHANGED,
    PARCELS,
    PLACED,
    NotAnOrderError,
    read_event,
    read_order,
    read_parcel,
    signed,
)
from serving.store.shops import Shop

_log = logging.getLogger("rto.shopify")


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
    taking = service_of(request).taking
    try:
        if topic in (PLACED, CANCELLED, *CHANGED):
            made = headers.get("x-shopify-triggered-at")
            told = read_order(account, read_event(body), topic, made)
            await taking.order(shop.merchant_id, told, await wish_of(request))
        elif topic in PARCELS and (parcel := read_parcel(read_event(body))) is not None:
            await taking.parcel(shop.merchant_id, parcel)
    except (NotAnOrderError, FieldsError, BodyError) as error:
        _log.warning("%s of %s is passed over: %s", topic, shop.merchant_id, error)
    return Response(status_code=200)
