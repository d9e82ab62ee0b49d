"""The straight way in: the hot routes answered without the framework's machinery around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Straight:
    """Calls an endpoint itself where method and path are known; all else takes the usual way.

    The endpoints stand in the router too, for the OpenAPI document. They take nothing but the
    request and answer every error themselves, so that both ways are the same to a caller.

    Parameters
    ----------
    app : ASGI application
    endpoints : mapping
        By method and path.
    """

    def __init__(self, app: ASGIApp, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass a request on."""
        endpoint = self._straight(scope)
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    def _straight(self, scope: Scope) -> Endpoint | None:
        if scope["type"] != "http":
            return None
        return self._endpoints.get((scope["method"], scope["path"]))
