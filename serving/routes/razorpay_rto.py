"""A drop-in for Razorpay's RTO Intelligence: its three calls, its authentication, its errors."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from features.days import SECOND_US
from features.errors import RtoError
from serving.access import NoAccessError, UnknownMerchantError
from serving.decisions import answer_now
from serving.desk import OtherContentError
from serving.moments import rfc3339
from serving.parcels.outcomes import Report, Reported, read_outcomes
from serving.parcels.shipments import Ship
from serving.payments.paid import PaidElsewhere
from serving.problems import told_as
from serving.razorpay_rto import (
    ORDER_ID,
    STATUSES,
    AskedWrongError,
    checked,
    error_body,
    order_entity,
    order_id_of,
    read_object,
    review,
    score_body,
)
from serving.routes.door import ORDER_BYTES, body_of, service_of
from serving.routes.scoring import wish_of
from serving.store.merchants import Access, Scope
from serving.store.orders import Held
from serving.store.stories import placed_at

router = APIRouter(prefix="/razorpay/v1", include_in_schema=False)

_UNKNOWN = "The id provided does not exist"


@router.post("/orders")
async def create(request: Request) -> Response:
    """Review an order that is about to be placed, and remember it."""
    return await _answered(_created(request))


@router.post("/orders/{order_id}/rto_review")
async def rto_review(request: Request, order_id: str) -> Response:
    """Its tier and the reasons."""
    return await _answered(_reviewed(request, order_id))


@router.post("/orders/{order_id}/fulfillment")
async def fulfillment(request: Request, order_id: str) -> Response:
    """How it was paid, how it is shipped, and what became of it."""
    return await _answered(_fulfilled(request, order_id))


@router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def elsewhere() -> Response:
    """Everything else of Razorpay's is not here."""
    said = error_body("The requested URL was not found on the server.", code="BAD_REQUEST_ERROR")
    return Response(to_json(said), 404, media_type="application/json")


async def _created(request: Request) -> dict[str, Any]:
    service, access = service_of(request), _access(request, "score")
    body = await body_of(request, ORDER_BYTES)
    asked = read_object(body)
    checked(asked)
    wish = await wish_of(request)
    receipt, key = asked.get("receipt"), service.desk.reception.digest_key
    order_id = order_id_of(access.merchant_id, receipt, body, key)
    held, now = service.desk.find(access, order_id), service.clock()
    if held is None:
        posted = score_body(order_id, asked, now_us=now, merchant_id=access.merchant_id)
        try:
            await service.standby.score(access, posted, wish)
        except OtherContentError:  # the same order, posted twice at once: the first one stands
            held = service.desk.find(access, order_id)
    if held is not None:
        now = placed_at(service.connection, held)
    return order_entity(order_id, asked, now // SECOND_US)


async def _reviewed(request: Request, order_id: str) -> dict[str, Any]:
    access = _access(request, "score")
    await body_of(request, ORDER_BYTES)
    answer = answer_now(service_of(request).connection, _held(request, access, order_id))
    if answer is None:
        raise AskedWrongError(_UNKNOWN)
    return review(answer)


async def _fulfilled(request: Request, order_id: str) -> dict[str, Any]:
    access = _access(request, "report")
    asked = read_object(await body_of(request, ORDER_BYTES))
    parcel = _Parcel.read(asked)
    held = _held(request, access, order_id)
    await _report(request, access, held, parcel)
    return {
        "entity": "order.fulfillment", "order_id": order_id,
        "payment_method": parcel.payment_method,
        "shipping": {"waybill": parcel.waybill, "status": parcel.status,
                     "provider": parcel.provider},
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What a fulfilment says."""

    payment_method: str | None
    waybill: str | None
    status: str | None
    provider: str | None

    @classmethod
    def read(cls, asked: dict[str, Any]) -> _Parcel:
        """Read it.

        Raises
        ------
        AskedWrongError
            If a field is at fault.
        """
        shipping = asked.get("shipping", {})
        if not isinstance(shipping, dict):
            raise AskedWrongError("The shipping must be an object.", "shipping")
        given = {"payment_method": asked.get("payment_method"), **{
            name: shipping.get(name) for name in ("waybill", "status", "provider")
        }}  # fmt: skip
        for name, value in given.items():
            if value is not None and not (isinstance(value, str) and 0 < len(value) <= 255):
                raise AskedWrongError(f"The {name} must be a text.", name)
        if given["status"] not in (None, *STATUSES):
            raise AskedWrongError(f"The status must be one of {', '.join(STATUSES)}.", "status")
        return cls(**given)


async def _report(request: Request, access: Access, held: Held, parcel: _Parcel) -> None:
    """Say what is new of it; what was said before changes nothing."""
    service, now = service_of(request), service_of(request).clock()
    speaks, named = service.doorkeeper.speaking, {"order_id": held.order_id}
    outcome = STATUSES.get(parcel.status or "")
    if parcel.payment_method not in (None, "cod"):
        await service.writer.submit(PaidElsewhere(held, service.desk, now))
    done: list[Reported] = []
    if parcel.waybill is not None:
        shipment = named | {"awb": parcel.waybill, "courier": parcel.provider,
                            "shipped_at": rfc3339(now)}  # fmt: skip
        done += await service.writer.submit(Ship(access, [shipment], now, speaks))
    if outcome:
        item = named | {"outcome": outcome, "outcome_at": rfc3339(now)}
        report = Report(access, read_outcomes([item]), now, speaks)
        done += await service.writer.submit(report)
    for one in done:
        if one.result in ("refused", "invalid"):
            raise AskedWrongError(one.detail)


def _held(request: Request, access: Access, order_id: str) -> Held:
    found = (
        service_of(request).desk.find(access, order_id) if ORDER_ID.fullmatch(order_id) else None
    )
    if found is None:
        raise AskedWrongError(_UNKNOWN)
    return found


def _access(request: Request, scope: Scope) -> Access:
    """Basic authentication: the secret is one of our keys, the id names merchant or key."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        plain = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, ValueError):
        plain = ""
    key_id, _, secret = plain.partition(":")
    if scheme.lower() != "basic" or not secret:
        raise NoAccessError("Authentication failed")
    doorkeeper = service_of(request).doorkeeper
    found = doorkeeper.api(f"Bearer {secret}", scope)
    try:
        return doorkeeper.speaking(found, None if key_id == found.key_id else key_id)
    except UnknownMerchantError:
        raise NoAccessError("Authentication failed") from None


async def _answered(work: Awaitable[dict[str, Any]]) -> Response:
    """What the work gives, or its error in Razorpay's shape."""
    try:
        status, body = 200, await work
    except AskedWrongError as error:
        status = 400
        body = error_body(str(error), code="BAD_REQUEST_ERROR", name=error.name)
    except RtoError as error:
        status = told_as(error)["status"]
        code = "BAD_REQUEST_ERROR" if status < 500 else "SERVER_ERROR"
        status = status if status in (401, 429) or status >= 500 else 400
        says = "Authentication failed" if status == 401 else str(error)
        body = error_body(says, code=code)
    return Response(to_json(body), status, media_type="application/json")
