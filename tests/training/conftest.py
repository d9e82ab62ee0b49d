"""A small invented world, made once for all tests of a run."""

from __future__ import annotations

import pytest

from features.tables import Folder, read_folder
from training.simulate_command import write_year
from training.world.spec import WorldSpec


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Six hundred orders of one year, with events and items."""
    out = tmp_path_factory.mktemp("world")
    write_year(out, 600, 5, WorldSpec(), quiet=True)
    return read_folder(out)
