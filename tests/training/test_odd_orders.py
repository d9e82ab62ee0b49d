"""Whatever a data folder holds is read to numbers, or refused with file, row and column."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from features.errors import DataError
from features.schema import ORDER_COLUMNS
from features.tables import read_folder, write_folder
from tests.features.odd import NEAR_MISSES
from training.matrix import build

FLAGS = np.array([feature.unit == "flag" for feature in CATALOGUE])
TEXTS = [t for t in NEAR_MISSES if "\ud800" not in t and "\0" not in t]
TYPED = [name for name, kind in ORDER_COLUMNS.items() if kind != pa.string()]
FREE = [name for name, kind in ORDER_COLUMNS.items() if kind == pa.string()]
CREATED = "2026-11-20T10:15:00+05:30"

slow = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
cells = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
odd_cells = cells | st.sampled_from(TEXTS) | st.integers().map(str) | st.floats().map(str)


def check(path: Path, orders: int) -> None:
    """All of a folder's features are numbers or unknown, or the folder is refused by its place."""
    try:
        folder = read_folder(path)
    except DataError as error:
        place = str(error)
    else:
        values = build(folder, threads=1).values
        assert values.shape == (orders, len(CATALOGUE))
        assert not np.isinf(values).any()
        flags = values[:, FLAGS]
        assert np.isin(flags[~np.isnan(flags)], (0.0, 1.0)).all()
        return
    assert place.startswith(f"{path}/orders.csv")


@settings(slow, max_examples=60)
@given(column=st.sampled_from([*FREE, "a_column_of_its_own"]), value=odd_cells)
def test_any_text_in_any_column_is_read_or_refused_by_its_place(
    tmp_path: Path, column: str, value: str
) -> None:
    write_csv(tmp_path, {"order_id": "1", "created_at": CREATED} | {column: value})
    check(tmp_path, 1)


@settings(slow, max_examples=60)
@given(column=st.sampled_from(TYPED), value=odd_cells)
def test_any_text_for_a_number_or_a_time_is_read_or_refused_by_its_place(
    tmp_path: Path, column: str, value: str
) -> None:
    write_csv(tmp_path, {"order_id": "1", "created_at": CREATED} | {column: value})
    check(tmp_path, 1)


def write_csv(folder: Path, row: dict[str, str]) -> None:
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row), quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerow(row)


@pytest.mark.parametrize("amount", ["-1", "-99999999.99", "0", "9999999999.99"])
def test_an_amount_of_any_size_is_read(tmp_path: Path, amount: str) -> None:
    write_csv(tmp_path, {"order_id": "1", "created_at": CREATED, "amount": amount})
    check(tmp_path, 1)


@pytest.mark.parametrize("year", ["0001", "1969", "2019", "2031", "9999"])
def test_an_order_of_any_year_is_read(tmp_path: Path, year: str) -> None:
    write_csv(tmp_path, {"order_id": "1", "created_at": f"{year}-06-01T00:00:00Z"})
    check(tmp_path, 1)


@pytest.mark.parametrize("us", [-(2**62), -1, 2**62])
def test_an_instant_of_any_table_is_read_or_refused(tmp_path: Path, us: int) -> None:
    at = pa.array([us], pa.timestamp("us", tz="UTC"))
    write_folder(tmp_path, pa.table({"order_id": ["1"], "created_at": at}))
    values = build(read_folder(tmp_path), threads=1).values
    assert not np.isinf(values).any()


def test_an_extra_number_that_is_none_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(
        f"order_id,created_at,score\n1,{CREATED},inf\n2,{CREATED},3\n"
    )
    (found,) = build(read_folder(tmp_path), threads=1).extras.values()
    assert np.isnan(found[0])
    assert found[1] == 3.0
