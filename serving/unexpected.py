"""Faults of the program: answered as a problem, and logged without what anybody sent."""

from __future__ import annotations

import logging
import traceback

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import problem

_log = logging.getLogger("rto.unexpected")


class Unexpected:
    """Catches whatever no route has answered.

    An exception's message may hold a name or a phone, so only its kind and the lines of the
    program that it came through are logged; the server would log all of it.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
            lines = "".join(traceback.format_tb(error.__traceback__))
            _log.error("unexpected %s\n%s", type(error).__name__, lines)
            if scope["type"] == "http" and not begun:
                answer = problem(500, "something went wrong here; it has been logged")
                await answer(scope, receive, send)
