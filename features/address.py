"""Signals of the address: its text, and how it agrees with India Post's directory."""

from __future__ import annotations

import math
from typing import NamedTuple

from features.address_features import FEATURES
from features.address_text import Wording, address_text, read_text
from features.agreement import CityFit, bare_locality_fit, city_fit, locality_fit, state_fit
from features.directory import Directory
from features.gibberish import open_surprise
from features.order import Order
from features.pincode_slips import NO_SLIP, Slip, find_slip
from features.place import Place, pincode_digits
from features.route import Route, route
from features.spelling import skeleton

__all__ = ["FEATURES", "Address", "completeness", "read_address", "signals", "signals_of"]

NAN = math.nan


class Address(NamedTuple):
    """An order's address, read once for its signals and its findings."""

    order: Order
    place: Place
    wording: Wording | None
    sounds: str
    state: float
    city: CityFit
    locality: float
    slip: Slip
    route: Route


def read_address(order: Order, directory: Directory, place: Place) -> Address:
    """Read the address of an order.

    Parameters
    ----------
    place : Place
        ``directory.place(order.pincode)``.
    """
    text = address_text(order)
    wording = None if text is None else read_text(text, bool(order.landmark), open_surprise())
    sounds = "" if wording is None else skeleton(wording.plain)
    state = state_fit(place, order.state)
    city = city_fit(directory, place, order.city)
    slip = NO_SLIP
    if order.pincode and (not place.known or state == 0.0 or city.score == 0.0):
        slip = find_slip(directory, pincode_digits(order.pincode), order.city, order.state, sounds)
    locality = NAN if wording is None else _locality(directory, place, wording, sounds)
    way = route(directory, order.origin_pincode, place)
    return Address(order, place, wording, sounds, state, city, locality, slip, way)


def _locality(directory: Directory, place: Place, wording: Wording, sounds: str) -> float:
    if wording.foreign:
        return bare_locality_fit(directory, place, sounds)
    return locality_fit(directory, place, sounds)


def signals(order: Order, directory: Directory, place: Place) -> tuple[float, ...]:
    """Values of ``FEATURES`` for one order, in their order; NaN is unknown, flags are 0 or 1."""
    return signals_of(read_address(order, directory, place))


def signals_of(address: Address) -> tuple[float, ...]:
    """Values of ``FEATURES`` for an address that has been read."""
    return _text_values(address) + _agreement_values(address) + _place_values(address)


_NO_TEXT = (NAN,) * 16


def completeness(address: Address) -> float:
    """How complete an address is for a courier, from 0 to 1; NaN without any address line.

    A house number counts .25, a building .10, a street or area word .15, a locality of the pincode
    .20, a landmark .10, the city .10, a pincode that exists .10. The weights are ours: what an
    Indian courier asks for when calling, not fitted to outcomes.
    """
    wording = address.wording
    if wording is None:
        return NAN
    return (
        0.25 * wording.house
        + 0.10 * wording.building
        + 0.15 * wording.street
        + 0.20 * (address.locality >= 0.8)
        + 0.10 * wording.landmark
        + 0.10 * (address.order.city is not None)
        + 0.10 * address.place.known
    )


def _text_values(address: Address) -> tuple[float, ...]:
    wording = address.wording
    if wording is None:
        return _NO_TEXT
    letters, length = wording.letters, len(wording.text)
    other = wording.pincodes and address.place.pincode is not None
    return (
        float(length),
        float(letters.words),
        len(wording.words) / letters.words if letters.words else NAN,
        float(letters.numbers),
        float(wording.house),
        float(wording.building),
        float(wording.street),
        float(wording.landmark),
        completeness(address),
        NAN if wording.foreign else letters.surprise,
        NAN if wording.foreign else letters.worst,
        NAN if wording.foreign or not letters.letters else letters.noise / letters.letters,
        float(letters.longest),
        float(wording.dummy),
        wording.odd / length,
        float(address.place.pincode not in wording.pincodes) if other else 0.0,
    )


def _agreement_values(address: Address) -> tuple[float, ...]:
    typed, place = address.order.pincode, address.place
    complete = place.pincode is not None
    return (
        address.locality,
        float(complete) if typed else NAN,
        float(place.known) if complete else NAN,
        address.state,
        address.city.score,
        address.city.km,
        float(bool(address.slip.candidates)) if typed else NAN,
    )


def _place_values(address: Address) -> tuple[float, ...]:
    place = address.place
    known = place.known
    return (
        address.route.km,
        address.route.zone,
        float(place.delivery) if place.delivery is not None else NAN,
        float(place.offices) if known else NAN,
        place.branch_share,
        place.head_km,
        place.district_km,
        float(place.tier) if place.tier is not None else NAN,
        place.lat,
        place.lon,
    )
