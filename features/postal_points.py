"""Where pincodes and districts lie, out of office coordinates that are often wrong; build only."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from features.large_cities import LARGE_CITIES
from features.postal_source import Floats, Ints, Offices

STRAY_KM = (650.0, 250.0, 60.0, 60.0)
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
    point farther than ``STRAY_KM`` and than three times the median distance from the median office
    of its state, then of its two-digit and three-digit pincode region within the state, then of
    its district. The wide circles come first: whole districts of the source lie in another state.
    """
    shared: dict[tuple[float, float], set[int]] = defaultdict(set)
    points = list(zip(offices.lat, offices.lon, strict=True))
    for point, pincode in zip(points, offices.pincode, strict=True):
        shared[point].add(int(pincode))
    _blank(offices, np.array([len(shared[point]) >= 5 for point in points]))
    names = [offices.districts[district][0] for district in offices.district]
    state = np.unique(names, return_inverse=True)[1].astype(np.int64)
    for region, floor_km in (
        (state, STRAY_KM[0]),
        (state * 1_000 + offices.pincode // 10_000, STRAY_KM[1]),
        (state * 1_000 + offices.pincode // 1_000, STRAY_KM[2]),
        (offices.district, STRAY_KM[3]),
    ):
        _drop_far(offices, region, floor_km)


def _drop_far(offices: Offices, region: Ints, floor_km: float) -> None:
    for number in np.unique(region):
        rows = np.flatnonzero(region == number)
        lat, lon = offices.lat[rows], offices.lon[rows]
        away = distance_km(lat, lon, _median(lat), _median(lon))
        _blank(offices, rows[away > max(floor_km, 3.0 * _median(away))])


def _blank(offices: Offices, rows: npt.NDArray[Any]) -> None:
    offices.lat[rows] = offices.lon[rows] = np.nan


def group_centres(lat: Floats, lon: Floats, groups: Ints, count: int) -> Floats:
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(count + 1))
    parts = [order[a:b] for a, b in pairwise(ends)]
    return np.array([[_median(lat[part]), _median(lon[part])] for part in parts])


def fill_gaps(centres: Floats, pincodes: Ints, chief: Ints) -> Floats:
    """Centres for pincodes none of whose offices has a point.

    Each takes the median over the pincodes of its district that share its first five digits, else
    four (neighbours in number are neighbours on the ground), else over its district, else over all
    that share its first three or two digits.
    """
    filled = centres.copy()
    one = np.zeros_like(chief)
    for digits_off, part in (
        (10, chief),
        (100, chief),
        (10**6, chief),
        (1_000, one),
        (10_000, one),
    ):
        for i in np.flatnonzero(np.isnan(filled[:, 0])):
            alike = pincodes // digits_off == pincodes[i] // digits_off
            near = centres[alike & (part == part[i])]
            filled[i] = _median(near[:, 0]), _median(near[:, 1])
    return filled


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
