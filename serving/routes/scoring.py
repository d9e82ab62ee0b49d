"""Routes that decide: one order, a change of one."""

from __future__ import annotations

from typing import Any, get_args

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from features.errors import RtoError
from serving import problems
from serving.answers import BatchAnswer, ConflictProblem, ScoreAnswer
from serving.batch import MOST, Batch
from serving.degraded.standby import NoDecisionError
from serving.judge import Explained
from serving.parsing import FieldsError
from serving.routes import described
from serving.routes.door import (
    CONDITION,
    ORDER_BYTES,
    PROBLEMS,
    UNKNOWN,
    access_of,
    answered,
    body_of,
    deadline_of,
    list_of,
    merchant_of,
    revision_of,
    service_of,
)
from serving.store.faults import LogDownError
from serving.wish import Wish

router = APIRouter()

_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": ConflictProblem, "description": "Decided before with other content."}
}


@router.post(
    "/v1/score",
    operation_id="score",
    summary="Score an order",
    responses={200: {"model": ScoreAnswer}, **_CONFLICT, **PROBLEMS},
    openapi_extra=described.body(
        "ScoreRequest", parameters=(described.DEADLINE, described.REASONS)
    ),
)
async def score(request: Request) -> Response:
    """Decide one order durably; the same order again gives the first decision."""
    service = service_of(request)
    try:
        access = access_of(request, "score")
        wish = Wish(deadline_of(request), service.line.effort(), _explained(request))
        body = await body_of(request, ORDER_BYTES)
        answer = await service.standby.score(access, body, wish)
    except LogDownError as error:  # nothing is known of the key: the shipped default's fallback
        response = problems.problem_of(NoDecisionError(error, "ship"))
    except RtoError as error:
        response = problems.problem_of(error)
    else:
        response = Response(to_json(answer), 200, media_type="application/json")
    service.metrics.answers["score", response.status_code] += 1
    return response


@router.put(
    "/v1/orders/{order_id:path}",
    operation_id="revise_order",
    summary="Change an order",
    responses={200: {"model": ScoreAnswer}, **_CONFLICT, **UNKNOWN, **CONDITION, **PROBLEMS},
    openapi_extra=described.body(
        "OrderChange", parameters=(described.IF_MATCH, described.DEADLINE, described.MERCHANT)
    ),
)
async def revise(request: Request, order_id: str) -> Response:
    """A new revision, decided anew in the same arm; content as it stands changes nothing."""
    access, revision = merchant_of(request, "score"), revision_of(request)
    wish = await wish_of(request)
    body = await body_of(request, ORDER_BYTES)
    answer = await service_of(request).desk.revise(access, order_id.strip(), body, revision, wish)
    return answered(answer, revision=answer["revision"])


@router.post(
    "/v1/score/batch",
    operation_id="score_batch",
    summary="Score up to 1,000 orders",
    responses={200: {"model": BatchAnswer}, **PROBLEMS},
    openapi_extra=described.body(
        "ScoreRequest", most=MOST, parameters=(described.DEADLINE, described.REASONS)
    ),
)
async def batch(request: Request) -> Response:
    """An answer or a problem for each; they see each other in the order of the list."""
    access, wish = access_of(request, "score"), await wish_of(request)
    orders = await list_of(request, "orders", MOST)
    service = service_of(request)
    results = await Batch(service.desk, access, wish, service.standby).score(orders)
    return answered({"results": results})


async def wish_of(request: Request) -> Wish:
    """How the caller wants the answer, once it has stood in line."""
    deadline = deadline_of(request)
    return Wish(deadline, await service_of(request).line.wait(), _explained(request))


def _explained(request: Request) -> Explained:
    wanted = request.query_params.get("reasons", "all")
    for explained in get_args(Explained):
        if wanted == explained:
            return explained  # type: ignore[no-any-return]
    raise FieldsError([("reasons", "must be all, acted or none")])
