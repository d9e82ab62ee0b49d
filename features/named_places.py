"""What a name stands for in India: the post offices and districts that sound so, and how far."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.directory import KINDS, Directory
from features.place import EARTH_RADIUS_KM, Place

Degrees = NDArray[np.float64]

NEAR_KM = 50.0
_HEAD, _BRANCH = KINDS.index("head"), KINDS.index("branch")


class NamedPlaces(NamedTuple):
    """Everything of one name.

    Parameters
    ----------
    lats, lons : ndarray of float64, shape (n_offices,)
        Of the offices whose place has the name.
    chief_districts : frozenset of str
        Districts in which a head or sub office has it.
    town : bool
        Whether any head office has it.
    districts : tuple of int
        Numbers of the districts with this name, old name or chief city.
    """

    lats: Degrees
    lons: Degrees
    chief_districts: frozenset[str]
    town: bool
    districts: tuple[int, ...]


@lru_cache(maxsize=4096)
def named_places(directory: Directory, sound: str) -> NamedPlaces:
    """What a skeleton (see ``features.spelling``) stands for."""
    numbers = np.array(directory.offices_sounding(sound), np.intp)
    kinds = directory.column("office_kind")[numbers]
    chief = directory.column("office_district")[numbers[kinds != _BRANCH]]
    return NamedPlaces(
        lats=directory.column("office_lat")[numbers].astype(np.float64),
        lons=directory.column("office_lon")[numbers].astype(np.float64),
        chief_districts=frozenset(directory.districts[number][1] for number in chief.tolist()),
        town=bool((kinds == _HEAD).any()),
        districts=directory.districts_sounding(sound),
    )


def office_km(named: NamedPlaces, place: Place) -> float:
    """Distance to the nearest office of the name; infinite without one.

    A head or sub office in the pincode's own district is near, however large the district.
    """
    km = nearest_km(place.lat, place.lon, named.lats, named.lons)
    return km if named.chief_districts.isdisjoint(place.districts) else min(km, NEAR_KM)


def district_km(directory: Directory, districts: tuple[int, ...], place: Place) -> float:
    """Distance to the nearest pincode of any of these districts; infinite without one."""
    return min(
        (nearest_km(place.lat, place.lon, *_points(directory, number)) for number in districts),
        default=math.inf,
    )


@lru_cache(maxsize=1024)
def _points(directory: Directory, district: int) -> tuple[Degrees, Degrees]:
    rows = np.flatnonzero(directory.column("pincode_district") == district)
    lats, lons = directory.column("pincode_lat"), directory.column("pincode_lon")
    return lats[rows].astype(np.float64), lons[rows].astype(np.float64)


@compiled
def nearest_km(lat: float, lon: float, lats: Degrees, lons: Degrees) -> float:
    """The least of ``features.place.distance_km`` to many points; infinite where all are NaN."""
    best = math.inf
    here = math.radians(lat)
    for i in range(len(lats)):
        there = math.radians(lats[i])
        h = (
            math.sin((there - here) / 2) ** 2
            + math.cos(here) * math.cos(there) * math.sin(math.radians(lons[i] - lon) / 2) ** 2
        )
        km = 2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(1.0 if h > 1.0 else h))
        if km < best:
            best = km
    return best
