"""Routes of a merchant's own webhooks: where we tell what happens."""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from serving.parsing import FieldsError
from serving.routes import described
from serving.routes.door import (
    CHANGING,
    LAST,
    PROBLEMS,
    SHOWING,
    UNKNOWN,
    answered,
    limit_of,
    merchant_of,
    said_of,
    service_of,
    whole_of,
)
from serving.schemas import NewWebhook, Replay
from serving.store.deliveries import DeliveryState, deliveries_of
from serving.store.subscriptions import subscription_named, subscriptions_of
from serving.webhooks.answers import (
    DeliveryList,
    NewWebhookOut,
    Replayed,
    WebhookList,
    WebhookOut,
)
from serving.webhooks.subscriptions import Arranging, UnknownWebhookError, shown, shown_deliveries

router = APIRouter()

_ONE = {"parameters": [described.MERCHANT]}


@router.get(
    "/v1/webhooks",
    operation_id="webhooks",
    summary="Where we tell what happens",
    responses={200: {"model": WebhookList}, **SHOWING},
    openapi_extra=_ONE,
)
async def webhooks(request: Request) -> Response:
    """Oldest first; secrets are shown only when they are made."""
    service, access = service_of(request), merchant_of(request, "manage")
    found = subscriptions_of(service.connection, service.contacts, access.merchant_id)
    return answered({"webhooks": [shown(service.connection, one) for one in found]})


@router.post(
    "/v1/webhooks",
    operation_id="add_webhook",
    summary="Be told what happens",
    status_code=201,
    responses={201: {"model": NewWebhookOut}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("NewWebhook", parameters=(described.MERCHANT,)),
)
async def add_webhook(request: Request) -> Response:
    """From now on, at least once each, in any order, signed as Standard Webhooks says."""
    service, arranging = service_of(request), _arranging(request)
    wanted = await said_of(request, NewWebhook)
    one, secret = await service.writer.submit(lambda log: arranging.add(log, wanted))
    made = shown(service.connection, one) | {"secret": secret}
    return Response(to_json(made), 201, media_type="application/json")


@router.delete(
    "/v1/webhooks/{webhook_id}",
    operation_id="remove_webhook",
    summary="Be told no more",
    status_code=204,
    responses={204: {"description": "It is gone."}, **CHANGING},
    openapi_extra=_ONE,
)
async def remove_webhook(request: Request, webhook_id: str) -> Response:
    """What was not delivered yet never will be."""
    arranging = _arranging(request)
    await service_of(request).writer.submit(lambda log: arranging.remove(log, webhook_id))
    return Response(status_code=204)


@router.post(
    "/v1/webhooks/{webhook_id}/rotate",
    operation_id="rotate_webhook",
    summary="Replace a webhook's secret",
    responses={200: {"model": NewWebhookOut}, **CHANGING},
    openapi_extra=_ONE,
)
async def rotate_webhook(request: Request, webhook_id: str) -> Response:
    """For a day both the new secret and the one before sign."""
    service, arranging = service_of(request), _arranging(request)
    one, secret = await service.writer.submit(lambda log: arranging.rotate(log, webhook_id))
    return answered(shown(service.connection, one) | {"secret": secret})


@router.post(
    "/v1/webhooks/{webhook_id}/resume",
    operation_id="resume_webhook",
    summary="Switch a webhook on again",
    responses={200: {"model": WebhookOut}, **CHANGING},
    openapi_extra=_ONE,
)
async def resume_webhook(request: Request, webhook_id: str) -> Response:
    """It is told everything since it was switched off."""
    service, arranging = service_of(request), _arranging(request)
    one = await service.writer.submit(lambda log: arranging.resume(log, webhook_id))
    return answered(shown(service.connection, one))


@router.get(
    "/v1/webhooks/{webhook_id}/deliveries",
    operation_id="deliveries",
    summary="What a webhook was told",
    responses={200: {"model": DeliveryList}, **SHOWING},
    openapi_extra={"parameters": [described.DELIVERY_STATE, described.BEFORE, described.LIMIT,
                                  described.MERCHANT]},
)  # fmt: skip
async def deliveries(request: Request, webhook_id: str) -> Response:
    """Newest first; go on from ``next_before``."""
    service, access = service_of(request), merchant_of(request, "manage")
    state = request.query_params.get("state")
    if state not in (None, *get_args(DeliveryState)):
        raise FieldsError([("state", f"must be one of {', '.join(get_args(DeliveryState))}")])
    limit = limit_of(request)
    before = whole_of(request, "before", LAST, LAST)
    connection = service.connection
    if subscription_named(connection, service.contacts, access.merchant_id, webhook_id) is None:
        raise UnknownWebhookError
    found = deliveries_of(connection, webhook_id, state=state, before=before, limit=limit)
    next_before = found[-1].seq if len(found) == limit else None
    return answered({"deliveries": shown_deliveries(found), "next_before": next_before})


@router.post(
    "/v1/webhooks/{webhook_id}/replay",
    operation_id="replay_webhook",
    summary="Tell a webhook again",
    responses={200: {"model": Replayed}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("Replay", parameters=(described.MERCHANT,)),
)
async def replay_webhook(request: Request, webhook_id: str) -> Response:
    """Under the same ids: one delivery, all that were given up, or all since a position."""
    service, arranging = service_of(request), _arranging(request)
    wanted = await said_of(request, Replay)
    count = await service.writer.submit(lambda log: arranging.replay(log, webhook_id, wanted))
    return answered({"replayed": count})


def _arranging(request: Request) -> Arranging:
    service, access = service_of(request), merchant_of(request, "manage")
    return Arranging(access.merchant_id, service.contacts, service.clock(), access)
