"""Where pincodes and districts lie, out of office coordinates that are often wrong; build only."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from features.large_cities import LARGE_CITIES
from features.postal_source import Floats, Ints, Offices

CITY_RADIUS_KM = {1: 30.0, 2: 15.0}


def distance_km(lat: Any, lon: Any, to_lat: Any, to_lon: Any) -> Any:
    """Great-circle distance on a sphere of 6,371 km (haversine), NaN where a point is unknown."""
    a, b, c, d = (np.radians(x) for x in (lat, lon, to_lat, to_lon))
    h = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return 2.0 * 6371.0 * np.arcsin(np.sqrt(h))


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def drop_strays(offices: Offices) -> None:
    """Blank, in place, the points that cannot be where their pincode is.

    Dropped are a point given to offices of five or more pincodes (a division's address), and a
    point farther from the median office of its state (then of its three-digit pincode region)
    than 650 km (60 km) and than three and a half times the median distance there.
    """
    shared: dict[tuple[float, float], set[int]] = defaultdict(set)
    points = list(zip(offices.lat, offices.lon, strict=True))
    for point, pincode in zip(points, offices.pincode, strict=True):
        shared[point].add(int(pincode))
    _blank(offices, np.array([len(shared[point]) >= 5 for point in points]))
    state = np.array([offices.districts[district][0] for district in offices.district])
    _drop_far(offices, np.unique(state, return_inverse=True)[1], 650.0)
    _drop_far(offices, offices.pincode // 1_000, 60.0)


def _drop_far(offices: Offices, region: Ints, floor_km: float) -> None:
    for number in np.unique(region):
        rows = np.flatnonzero(region == number)
        lat, lon = offices.lat[rows], offices.lon[rows]
        away = distance_km(lat, lon, _median(lat), _median(lon))
        _blank(offices, rows[away > max(floor_km, 3.5 * _median(away))])


def _blank(offices: Offices, rows: npt.NDArray[Any]) -> None:
    offices.lat[rows] = offices.lon[rows] = np.nan


def group_centres(lat: Floats, lon: Floats, groups: Ints, count: int) -> Floats:
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(count + 1))
    parts = [order[a:b] for a, b in pairwise(ends)]
    return np.array([[_median(lat[part]), _median(lon[part])] for part in parts])


def fill_gaps(centres: Floats, pincodes: Ints) -> Floats:
    """Centres for pincodes none of whose offices has a point.

    Each takes the median over the pincodes that share its first five digits, else four, three or
    two: neighbours in number are neighbours on the ground.
    """
    filled = centres.copy()
    for digits_off in (10, 100, 1_000, 10_000):
        for i in np.flatnonzero(np.isnan(filled[:, 0])):
            near = centres[pincodes // digits_off == pincodes[i] // digits_off]
            filled[i] = _median(near[:, 0]), _median(near[:, 1])
    return filled


def mend_districts(chief: Ints, centres: Floats, districts: list[tuple[str, str]]) -> Ints:
    """Each pincode's district, where the source's is plainly another's.

    The source calls much of Bastar Raipur. A pincode whose own offices lie over 120 km from the
    median of its district is given the district of the nearest pincode of its state that is not
    itself so far out, if that one is within 60 km; large true districts keep their own.

    Parameters
    ----------
    chief : ndarray of shape (n_pincodes,)
        The source's district of most offices.
    centres : ndarray of shape (n_pincodes, 2)
        Where the pincode's own offices are, NaN where unknown.
    """
    middle = group_centres(centres[:, 0], centres[:, 1], chief, len(districts))
    state = np.array([districts[district][0] for district in chief])
    away = distance_km(centres[:, 0], centres[:, 1], middle[chief, 0], middle[chief, 1])
    mended = chief.copy()
    for i in np.flatnonzero(away > 120.0):
        settled = np.flatnonzero((away <= 120.0) & (state == state[i]))
        to = distance_km(centres[i, 0], centres[i, 1], centres[settled, 0], centres[settled, 1])
        if to.min(initial=np.inf) <= 60.0:
            mended[i] = chief[settled[to.argmin()]]
    return mended


def majority(values: Ints) -> int:
    counted = np.bincount(values)
    return int(counted.argmax())


def nearest_km(points: Floats, targets: Floats) -> Floats:
    return np.array(
        [np.nanmin(distance_km(lat, lon, targets[:, 0], targets[:, 1])) for lat, lon in points]
    )


def city_tiers(pincodes: Ints, centres: Floats) -> Ints:
    tiers = np.full(len(pincodes), 3, np.int64)
    for _, tier, pincode in LARGE_CITIES:
        lat, lon = centres[np.abs(pincodes - pincode).argmin()]
        near = distance_km(lat, lon, centres[:, 0], centres[:, 1]) <= CITY_RADIUS_KM[tier]
        tiers[near] = np.minimum(tiers[near], tier)
    return tiers
