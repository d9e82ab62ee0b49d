"""Bytes become a checked request: what is wrong and optional becomes unknown, and is named."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from features.errors import RtoError

M = TypeVar("M", bound=BaseModel)

# Each round removes at least one value; faults can hide behind faults (a list behind an object).
_ROUNDS = 8


class BodyError(RtoError):
    """The body is no JSON object."""


class FieldsError(RtoError):
    """Required fields at fault, or money with a fraction of a paisa."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{field}: {says}" for field, says in faults))
        self.faults = tuple(faults)


def parse(model: type[M], body: bytes) -> tuple[M, tuple[str, ...]]:
    """Read one request.

    Parameters
    ----------
    model : type
        One of ``serving.schemas``.
    body : bytes
        JSON.

    Returns
    -------
    (request, warnings)
        A warning names a field, says what was wrong with it, and that it counts as unknown.

    Raises
    ------
    BodyError
        If the body is no JSON, or no object.
    FieldsError
        If a required field is missing or wrong.
    """
    adapter = _adapter(model)
    try:
        return cast(M, adapter.validate_json(body)), ()
    except ValidationError as error:
        return _mend(model, _plain(body), error)


def parse_plain(model: type[M], value: object) -> tuple[M, tuple[str, ...]]:
    """Read one member of a list that has been read already; see :func:`parse`."""
    return parse(model, to_json(value))


def _plain(body: bytes) -> dict[str, Any]:
    try:
        plain = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BodyError(f"the body is not valid JSON: {error}") from None
    if not isinstance(plain, dict):
        raise BodyError("the body must be a JSON object")
    return plain


def _mend(
    model: type[M], plain: dict[str, Any], error: ValidationError
) -> tuple[M, tuple[str, ...]]:
    """Take out wrong optional values, round by round, until the rest is right."""
    warnings: dict[str, str] = {}
    for _ in range(_ROUNDS):
        faults = error.errors(include_url=False, include_input=False)
        _refuse(model, faults)
        for fault in sorted(
            faults, key=lambda f: [str(p).zfill(9) for p in f["loc"]], reverse=True
        ):
            warnings.setdefault(_name(fault), f"{_sentence(fault)}; taken as unknown")
            _take_out(plain, _path(fault))
        try:
            value = _adapter(model).validate_json(to_json(plain))
        except ValidationError as next_error:
            error = next_error
        else:
            named = sorted(warnings.items())
            return cast(M, value), tuple(f"{name}: {says}" for name, says in named)
    raise FieldsError([(_name(fault), _sentence(fault)) for fault in error.errors()])


def _refuse(model: type[BaseModel], faults: Sequence[ErrorDetails]) -> None:
    required = _required(model)
    fatal = [
        (_name(fault), _sentence(fault))
        for fault in faults
        if not fault["loc"] or fault["loc"][0] in required or fault["type"] == "money_decimals"
    ]
    if fatal:
        raise FieldsError(fatal)


def _take_out(plain: dict[str, Any], path: Sequence[str | int]) -> None:
    """Remove the value at a path; a path that is gone already went with a value around it."""
    holder: Any = plain
    for step in path[:-1]:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return
    last = path[-1]
    if isinstance(holder, dict):
        holder.pop(last, None)
    elif isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        del holder[last]


def _name(fault: ErrorDetails) -> str:
    return ".".join(str(part) for part in _path(fault)) or "body"


def _path(fault: ErrorDetails) -> tuple[str | int, ...]:
    """Where the value stands; pydantic marks a fault in a key by one more step."""
    return tuple(part for part in fault["loc"] if part != "[key]")


def _sentence(fault: ErrorDetails) -> str:
    if fault["type"] == "missing":
        return "is missing"
    if fault["type"] == "string_type":
        return "must be text; send it as text, in quotes"
    if fault["type"] == "timezone_aware":
        return "has no zone; send one, as in 2026-11-20T10:15:00+05:30"
    says = fault["msg"].removeprefix("Value error, ")
    says = says.replace("Input should", "should").replace("String should", "should")
    return says[:1].lower() + says[1:]


@cache
def _adapter(model: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(model)


@cache
def _required(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name, field in model.model_fields.items() if field.is_required())
