"""Phone numbers as people type them: normalised to E.164, valid or not, real or made up.

Nearly every number is an Indian mobile, so those are read with string operations alone (under a
microsecond when already clean); everything else goes to ``phonenumbers``, imported on first need.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from unicodedata import decimal

from features.compiled import compiled

LONGEST = 80
"""Characters of a phone field that are read; two numbers and a remark fit well within."""

_MOBILE_STARTS = frozenset("6789")
_INDIAN_MOBILE = re.compile(r"\+91[6-9][0-9]{9}")
_RUN = re.compile(r"\+?\d[\d\s().\-\u2010-\u2015\u00a0]*")
_EXCEL = re.compile(r"\d(?:\.\d+)?[eE]\+?\d")
_NOT_DIGIT = re.compile(r"\D+")
_NUMBER_LENGTHS = range(7, 16)


class Phone(NamedTuple):
    """What one phone field says.

    Parameters
    ----------
    e164 : str or None
        The first valid number in it as ``+<country><number>``; None where there is none.
    numbers : int
        How many different valid numbers the field holds.
    """

    e164: str | None
    numbers: int

    @property
    def indian(self) -> bool:
        """Whether the number is an Indian one."""
        return self.e164 is not None and self.e164.startswith("+91")

    @property
    def mobile(self) -> bool:
        """Whether it has the form of an Indian mobile number (ten digits from 6 to 9 on)."""
        return self.e164 is not None and _is_indian_mobile(self.e164)


NO_PHONE = Phone(None, 0)


def normal_phone(text: str | None) -> str | None:
    """Bring a phone field to the one form under which history counts it.

    Parameters
    ----------
    text : str or None
        As typed: blanks, dashes, brackets, ``+91``, ``0091``, ``91``, a leading 0, digits of any
        script, a word before or after, or two numbers in one field (the first counts).

    Returns
    -------
    str or None
        E.164, for example ``+919876543210``; None where no valid number is found. A made-up
        number of valid form (9999999999) is returned; ask ``is_dummy_phone`` about it.

    >>> normal_phone("098765-43210"), normal_phone("12345")
    ('+919876543210', None)
    """
    if text is None:
        return None
    if _is_indian_mobile(text):
        return text
    return read_phone(text).e164


def read_phone(text: str | None) -> Phone:
    """Read a phone field; never fails, whatever it holds.

    Parameters
    ----------
    text : str or None
        The field as typed; the first 80 characters are read.

    Returns
    -------
    Phone
        ``NO_PHONE`` where nothing valid is in it.
    """
    if not text:
        return NO_PHONE
    if _is_indian_mobile(text):
        return Phone(text, 1)
    return _read(text[:LONGEST])


# The keys of an order and its signals ask about the same field in turn.
@lru_cache(256)
def _read(text: str) -> Phone:
    plain = _ascii_digits(text)
    if len(plain) == 10 and plain.isdecimal() and plain[0] in _MOBILE_STARTS:
        return Phone("+91" + plain, 1)
    if _EXCEL.search(plain):
        return NO_PHONE  # a spreadsheet rounded it: the digits are gone
    found: dict[str, None] = {}
    for run in _RUN.findall(plain.removesuffix(".0")):
        found.update(dict.fromkeys(_numbers_of(run)))
    return Phone(next(iter(found)), len(found)) if found else NO_PHONE


class Shape(NamedTuple):
    """How a number looks, whoever owns it.

    Parameters
    ----------
    distinct : int
        Different digits among the national ones.
    repeat, sequence : int
        Longest run of one digit, and of digits that count up or down by one; 9 and 0 are
        neighbours.
    dummy : bool
        Made up to get past the field: eight digits in a row equal or counting, or ten that are
        one pattern of two or five repeated (9999999999, 9876543210, 9898989898).
    """

    distinct: int
    repeat: int
    sequence: int
    dummy: bool


def shape_of(e164: str) -> Shape:
    """The shape of a normalised number.

    >>> shape_of("+919876043217"), shape_of("+919999999999").dummy
    (Shape(distinct=9, repeat=1, sequence=4, dummy=False), True)
    """
    digits = national_digits(e164)
    return Shape(*_shape(int(digits), len(digits)))


@compiled
def _shape(number: int, length: int) -> tuple[int, int, int, bool]:
    """``Shape`` of so many digits, read from the last one: runs are as long either way."""
    made_up = length == 10 and (
        number == number % 100 * 101_010_101 or number == number % 100_000 * 100_001
    )
    digit_before, step_before = number % 10, 0
    seen = 1 << digit_before
    repeat = sequence = most_repeat = most_sequence = 1
    for _ in range(length - 1):
        number //= 10
        digit = number % 10
        seen |= 1 << digit
        step = (digit - digit_before) % 10
        repeat = repeat + 1 if step == 0 else 1
        counting = step == 1 or step == 9
        sequence = sequence + 1 if counting and step == step_before else 1 + counting
        most_repeat, most_sequence = max(most_repeat, repeat), max(most_sequence, sequence)
        digit_before, step_before = digit, step
    distinct = 0
    for digit in range(10):
        distinct += seen >> digit & 1
    return distinct, most_repeat, most_sequence, made_up or max(most_repeat, most_sequence) >= 8


def is_dummy_phone(e164: str | None) -> bool:
    """Whether a number of valid form was made up (see ``Shape``), so that it identifies nobody.

    >>> is_dummy_phone("+919876543210"), is_dummy_phone(None)
    (True, False)
    """
    return e164 is not None and shape_of(e164).dummy


def national_digits(e164: str) -> str:
    """The digits after ``+91``, or all digits of a foreign number.

    >>> national_digits("+919876543210")
    '9876543210'
    """
    return e164[3:] if e164.startswith("+91") else e164.lstrip("+")


def _is_indian_mobile(text: str) -> bool:
    return _INDIAN_MOBILE.fullmatch(text) is not None


def _ascii_digits(text: str) -> str:
    """Digits of every script as 0 to 9, other characters as they are."""
    if text.isascii():
        return text
    values = ((char, decimal(char, -1)) for char in text)
    return "".join(str(value) if value >= 0 else char for char, value in values)


def _numbers_of(run: str) -> list[str]:
    """Every valid number in one run of digits, blanks and brackets."""
    digits = _NOT_DIGIT.sub("", run)
    number = _number(digits, international=run.startswith("+"))
    if number is not None:
        return [number]
    halves = [digits[: len(digits) // 2], digits[len(digits) // 2 :]]
    if len(digits) in (20, 22, 24):  # two Indian numbers with only a blank between
        return [half for half in map(_indian_mobile, halves) if half is not None]
    return []


def _number(digits: str, *, international: bool) -> str | None:
    if not international or digits.startswith("91"):
        mobile = _indian_mobile(digits)
        if mobile is not None:
            return mobile
    if digits.startswith("00"):
        digits, international = digits[2:], True
    if len(digits) not in _NUMBER_LENGTHS:
        return None
    other = _other_number(digits, international)
    return other if other is not None or not international else _indian_mobile(digits)


def _indian_mobile(digits: str) -> str | None:
    """``digits`` as an Indian mobile number with any of its usual prefixes, else None."""
    national = digits[-10:]
    if len(national) < 10 or national[0] not in _MOBILE_STARTS:
        return None
    prefix = digits[:-10]
    return "+91" + national if prefix in ("", "0", "91", "910", "0091", "091", "00910") else None


@lru_cache(maxsize=1024)
def _other_number(digits: str, international: bool) -> str | None:
    """A landline or foreign number by the ITU numbering plans, through ``phonenumbers``."""
    import phonenumbers

    try:
        number = phonenumbers.parse("+" + digits if international else digits, "IN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
