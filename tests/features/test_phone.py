"""What is read from a phone field."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.phone import (
    is_dummy_phone,
    normal_phone,
    read_phone,
    shape_of,
)

RIGHT = "+919876043217"


@pytest.mark.parametrize(
    "typed",
    [
        "+919876043217",
        "9876043217",
        "09876043217",
        "919876043217",
        "00919876043217",
        "+91 98760 43217",
        "+91-98760-43217",
        "+91 (0) 9876043217",
        "+91 09876043217",
        "0091 98760 43217",
        " 98760.43217 ",
        "+9876043217",
        "9876043217.0",
        "९८७६०४३२१७",
        "+९१ ९८७६० ४३२१७",
        "９８７６０４３２１７",
        "Mob: 98760 43217",
        "9876043217 (home)",
        "9876043217 / 9812305678",
        "9876043217, 9812305678",
        "98760432179812305678",
        "98760 43217 98123 05678",
    ],
)
def test_one_indian_number_has_one_form_however_it_is_typed(typed: str) -> None:
    assert normal_phone(typed) == RIGHT


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("022-23456789", "+912223456789"),
        ("(080) 41234567", "+918041234567"),
        ("+971 50 123 4567", "+971501234567"),
        ("00971501234567", "+971501234567"),
        ("+1 650 253 0000", "+16502530000"),
    ],
)
def test_landlines_and_foreign_numbers_are_read_by_their_numbering_plan(
    typed: str, e164: str
) -> None:
    assert normal_phone(typed) == e164


@pytest.mark.parametrize(
    "typed",
    [
        None,
        "",
        " ",
        "+91",
        "12345",
        "987604321",
        "987604321712",
        "0000000000",
        "+0000000000",
        "98760abc43217",
        "98O6O43217",
        "9.87604E+09",
        "9.876043217E9",
        "call me",
        "²²²²²²²²²²",
        "9" * 10_000,
    ],
)
def test_what_cannot_be_dialled_is_unknown(typed: str | None) -> None:
    assert normal_phone(typed) is None


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("9876043217", 1),
        ("9876043217 / 9876043217", 1),
        ("9876043217 / 9812305678", 2),
        ("9876043217 / 12", 1),
        ("12", 0),
    ],
)
def test_different_valid_numbers_of_a_field_are_counted(typed: str, numbers: int) -> None:
    assert read_phone(typed).numbers == numbers


@pytest.mark.parametrize(
    "national",
    ["9999999999", "9876543210", "9898989898", "9012390123", "8000000001", "7123456789"],
)
def test_a_made_up_number_is_dummy(national: str) -> None:
    assert is_dummy_phone("+91" + national)


@pytest.mark.parametrize("national", ["9876043217", "9812305678", "9000012345", "7009900123"])
def test_a_plausible_number_is_not_dummy(national: str) -> None:
    assert not is_dummy_phone("+91" + national)


@pytest.mark.parametrize(
    ("digits", "distinct", "repeat", "sequence"),
    [
        ("7", 1, 1, 1),
        ("77", 1, 2, 1),
        ("7890123", 7, 1, 7),
        ("321123", 3, 2, 3),
        ("9000", 2, 3, 2),
        ("1234", 4, 1, 4),
        ("12131415", 5, 1, 2),
        ("1357", 4, 1, 1),
        ("123321", 3, 2, 3),
        ("9012", 4, 1, 4),
    ],
)
def test_runs_of_digits_are_measured(
    digits: str, distinct: int, repeat: int, sequence: int
) -> None:
    assert shape_of(f"+91{digits}")[:3] == (distinct, repeat, sequence)


def longest_run(digits: str, step: int) -> int:
    """The longest run of digits that go up by ``step`` (mod 10), as plainly as can be."""
    runs = [
        end - start
        for start in range(len(digits))
        for end in range(start + 1, len(digits) + 1)
        if all((int(b) - int(a)) % 10 == step for a, b in pairwise(digits[start:end]))
    ]
    return max(runs)


@given(st.integers(1, 10**15 - 1))
def test_runs_of_any_number_are_those_one_counts_by_hand(number: int) -> None:
    digits = str(number)
    shape = shape_of(f"+91{digits}")
    assert shape.distinct == len(set(digits))
    assert shape.repeat == longest_run(digits, 0)
    assert shape.sequence == max(longest_run(digits, 1), longest_run(digits, 9))


@given(st.integers(6_000_000_000, 9_999_999_999), st.sampled_from(["", "0", "+91", "91", "+91 "]))
def test_every_indian_mobile_number_is_valid_under_every_prefix(national: int, prefix: str) -> None:
    phone = read_phone(f"{prefix}{national}")
    assert phone.e164 == f"+91{national}"
    assert phone.mobile


@given(st.text(max_size=200) | st.text("+0123456789 -/()९.eE", max_size=60))
def test_any_text_gives_a_stable_number_or_none(text: str) -> None:
    e164 = normal_phone(text)
    assert e164 is None or (normal_phone(e164) == e164 and e164[1:].isdecimal())
