"""Routes that show orders."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving import openapi
from serving.desk import UnknownOrderError
from serving.orders import story
from serving.routes.door import PROBLEMS, UNKNOWN, answered, merchant_of, service_of
from serving.schemas import Story

router = APIRouter()


@router.get(
    "/v1/orders/{order_id:path}",
    operation_id="order",
    summary="The whole story of an order",
    responses={200: {"model": Story}, 401: PROBLEMS[401], **UNKNOWN},
    openapi_extra={"parameters": [openapi.MERCHANT]},
)
async def order(request: Request, order_id: str) -> Response:
    """What the order said, its decision, and every event."""
    return _story(request, order_id)


@router.get(
    "/v1/orders",
    operation_id="order_by_query",
    summary="The same for an order id that no path can hold",
    responses={200: {"model": Story}, 401: PROBLEMS[401], 422: PROBLEMS[422], **UNKNOWN},
    openapi_extra={"parameters": [openapi.MERCHANT]},
)
async def order_by_query(request: Request, order_id: str) -> Response:
    """As ``/v1/orders/{order_id}``."""
    return _story(request, order_id)


def _story(request: Request, order_id: str) -> Response:
    service, access = service_of(request), merchant_of(request, "read")
    found = story(
        service.connection, service.contacts, access.merchant_id, order_id.strip(),
        test=access.test,
    )  # fmt: skip
    if found is None:
        raise UnknownOrderError
    return answered(found, revision=found["revision"])
