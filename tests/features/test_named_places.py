"""A name stands for offices and districts, and the nearest of them counts."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.directory import Directory
from features.latin import plain
from features.named_places import NEAR_KM, district_km, named_places, nearest_km, office_km
from features.place import NOWHERE, distance_km
from features.spelling import skeleton

DIRECTORY = Directory.open()
degrees = st.floats(-90, 90) | st.just(math.nan)
points = st.lists(st.tuples(degrees, degrees), max_size=8)


@given(degrees, degrees, points)
def test_the_nearest_of_many_points_is_as_far_as_by_the_one_formula(
    lat: float, lon: float, others: list[tuple[float, float]]
) -> None:
    away = [distance_km(lat, lon, *other) for other in others]
    nearest = min((km for km in away if not math.isnan(km)), default=math.inf)
    lats, lons = np.array(others, np.float64).reshape(-1, 2).T.copy()
    found = nearest_km(lat, lon, lats, lons)
    assert found == nearest or math.isclose(found, nearest, rel_tol=1e-9, abs_tol=1e-6)


def named(name: str, pincode: str) -> tuple[float, float]:
    place, found = DIRECTORY.place(pincode), named_places(DIRECTORY, skeleton(plain(name)))
    return office_km(found, place), district_km(DIRECTORY, found.districts, place)


def test_a_name_is_as_far_as_its_nearest_office_and_district() -> None:
    office, district = named("Jaipur", "302001")
    assert office < 30
    assert district < 1
    office, district = named("Jaipur", "560034")
    assert office > 100
    assert 1_400 < district < 1_700


def test_a_town_of_the_own_district_is_near_however_far() -> None:
    near = named_places(DIRECTORY, skeleton("nokha"))
    place = DIRECTORY.place("334001")  # Bikaner is some 60 km from Nokha, of the same district
    assert nearest_km(place.lat, place.lon, near.lats, near.lons) > NEAR_KM
    assert office_km(near, place) == NEAR_KM


def test_a_name_nobody_has_is_nowhere() -> None:
    assert named("xyzzy", "560034") == (math.inf, math.inf)
    assert office_km(named_places(DIRECTORY, skeleton("pune")), NOWHERE) == math.inf
