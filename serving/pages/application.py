"""The pages as an application: its routes, the guard before each of them, and its errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.types import Scope

from features.errors import RtoError
from serving.pages import (
    accounts,
    assets,
    columns,
    failed,
    inbox,
    letters,
    model,
    money,
    orders,
    queue,
    returns,
    rules,
    settings,
    setup,
    signing_in,
    thresholds,
    today,
    webhooks,
    worth,
)
from serving.pages.house import House
from serving.pages.inside import InsideRefusedError
from serving.pages.menu import PREFIX
from serving.pages.rendering import show
from serving.pages.visit import ForbiddenError, NotSignedInError, guard
from serving.problems import problem, problem_of, told_as
from serving.unexpected import SAYS, Unexpected

# Every page is a module with a router; see "Adding a page" in the README beside this file.
PAGES = (
    signing_in, today, queue, inbox, letters, orders, failed, returns, money, worth,
    thresholds, rules, model, settings, accounts, webhooks, setup, columns, assets,
)  # fmt: skip


def create_pages(house: House) -> FastAPI:
    """The application over a house; closes it with the server."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await house.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.house = house
    app.add_middleware(Unexpected, answer=_sorry)
    router = APIRouter(prefix=PREFIX, dependencies=[Depends(guard)])
    for page in PAGES:
        router.include_router(page.router)
    app.include_router(router)
    _install_errors(app)
    return app


def _install_errors(app: FastAPI) -> None:
    @app.exception_handler(NotSignedInError)
    async def _sign_in(request: Request, _: NotSignedInError) -> Response:
        if _wants_json(request):
            return Response(status_code=401)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        wish = f"?next={quote(asked)}" if request.method == "GET" else ""
        return RedirectResponse(f"{PREFIX}/login{wish}", status_code=303)

    @app.exception_handler(RtoError)
    async def _ours(request: Request, error: RtoError) -> Response:
        status = _status(error)
        if _wants_json(request):
            answer = problem_of(error)
            answer.status_code = status
            return answer
        return show(request, "error.html", status=status, title="", says=str(error))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        says = "There is no such page." if error.detail == "Not Found" else str(error.detail)
        return show(request, "error.html", status=error.status_code, title="", says=says)


def _sorry(scope: Scope) -> Response:
    """What a browser shows of a fault of ours."""
    request = Request(scope)
    if _wants_json(request):
        return problem(500, SAYS)
    return show(request, "error.html", status=500, title="", says=f"{SAYS}.".capitalize())


def _status(error: RtoError) -> int:
    if isinstance(error, ForbiddenError):
        return 403
    if isinstance(error, InsideRefusedError):
        return error.status
    status: int = told_as(error)["status"]
    return status


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").startswith("application/json")
