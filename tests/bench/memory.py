"""Memory of the directory and the character tables: ``python -m tests.bench memory``."""

from __future__ import annotations

import gc

import numpy as np

from features.address import signals
from features.compiled import compiled
from features.directory import Directory
from features.latin import plain
from features.order import Order
from features.place import NOWHERE
from tests.bench.cost import apart, resident
from tests.bench.report import say

BAR_MB = 30


def memory() -> None:
    """Print what is resident after one address and after every pincode of India."""
    _, (opened, every) = apart(_ready, _grown, None)
    say(
        f"directory and character tables: {opened / 1e6:.1f} MB resident after one address, "
        f"{every / 1e6:.1f} MB after every pincode (bar {BAR_MB} MB; look-ups remembered included)"
    )


@compiled
def _total(values: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> int:
    return int(values.sum())


def _ready(_: None) -> None:
    """Load what is no table: numba, the transliteration, the code of this module."""
    _total(np.zeros(3, np.uint8))
    plain("बेंगलुरु")


def _grown(_: None) -> tuple[int, int]:
    gc.collect()
    before = resident()
    directory = Directory.open()
    signals(_order(), directory, NOWHERE)
    gc.collect()
    opened = resident() - before
    for pincode in map(str, directory.pincodes()):
        place = directory.place(pincode)
        signals(_order(place.district, place.state, pincode), directory, place)
    gc.collect()
    return opened, resident() - before


def _order(city: str | None = None, state: str | None = None, pincode: str | None = None) -> Order:
    return Order(
        merchant_id="m", order_id="1", created_us=0, address_line1="Flat 1, Lake View Road",
        city=city, state=state, pincode=pincode, origin_pincode="110001",
    )  # fmt: skip
