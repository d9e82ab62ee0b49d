"""Faults of the program: answered as a problem, and logged without what anybody sent."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import problem

SAYS = "something went wrong here; it has been logged"

_log = logging.getLogger("rto.unexpected")


class Unexpected:
    """Catches whatever no route has answered.

    Parameters
    ----------
    app : ASGI application
    answer : callable, optional
        The answer to the request that failed; a problem by default.
    """

    def __init__(self, app: ASGIApp, answer: Callable[[Scope], ASGIApp] | None = None) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the process outlives a request
            answered = caught(error)
            if scope["type"] == "http" and not begun:
                answer = answered if self._answer is None else self._answer(scope)
                await answer(scope, receive, send)


def caught(error: Exception) -> Response:
    """A fault of the program, logged; what whoever met it is told.

    An exception's message may hold a name or a phone, so only its kind and the lines of the
    program that it came through are logged; the server would log all of it.
    """
    lines = "".join(traceback.format_tb(error.__traceback__))
    _log.error("unexpected %s\n%s", type(error).__name__, lines)
    return problem(500, SAYS)
