"""Instants read as the library writes them, however they are put together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from features.days import IST, from_us
from serving.moments import rfc3339, uuid7

instants = st.integers(-(10**15), 4 * 10**15)


@given(instants | instants.map(lambda us: us - us % 1_000_000))
def test_an_instant_reads_as_an_indian_clock_shows_it(us: int) -> None:
    assert rfc3339(us) == from_us(us).astimezone(IST).isoformat()


@given(st.integers(0, 4 * 10**15))
def test_an_identifier_begins_with_its_millisecond_and_is_of_version_7(us: int) -> None:
    one, other = uuid7(us), uuid7(us)
    assert one.version == 7
    assert one.variant == "specified in RFC 4122"
    assert one.int >> 80 == us // 1000
    assert one != other
