"""The HTTP interface: routes of a few lines each over desk, store and pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic_core import from_json, to_json

from features.errors import RtoError
from models.policy import Policy
from serving import openapi, pages, problems
from serving.decisions import Answer
from serving.orders import story
from serving.outcomes import Report, read_outcomes
from serving.parsing import BodyError
from serving.problems import MissingConditionError, TooLargeError, UnknownOrderError
from serving.readiness import readiness
from serving.schemas import (
    ConflictProblem,
    OutcomesAnswer,
    Problem,
    Ready,
    ScoreAnswer,
    Story,
)
from serving.service import Service
from serving.store.merchants import Access
from serving.store.policies import save_policy

ORDER_BYTES = 256 * 1024
LIST_BYTES = 2 * 1024 * 1024

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is no JSON."},
    401: {"model": Problem, "description": "No valid key."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "A field is at fault; the problem names it."},
    429: {"model": Problem, "description": "Too much is waiting; see Retry-After."},
    503: {"model": Problem, "description": "The log is out of reach; act by your own default."},
}

router = APIRouter()


def create_app(service: Service) -> FastAPI:
    """The application over a service; starts and stops it with the server."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    app = FastAPI(
        title="RTO risk", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url=None,
    )  # fmt: skip
    app.state.service = service
    problems.install(app)
    app.include_router(router)
    app.include_router(pages.router)
    openapi.install(app)
    return app


@router.post(
    "/v1/score",
    operation_id="score",
    summary="Score an order",
    responses={
        200: {"model": ScoreAnswer},
        409: {"model": ConflictProblem, "description": "Decided before with other content."},
        **_PROBLEMS,
    },
    openapi_extra=openapi.body("ScoreRequest"),
)
async def score(request: Request) -> Response:
    """Decide one order durably; the same order again gives the first decision."""
    service = _service(request)
    try:
        access = _access(request)
        body = await _body(request, ORDER_BYTES)
        answer = await service.desk.score(access, body)
    except RtoError as error:
        response = problems.problem_of(error)
    else:
        response = Response(to_json(answer), 200, media_type="application/json")
    service.metrics.answers["score", response.status_code] += 1
    return response


@router.post(
    "/v1/outcomes",
    operation_id="report_outcomes",
    summary="Report what became of orders",
    responses={200: {"model": OutcomesAnswer}, **_PROBLEMS},
    openapi_extra=openapi.body("OutcomeItem", most=1_000),
)
async def outcomes(request: Request) -> Response:
    """Up to 1,000 reports, in any order and any number of times; one result for each."""
    service, access = _service(request), _access(request)
    items = read_outcomes(await _body(request, LIST_BYTES))
    results = await service.writer.submit(Report(access, items, service.clock()))
    service.metrics.outcomes.update(result.result for result in results)
    recorded = sum(result.result == "recorded" for result in results)
    return _json({"recorded": recorded, "results": results})


@router.get(
    "/v1/orders/{order_id}",
    operation_id="order",
    summary="The whole story of an order",
    responses={200: {"model": Story}, 401: _PROBLEMS[401], 404: {"model": Problem}},
)
async def order(request: Request, order_id: str) -> Response:
    """What the order said, its decision, and every event."""
    return _story(request, order_id)


@router.get(
    "/v1/orders",
    operation_id="order_by_query",
    summary="The same for an order id that no path can hold",
    responses={
        200: {"model": Story}, 401: _PROBLEMS[401], 404: {"model": Problem}, 422: _PROBLEMS[422],
    },
)  # fmt: skip
async def order_by_query(request: Request, order_id: str) -> Response:
    """As ``/v1/orders/{order_id}``."""
    return _story(request, order_id)


@router.get(
    "/v1/policy",
    operation_id="policy",
    summary="The policy in force",
    responses={200: {"description": "The policy; ETag is its revision."}, 401: _PROBLEMS[401]},
)
async def policy(request: Request) -> Response:
    """The newest revision, or the shipped default (revision 0)."""
    service, access = _service(request), _access(request)
    return _policy(service.policies.now(access.merchant_id).to_json())


@router.put(
    "/v1/policy",
    operation_id="save_policy",
    summary="Save the next revision of the policy",
    responses={
        200: {"description": "The policy as saved; ETag is its revision."},
        412: {"model": Problem, "description": "The policy has changed since it was read."},
        428: {"model": Problem, "description": "If-Match is missing."},
        **_PROBLEMS,
    },
    openapi_extra=openapi.POLICY_BODY,
)
async def put_policy(request: Request) -> Response:
    """Replace the whole policy; ``If-Match`` names the revision that was changed."""
    service, access = _service(request), _access(request)
    expected = _if_match(request)
    saved = _policy_in(await _body(request, ORDER_BYTES)).to_json()
    now = service.clock()
    revision = await service.writer.submit(
        lambda log: save_policy(log, access.merchant_id, saved, expected=expected, now_us=now)
    )
    service.policies.forget(access.merchant_id)
    return _policy(saved | {"revision": revision})


@router.get("/livez", operation_id="livez", summary="Is the process alive")
async def livez() -> Response:
    """200 as long as the event loop turns."""
    return _json({"alive": True})


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Does this process decide, and on what",
    responses={200: {"model": Ready}, 503: {"model": Ready}},
)
async def readyz(request: Request) -> Response:
    """Model, position, age of history and fold; warns where the history is behind the model."""
    ready = readiness(_service(request))
    return Response(to_json(ready), 200 if ready.ready else 503, media_type="application/json")


@router.get("/metrics", operation_id="metrics", summary="Counters for Prometheus")
async def metrics(request: Request) -> Response:
    """Time by stage, scores, actions, and the state of log and folds."""
    text = _service(request).metrics.render()
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _access(request: Request) -> Access:
    return _service(request).doorkeeper.api(request.headers.get("authorization"))


async def _body(request: Request, most: int) -> bytes:
    """The body, refused as soon as it is known to be too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise TooLargeError(f"the body is larger than {most} bytes; send less at a time")
        parts.append(part)
    return b"".join(parts)


def _story(request: Request, order_id: str) -> Response:
    service, access = _service(request), _access(request)
    found = story(
        service.connection, service.contacts, access.merchant_id, order_id.strip(),
        test=access.test,
    )  # fmt: skip
    if found is None:
        raise UnknownOrderError("there is no such order; check order_id and the kind of key")
    return _json(found)


def _policy_in(body: bytes) -> Policy:
    try:
        plain = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BodyError(f"the body is not valid JSON: {error}") from None
    if not isinstance(plain, dict):
        raise BodyError("the body must be a JSON object")
    return Policy.from_json({name: v for name, v in plain.items() if name != "revision"})


def _if_match(request: Request) -> int:
    tag = request.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
    if not (tag.isascii() and tag.isdigit() and len(tag) < 10):
        raise MissingConditionError(
            "send the header If-Match with the revision you changed, as GET gave it in ETag"
        )
    return int(tag)


def _policy(body: dict[str, object]) -> Response:
    response = _json(body)
    response.headers["ETag"] = f'"{body["revision"]}"'
    return response


def _json(body: Answer | dict[str, object] | dict[str, Any]) -> Response:
    return Response(to_json(body), media_type="application/json")
