"""How far a parcel travels from the warehouse, and through which courier zone."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from features.directory import Directory
from features.place import Place, distance_km

# States that couriers' rate cards price apart: the north-east, Jammu and Kashmir, the islands.
FAR_STATES = frozenset(
    (
        "andaman and nicobar islands",
        "arunachal pradesh",
        "assam",
        "jammu and kashmir",
        "ladakh",
        "lakshadweep",
        "manipur",
        "meghalaya",
        "mizoram",
        "nagaland",
        "sikkim",
        "tripura",
    )
)
REGION_KM = 500.0


class Route(NamedTuple):
    """Distance, and the zone of the usual rate cards.

    Zone 0 within the district, 1 within the state or 500 km, 2 between metro cities, 3 the rest of
    India, 4 to or from the far states. Both are NaN when an end is unknown.
    """

    km: float
    zone: float


UNKNOWN_ROUTE = Route(math.nan, math.nan)


def route(directory: Directory, origin_pincode: str | None, place: Place) -> Route:
    """The route from an origin pincode to a place."""
    if not origin_pincode or not place.known:
        return UNKNOWN_ROUTE
    return _route(directory, origin_pincode, place.pincode)


@lru_cache(maxsize=8192)
def _route(directory: Directory, origin_pincode: str, pincode: str | None) -> Route:
    origin, place = directory.place(origin_pincode), directory.place(pincode)
    if not origin.known:
        return UNKNOWN_ROUTE
    km = distance_km(origin.lat, origin.lon, place.lat, place.lon)
    return Route(km, float(_zone(origin, place, km)))


def _zone(origin: Place, place: Place, km: float) -> int:
    if origin.district == place.district and origin.state == place.state:
        return 0
    if not FAR_STATES.isdisjoint((origin.state or "", place.state or "")):
        return 4
    if origin.state == place.state or km <= REGION_KM:
        return 1
    return 2 if origin.tier == place.tier == 1 else 3
