"""Where an order goes: what India Post's directory says of its pincode."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0

_BLANKS_AND_DASHES = re.compile(r"[\s.,-]+")
_SIX_DIGITS = re.compile(r"[1-9]\d{5}")
_FLOAT_TAIL = re.compile(r"\.0+$")


class Office(NamedTuple):
    """One post office; ``lat`` and ``lon`` are its pincode's centre where its own are unknown."""

    name: str
    pincode: int
    kind: str
    district: str
    state: str
    lat: float
    lon: float
    delivery: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A pincode and what the directory knows of it; unknown is None or NaN.

    Parameters
    ----------
    pincode : str or None
        Six digits, None when the text was none.
    known : bool
        Whether the directory has an office with this pincode.
    district, state : str or None
        Canonical lower-case names, of most of its offices.
    districts : tuple of str
        All districts its offices lie in, the chief one first.
    lat, lon : float
        Degrees; the median office, or the numbered neighbours' where no office has coordinates.
    measured : bool
        Whether an office of this pincode itself has coordinates.
    delivery : bool or None
        Whether any of its offices delivers.
    offices : int
        Number of offices.
    branch_share : float
        Share of branch offices (village post offices) among them.
    head_km, district_km : float
        To the nearest head post office; to the median office of its district.
    tier : int or None
        1 and 2: in or near a city of class X or Y (30 and 15 km), 3: elsewhere.
    """

    pincode: str | None
    known: bool = False
    district: str | None = None
    state: str | None = None
    districts: tuple[str, ...] = ()
    lat: float = math.nan
    lon: float = math.nan
    measured: bool = False
    delivery: bool | None = None
    offices: int = 0
    branch_share: float = math.nan
    head_km: float = math.nan
    district_km: float = math.nan
    tier: int | None = None


NOWHERE = Place(None)


@lru_cache(maxsize=8192)
def clean_pincode(text: str | None) -> str | None:
    """Six digits out of what was typed, or None when it holds no Indian pincode.

    >>> clean_pincode("560 034"), clean_pincode("IN-110001"), clean_pincode("400001.0")
    ('560034', '110001', '400001')
    >>> clean_pincode("५६००३४"), clean_pincode("56003"), clean_pincode("012345")
    ('560034', None, None)
    """
    if not text:
        return None
    digits = pincode_digits(text)
    return digits if _SIX_DIGITS.fullmatch(digits) else None


def pincode_digits(text: str) -> str:
    """The text of a pincode field without blanks, dashes and country code, digits in ASCII."""
    text = text[:40]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(str(unicodedata.decimal(c, c)) for c in text)
    text = _FLOAT_TAIL.sub("", text.strip())
    text = _BLANKS_AND_DASHES.sub("", text)
    return text[2:] if text[:2].upper() == "IN" else text


def distance_km(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Great-circle distance in km on a sphere of 6,371 km (haversine); NaN where a point is NaN.

    >>> round(distance_km(28.61, 77.21, 19.08, 72.88))
    1147
    """
    a, c = math.radians(lat), math.radians(to_lat)
    h = (
        math.sin((c - a) / 2) ** 2
        + math.cos(a) * math.cos(c) * math.sin(math.radians(to_lon - lon) / 2) ** 2
    )
    return 2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h))) if h == h else math.nan
