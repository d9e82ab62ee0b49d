"""What is read from a name field, and what is not."""

from __future__ import annotations

from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.name import Name, name_similarity, normal_name, read_name


def name(text: str) -> Name:
    found = read_name(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("  Smt. ASHA   Rao ", "asha rao"),
        ("Mr.", "mr"),
        ("José DÍAZ", "jose diaz"),
        ("A.P.J. Kalam", "a p j kalam"),
        ("आशा राव", "आशा राव"),
        ("मोहम्मद अली", "मोहम्मद अली"),
        ("ＡＳＨＡ", "asha"),
        ("𝐀𝐬𝐡𝐚", "asha"),
        ("Asha2 Rao", "asha rao"),
        ("😀", None),
        ("123", None),
        ("", None),
        (None, None),
    ],
)
def test_names_keep_their_letters_and_script(typed: str | None, normal: str | None) -> None:
    assert normal_name(typed) == normal


@pytest.mark.parametrize(
    "typed",
    [
        *("test", "Test User", "TESTING", "asdf", "Asdf Ghjk", "qwerty", "poiuy", "aaa", "aaa bbb"),
        *("abc", "Abc Xyz", "customer", "First Last", "No Name", "x", "123", "...", "टेस्ट", "😀"),
    ],
)
def test_a_placeholder_is_a_dummy_name(typed: str) -> None:
    assert name(typed).dummy


REAL = (
    *("Asha Rao", "A Kumar", "Om", "Na Li", "Aa Rao", "Md Ali", "Guest Rao", "Krishnamoorthy"),
    *("Lakshmi", "Ng", "Nguyen Thi", "Dhrv Sngh", "Jyothsna", "Schwartz", "P V S S Rao", "Rhythm"),
    *(
        "O'Brien",
        "आशा राव",
        "முருகன்",
        "محمد علي",
        "Tsering Phuntsok",
        "Lalthlengliana",
        "Ao Imkong",
    ),
)


@pytest.mark.parametrize("typed", REAL)
def test_a_rare_or_foreign_name_is_neither_dummy_nor_gibberish(typed: str) -> None:
    found = name(typed)
    assert (found.dummy, found.gibberish, found.digit) == (False, False, False)


@pytest.mark.parametrize("typed", ["xkjhgf", "Asha Sdjfhksdjf", "Qwsx", "ashaaaa", "राााााम"])
def test_what_cannot_be_spoken_is_gibberish(typed: str) -> None:
    assert name(typed).gibberish


@pytest.mark.parametrize(("typed", "digit"), [("Asha2", True), ("आशा२", True), ("Asha II", False)])
def test_digits_of_any_script_are_seen(typed: str, digit: bool) -> None:
    assert name(typed).digit is digit


@pytest.mark.parametrize("typed", [None, "", "  \t"])
def test_an_empty_field_is_no_name(typed: str | None) -> None:
    assert read_name(typed) is None


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Asha Rao", "Mrs ASHA RAO", 1.0, 1.0),
        ("Asha Rao", "Rao, Asha", 1.0, 1.0),
        ("Asha", "Asha Rao", 1.0, 1.0),
        ("आशा राव", "Asha Rao", 0.7, 1.0),
        ("Asha Rao", "Vikram Singh", 0.0, 0.5),
    ],
)
def test_names_are_compared_across_order_titles_and_scripts(
    one: str, other: str, least: float, most: float
) -> None:
    assert least <= name_similarity(name(one), name(other)) <= most


def test_likeness_to_an_unknown_name_is_unknown() -> None:
    assert isnan(name_similarity(name("Asha"), None))
    assert isnan(name_similarity(name("Asha"), name("😀")))


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_are_equally_alike_both_ways(one: str, other: str) -> None:
    there = name_similarity(read_name(one), read_name(other))
    back = name_similarity(read_name(other), read_name(one))
    assert there == back or (isnan(there) and isnan(back))
    assert isnan(there) or 0.0 <= there <= 1.0


@given(st.text(max_size=300))
def test_a_normal_name_stays_as_it_is(text: str) -> None:
    normal = normal_name(text)
    assert normal is None or normal_name(normal) == normal
