"""The compiled directory: what it knows of pincodes, offices and names."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.directory import TABLES, Directory
from features.errors import SettingsError
from features.place import NOWHERE, clean_pincode, distance_km

DIRECTORY = Directory.open()


def test_all_of_india_posts_offices_and_pincodes_are_there() -> None:
    assert DIRECTORY.n_offices == 165_627
    assert len(DIRECTORY.pincodes()) == 19_586
    assert (np.diff(DIRECTORY.pincodes()) > 0).all()


def test_a_known_pincode_says_where_it_is() -> None:
    place = DIRECTORY.place("560 034")
    assert place.known
    assert (place.pincode, place.district, place.state) == (
        "560034",
        "bengaluru urban",
        "karnataka",
    )
    assert (place.offices, place.tier, place.delivery) == (3, 1, True)
    assert distance_km(place.lat, place.lon, 12.9275, 77.6266) < 3.0


def test_an_unknown_pincode_is_kept_and_said_to_be_unknown() -> None:
    place = DIRECTORY.place("999999")
    assert (place.pincode, place.known, place.state, place.delivery) == (
        "999999",
        False,
        None,
        None,
    )
    assert math.isnan(place.lat)
    assert DIRECTORY.place("hello") is NOWHERE
    assert DIRECTORY.place(None) is NOWHERE


@pytest.mark.parametrize(
    ("pincode", "lat", "lon"),
    [
        ("110001", 28.63, 77.22),
        ("400001", 18.94, 72.84),
        ("600001", 13.09, 80.29),
        ("744101", 11.67, 92.74),
        ("403001", 15.50, 73.83),
        ("390001", 22.30, 73.20),
        ("230001", 25.90, 81.94),
        ("734001", 26.71, 88.43),
        ("799001", 23.83, 91.28),
        ("190001", 34.08, 74.80),
    ],
)
def test_pincodes_lie_where_their_cities_are(pincode: str, lat: float, lon: float) -> None:
    place = DIRECTORY.place(pincode)
    assert distance_km(place.lat, place.lon, lat, lon) < 30.0


def test_slips_of_the_source_are_put_right() -> None:
    assert DIRECTORY.place("799001").state == "tripura"
    assert DIRECTORY.place("334002").state == "rajasthan"
    assert DIRECTORY.place("494001").district == "bastar"


def test_every_pincode_has_a_point_in_india_a_district_and_a_state() -> None:
    places = [DIRECTORY.place(str(pincode)) for pincode in DIRECTORY.pincodes()]
    assert all(6.0 < place.lat < 37.5 and 68.0 < place.lon < 97.5 for place in places)
    assert all(place.district and place.state and place.offices > 0 for place in places)
    assert all(DIRECTORY.state_name(place.state) == place.state for place in places)
    assert {place.tier for place in places} == {1, 2, 3}


def test_offices_of_a_pincode_come_head_first_with_their_own_points() -> None:
    offices = DIRECTORY.offices("110001")
    assert {office.pincode for office in offices} == {110001}
    ranks = [("head", "sub", "branch").index(office.kind) for office in offices]
    assert ranks == sorted(ranks)
    assert len(offices) == DIRECTORY.place("110001").offices


def test_localities_are_plain_names_without_the_kind_of_office() -> None:
    assert "koramangala" in DIRECTORY.localities("560034")
    assert DIRECTORY.localities("999999") == ()
    assert not any(name.endswith(" s o") for name in DIRECTORY.localities("560034"))


def test_offices_are_found_by_how_their_name_sounds() -> None:
    found = [DIRECTORY.office(number) for number in DIRECTORY.offices_named("KORAMANGALAA")]
    assert [office.pincode for office in found] == [560034]
    assert DIRECTORY.offices_named("xyzzy") == ()


@pytest.mark.parametrize(
    ("text", "state", "district"),
    [
        ("Bangalore Urban", None, "bengaluru urban"),
        ("Gurgaon", None, "gurugram"),
        ("Allahabad", None, "prayagraj"),
        ("Aurangabad", "bihar", "aurangabad"),
        ("Bangalore", "karnataka", None),
        ("Tirunelveli", None, "tirunelveli"),
        ("गाजियाबाद", None, "ghaziabad"),
        ("nowhere at all", None, None),
        (None, None, None),
    ],
)
def test_a_district_is_known_by_any_of_its_names(
    text: str | None, state: str | None, district: str | None
) -> None:
    assert DIRECTORY.district_name(text, state) == district


@given(st.text(max_size=60))
def test_no_text_is_too_odd_for_a_place(text: str) -> None:
    place = DIRECTORY.place(text)
    assert place.known or place.state is None
    assert place.pincode == clean_pincode(text)
    assert DIRECTORY.district_name(text) is None or isinstance(DIRECTORY.district_name(text), str)


def test_a_missing_table_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"python -m features\.build_directory"):
        Directory.open(tmp_path)


def test_a_table_of_another_format_is_refused(tmp_path: Path) -> None:
    about = json.loads((TABLES / "about.json").read_text()) | {"format": 0}
    (tmp_path / "about.json").write_text(json.dumps(about))
    with pytest.raises(SettingsError, match="another format"):
        Directory.open(tmp_path)
