"""State, city, locality and route against the pincode; slips of the finger."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.agreement import bare_locality_fit, city_fit, locality_fit, state_fit
from features.directory import Directory
from features.latin import plain
from features.pincode_slips import NO_SLIP, find_slip
from features.place import NOWHERE
from features.route import route
from features.spelling import skeleton

DIRECTORY = Directory.open()


@pytest.mark.parametrize(
    ("pincode", "city"),
    [
        ("560034", "Bengaluru"),
        ("560034", "BANGALORE"),
        ("560034", "Banglore"),
        ("560034", "बेंगलुरु"),
        ("560034", "Koramangala"),
        ("302001", "जयपुर"),
        ("600020", "சென்னை"),
        ("641001", "கோயம்புத்தூர்"),
        ("753001", "କଟକ"),
        ("711101", "हावड़ा"),
        ("226001", "लखनऊ"),
        ("201301", "नोएडा"),
        ("800001", "پٹنہ"),
        ("201301", "Noida"),
        ("201301", "Delhi"),
        ("122001", "Gurgaon"),
        ("400706", "Navi Mumbai"),
        ("421301", "Kalyan (W), Thane"),
        ("744101", "Port Blair"),
        ("403601", "Goa"),
        ("411014", "pune city"),
        ("249407", "Uttarakhand"),
        ("627811", "Tirunelveli"),
        ("194101", "Leh"),
        ("766103", "Bhawanipatna"),
    ],
)
def test_a_city_agrees_under_any_of_its_names(pincode: str, city: str) -> None:
    assert city_fit(DIRECTORY, DIRECTORY.place(pincode), city).score >= 0.84


@pytest.mark.parametrize(
    ("pincode", "city", "at_least_km"),
    [
        ("560034", "Mumbai", 800.0),
        ("560034", "मुंबई", 800.0),
        ("302001", "Jodhpur", 150.0),
        ("560034", "hydrabad", 400.0),
    ],
)
def test_a_city_elsewhere_disagrees_and_says_how_far(
    pincode: str, city: str, at_least_km: float
) -> None:
    fit = city_fit(DIRECTORY, DIRECTORY.place(pincode), city)
    assert fit.score == 0.0
    assert fit.km > at_least_km


@pytest.mark.parametrize("city", ["xyzzy", "Others", "😀", "near the temple", "", None])
def test_a_city_nobody_knows_is_no_mismatch(city: str | None) -> None:
    assert math.isnan(city_fit(DIRECTORY, DIRECTORY.place("560034"), city).score)


def test_nothing_agrees_or_disagrees_with_an_unknown_pincode() -> None:
    assert math.isnan(city_fit(DIRECTORY, NOWHERE, "Pune").score)
    assert math.isnan(state_fit(NOWHERE, "Kerala"))
    assert math.isnan(locality_fit(DIRECTORY, NOWHERE, "koramangala"))
    assert math.isnan(bare_locality_fit(DIRECTORY, NOWHERE, "koramangala"))
    assert math.isnan(route(DIRECTORY, "110037", NOWHERE).km)


@pytest.mark.parametrize(
    ("pincode", "state", "fit"),
    [
        ("560034", "Karnataka", 1.0),
        ("560034", "KA", 1.0),
        ("560034", "Kerala", 0.0),
        ("500032", "Andhra Pradesh", 0.5),
        ("834001", "Bihar", 0.5),
    ],
)
def test_a_state_agrees_in_part_with_what_was_split_from_it(
    pincode: str, state: str, fit: float
) -> None:
    assert state_fit(DIRECTORY.place(pincode), state) == fit


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("12 Koramangala 4th Block", 1.0, 1.0),
        ("12 Kormangala 4th Block", 0.8, 1.0),
        ("12 Indiranagar", 0.0, 0.0),
        ("12 Bengaluru", 0.0, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_a_locality_is_found_exactly_or_nearly_and_the_city_is_none(
    text: str, low: float, high: float
) -> None:
    fit = locality_fit(DIRECTORY, DIRECTORY.place("560034"), skeleton(plain(text)))
    assert low <= fit <= high


def test_naming_the_city_is_no_locality() -> None:
    place = DIRECTORY.place("302001")
    assert "jaipur" in DIRECTORY.localities("302001")
    assert locality_fit(DIRECTORY, place, skeleton("12 jaipur")) == 0.0


def test_a_locality_in_an_indic_script_is_found_by_its_consonants() -> None:
    place = DIRECTORY.place("560034")
    assert bare_locality_fit(DIRECTORY, place, skeleton(plain("मकान 4, कोरमंगला"))) == 0.9
    assert bare_locality_fit(DIRECTORY, place, skeleton(plain("मकान 4, अंधेरी"))) == 0.0


@pytest.mark.parametrize(
    ("typed", "city", "state", "suggestion"),
    [
        ("560304", "Bengaluru", "Karnataka", "560034"),
        ("650034", "Bengaluru", "Karnataka", "560034"),
        ("1100001", "New Delhi", "DL", "110001"),
        ("110O01", "New Delhi", "Delhi", None),
        ("560304", None, "Karnataka", None),
        ("560304", "Bengaluru", "Kerala", None),
        ("560034", "Bengaluru", "Kerala", None),
        ("56", "Bengaluru", "Karnataka", None),
    ],
)
def test_a_slip_of_the_finger_is_undone_when_one_pincode_fits(
    typed: str, city: str | None, state: str, suggestion: str | None
) -> None:
    assert find_slip(DIRECTORY, typed, city, state, "").suggestion == suggestion


def test_a_pincode_is_no_slip_of_itself() -> None:
    assert "560034" not in find_slip(DIRECTORY, "560034", "Bengaluru", "KA", "").candidates


def test_a_named_locality_settles_between_pincodes_that_fit() -> None:
    open_question = find_slip(DIRECTORY, "56004", "Bengaluru", "Karnataka", "")
    assert len(open_question.candidates) > 1
    assert open_question.suggestion is None
    settled = find_slip(
        DIRECTORY, "56004", "Bengaluru", "Karnataka", skeleton("12 basavanagudi main road")
    )
    assert settled.suggestion == "560004"


@pytest.mark.parametrize(
    ("origin", "to", "zone"),
    [
        ("560001", "560034", 0.0),
        ("560001", "585101", 1.0),
        ("560001", "600001", 1.0),
        ("110001", "560034", 2.0),
        ("110001", "834001", 3.0),
        ("110001", "781001", 4.0),
        ("781001", "560034", 4.0),
    ],
)
def test_zones_follow_the_usual_rate_cards(origin: str, to: str, zone: float) -> None:
    assert route(DIRECTORY, origin, DIRECTORY.place(to)).zone == zone


def test_delhi_to_mumbai_is_about_1150_km() -> None:
    assert route(DIRECTORY, "110001", DIRECTORY.place("400001")).km == pytest.approx(1150, abs=25)


def test_a_route_from_nowhere_is_unknown() -> None:
    place = DIRECTORY.place("560034")
    assert math.isnan(route(DIRECTORY, None, place).zone)
    assert math.isnan(route(DIRECTORY, "999999", place).km)


@given(st.text(max_size=120), st.text(max_size=12), st.text(max_size=120))
def test_no_text_breaks_the_comparison(city: str, digits: str, state: str) -> None:
    fit = city_fit(DIRECTORY, DIRECTORY.place("560034"), city)
    assert math.isnan(fit.score) or 0.0 <= fit.score <= 1.0
    slip = find_slip(DIRECTORY, digits, city, state, skeleton(plain(city)))
    assert slip == NO_SLIP or all(DIRECTORY.place(p).known for p in slip.candidates)


def test_of_several_names_in_a_city_field_the_nearest_counts() -> None:
    place = DIRECTORY.place("560034")
    far, near = city_fit(DIRECTORY, place, "Mumbai"), city_fit(DIRECTORY, place, "Mysuru")
    assert far.score == near.score == 0.0
    assert near.km < far.km
    assert city_fit(DIRECTORY, place, "Mumbai / Mysuru") == near
    assert city_fit(DIRECTORY, DIRECTORY.place("403401"), "NORTH GOA").km == 0.0


@given(
    pincode=st.sampled_from(["560034", "570001", "575001", "580020", "411001", "400001"]),
    at=st.integers(0, 5),
    digit=st.sampled_from("0123456789"),
    city=st.sampled_from(["Bengaluru", "Mysuru", "Mangaluru", "Pune", "Mumbai"]),
    state=st.sampled_from([None, "Karnataka", "Maharashtra"]),
)
def test_every_pincode_suggested_fits_city_and_state(
    pincode: str, at: int, digit: str, city: str, state: str | None
) -> None:
    typed = pincode[:at] + digit + pincode[at + 1 :]
    for candidate in find_slip(DIRECTORY, typed, city, state, "").candidates:
        place = DIRECTORY.place(candidate)
        assert city_fit(DIRECTORY, place, city).score >= 0.8
        assert state is None or state_fit(place, state) == 1.0


def test_a_city_of_another_script_is_known_by_its_consonants() -> None:
    found = city_fit(DIRECTORY, DIRECTORY.place("203001"), "बुलंदशहर")  # Bulandshahr
    assert (found.score, found.km) == (0.9, 0.0)
