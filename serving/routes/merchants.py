"""Routes of a platform's merchants."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving import platforms
from serving.access import ScopeError
from serving.answers import MerchantResults
from serving.parts import in_parts
from serving.platforms import CreateMerchants
from serving.routes import described
from serving.routes.door import (
    PROBLEMS,
    access_of,
    answered,
    list_of,
    service_of,
)

router = APIRouter()


@router.post(
    "/v1/merchants",
    operation_id="create_merchants",
    summary="Create and configure merchants of a platform",
    responses={200: {"model": MerchantResults}, **PROBLEMS},
    openapi_extra=described.body("NewMerchant", most=platforms.MOST),
)
async def create_merchants(request: Request) -> Response:
    """Up to 1,000, any number of times; one result for each."""
    service, access = service_of(request), access_of(request, "manage")
    if not access.platform or access.test:
        raise ScopeError("only a live platform key creates merchants: `rto key new M --platform`")
    items = await list_of(request, "merchants", platforms.MOST)
    now = service.clock()
    results = await in_parts(service.writer, items, lambda some: CreateMerchants(access, some, now))
    for result in results:
        service.doorkeeper.forget_merchant(result["merchant_id"])
        service.policies.forget(result["merchant_id"])
    return answered({"results": results})
