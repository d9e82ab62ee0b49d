"""The door to the pages: the scoring process passes requests on to the process that renders them.

One address serves the API and the pages, and rendering a page never delays a score.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import httpx2
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from serving.templating import page

PEER = b"rto-peer"
"""Who asked, as the socket says; what the request itself claims is dropped."""

_CONNECT_S, _READ_S = 1.0, 120.0
_PATIENCE_S, _STEP_S = 10.0, 0.1
_DROPPED = frozenset({
    b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
    b"transfer-encoding", b"upgrade", b"forwarded", b"authorization", b"expect", PEER,
})  # fmt: skip


class PagesDoor:
    """Passes requests on through a Unix socket.

    Parameters
    ----------
    path : str
        The socket; while nothing listens there, callers wait a little and then are told so.
    """

    def __init__(self, path: str) -> None:
        self._client = httpx2.AsyncClient(
            transport=httpx2.AsyncHTTPTransport(uds=path),
            timeout=httpx2.Timeout(_READ_S, connect=_CONNECT_S),
            trust_env=False,
        )

    async def pass_on(self, request: Request) -> Response:
        """The pages' answer, as it comes; 503 while their process is away."""
        answer = await self._asked(request)
        if answer is None:
            return away()
        response = StreamingResponse(
            answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
        )
        response.raw_headers = _kept(answer.headers.raw)
        return response

    async def _asked(self, request: Request) -> httpx2.Response | None:
        until = asyncio.get_running_loop().time() + _PATIENCE_S
        while True:
            try:
                return await self._client.send(_outgoing(request), stream=True)
            except httpx2.ConnectError:
                if asyncio.get_running_loop().time() >= until:
                    return None
                await asyncio.sleep(_STEP_S)
            except httpx2.TransportError:
                return None


def away() -> Response:
    """What is shown while the pages cannot be."""
    return page("away.html", status=503, title="One moment", headers={"Retry-After": "3"})


def _outgoing(request: Request) -> httpx2.Request:
    scope = request.scope
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    peer = scope["client"][0] if scope["client"] else ""
    headers = [*_kept(scope["headers"]), (PEER, peer.encode())]
    url = httpx2.URL(scheme="http", host="pages", raw_path=target)
    body = _body(request) if _has_body(scope["headers"]) else None
    return httpx2.Request(request.method, url, headers=headers, content=body)


async def _body(request: Request) -> AsyncIterator[bytes]:
    async for part in request.stream():
        yield part


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    lower = ((name.lower(), value) for name, value in headers)
    return [
        (name, value)
        for name, value in lower
        if name not in _DROPPED and not name.startswith(b"x-forwarded-")
    ]
