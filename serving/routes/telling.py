"""Routes by which merchants tell what happened: outcomes, shipments, past orders, calls."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from serving import backfill
from serving.answers import BackfillAnswer, OutcomesAnswer, Standing
from serving.backfill import Backfill, Past, read_all
from serving.decisions import answer_now
from serving.hands import Asked, Note, Override, Respond
from serving.parcels import outcomes, shipments
from serving.parcels.outcomes import Report, read_outcomes
from serving.parcels.shipments import Ship
from serving.parts import in_parts
from serving.routes import described
from serving.routes.door import (
    PROBLEMS,
    UNKNOWN,
    access_of,
    answered,
    held_of,
    list_of,
    said_of,
    service_of,
)
from serving.schemas import NoteRequest, OverrideRequest, ResponseRequest
from serving.standing import standing
from serving.store.orders import Held

router = APIRouter()


@router.post(
    "/v1/outcomes",
    operation_id="report_outcomes",
    summary="Report what became of orders",
    responses={200: {"model": OutcomesAnswer}, **PROBLEMS},
    openapi_extra=described.body("OutcomeItem", most=outcomes.MOST),
)
async def report(request: Request) -> Response:
    """Up to 1,000 reports, in any order and any number of times; one result for each."""
    service, access = service_of(request), access_of(request, "report")
    items = read_outcomes(await list_of(request, "outcomes", outcomes.MOST))
    now, speaks = service.clock(), service.doorkeeper.speaking
    results = await in_parts(service.writer, items, lambda some: Report(access, some, now, speaks))
    if not access.test:
        service.metrics.outcomes.update(result.result for result in results)
    return _results(results)


@router.post(
    "/v1/shipments",
    operation_id="report_shipments",
    summary="Report parcels handed to couriers",
    responses={200: {"model": OutcomesAnswer}, **PROBLEMS},
    openapi_extra=described.body("Shipment", most=shipments.MOST),
)
async def ship(request: Request) -> Response:
    """Up to 1,000 shipments, any number of times; one result for each."""
    service, access = service_of(request), access_of(request, "report")
    items = await list_of(request, "shipments", shipments.MOST)
    now, speaks = service.clock(), service.doorkeeper.speaking
    work = in_parts(service.writer, items, lambda some: Ship(access, some, now, speaks))
    return _results(await work)


@router.post(
    "/v1/orders/backfill",
    operation_id="backfill",
    summary="Report past orders and their outcomes",
    responses={200: {"model": BackfillAnswer}, **PROBLEMS},
    openapi_extra=described.body("PastOrder", most=backfill.MOST),
)
async def past(request: Request) -> Response:
    """History only: no decision, no message; one result for each order."""
    service, access = service_of(request), access_of(request, "report")
    values = await list_of(request, "orders", backfill.MOST)
    read = read_all(service.desk.reception, access, values)
    orders = [one for one in read if isinstance(one, Past)]
    work = Backfill(service.rows, service.policies, service.contacts, service.clock())
    done = iter(await work.run(service.writer, orders))
    results = [one.told(next(done)) if isinstance(one, Past) else one for one in read]
    recorded = sum(result["result"] == "recorded" for result in results)
    return answered({"recorded": recorded, "results": results})


@router.post(
    "/v1/orders/{order_id:path}/override",
    operation_id="override_order",
    summary="Approve, hold or cancel an order",
    responses={200: {"model": Standing}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("OverrideRequest", parameters=(described.MERCHANT,)),
)
async def override(request: Request, order_id: str) -> Response:
    """What a person decides counts from now on, until the order is changed."""
    service, held = service_of(request), held_of(request, order_id, "report")
    wanted = await said_of(request, OverrideRequest)
    work = Override(held, wanted, service.contacts, service.clock())
    return _standing(request, await service.writer.submit(work))


@router.post(
    "/v1/orders/{order_id:path}/contact",
    operation_id="contact_customer",
    summary="Report what came of a call",
    responses={200: {"model": Standing}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("ResponseRequest", parameters=(described.MERCHANT,)),
)
async def contact(request: Request, order_id: str) -> Response:
    """From now on the order counts as treated."""
    return await _respond(request, order_id, "contacted")


@router.post(
    "/v1/orders/{order_id:path}/reply",
    operation_id="customer_replied",
    summary="Report a customer's answer from another channel",
    responses={200: {"model": Standing}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("ResponseRequest", parameters=(described.MERCHANT,)),
)
async def reply(request: Request, order_id: str) -> Response:
    """A confirmation lets the order go, a refusal cancels it, who wants a person gets one."""
    return await _respond(request, order_id, "replied")


@router.post(
    "/v1/orders/{order_id:path}/note",
    operation_id="note_order",
    summary="Note something about an order, or say who looks after it",
    responses={200: {"model": Standing}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("NoteRequest", parameters=(described.MERCHANT,)),
)
async def note(request: Request, order_id: str) -> Response:
    """Nothing is decided by it; an empty assignee hands the order back."""
    service, held = service_of(request), held_of(request, order_id, "report")
    wanted = await said_of(request, NoteRequest)
    return _standing(
        request, await service.writer.submit(Note(held, wanted, service.contacts, service.clock()))
    )


async def _respond(request: Request, order_id: str, kind: Asked) -> Response:
    service, held = service_of(request), held_of(request, order_id, "report")
    said = await said_of(request, ResponseRequest)
    work = Respond(kind, held, said, service.contacts, service.persons, service.clock())
    return _standing(request, await service.writer.submit(work))


def _standing(request: Request, held: Held) -> Response:
    connection = service_of(request).connection
    answer = answer_now(connection, held) or {"dispatch": None, "wait_until": None}
    stands = {name: answer[name] for name in ("dispatch", "wait_until")}
    return answered({"order_id": held.order_id, "revision": held.revision,
                     "state": outcomes.name_of_state(held.state), **stands,
                     **standing(connection, held)})  # fmt: skip


def _results(results: list[Any]) -> Response:
    recorded = sum(result.result == "recorded" for result in results)
    return answered({"recorded": recorded, "results": results})
