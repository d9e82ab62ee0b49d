"""Routes by which merchants tell what became of orders."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from serving import openapi
from serving.outcomes import MOST, Report, read_outcomes
from serving.routes.door import PROBLEMS, access_of, answered, list_of, service_of
from serving.schemas import OutcomesAnswer

router = APIRouter()


@router.post(
    "/v1/outcomes",
    operation_id="report_outcomes",
    summary="Report what became of orders",
    responses={200: {"model": OutcomesAnswer}, **PROBLEMS},
    openapi_extra=openapi.body("OutcomeItem", most=MOST),
)
async def outcomes(request: Request) -> Response:
    """Up to 1,000 reports, in any order and any number of times; one result for each."""
    service, access = service_of(request), access_of(request, "report")
    items = read_outcomes(await list_of(request, "outcomes", MOST))
    work = Report(access, items, service.clock(), service.doorkeeper.speaking)
    results = await service.writer.submit(work)
    if not access.test:
        service.metrics.outcomes.update(result.result for result in results)
    recorded = sum(result.result == "recorded" for result in results)
    return answered({"recorded": recorded, "results": results})
