"""The route that weighs a basket, for a shop's server and for the page in a customer's browser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from serving.answers import CheckoutAnswer, StorefrontAnswer
from serving.decisions import Submission
from serving.routes import described
from serving.routes.door import ORDER_BYTES, PROBLEMS, access_of, body_of, service_of
from serving.routes.scoring import wish_of
from serving.service import Service
from serving.store.faults import LogDownError
from serving.wish import Wish

router = APIRouter()

_ANYWHERE = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT = _ANYWHERE | {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "authorization, content-type",
    "Access-Control-Max-Age": "86400",
}


@router.post(
    "/v1/checkout",
    operation_id="checkout",
    summary="Weigh a basket before it is ordered",
    responses={200: {"model": CheckoutAnswer | StorefrontAnswer}, **PROBLEMS},
    openapi_extra=described.body(
        "CheckoutRequest", parameters=(described.DEADLINE, described.REASONS)
    ),
)
async def checkout(request: Request) -> Response:
    """Whether to offer cash on delivery, a part in advance or a fee; nothing is remembered.

    A key that opens nothing else may lie in a shop's page: it is told the offer alone.
    """
    service, access = service_of(request), access_of(request, "checkout")
    in_page = "score" not in access.scopes
    if in_page:
        service.doorkeeper.visit(access, request.client.host if request.client else "")
    wish = await wish_of(request)
    basket = service.desk.reception.read_basket(access, await body_of(request, ORDER_BYTES))
    if not in_page:
        return _answered(_weighed(service, basket, wish))
    weighed = _weighed(service, basket, replace(wish, explained="none"))
    return _answered({"offer": weighed["offer"]})


@router.options("/v1/checkout", include_in_schema=False)
async def preflight() -> Response:
    """A browser asks whether a page of another site may post here."""
    return Response(status_code=204, headers=_PREFLIGHT)


def _weighed(service: Service, basket: Submission, wish: Wish) -> dict[str, Any]:
    """What is said of a basket; while the log is out of reach, by the payment mode alone."""
    if service.reach.up:
        try:
            return service.checkout.weigh(basket, wish)
        except LogDownError as error:
            service.reach.lost(error)
    return service.checkout.weigh(basket, replace(wish, effort="degraded"))


def _answered(told: dict[str, object]) -> Response:
    return Response(to_json(told), headers=_ANYWHERE, media_type="application/json")
