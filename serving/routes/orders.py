"""Routes that show orders and events."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response

from features.days import to_us
from serving.answers import EventFeed, OrderList, Story
from serving.desk import UnknownOrderError
from serving.orders import feed, listed, story
from serving.parcels.outcomes import classes_of
from serving.parsing import FieldsError
from serving.routes import described
from serving.routes.door import (
    LAST,
    SHOWING,
    answered,
    limit_of,
    merchant_of,
    service_of,
    whole_of,
)

router = APIRouter()


@router.get(
    "/v1/orders/{order_id:path}",
    operation_id="order",
    summary="The whole story of an order",
    responses={200: {"model": Story}, **SHOWING},
    openapi_extra={"parameters": [described.MERCHANT]},
)  # fmt: skip
async def order(request: Request, order_id: str) -> Response:
    """What the order said, its decision, and every event; ETag is its revision."""
    return _story(request, order_id)


@router.get(
    "/v1/orders",
    operation_id="orders",
    summary="Orders by their last change; or one, whose id no path can hold",
    responses={200: {"model": OrderList | Story}, **SHOWING},
    openapi_extra={"parameters": [
        described.ORDER_ID, described.STATE, described.UPDATED_AFTER, described.CURSOR,
        described.LIMIT, described.MERCHANT,
    ]},
)  # fmt: skip
async def orders(request: Request) -> Response:
    """Oldest change first; ``next_cursor`` is null once there is nothing more."""
    query = request.query_params
    if "order_id" in query:
        return _story(request, query["order_id"])
    service, access = service_of(request), merchant_of(request, "read")
    found = listed(
        service.connection, access,
        classes=classes_of(query.get("state")),
        updated_after_us=_moment(query.get("updated_after")),
        after=whole_of(request, "cursor", 0, LAST),
        limit=limit_of(request),
    )  # fmt: skip
    return answered(found)


@router.get(
    "/v1/events",
    operation_id="events",
    summary="The feed of events",
    responses={200: {"model": EventFeed}, **SHOWING},
    openapi_extra={"parameters": [described.AFTER, described.LIMIT, described.MERCHANT]},
)  # fmt: skip
async def events(request: Request) -> Response:
    """Everything since ``after``, in the order of the log; go on from ``next_after``."""
    service, access = service_of(request), merchant_of(request, "read")
    limit = limit_of(request)
    after = whole_of(request, "after", 0, LAST)
    return answered(feed(service.connection, access, after, limit))


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return to_us(moment) if moment.tzinfo else _no_moment()
    except (ValueError, OverflowError):
        return _no_moment()


def _no_moment() -> int:
    raise FieldsError([("updated_after", "must be a time with an offset (RFC 3339)")])


def _story(request: Request, order_id: str) -> Response:
    service, access = service_of(request), merchant_of(request, "read")
    found = story(
        service.connection, service.contacts, access.merchant_id, order_id.strip(),
        test=access.test,
    )  # fmt: skip
    if found is None:
        raise UnknownOrderError
    return answered(found, revision=found["revision"])
