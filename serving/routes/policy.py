"""Routes of the policy."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from models.policy import Policy
from serving import openapi
from serving.routes.door import (
    CONDITION,
    ORDER_BYTES,
    PROBLEMS,
    answered,
    merchant_of,
    object_of,
    revision_of,
    service_of,
)
from serving.store.policies import save_policy

router = APIRouter()


@router.get(
    "/v1/policy",
    operation_id="policy",
    summary="The policy in force",
    responses={200: {"description": "The policy; ETag is its revision."}, 401: PROBLEMS[401]},
    openapi_extra={"parameters": [openapi.MERCHANT]},
)
async def policy(request: Request) -> Response:
    """The newest revision, or the shipped default (revision 0)."""
    service, access = service_of(request), merchant_of(request, "read")
    body = service.policies.now(access.merchant_id).to_json()
    return answered(body, revision=body["revision"])


@router.put(
    "/v1/policy",
    operation_id="save_policy",
    summary="Save the next revision of the policy",
    responses={
        200: {"description": "The policy as saved; ETag is its revision."}, **CONDITION, **PROBLEMS
    },
    openapi_extra=openapi.POLICY_BODY,
)  # fmt: skip
async def put_policy(request: Request) -> Response:
    """Replace the whole policy; ``If-Match`` names the revision that was changed."""
    service, access = service_of(request), merchant_of(request, "manage")
    expected, plain = revision_of(request), await object_of(request, ORDER_BYTES)
    saved = Policy.from_json({n: v for n, v in plain.items() if n != "revision"}).to_json()
    now = service.clock()
    revision = await service.writer.submit(
        lambda log: save_policy(log, access.merchant_id, saved, expected=expected, now_us=now)
    )
    service.policies.forget(access.merchant_id)
    return answered(saved | {"revision": revision}, revision=revision)
