"""India Post's offices as plain arrays: the real ground on which the invented people live."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from features.directory import Directory
from training.world.chance import Floats, Ints


@dataclass(frozen=True, slots=True)
class Offices:
    """Delivery offices with pincode, place and locality name, in order of pincode."""

    name: list[str]
    pincode: Ints
    district: list[str]
    state: list[str]
    lat: Floats
    lon: Floats


@cache
def offices() -> Offices:
    """Every delivery office of a district, from the compiled directory."""
    directory = Directory.open()
    district = directory.column("office_district")
    rows = np.flatnonzero(directory.column("office_delivery") & (district >= 0))
    places = [directory.districts[d] for d in district[rows]]
    kept = [i for i, (state, name) in zip(rows, places, strict=True) if state and name]
    places = [(state, name) for state, name in places if state and name]
    return Offices(
        name=[directory.office_name(int(i)).title() for i in kept],
        pincode=directory.pincodes()[directory.column("office_pincode")[kept]].astype(np.int64),
        district=[name for _, name in places],
        state=[state for state, _ in places],
        lat=directory.column("office_lat")[kept].astype(np.float64),
        lon=directory.column("office_lon")[kept].astype(np.float64),
    )
