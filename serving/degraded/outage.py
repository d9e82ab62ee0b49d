"""A scoring process that cannot open the log: it says so to every caller until the log is back.

Started again during an outage, a process knows no key and no policy, so it can decide nothing.
Callers are told at once what to do instead of waiting in the socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing

from fastapi import FastAPI, Request, Response

from features.settings import Settings
from serving.degraded.standby import NoDecisionError
from serving.problems import problem_of
from serving.routes import pages
from serving.store.connection import connect
from serving.store.faults import LogDownError

_LOOK_EVERY_S = 1.0
_CONNECT_S = 5.0


def create_outage(settings: Settings, why: LogDownError, back: Callable[[], None]) -> FastAPI:
    """An application that refuses everything, and calls ``back`` once the log can be opened."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(_look(settings, back))
        yield
        looking.cancel()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/livez")
    async def livez() -> dict[str, bool]:
        """200 as long as the event loop turns."""
        return {"alive": True}

    app.include_router(pages.router)

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def anything(_: Request, path: str) -> Response:  # noqa: ARG001 - the route's parameter
        """503, with the shipped default's fallback."""
        return problem_of(NoDecisionError(why, "ship"))

    return app


async def _look(settings: Settings, back: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        try:
            await asyncio.to_thread(_open, settings)
        except LogDownError:
            continue
        back()
        return


def _open(settings: Settings) -> None:
    """Read and write something, as a process that starts will have to."""
    with closing(connect(settings.store_url, limit_s=_CONNECT_S)) as connection:
        connection.begin()
        connection.execute("SELECT count(*) FROM meta").fetchone()
        connection.rollback()
