"""Faults of the program: answered as a problem, and logged without what anybody sent."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import problem

SAYS = "something went wrong here; it has been logged"

_log = logging.getLogger("rto.unexpected")


class Unexpected:
    """Catches whatever no route has answered.

    An exception's message may hold a name or a phone, so only its kind and the lines of the
    program that it came through are logged; the server would log all of it.

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
            lines = "".join(traceback.format_tb(error.__traceback__))
            _log.error("unexpected %s\n%s", type(error).__name__, lines)
            if scope["type"] == "http" and not begun:
                answer = _problem if self._answer is None else self._answer
                await answer(scope)(scope, receive, send)


def _problem(_: Scope) -> ASGIApp:
    return problem(500, SAYS)
