"""Errors as the outside sees them: application/problem+json after RFC 9457, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from features.errors import DataError, RefusedError, RtoError, StoreError
from serving.access import NoAccessError, ScopeError, TooManyError, UnknownMerchantError
from serving.appending import StaleOrderError
from serving.deadline import DeadlineError, LateError
from serving.degraded.standby import NoDecisionError
from serving.desk import OtherContentError, UnknownOrderError
from serving.line import CrowdedError
from serving.lists.changing import UnknownEntryError
from serving.parsing import BodyError, FieldsError
from serving.policy.saving import UnknownRevisionError
from serving.store.policies import StaleRevisionError
from serving.webhooks.subscriptions import UnknownWebhookError
from serving.writer import BusyError

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger("rto.problems")


class TooLargeError(RtoError):
    """A body beyond the documented size."""


class MissingConditionError(RtoError):
    """A change that does not say what it changes."""


_STATUS: tuple[tuple[type[RtoError], int], ...] = (
    (BodyError, 400),
    (DeadlineError, 400),
    (FieldsError, 422),
    (NoAccessError, 401),
    (ScopeError, 403),
    (UnknownEntryError, 404),
    (UnknownMerchantError, 404),
    (UnknownOrderError, 404),
    (UnknownWebhookError, 404),
    (UnknownRevisionError, 404),
    (TooLargeError, 413),
    (MissingConditionError, 428),
    (OtherContentError, 409),
    (StaleRevisionError, 412),
    (StaleOrderError, 412),
    (RefusedError, 422),
    (DataError, 422),
    (BusyError, 429),
    (TooManyError, 429),
    (CrowdedError, 429),
    (LateError, 503),
    (StoreError, 503),
)
_HEADERS: Mapping[int, dict[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "2"},
}
# In place of the framework's words, which only name the status.
_INSTEAD: Mapping[int, str] = {
    404: "there is no such route; /docs shows those there are, and how their paths are written",
    405: "the route is there, but not for this method; the header Allow names those it takes",
}


def problem(status: int, detail: str, **more: Any) -> Response:
    """One problem answer; ``more`` are further members of the object."""
    body = _body(status, detail) | more
    return Response(to_json(body), status, _HEADERS.get(status), MEDIA_TYPE)


def problem_of(error: RtoError) -> Response:
    """The problem that an error of ours is to a caller."""
    body = told_as(error)
    status: int = body["status"]
    return Response(to_json(body), status, _HEADERS.get(status), MEDIA_TYPE)


def told_as(error: RtoError) -> dict[str, Any]:
    """The same as an object, for a list of answers."""
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    if status == 500:
        _log.error("unexpected %s: %s", type(error).__name__, error)
        return _body(500, "something went wrong here; it has been logged")
    body = _body(status, str(error))
    if isinstance(error, FieldsError):
        faults = [{"field": field, "message": says} for field, says in error.faults]
        return body | {"errors": faults}
    if isinstance(error, OtherContentError | StaleOrderError):
        return body | {"decision": error.decision}
    if isinstance(error, LateError | NoDecisionError):
        return body | {"fallback_action": error.fallback}
    return body


def _body(status: int, detail: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def install(app: FastAPI) -> None:
    """Answer every error of an application with a problem."""

    @app.exception_handler(RtoError)
    async def _ours(_: Request, error: RtoError) -> Response:
        return problem_of(error)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        status, says = error.status_code, str(error.detail)
        if says == HTTPStatus(status).phrase:
            says = _INSTEAD.get(status, says)
        answer = problem(status, says)
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def _framework(_: Request, error: RequestValidationError) -> Response:
        faults = [
            {"field": ".".join(map(str, fault["loc"])), "message": fault["msg"]}
            for fault in error.errors()
        ]
        return problem(422, "the request is not understood", errors=faults)
