"""Routes of a merchant's lists."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from serving.answers import EntryList, EntryResults, ImportResult
from serving.lists import changing
from serving.lists.changing import AddEntries, DropEntry, UnknownEntryError, told
from serving.lists.file import MOST_BYTES, Defaults, read_list
from serving.lists.importing import ImportEntries, parts, summed
from serving.parsing import FieldsError
from serving.parts import in_parts
from serving.routes import described
from serving.routes.door import (
    CHANGING,
    PROBLEMS,
    SHOWING,
    access_of,
    answered,
    body_of,
    limit_of,
    list_of,
    merchant_of,
    service_of,
)
from serving.store.lists import entries

router = APIRouter()


@router.get(
    "/v1/lists",
    operation_id="list_entries",
    summary="The allow and block lists",
    responses={200: {"model": EntryList}, **SHOWING},
    openapi_extra={"parameters": [described.ENTRY_CURSOR, described.LIMIT, described.MERCHANT]},
)  # fmt: skip
async def get_lists(request: Request) -> Response:
    """Oldest first; values are kept as hashes, so their ends are shown."""
    service, access = service_of(request), merchant_of(request, "read")
    limit = limit_of(request)
    after = request.query_params.get("cursor", "")
    found = entries(service.connection, access.merchant_id, after=after, limit=limit)
    cursor = found[-1].entry_id if len(found) == limit else None
    return answered({"entries": [told(entry) for entry in found], "next_cursor": cursor})


@router.post(
    "/v1/lists",
    operation_id="add_entries",
    summary="Add up to 1,000 entries",
    responses={200: {"model": EntryResults}, **PROBLEMS},
    openapi_extra=described.body("ListEntry", most=changing.MOST),
)
async def add_entries(request: Request) -> Response:
    """Each in place of one of the same value; block comes before allow, both before the model."""
    service, access = service_of(request), access_of(request, "manage")
    items = await list_of(request, "entries", changing.MOST)
    now, speaks, lists = service.clock(), service.doorkeeper.speaking, service.lists
    results = await in_parts(
        service.writer, items, lambda some: AddEntries(access, some, lists, now, speaks)
    )
    for merchant_id in {str(result.get("merchant_id")) for result in results}:
        service.lists.forget(merchant_id)
    return answered({"results": results})


@router.post(
    "/v1/lists/import",
    operation_id="import_entries",
    summary="Add up to 100,000 entries from a CSV file",
    responses={200: {"model": ImportResult}, **PROBLEMS},
    openapi_extra=described.LIST_FILE,
)
async def import_entries(request: Request) -> Response:
    """Line by line; every line that cannot be taken is named, and the others are in."""
    service, access = service_of(request), merchant_of(request, "manage")
    asked = {name: request.query_params.get(name, "").strip()
             for name in ("list", "field", "reason", "by")}  # fmt: skip
    body = await body_of(request, MOST_BYTES)
    lines = await asyncio.to_thread(read_list, body, Defaults(**asked))
    now, results = service.clock(), list[dict[str, object]]()
    for some in parts(lines):
        work = ImportEntries(access.merchant_id, some, service.lists, now, access)
        results += await service.writer.submit(work)
    service.lists.forget(access.merchant_id)
    return answered(summed(results))


@router.delete(
    "/v1/lists",
    operation_id="remove_entry",
    summary="Remove an entry",
    status_code=204,
    responses={204: {"description": "It is gone."}, **CHANGING},
    openapi_extra={"parameters": [described.ENTRY_ID, described.MERCHANT]},
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
