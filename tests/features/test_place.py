"""Pincodes as they are typed, and distances."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.place import clean_pincode, distance_km, pincode_digits

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


@pytest.mark.parametrize(
    ("typed", "pincode"),
    [
        ("560034", "560034"),
        (" 560 034 ", "560034"),
        ("560-034", "560034"),
        ("560034.0", "560034"),
        ("IN-560034", "560034"),
        ("५६००३४", "560034"),
        ("５６００３４", "560034"),
        ("56003", None),
        ("5600345", None),
        ("060034", None),
        ("56003O", None),
        ("", None),
        (None, None),
    ],
)
def test_a_pincode_is_six_digits_however_it_is_typed(
    typed: str | None, pincode: str | None
) -> None:
    assert clean_pincode(typed) == pincode


@given(st.text(max_size=100))
def test_a_clean_pincode_is_one_already(text: str) -> None:
    clean = clean_pincode(text)
    assert clean is None or (clean_pincode(clean) == clean and len(clean) == 6)
    assert len(pincode_digits(text)) <= 60


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_distance_is_symmetric_and_at_most_half_the_globe(
    a: float, b: float, c: float, d: float
) -> None:
    there, back = distance_km(a, b, c, d), distance_km(c, d, a, b)
    assert there == pytest.approx(back, abs=1e-6)
    assert 0.0 <= there <= 20_016.0


def test_a_distance_from_nowhere_is_unknown() -> None:
    assert math.isnan(distance_km(math.nan, 77.0, 12.0, 77.0))
    assert distance_km(12.0, 77.0, 12.0, 77.0) == 0.0
