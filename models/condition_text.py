"""Conditions as people write them, as JSON trees, and back.

``amount > 5000 and payment_mode = cod and new customer`` is the tree
``{"all": [{"field": "amount", "op": ">", "value": 5000}, …]}``. AND binds closer than OR; names may
be written with blanks; a yes-or-no field stands alone or after ``not``; texts of other characters
than letters, digits, ``_``, ``-`` and ``.`` go in quotes, several in ``in (a, b)``; ``40%`` is 0.4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from features.errors import RefusedError
from models.condition_fields import FIELDS, Field
from models.conditions import (
    DEEPEST,
    MOST_TESTS,
    All,
    AnyOf,
    Condition,
    Test,
    checked_test,
    every_test,
    field_named,
)

LONGEST = 20_000

_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>\"[^\"]*\"|'[^']*')|(?P<number>₹?-?\d[\d.]*(?:[eE][+-]?\d+)?%?)(?![\w.-])"
    r"|(?P<word>[^\W_][\w.-]*)|(?P<sign><=|>=|==|!=|<>|≤|≥|≠|[=<>(),]))"
)
_SIGNS = {"==": "=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!="}
_PLAIN = re.compile(r"[^\W\d_][\w.-]*")
_RESERVED = frozenset({"and", "or", "not", "in", "is", "known", "unknown", "true", "false"})
_LONGEST_NAME = 6


def condition_from_json(said: object) -> Condition:
    """A condition from its tree or its text.

    Raises
    ------
    RefusedError
        With a sentence that says what to change.
    """
    found = parse(said) if isinstance(said, str) else _read(said, DEEPEST)
    if sum(1 for _ in every_test(found)) > MOST_TESTS:
        raise RefusedError(f"a condition has at most {MOST_TESTS} tests; make two of it")
    return found


def _read(said: object, depth: int) -> Condition:
    if not isinstance(said, Mapping):
        raise RefusedError('a condition is a text, or an object with "all", "any" or "field"')
    if depth == 0:
        raise RefusedError(f"a condition is at most {DEEPEST} groups deep; write it flatter")
    for name, group in (("all", All), ("any", AnyOf)):
        if name in said:
            parts = said[name]
            if len(said) > 1 or not isinstance(parts, list | tuple) or not parts:
                raise RefusedError(f'"{name}" stands alone and holds a list of conditions')
            read = tuple(_read(part, depth - 1) for part in parts)
            return read[0] if len(read) == 1 else group(read)
    if odd := [str(name)[:40] for name in said if name not in ("field", "op", "value")]:
        raise RefusedError(f'"{odd[0]}" is unknown in a condition; use field, op and value')
    return checked_test(said.get("field"), said.get("op"), said.get("value"))


def condition_to_json(condition: Condition) -> dict[str, object]:
    """The tree as plain values."""
    if isinstance(condition, Test):
        plain: dict[str, object] = {"field": condition.field, "op": condition.op}
        value = condition.value
        if value is not None:
            plain["value"] = list(value) if isinstance(value, tuple) else value
        return plain
    name = "all" if isinstance(condition, All) else "any"
    return {name: [condition_to_json(part) for part in condition.parts]}


def written(condition: Condition) -> str:
    """The condition as a person would write it.

    >>> written(parse("amount > 5000 and new customer"))
    'amount > 5000 and new_customer'
    """
    if isinstance(condition, Test):
        return _written_test(condition)
    by = " and " if isinstance(condition, All) else " or "
    parts = (
        written(part) if isinstance(part, Test) else f"({written(part)})"
        for part in condition.parts
    )
    return by.join(parts)


def _written_test(test: Test) -> str:
    if test.op in ("known", "unknown"):
        return f"{test.field} is {test.op}"
    if isinstance(test.value, bool):
        return test.field if test.value else f"not {test.field}"
    if isinstance(test.value, tuple):
        return f"{test.field} {test.op} ({', '.join(map(_written_text, test.value))})"
    if isinstance(test.value, float):
        return f"{test.field} {test.op} {_written_number(test.value)}"
    return f"{test.field} {test.op} {_written_text(str(test.value))}"


def _written_number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _written_text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _RESERVED:
        return text
    return f'"{text}"'


class _Token(NamedTuple):
    kind: str
    text: str


def parse(text: str) -> Condition:
    """Read a condition.

    Raises
    ------
    RefusedError
        With a sentence that names the place.
    """
    if len(text) > LONGEST:
        raise RefusedError(f"a condition is at most {LONGEST} letters long; make two of it")
    parser = _Parser(_tokens(text))
    found = parser.either(DEEPEST)
    if (left := parser.peek()) is not None:
        raise RefusedError(f'"and" or "or" is missing before "{left.text}"')
    return found


def _tokens(text: str) -> list[_Token]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise RefusedError(f'"{text[at:].strip()[:20]}" cannot be read; put texts in quotes')
        kind = str(match.lastgroup)
        found.append(_Token(kind, match.group(kind)))
        at = match.end()
    return found


class _Parser:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self, ahead: int = 0) -> _Token | None:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def either(self, depth: int) -> Condition:
        """Parts joined by OR."""
        if depth == 0:
            raise RefusedError(f"a condition is at most {DEEPEST} groups deep; write it flatter")
        parts = [self._both(depth)]
        while self._word("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _both(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self._word("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Condition:
        if self._sign("("):
            found = self.either(depth - 1)
            if not self._sign(")"):
                raise RefusedError('a ")" is missing')
            return found
        negated = self._word("not")
        field = self._field()
        if field.kind == "flag" and self._alone():
            return checked_test(field.name, "=", not negated)
        if negated:
            raise RefusedError(
                f'"not" stands before yes-or-no fields only; write {field.name} != …, or not in (…)'
            )
        op = self._operator(field)
        return checked_test(field.name, op, self._value(field, op))

    def _alone(self) -> bool:
        token = self.peek()
        return token is None or token.text in (")", ",") or token.text.casefold() in ("and", "or")

    def _field(self) -> Field:
        """The longest run of words that is a field's name."""
        words: list[str] = []
        while (token := self.peek(len(words))) is not None and token.kind == "word":
            words.append(token.text)
        if not words:
            near = self.peek()
            raise RefusedError(
                "a field's name is missing" + (f' before "{near.text}"' if near else " at the end")
            )
        for length in range(min(len(words), _LONGEST_NAME), 0, -1):
            name = "_".join(words[:length]).casefold()
            if name in FIELDS:
                self._at += length
                return FIELDS[name]
        return field_named(words[0])

    def _operator(self, field: Field) -> str:
        token = self.peek()
        if token is not None and token.kind == "sign" and token.text not in "(),":
            self._at += 1
            return _SIGNS.get(token.text, token.text)
        if self._word("is"):
            negated = self._word("not")
            for said in ("known", "unknown"):
                if self._word(said):
                    return ("unknown" if said == "known" else "known") if negated else said
            return "!=" if negated else "="
        if self._word("in"):
            return "in"
        if self._word("not") and self._word("in"):
            return "not in"
        raise RefusedError(f"after {field.name} a comparison is missing, such as {field.name} = …")

    def _value(self, field: Field, op: str) -> object:
        if op in ("known", "unknown"):
            return None
        if op not in ("in", "not in"):
            return self._single(field)
        if not self._sign("("):
            raise RefusedError(f"after {field.name} {op} a list is missing, such as (a, b)")
        found = [self._single(field)]
        while self._sign(","):
            found.append(self._single(field))
        if not self._sign(")"):
            raise RefusedError(f'the list after {field.name} {op} lacks its ")"')
        return found

    def _single(self, field: Field) -> object:
        token = self.peek()
        if token is None or token.kind == "sign":
            raise RefusedError(f"after {field.name} a value is missing")
        self._at += 1
        if token.kind == "quoted":
            return token.text[1:-1]
        if token.kind == "number":
            return token.text if field.kind in ("text", "texts") else _number(token.text)
        if field.kind == "flag" and token.text.casefold() in ("true", "false", "yes", "no"):
            return token.text.casefold() in ("true", "yes")
        return " ".join([token.text, *self._more_words()])

    def _more_words(self) -> list[str]:
        words: list[str] = []
        while (token := self.peek()) is not None and token.kind == "word":
            if token.text.casefold() in ("and", "or"):
                break
            words.append(token.text)
            self._at += 1
        return words

    def _word(self, text: str) -> bool:
        token = self.peek()
        if token is None or token.kind != "word" or token.text.casefold() != text:
            return False
        self._at += 1
        return True

    def _sign(self, text: str) -> bool:
        token = self.peek()
        if token is None or token.text != text or token.kind != "sign":
            return False
        self._at += 1
        return True


def _number(text: str) -> float:
    """
    >>> _number("₹1299.50"), _number("40%")
    (1299.5, 0.4)
    """
    try:
        if text.endswith("%"):
            return float(text[:-1]) / 100
        return float(text.removeprefix("₹"))
    except ValueError:
        raise RefusedError(f'"{text}" is no number') from None
