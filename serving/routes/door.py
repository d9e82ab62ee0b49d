"""What every route takes from a request and gives back: who asks, the body, headers, JSON."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from serving.answers import Problem
from serving.deadline import Deadline
from serving.desk import UnknownOrderError
from serving.parsing import BodyError, FieldsError, parse
from serving.problems import MissingConditionError, TooLargeError
from serving.service import Service
from serving.store.merchants import Access, Scope
from serving.store.orders import Held

ORDER_BYTES = 256 * 1024
LIST_BYTES = 4 * 1024 * 1024
PAGE, LONGEST_PAGE = 100, 1_000
LAST = 2**62
"""A position past every one of the log's."""

M = TypeVar("M", bound=BaseModel)

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is no JSON, or a header is at fault."},
    401: {"model": Problem, "description": "No valid key."},
    403: {"model": Problem, "description": "The key lacks the scope."},
    404: {"model": Problem, "description": "No such merchant of this key's, or no such order."},
    413: {"model": Problem, "description": "The body is too large."},
    422: {"model": Problem, "description": "A field is at fault; the problem names it."},
    429: {"model": Problem, "description": "Too much is waiting; see Retry-After."},
    503: {
        "model": Problem,
        "description": "Nothing can be recorded in time; see Retry-After. "
        "An order without decision: act by the fallback_action.",
    },
}
UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": "The merchant has no such thing."}
}
# What a route that only shows may answer, and one that changes something by its path alone.
SHOWING: dict[int | str, dict[str, Any]] = {
    401: PROBLEMS[401], 403: PROBLEMS[403], **UNKNOWN, 422: PROBLEMS[422],
}  # fmt: skip
CHANGING: dict[int | str, dict[str, Any]] = {**SHOWING, 429: PROBLEMS[429], 503: PROBLEMS[503]}
CONDITION: dict[int | str, dict[str, Any]] = {
    412: {"model": Problem, "description": "It has changed since it was read."},
    428: {"model": Problem, "description": "If-Match is missing."},
}


def service_of(request: Request) -> Service:
    """The service behind the application."""
    service: Service = request.app.state.service
    return service


def access_of(request: Request, scope: Scope) -> Access:
    """Who asks; the body of a platform's request will say for which merchant.

    Raises
    ------
    NoAccessError, ScopeError
        If the request carries no key that may do this.
    """
    return service_of(request).doorkeeper.api(request.headers.get("authorization"), scope)


def merchant_of(request: Request, scope: Scope) -> Access:
    """Who asks for one merchant, named in the query where the key is a platform's.

    Raises
    ------
    NoAccessError, ScopeError, UnknownMerchantError, FieldsError
        If the key may not do this for the merchant.
    """
    found = access_of(request, scope)
    return service_of(request).doorkeeper.speaking(found, request.query_params.get("merchant_id"))


async def body_of(request: Request, most: int) -> bytes:
    """The body, refused as soon as it is known to be too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise TooLargeError(f"the body is larger than {most} bytes; send less at a time")
        parts.append(part)
    return b"".join(parts)


async def said_of(request: Request, model: type[M]) -> M:
    """The body as one of the schemas.

    Raises
    ------
    BodyError, FieldsError
        If it is no JSON, or a field is at fault.
    """
    said, _ = parse(model, await body_of(request, ORDER_BYTES))
    return said


async def object_of(request: Request, most: int) -> dict[str, Any]:
    """The body as a JSON object.

    Raises
    ------
    BodyError
        If it is none.
    """
    plain = _plain(await body_of(request, most))
    if not isinstance(plain, dict):
        raise BodyError("the body must be a JSON object")
    return plain


async def list_of(request: Request, name: str, most: int) -> list[Any]:
    """The body as a list: bare, under ``name``, or a single member.

    Raises
    ------
    BodyError
        If it is none of these, or longer than ``most``.
    """
    plain = _plain(await body_of(request, LIST_BYTES))
    if isinstance(plain, dict):
        plain = plain.get(name, [plain])
    if not isinstance(plain, list):
        raise BodyError(f"the body must be a list of {name}")
    if len(plain) > most:
        raise BodyError(f"{len(plain)} {name} are too many; send at most {most} at a time")
    return plain


def deadline_of(request: Request) -> Deadline | None:
    """What ``RTO-Deadline-Ms`` leaves, counted from now."""
    return Deadline.read(request.headers.get("rto-deadline-ms"))


def revision_of(request: Request) -> int:
    """The revision that ``If-Match`` names.

    Raises
    ------
    MissingConditionError
        If it names none.
    """
    tag = request.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
    if not (tag.isascii() and tag.isdigit() and len(tag) < 10):
        raise MissingConditionError(
            "send the header If-Match with the revision you changed, as GET gave it in ETag"
        )
    return int(tag)


def held_of(request: Request, order_id: str, scope: Scope) -> Held:
    """The order that a path names.

    Raises
    ------
    UnknownOrderError
        If the merchant has none of this id; and as :func:`merchant_of`.
    """
    held = service_of(request).desk.find(merchant_of(request, scope), order_id.strip())
    if held is None:
        raise UnknownOrderError
    return held


def limit_of(request: Request) -> int:
    """How many lines the answer has at most."""
    return max(1, whole_of(request, "limit", PAGE, LONGEST_PAGE))


def whole_of(request: Request, name: str, default: int, most: int) -> int:
    """A whole number of the query.

    Raises
    ------
    FieldsError
        If it is none between 0 and ``most``.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text) <= most):
        raise FieldsError([(name, f"must be a whole number between 0 and {most}")])
    return int(text)


def answered(body: Any, *, revision: object = None) -> Response:
    """A 200; ``revision`` becomes its ETag."""
    response = Response(to_json(body), media_type="application/json")
    if revision is not None:
        response.headers["ETag"] = f'"{revision}"'
    return response


def _plain(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BodyError(f"the body is not valid JSON: {error}") from None
