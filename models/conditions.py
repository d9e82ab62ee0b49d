"""Conditions on an order: an AND/OR tree of tests, asked of one order or of many at once.

A test of something unknown does not hold, whatever it asks, except the test whether it is unknown;
so no condition holds of an order because nothing is known about it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.errors import RefusedError
from models.condition_fields import FIELDS, Field, Kind, Subject, Value

Operator: TypeAlias = Literal[
    "=", "!=", "<", "<=", ">", ">=", "in", "not in", "known", "unknown"
]  # fmt: skip
Flags = NDArray[np.bool_]

OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    "money": ("=", "!=", "<", "<=", ">", ">=", "known", "unknown"),
    "number": ("=", "!=", "<", "<=", ">", ">=", "known", "unknown"),
    "text": ("=", "!=", "in", "not in", "known", "unknown"),
    "texts": ("=", "!=", "in", "not in", "known", "unknown"),
    "flag": ("=", "known", "unknown"),
}
MOST_TESTS, MOST_VALUES, DEEPEST, LONGEST_VALUE = 50, 500, 8, 255
LARGEST = 1e12

_COMPARED: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One field of many orders.

    Parameters
    ----------
    values : ndarray of shape (n_orders,)
        Numbers with NaN for unknown; positions in ``words`` where there are some.
    words : tuple, optional
        The distinct values of a text, a list of texts or a flag; None among them is unknown.
    """

    values: NDArray[Any]
    words: tuple[Value | None, ...] | None = None


Columns: TypeAlias = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Test:
    """One question about one field.

    Parameters
    ----------
    value : number, text, bool or tuple of text
        Rupees where the field is money; None with ``known`` and ``unknown``.
    """

    __test__ = False  # pytest would take it for one of its own

    field: str
    op: Operator
    value: float | str | bool | tuple[str, ...] | None = None

    def holds(self, value: Value | None) -> bool:
        """Whether a value of the field passes."""
        if self.op == "unknown":
            return value is None or value == ()
        if value is None:
            return False
        if self.op == "known":
            return value != ()
        if isinstance(value, str | tuple):
            return _among(value, self.value) == (self.op in ("=", "in"))
        return bool(_COMPARED[self.op](value, self.bound()))

    def bound(self) -> Any:
        """The number compared with, in the unit in which the field is read."""
        field = FIELDS[self.field]
        if field.kind == "money":
            return round(float(self.value) * 100)  # type: ignore[arg-type]
        return float(np.float32(self.value)) if field.of_row else self.value  # type: ignore[arg-type]

    def select(self, columns: Columns) -> Flags:
        """Which of many orders pass."""
        column = columns[self.field]
        if column.words is not None:
            passes = np.array([self.holds(word) for word in column.words], bool)
            found: Flags = passes[column.values]
            return found
        unknown: Flags = np.isnan(column.values)
        if self.op in ("known", "unknown"):
            return unknown if self.op == "unknown" else ~unknown
        return np.asarray(_COMPARED[self.op](column.values, self.bound()), bool) & ~unknown


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Test | All | AnyOf


def _among(value: str | tuple[str, ...], wanted: object) -> bool:
    own = {value.casefold()} if isinstance(value, str) else {one.casefold() for one in value}
    asked = (wanted,) if isinstance(wanted, str) else wanted
    return any(str(one).casefold() in own for one in asked)  # type: ignore[attr-defined]


@lru_cache(maxsize=8192)
def question(condition: Condition) -> Callable[[Subject], bool]:
    """The condition as a function of one order, made once."""
    if isinstance(condition, Test):
        read, holds = FIELDS[condition.field].read, _holding(condition)
        return lambda subject: holds(read(subject))
    parts = tuple(question(part) for part in condition.parts)
    if isinstance(condition, All):
        return lambda subject: all(part(subject) for part in parts)
    return lambda subject: any(part(subject) for part in parts)


def _holding(test: Test) -> Callable[[Value | None], bool]:
    """``test.holds`` with the bound worked out beforehand, where there is one."""
    if test.op in ("known", "unknown") or FIELDS[test.field].kind in ("text", "texts"):
        return test.holds
    compare, bound = _COMPARED[test.op], test.bound()
    return lambda value: value is not None and bool(compare(value, bound))


def select(condition: Condition, columns: Columns) -> Flags:
    """Of which of many orders the condition holds; each as ``question`` would say."""
    if isinstance(condition, Test):
        return condition.select(columns)
    found = [select(part, columns) for part in condition.parts]
    joined = np.logical_and if isinstance(condition, All) else np.logical_or
    return np.asarray(joined.reduce(found), bool)


def every_test(condition: Condition) -> Iterator[Test]:
    """Every test of the tree."""
    if isinstance(condition, Test):
        yield condition
        return
    for part in condition.parts:
        yield from every_test(part)


def fields_of(condition: Condition) -> frozenset[str]:
    """Names of all fields it asks about."""
    return frozenset(test.field for test in every_test(condition))


def field_named(name: object) -> Field:
    """The field of a name.

    Raises
    ------
    RefusedError
        If there is none, or conditions may not ask about it.
    """
    if isinstance(name, str) and name in FIELDS:
        return FIELDS[name]
    if isinstance(name, str) and name.startswith(("net_", "network_")):
        raise RefusedError(
            f'"{name}" is what merchants know together, and no condition may ask about it; '
            "use your own counts, such as phone_rto_ever"
        )
    raise RefusedError(
        f'there is no field "{str(name)[:60]}"; GET /v1/policy/fields lists those that there are'
    )


def checked_test(name: object, op: object, value: object) -> Test:
    """A test, if field, operator and value go together.

    Raises
    ------
    RefusedError
        With a sentence that says what to change.
    """
    field = field_named(name)
    if op not in OPERATORS[field.kind]:
        asked = ", ".join(OPERATORS[field.kind])
        raise RefusedError(f'{field.name} cannot be asked with "{str(op)[:20]}"; use {asked}')
    return Test(field.name, op, _fitting(field, op, value))


def _fitting(
    field: Field, op: Operator, value: object
) -> float | str | bool | tuple[str, ...] | None:
    if op in ("known", "unknown"):
        return None
    if field.kind == "flag":
        if not isinstance(value, bool):
            raise RefusedError(f"{field.name} is compared with true or false")
        return value
    if field.kind in ("money", "number"):
        return _number(field, value)
    if op in ("in", "not in"):
        return _texts(field, value)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_VALUE:
        raise RefusedError(f"{field.name} is compared with a text of 1 to {LONGEST_VALUE} letters")
    if '"' in value:
        raise RefusedError(f"{field.name}: a text holds no double quotes")
    return value.strip()


def _number(field: Field, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < LARGEST:
        unit = "rupees, such as 5000" if field.kind == "money" else "a number"
        raise RefusedError(f"{field.name} is compared with {unit}")
    if field.kind == "money" and abs(value * 100 - round(value * 100)) > 1e-6:
        raise RefusedError(f"{field.name}: rupees have at most two decimals")
    return float(value)


def _texts(field: Field, value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_VALUES:
        raise RefusedError(f"{field.name} needs a list of 1 to {MOST_VALUES} texts")
    return tuple(str(_fitting(field, "=", one)) for one in value)
