"""Whether state, city and locality, as typed, agree with the pincode."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz, process

from features.directory import Directory
from features.latin import plain
from features.named_places import NEAR_KM, district_km, named_places, office_km
from features.native_names import latin_name
from features.parent_districts import PARENT_DISTRICTS
from features.place import Place
from features.place_aliases import DISTRICT_ALIASES
from features.spelling import consonants, skeleton
from features.states import ONCE_ONE_STATE, state_name

NEXT_DOOR_KM = 45.0
LONGEST_CITY = 80
SAME_NAME = 84.0
SAME_CITY = 88.0
SURE_LETTERS = 7
LOCALITY_FLOOR = 80.0
NEARLY_NAMED = 24

_PARTS = re.compile(r"[/,;|()\[\]\n-]+")
_PADDING = re.compile(
    r"\b(?:city|dist|distt|district|taluk|taluka|tehsil|teh|tq|tal|mandal|town|post|po|vill|village"
    r"|urban|rural|municipality|corporation|india|pin|pincode|\d+)\b"
)
_SIDES = re.compile(r"\b(?:east|west|north|south|e|w|n|s|new|greater)\b")


class CityFit(NamedTuple):
    """How a city fits a pincode.

    ``score`` is 1 for a name of the pincode's own, of an office within 50 km, of a head or sub
    office of its district, or of a district whose nearest pincode is within 45 km (districts are
    split and cities outgrow them); the similarity (0.84–1) for a name spelled nearly like one of
    its own; 0 for a district, its chief city or a head office's town that lies elsewhere; NaN for
    any other name, since smaller places share names. ``km`` is the distance to the nearest office
    so named (50 at most within the district), or to the nearest pincode of the district so named.
    """

    score: float
    km: float


UNKNOWN_FIT = CityFit(math.nan, math.nan)
OWN_NAME = CityFit(1.0, 0.0)


def state_fit(place: Place, text: str | None) -> float:
    """1 when the state is the pincode's, 0.5 for one it was split from, 0 when not, else NaN."""
    return states_fit(place.state, text)


def states_fit(of: str | None, text: str | None) -> float:
    """The same for the canonical name of a pincode's state."""
    state = state_name(text)
    if state is None or of is None:
        return math.nan
    if state == of:
        return 1.0
    return 0.5 if frozenset((state, of)) in ONCE_ONE_STATE else 0.0


def city_fit(directory: Directory, place: Place, text: str | None) -> CityFit:
    """How the typed city fits the pincode; see ``CityFit``."""
    if not text or not place.known:
        return UNKNOWN_FIT
    return _city_fit(directory, place.pincode or "", text[:LONGEST_CITY])


def locality_fit(directory: Directory, place: Place, sounds: str) -> float:
    """How clearly the address names a locality of its pincode.

    Parameters
    ----------
    sounds : str
        ``skeleton`` of the whole plain address.

    Returns
    -------
    float
        1 when a locality's name stands in the address, the best partial similarity (0.8–1) when
        one of its 24 chief ones stands there nearly, 0 otherwise, NaN for an unknown pincode.
    """
    if not place.known:
        return math.nan
    names = _locality_sounds(directory, place.pincode or "")
    for name in names:
        if name in sounds:
            return 1.0
    if not sounds:
        return 0.0
    best = process.extractOne(sounds, names, scorer=fuzz.partial_ratio, score_cutoff=LOCALITY_FLOOR)
    return best[1] / 100.0 if best else 0.0


def bare_locality_fit(directory: Directory, place: Place, sounds: str) -> float:
    """The same for text of an Indic script, by consonants: 0.9 when they stand in it, else 0."""
    if not place.known:
        return math.nan
    text = consonants(sounds)
    bare = (consonants(name) for name in _locality_sounds(directory, place.pincode or ""))
    return 0.9 if any(len(name) >= 4 and name in text for name in bare) else 0.0


@lru_cache(maxsize=8192)
def _city_fit(directory: Directory, pincode: str, text: str) -> CityFit:
    place = directory.place(pincode)
    if _is_own(directory, place, skeleton(plain(text))):
        return OWN_NAME
    fits = [_name_fit(directory, place, name) for name in _city_names(text)]
    known = [fit for fit in fits if not math.isnan(fit.score)]
    best = max(known, key=_nearest, default=UNKNOWN_FIT)
    if best.score > 0.0:
        return best
    own = own_names(directory, pincode)
    if any(len(word) >= 5 and skeleton(word) in own for word in plain(text).split()):
        return OWN_NAME
    state = state_name(text)
    return CityFit(1.0, math.nan) if state and state == place.state else best


def _nearest(fit: CityFit) -> tuple[float, float]:
    return fit.score, -fit.km


def _is_own(directory: Directory, place: Place, name: str) -> bool:
    """Whether a name is one of a pincode's own, as most cities are; ``own_names`` costs more."""
    districts = any(name in _district_sounds(district) for district in place.districts)
    return districts or name in directory.locality_sounds(place.pincode)


def _city_names(text: str) -> list[str]:
    """The sounds a city field may stand for, whole first, then its parts."""
    names: dict[str, None] = {}
    for part in (text, *_PARTS.split(text)):
        words = plain(part) if part.isascii() else latin_name(plain(part))
        bare = _PADDING.sub(" ", words)
        for name in (skeleton(words), skeleton(bare), skeleton(_SIDES.sub(" ", bare))):
            if len(name) > 1:
                names[name] = None
    return list(names)


def _name_fit(directory: Directory, place: Place, name: str) -> CityFit:
    own = own_names(directory, place.pincode or "")
    if name in own:
        return OWN_NAME
    named = named_places(directory, name)
    km, district = office_km(named, place), district_km(directory, named.districts, place)
    if km <= NEAR_KM or district <= NEXT_DOOR_KM:
        return CityFit(1.0, min(km, district))
    if (alike := _alike(name, own)) > 0.0:
        return CityFit(alike, 0.0)
    if not named.districts and not named.town and (meant := _meant_city(directory, name)):
        district = district_km(directory, directory.districts_sounding(meant), place)
        if district <= NEXT_DOOR_KM:
            return CityFit(1.0, district)
        if len(name) < SURE_LETTERS:
            return UNKNOWN_FIT
    if named.town or district < math.inf:
        return CityFit(0.0, min(km, district))
    return UNKNOWN_FIT


def _alike(name: str, own: tuple[str, ...]) -> float:
    """How alike a name is to the likest of a pincode's own, 0 below ``SAME_NAME``."""
    found = process.extractOne(name, own, scorer=fuzz.ratio, score_cutoff=SAME_NAME)
    if found:
        return found[1] / 100.0
    # Transliterated Indic names have lost their inherent vowels, so they share consonants only.
    bare = consonants(name)
    alike = len(bare) >= 4 and f"\n{bare}\n" in consonants("\n".join(("", *own, "")))
    return 0.9 if alike else 0.0


@lru_cache(maxsize=1024)
def _meant_city(directory: Directory, name: str) -> str | None:
    """The district or city name that a misspelled one is close to."""
    if len(name) < 5:
        return None
    names = directory.district_sounds
    found = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=SAME_CITY)
    return found[0] if found else None


@lru_cache(maxsize=1024)
def _district_sounds(district: str) -> tuple[str, ...]:
    """The sounds of a district's names and of those of the cities and districts it stands for."""
    names = (district, *DISTRICT_ALIASES.get(district, ()), *PARENT_DISTRICTS.get(district, ()))
    return tuple(dict.fromkeys(skeleton(name) for name in names))


@lru_cache(maxsize=2048)
def own_names(directory: Directory, pincode: str) -> tuple[str, ...]:
    """The sounds of everything a pincode's city may be called: districts, aliases, localities."""
    names: dict[str, None] = {}
    for district in directory.place(pincode).districts:
        names |= dict.fromkeys(_district_sounds(district))
    return tuple(names | dict.fromkeys(directory.locality_sounds(pincode)))


@lru_cache(maxsize=4096)
def _locality_sounds(directory: Directory, pincode: str) -> tuple[str, ...]:
    """Localities worth finding in a text: not the district's or chief city's own name."""
    districts = directory.place(pincode).districts
    city = {sound for district in districts for sound in _district_sounds(district)}
    return tuple(
        sound
        for sound in directory.locality_sounds(pincode)
        if len(sound) >= 4 and sound not in city
    )
