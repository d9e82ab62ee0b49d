"""Routes of a merchant's own arrangements: policy, lists, and a platform's merchants."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from models.policy import Policy
from serving import listing, openapi, platforms
from serving.access import ScopeError
from serving.answers import EntryList, EntryResults, MerchantResults
from serving.audit import audit
from serving.listing import AddEntries, DropEntry, UnknownEntryError, told
from serving.parsing import FieldsError
from serving.parts import in_parts
from serving.platforms import CreateMerchants
from serving.routes.door import (
    CONDITION,
    ORDER_BYTES,
    PROBLEMS,
    UNKNOWN,
    access_of,
    answered,
    list_of,
    merchant_of,
    object_of,
    revision_of,
    service_of,
    whole_of,
)
from serving.simulation import DAYS
from serving.store.lists import entries
from serving.store.log import Log
from serving.store.policies import save_policy

router = APIRouter()


@router.get(
    "/v1/policy",
    operation_id="policy",
    summary="The policy in force",
    responses={200: {"description": "The policy; ETag is its revision."}, 401: PROBLEMS[401],
               403: PROBLEMS[403], **UNKNOWN, 422: PROBLEMS[422]},
    openapi_extra={"parameters": [openapi.MERCHANT]},
)  # fmt: skip
async def policy(request: Request) -> Response:
    """The newest revision, or the shipped default (revision 0)."""
    service, access = service_of(request), merchant_of(request, "read")
    body = service.policies.now(access.merchant_id).to_json()
    return answered(body, revision=body["revision"])


@router.put(
    "/v1/policy",
    operation_id="save_policy",
    summary="Save the next revision of the policy",
    responses={200: {"description": "The policy as saved; ETag is its revision."}, **UNKNOWN,
               **CONDITION, **PROBLEMS},
    openapi_extra=openapi.POLICY_BODY,
)  # fmt: skip
async def put_policy(request: Request) -> Response:
    """Replace the whole policy; ``If-Match`` names the revision that was changed."""
    service, access = service_of(request), merchant_of(request, "manage")
    expected, plain = revision_of(request), await object_of(request, ORDER_BYTES)
    saved = Policy.from_json({n: v for n, v in plain.items() if n != "revision"}).to_json()
    now = service.clock()

    def work(log: Log) -> int:
        audit(log, "policy saved", access.merchant_id, now_us=now, by=access)
        return save_policy(log, access.merchant_id, saved, expected=expected, now_us=now)

    revision = await service.writer.submit(work)
    service.policies.forget(access.merchant_id)
    return answered(saved | {"revision": revision}, revision=revision)


@router.post(
    "/v1/policy/simulate",
    operation_id="simulate_policy",
    summary="What a draft of the policy would have done to the last days' orders",
    responses={200: {"description": "Orders by action, rupees and returns with 90 % intervals."},
               **UNKNOWN, **PROBLEMS},
    openapi_extra=openapi.SIMULATION_BODY,
)  # fmt: skip
async def simulate_policy(request: Request) -> Response:
    """Against the policy in force and against none; nothing is saved."""
    service, access = service_of(request), merchant_of(request, "read")
    plain = await object_of(request, ORDER_BYTES)
    policy, days = plain.get("policy"), plain.get("days", 90)
    if policy is not None and not isinstance(policy, dict):
        raise FieldsError([("policy", "must be an object, as GET /v1/policy shows it")])
    if type(days) is not int or days not in DAYS:
        raise FieldsError([("days", f"must be one of {', '.join(map(str, DAYS))}")])
    if policy:
        Policy.from_json(policy)
    now = service.clock()
    return answered(await service.simulations.simulate(access.merchant_id, policy or {}, days, now))


@router.get(
    "/v1/lists",
    operation_id="list_entries",
    summary="The allow and block lists",
    responses={200: {"model": EntryList}, 401: PROBLEMS[401], 403: PROBLEMS[403], **UNKNOWN,
               422: PROBLEMS[422]},
    openapi_extra={"parameters": [openapi.ENTRY_CURSOR, openapi.LIMIT, openapi.MERCHANT]},
)  # fmt: skip
async def get_lists(request: Request) -> Response:
    """Oldest first; values are kept as hashes, so their ends are shown."""
    service, access = service_of(request), merchant_of(request, "read")
    limit = max(1, whole_of(request, "limit", 100, 1_000))
    after = request.query_params.get("cursor", "")
    found = entries(service.connection, access.merchant_id, after=after, limit=limit)
    cursor = found[-1].entry_id if len(found) == limit else None
    return answered({"entries": [told(entry) for entry in found], "next_cursor": cursor})


@router.post(
    "/v1/lists",
    operation_id="add_entries",
    summary="Add up to 1,000 entries",
    responses={200: {"model": EntryResults}, **PROBLEMS},
    openapi_extra=openapi.body("ListEntry", most=listing.MOST),
)
async def add_entries(request: Request) -> Response:
    """Each in place of one of the same value; block comes before allow, both before the model."""
    service, access = service_of(request), access_of(request, "manage")
    items = await list_of(request, "entries", listing.MOST)
    now, speaks, lists = service.clock(), service.doorkeeper.speaking, service.lists
    results = await in_parts(
        service.writer, items, lambda some: AddEntries(access, some, lists, now, speaks)
    )
    for merchant_id in {str(result.get("merchant_id")) for result in results}:
        service.lists.forget(merchant_id)
    return answered({"results": results})


@router.delete(
    "/v1/lists",
    operation_id="remove_entry",
    summary="Remove an entry",
    status_code=204,
    responses={204: {"description": "It is gone."}, 401: PROBLEMS[401], 403: PROBLEMS[403],
               **UNKNOWN, 422: PROBLEMS[422], 429: PROBLEMS[429], 503: PROBLEMS[503]},
    openapi_extra={"parameters": [openapi.ENTRY_ID, openapi.MERCHANT]},
)  # fmt: skip
async def remove_entry(request: Request) -> Response:
    """By its id."""
    service, access = service_of(request), merchant_of(request, "manage")
    entry_id = request.query_params.get("entry_id")
    if not entry_id:
        raise FieldsError([("entry_id", "is missing; GET /v1/lists names the entries")])
    if not await service.writer.submit(DropEntry(access, entry_id, service.clock())):
        raise UnknownEntryError("there is no such entry; GET /v1/lists names the entries")
    service.lists.forget(access.merchant_id)
    return Response(status_code=204)


@router.post(
    "/v1/merchants",
    operation_id="create_merchants",
    summary="Create and configure merchants of a platform",
    responses={200: {"model": MerchantResults}, **PROBLEMS},
    openapi_extra=openapi.body("NewMerchant", most=platforms.MOST),
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
