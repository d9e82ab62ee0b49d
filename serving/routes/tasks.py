"""Routes of what people do: open tasks, free answers, messages that did not arrive."""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter, Request, Response

from serving.answers import Problem
from serving.conversation.answers import DeadLetters, Done, TaskList
from serving.conversation.manual import Answering, LateAnswerError, Resending, shown_tasks
from serving.conversation.redelivery import Redelivery
from serving.moments import rfc3339
from serving.parsing import FieldsError
from serving.problems import problem
from serving.routes import described
from serving.routes.door import (
    PROBLEMS,
    SHOWING,
    UNKNOWN,
    answered,
    held_of,
    merchant_of,
    said_of,
    service_of,
)
from serving.schemas import FreeMessage, RedeliveryRequest, Retry, TaskDone
from serving.store.dead_letters import dead_letters
from serving.store.outbox import message_named
from serving.store.tasks import TaskKind, finish_task, task_named

router = APIRouter()

_MOST = 1_000
_KIND = {"name": "kind", "in": "query", "required": False,
         "description": "Only tasks of this kind.",
         "schema": {"type": "string", "enum": list(get_args(TaskKind))}}  # fmt: skip


@router.get(
    "/v1/tasks",
    operation_id="tasks",
    summary="What people have to do",
    responses={200: {"model": TaskList}, **SHOWING},
    openapi_extra={"parameters": [_KIND, described.MERCHANT]},
)
async def tasks(request: Request) -> Response:
    """Calls, replies to read, payments to give back, couriers to dispute; oldest first."""
    service, access = service_of(request), merchant_of(request, "read")
    kind = request.query_params.get("kind")
    if kind is not None and kind not in get_args(TaskKind):
        raise FieldsError([("kind", f"must be one of {', '.join(get_args(TaskKind))}")])
    found = shown_tasks(service.connection, service.contacts, access.merchant_id, kind, _MOST)
    return answered({"tasks": found})


@router.post(
    "/v1/tasks/{task_id}/done",
    operation_id="finish_task",
    summary="Say that a task is done",
    responses={200: {"model": Done}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("TaskDone", parameters=(described.MERCHANT,)),
)
async def done(request: Request, task_id: str) -> Response:
    """Repeats change nothing."""
    service, access = service_of(request), merchant_of(request, "report")
    said = await said_of(request, TaskDone)
    if task_named(service.connection, access.merchant_id, task_id) is None:
        return problem(404, "there is no such task")
    by, now = said.by or access.key_id, service.clock()
    changed = await service.writer.submit(lambda log: finish_task(log.connection, task_id, by, now))
    return answered({"changed": changed})


@router.post(
    "/v1/orders/{order_id:path}/message",
    operation_id="answer_customer",
    summary="Answer a customer freely",
    responses={
        200: {"model": Done},
        409: {"model": Problem, "description": "Too late for a free answer."},
        **UNKNOWN,
        **PROBLEMS,
    },
    openapi_extra=described.body("FreeMessage", parameters=(described.MERCHANT,)),
)
async def message(request: Request, order_id: str) -> Response:
    """Within a day of the customer's last message; after that only templates may be sent."""
    service, held = service_of(request), held_of(request, order_id, "report")
    said = await said_of(request, FreeMessage)
    work = Answering(held, said, service.contacts, service.clock())
    try:
        await service.writer.submit(work)
    except LateAnswerError as error:
        return problem(409, str(error))
    return answered({"changed": True})


@router.post(
    "/v1/orders/{order_id:path}/redelivery",
    operation_id="redeliver",
    summary="Say what is to happen after a failed delivery",
    responses={200: {"model": Done}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("RedeliveryRequest", parameters=(described.MERCHANT,)),
)
async def redelivery(request: Request, order_id: str) -> Response:
    """Ask the customer again, or pass on to the courier what they said on the phone."""
    service, held = service_of(request), held_of(request, order_id, "report")
    said = await said_of(request, RedeliveryRequest)
    await service.writer.submit(Redelivery(service.desk, held, said, service.clock()))
    return answered({"changed": True})


@router.get(
    "/v1/messages",
    operation_id="dead_letters",
    summary="Messages that did not arrive",
    responses={200: {"model": DeadLetters}, **SHOWING},
    openapi_extra={"parameters": [described.MERCHANT]},
)
async def letters(request: Request) -> Response:
    """Those of which nobody knows (``unknown``) too; newest first."""
    service, access = service_of(request), merchant_of(request, "read")
    found = [
        {"message_id": one.message_id, "order_id": one.order_id, "purpose": one.purpose,
         "state": one.state, "why": one.why, "made_at": rfc3339(one.made_us)}
        for one in dead_letters(service.connection, access.merchant_id, _MOST)
    ]  # fmt: skip
    return answered({"messages": found})


@router.post(
    "/v1/messages/{message_id}/retry",
    operation_id="retry_message",
    summary="Send a message again",
    responses={200: {"model": Done}, **UNKNOWN, **PROBLEMS},
    openapi_extra=described.body("Retry", parameters=(described.MERCHANT,)),
)
async def retry(request: Request, message_id: str) -> Response:
    """One that may have arrived only where ``doubtful`` is true."""
    service, access = service_of(request), merchant_of(request, "report")
    said = await said_of(request, Retry)
    letter = message_named(service.connection, message_id)
    if letter is None or letter.merchant_id != access.merchant_id:
        return problem(404, "there is no such message")
    work = Resending(access.merchant_id, message_id, said.doubtful, service.clock())
    return answered({"changed": await service.writer.submit(work)})
