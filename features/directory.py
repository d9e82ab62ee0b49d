"""India Post's directory of 165,627 offices, memory-mapped: pincode to place, name to places."""

from __future__ import annotations

import json
from bisect import bisect_left
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import SettingsError
from features.latin import plain
from features.place import NOWHERE, Office, Place, clean_pincode, distance_km
from features.place_aliases import DISTRICT_ALIASES
from features.spelling import name_key, skeleton
from features.states import state_name

TABLES = Path(__file__).resolve().parent / "tables" / "directory"
FORMAT = 2
KINDS = ("branch", "sub", "head")
MEMORISED_PINCODES = 4096


class Directory:
    """Look-ups in the compiled directory; open it once and share it between threads.

    >>> directory = Directory.open()
    >>> place = directory.place("560034")
    >>> place.district, place.state, place.tier
    ('bengaluru urban', 'karnataka', 1)
    """

    def __init__(self, arrays: dict[str, npt.NDArray[Any]], about: dict[str, Any]) -> None:
        self.source: str = about["source"]
        self.edition: str = about["recipe"]
        self.districts: tuple[tuple[str, str], ...] = tuple((s, d) for s, d in about["districts"])
        self._arrays = arrays
        self._views = {name: array.data for name, array in arrays.items()}
        self._pincode, self._start = self._views["pincode"], self._views["pincode_start"]
        self._names, self._name_end = self._views["office_names"], self._views["office_name_end"]
        self._sounds = self._views["pincode_sounds"]
        self._sounds_end = self._views["pincode_sounds_end"]
        self._named_districts = _districts_by_sound(self.districts)
        self._district_sounds = tuple(self._named_districts)
        self._place = lru_cache(MEMORISED_PINCODES)(self._read_place)

    @classmethod
    def open(cls, folder: Path = TABLES) -> Directory:
        """Map the compiled tables; nothing is read until it is asked for.

        Raises
        ------
        SettingsError
            When the tables have not been compiled, or by another version of the package.
        """
        try:
            about = json.loads((folder / "about.json").read_text())
            if about["format"] != FORMAT:
                raise SettingsError(f"{folder} has another format: {_REBUILD}")
            arrays = {
                file.stem: np.asarray(np.load(file, mmap_mode="r"))
                for file in sorted(folder.glob("*.npy"))
            }
            return cls(arrays, about)
        except (OSError, KeyError, ValueError) as error:
            raise SettingsError(f"no postal directory in {folder} ({error}): {_REBUILD}") from error

    def place(self, pincode: str | None) -> Place:
        """What is known of a pincode, however it was typed; ``known`` is False for a stranger."""
        return self._place(clean_pincode(pincode))

    def pincodes(self) -> npt.NDArray[np.int32]:
        """All pincodes in ascending order."""
        return self._arrays["pincode"]

    def column(self, name: str) -> npt.NDArray[Any]:
        """One table's column, e.g. ``office_lat`` (n_offices) or ``pincode_tier`` (n_pincodes)."""
        return self._arrays[name]

    def row(self, pincode: str | int | None) -> int | None:
        """A pincode's position in ``pincodes()``."""
        if pincode is None:
            return None
        number = int(pincode)
        i = bisect_left(self._pincode, number)
        return i if i < len(self._pincode) and self._pincode[i] == number else None

    def state(self, pincode: str) -> str | None:
        """The state of a pincode, at a fifth of what the whole place costs; None for a stranger."""
        i = self.row(pincode)
        return None if i is None else self.districts[self._views["pincode_district"][i]][0]

    @property
    def n_offices(self) -> int:
        """Number of offices; they are numbered from 0 in order of pincode, heads first."""
        return len(self._name_end)

    def office(self, number: int) -> Office:
        """One office by its number."""
        view = self._views
        state, district = self.districts[view["office_district"][number]]
        return Office(
            name=self.office_name(number),
            pincode=self._pincode[view["office_pincode"][number]],
            kind=KINDS[view["office_kind"][number]],
            district=district,
            state=state,
            lat=view["office_lat"][number],
            lon=view["office_lon"][number],
            delivery=view["office_delivery"][number] == 1,
        )

    def office_name(self, number: int) -> str:
        """The place an office is named after, as the directory writes it, without ``S.O``."""
        begin = self._name_end[number - 1] if number else 0
        return bytes(self._names[begin : self._name_end[number]]).decode()

    def offices(self, pincode: str | int | None) -> tuple[Office, ...]:
        """The offices of a pincode, head and sub offices first."""
        i = self.row(pincode)
        return (
            () if i is None else tuple(map(self.office, range(self._start[i], self._start[i + 1])))
        )

    def localities(self, pincode: str | int | None) -> tuple[str, ...]:
        """The places its offices are named after, in plain lower case, each once."""
        i = self.row(pincode)
        if i is None:
            return ()
        names = (plain(self.office_name(n)) for n in range(self._start[i], self._start[i + 1]))
        return tuple(dict.fromkeys(names))

    def offices_named(self, name: str) -> tuple[int, ...]:
        """Numbers of all offices in India whose place sounds like ``name``."""
        return self.offices_sounding(skeleton(plain(name)))

    def offices_sounding(self, sound: str) -> tuple[int, ...]:
        """Numbers of all offices whose place has this skeleton (see ``features.spelling``)."""
        key = name_key(sound)
        keys = self._views["name_key"]
        first = last = bisect_left(keys, key)
        while last < len(keys) and keys[last] == key:
            last += 1
        return tuple(self._views["name_office"][first:last])

    def districts_named(self, name: str) -> tuple[int, ...]:
        """Numbers of the districts (in ``districts``) with this name, old name or chief city."""
        return self.districts_sounding(skeleton(plain(name)))

    def districts_sounding(self, sound: str) -> tuple[int, ...]:
        """The same for a skeleton."""
        return self._named_districts.get(sound, ())

    @property
    def district_sounds(self) -> tuple[str, ...]:
        """The skeletons of all names under which districts are known."""
        return self._district_sounds

    def district_name(self, text: str | None, state: str | None = None) -> str | None:
        """The canonical name of a district or of the district of a city.

        None when the name is unknown, or stands for districts of different names and ``state``
        (canonical) does not settle which.

        >>> Directory.open().district_name("Bangalore Urban")
        'bengaluru urban'
        """
        sound = skeleton(plain((text or "")[:80]))
        found = [self.districts[i] for i in self.districts_sounding(sound)]
        names = {name for of, name in found if state is None or of == state}
        own = {name for name in names if skeleton(name) == sound}
        return (own or names).pop() if len(own or names) == 1 else None

    @staticmethod
    def state_name(text: str | None) -> str | None:
        """The canonical name of a state, see ``features.states``."""
        return state_name(text)

    def locality_sounds(self, pincode: str | int | None) -> tuple[str, ...]:
        """The skeletons of its localities, each once, head and sub offices' first."""
        i = self.row(pincode)
        if i is None:
            return ()
        begin = self._sounds_end[i - 1] if i else 0
        return tuple(bytes(self._sounds[begin : self._sounds_end[i]]).decode().split("\n"))

    def _read_place(self, pincode: str | None) -> Place:
        i = self.row(pincode)
        if i is None:
            return Place(pincode) if pincode else NOWHERE
        view = self._views
        begin, end = self._start[i], self._start[i + 1]
        chief = view["pincode_district"][i]
        others = sorted(set(view["office_district"][begin:end]) - {chief})
        state, district = self.districts[chief]
        lat, lon = view["pincode_lat"][i], view["pincode_lon"][i]
        return Place(
            pincode=pincode,
            known=True,
            district=district,
            state=state,
            districts=(district, *(self.districts[d][1] for d in others)),
            lat=lat,
            lon=lon,
            measured=view["pincode_measured"][i] == 1,
            delivery=view["pincode_delivery"][i] == 1,
            offices=end - begin,
            branch_share=bytes(view["office_kind"][begin:end]).count(0) / (end - begin),
            head_km=view["pincode_head_km"][i],
            district_km=distance_km(
                lat, lon, view["district_lat"][chief], view["district_lon"][chief]
            ),
            tier=view["pincode_tier"][i],
        )


_REBUILD = "compile it with python -m features.build_directory"


def _districts_by_sound(districts: tuple[tuple[str, str], ...]) -> dict[str, tuple[int, ...]]:
    names: dict[str, list[int]] = {}
    for number, (_, district) in enumerate(districts):
        for name in (district, *DISTRICT_ALIASES.get(district, ())):
            numbers = names.setdefault(skeleton(name), [])
            if number not in numbers:
                numbers.append(number)
    return {name: tuple(numbers) for name, numbers in names.items()}
