"""The kinds of fields a request is made of: what is accepted, and the sentence for what is not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

MOST_RUPEES = 99_999_999
_LONGEST_TEXT = 2_000
_LONGEST_ID = 255
_YEARS = range(2000, 2100)


def paise(value: object) -> int:
    """Whole paise of an amount in rupees; text such as ``"1299.00"`` is taken too.

    Raises
    ------
    PydanticCustomError
        ``money_decimals`` for a fraction of a paisa, which is refused even in an optional field.
    """
    if type(value) is int:
        return _in_range(value * 100)
    if type(value) is float and abs(value) <= MOST_RUPEES:
        whole = round(value * 100)
        if abs(value * 100 - whole) > 1e-6:
            raise PydanticCustomError("money_decimals", "rupees have at most two decimals")
        return _in_range(whole)
    if type(value) is str:
        return _paise_of_text(value)
    raise PydanticCustomError("money", "must be rupees, a number such as 1299.00")


def _paise_of_text(text: str) -> int:
    try:
        exact = Decimal(text.strip()) * 100
    except InvalidOperation:
        raise PydanticCustomError("money", "must be rupees, a number such as 1299.00") from None
    if not exact.is_finite() or abs(exact) > MOST_RUPEES * 100:
        raise PydanticCustomError("money", "must lie between 0 and 99999999 rupees")
    if exact != exact.to_integral_value():
        raise PydanticCustomError("money_decimals", "rupees have at most two decimals")
    return _in_range(int(exact))


def _in_range(whole: int) -> int:
    if not 0 <= whole <= MOST_RUPEES * 100:
        raise PydanticCustomError("money", "must lie between 0 and 99999999 rupees")
    return whole


def _pincode(value: object) -> object:
    """Text of a pincode that came as a number: spreadsheets send 560034 and 560034.0."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return str(value) if type(value) is int else value


def _sensible(moment: datetime) -> datetime:
    if moment.year not in _YEARS:
        raise PydanticCustomError("time_range", "must lie between the years 2000 and 2099")
    return moment


def _extra_value(value: object) -> object:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, int | float) and abs(value) <= 1e15:
        return float(value)
    if isinstance(value, str) and len(value) <= _LONGEST_ID:
        return value.strip()
    raise PydanticCustomError("extra_value", "must be a number or a text of at most 255 characters")


def _times(description: str) -> Any:
    return WithJsonSchema({"type": "string", "format": "date-time", "description": description})


Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=_LONGEST_TEXT)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=_LONGEST_ID)]
Identifier = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST_ID)
]
Paise = Annotated[
    int,
    BeforeValidator(paise),
    WithJsonSchema(
        {
            "type": "number",
            "minimum": 0,
            "maximum": MOST_RUPEES,
            "description": "Rupees, at most two decimals.",
        }
    ),
]
Pincode = Annotated[
    str,
    BeforeValidator(_pincode),
    StringConstraints(strip_whitespace=True, max_length=_LONGEST_ID),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": _LONGEST_ID}, {"type": "integer"}]}),
]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Moment = Annotated[
    AwareDatetime, Field(strict=True), AfterValidator(_sensible), _times("RFC 3339 with an offset.")
]
ExtraValue = Annotated[
    float | str,
    BeforeValidator(_extra_value),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "maxLength": _LONGEST_ID}]}),
]
