"""Routes to the merchant's pages, which another process renders."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from serving.pages_door import PagesDoor, away

PREFIX = "/app"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def first() -> Response:
    """The pages begin under their prefix, so that their cookies go nowhere else."""
    return RedirectResponse(f"{PREFIX}/", status_code=303)


@router.get("/favicon.ico")
async def favicon() -> Response:
    """None; browsers ask all the same."""
    return Response(status_code=204)


@router.api_route(f"{PREFIX}/{{path:path}}", methods=["GET", "HEAD", "POST"])
async def pages(request: Request, path: str) -> Response:  # noqa: ARG001 - the route's parameter
    """Whatever the pages answer."""
    door: PagesDoor | None = getattr(request.app.state, "pages", None)
    return away() if door is None else await door.pass_on(request)
