"""The HTTP interface: an application over a service, its routes and its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from serving import openapi, problems
from serving.headers import StrictHeaders
from serving.routes import (
    checkout,
    health,
    hooks,
    lists,
    merchants,
    orders,
    pages,
    policy,
    razorpay_rto,
    scoring,
    tasks,
    telling,
    webhooks,
)
from serving.service import Service
from serving.straight import Straight
from serving.unexpected import Unexpected

router = APIRouter()
# The routers are asked in turn: what comes in most stands first.
for part in (
    scoring, hooks, telling, orders, checkout, policy, lists, merchants, webhooks, tasks,
    razorpay_rto, health,
):  # fmt: skip
    router.include_router(part.router)


class _Application(FastAPI):
    """An application whose hot route lies before all middleware."""

    def build_middleware_stack(self) -> ASGIApp:
        return Straight(super().build_middleware_stack(), {("POST", "/v1/score"): scoring.score})


def create_app(service: Service) -> FastAPI:
    """The application over a service; starts and stops it with the server."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        service.polling.begin()
        yield
        await service.polling.end()
        await service.stop()

    app = _Application(
        title="RTO risk", version="1", lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url=None,
    )  # fmt: skip
    app.state.service = service
    app.add_middleware(Unexpected)
    app.add_middleware(StrictHeaders)
    problems.install(app)
    app.include_router(router)
    app.include_router(pages.router)
    openapi.install(app)
    return app
