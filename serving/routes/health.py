"""Routes for whoever watches the process."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic_core import to_json

from serving.answers import Ready
from serving.readiness import readiness
from serving.routes.door import answered, service_of

router = APIRouter()


@router.get("/livez", operation_id="livez", summary="Is the process alive")
async def livez() -> Response:
    """200 as long as the event loop turns."""
    return answered({"alive": True})


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Does this process decide, and on what",
    responses={200: {"model": Ready}, 503: {"model": Ready}},
)
async def readyz(request: Request) -> Response:
    """Model, position, age of history and fold; warns where the history is behind the model."""
    ready = readiness(service_of(request))
    return Response(to_json(ready), 200 if ready.ready else 503, media_type="application/json")


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Counters for Prometheus",
    response_class=PlainTextResponse,
)
async def metrics(request: Request) -> Response:
    """Time by stage, scores, actions, and the state of log and folds."""
    text = service_of(request).metrics.render()
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
