"""The straight way in: the hot routes answered without the framework's machinery around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.headers import strict
from serving.unexpected import caught

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Straight:
    """Calls an endpoint itself where method and path are known; all else takes the usual way.

    The endpoints stand in the router too, for the OpenAPI document. They take nothing but the
    request and answer every error themselves, so that both ways are the same to a caller.

    Parameters
    ----------
    app : ASGI application
        The usual way, with the framework's and our own middleware.
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
        try:
            response = await endpoint(Request(scope, receive, send))
        except Exception as error:  # noqa: BLE001 - the process outlives a request
            response = caught(error)
        headers = strict(response.raw_headers)
        await send(
            {"type": "http.response.start", "status": response.status_code, "headers": headers}
        )
        await send({"type": "http.response.body", "body": response.body})

    def _straight(self, scope: Scope) -> Endpoint | None:
        if scope["type"] != "http":
            return None
        return self._endpoints.get((scope["method"], scope["path"]))
