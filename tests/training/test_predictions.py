"""Predictions of anyone are checked, joined to outcomes, and judged only where they can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError
from features.tables import Folder
from training.predictions import judged, outcomes_of, read_predictions, write_predictions


def predict_all(outcomes: pd.DataFrame, path: Path) -> Path:
    probability = np.linspace(0.05, 0.6, len(outcomes))
    write_predictions(path, outcomes, np.arange(len(outcomes)), probability)
    return path


def test_what_is_written_is_read_again(small_world: Folder, tmp_path: Path) -> None:
    outcomes = outcomes_of(small_world)
    read = read_predictions(predict_all(outcomes, tmp_path / "p.parquet"))
    assert read["order_id"].tolist() == outcomes["order_id"].tolist()
    np.testing.assert_array_equal(read["probability"], np.linspace(0.05, 0.6, len(outcomes)))
    names = pq.read_schema(tmp_path / "p.parquet").names
    assert names == ["order_id", "merchant_id", "created_at", "probability", "outcome"]


def test_orders_without_a_lawful_label_are_set_aside_and_counted(
    small_world: Folder, tmp_path: Path
) -> None:
    outcomes = outcomes_of(small_world)
    joined = judged(read_predictions(predict_all(outcomes, tmp_path / "p.parquet")), outcomes)
    assert set(joined.frame["outcome"]) == {"rto", "delivered"}
    assert not joined.frame["treated"].any()
    assert sum(joined.set_aside.values()) + len(joined.frame) == len(outcomes)
    assert joined.set_aside["cancelled or lost"] > 0


def test_a_pair_is_judged_on_the_orders_both_predicted(small_world: Folder, tmp_path: Path) -> None:
    outcomes = outcomes_of(small_world)
    mine = read_predictions(predict_all(outcomes, tmp_path / "p.parquet"))
    joined = judged(mine, outcomes, mine.iloc[:300].assign(probability=0.3))
    assert joined.set_aside["not in the predictions compared with"] > 0
    assert set(joined.frame["other"]) == {0.3}


def test_persons_return_under_one_number_and_are_new_once(small_world: Folder) -> None:
    outcomes = outcomes_of(small_world)
    first = ~outcomes.duplicated("person")
    named = outcomes["customer"] != "unknown"
    assert (outcomes.loc[first & named, "customer"] == "new").all()
    assert (outcomes.loc[~first, "customer"] == "known").all()
    assert outcomes["person"].nunique() < len(outcomes)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"probability": [0.1, 1.2]}, "row 2 column probability: must lie between 0 and 1"),
        ({"probability": [0.1, None]}, "row 2 column probability: must lie between"),
        ({"probability": ["a", "b"]}, "column probability: must be numbers"),
        ({"order_id": ["a", "a"]}, "row 2: predicts an order twice"),
        ({"order_id": None}, "column order_id: is missing"),
    ],
)
def test_a_wrong_file_is_refused_by_row_and_column(
    changed: dict[str, object], says: str, tmp_path: Path
) -> None:
    columns: dict[str, object] = {
        "order_id": ["a", "b"], "merchant_id": ["m", "m"],
        "created_at": pa.array([1, 2], pa.timestamp("us", tz="UTC")), "probability": [0.1, 0.2],
    } | changed  # fmt: skip
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({k: v for k, v in columns.items() if v is not None}), path)
    with pytest.raises(DataError, match=says):
        read_predictions(path)


def test_anyones_file_needs_three_columns_and_one_shops_only_two(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"order_id": [7, 8], "probability": [0.1, 0.2], "mine": [1, 2]}), path)
    with pytest.raises(DataError, match="column merchant_id: is missing"):
        read_predictions(path, merchants=["a", "b"])
    read = read_predictions(path, merchants=["a"])
    assert read["merchant_id"].tolist() == ["a", "a"]
    assert read["order_id"].tolist() == ["7", "8"]
    assert read.attrs["holdout_merchants"] == ()


def test_a_file_names_the_merchants_its_models_never_learnt_from(
    small_world: Folder, tmp_path: Path
) -> None:
    outcomes = outcomes_of(small_world)
    path = tmp_path / "p.parquet"
    write_predictions(path, outcomes, np.arange(3), np.full(3, 0.2), holdout_merchants=["b", "a"])
    assert read_predictions(path).attrs["holdout_merchants"] == ("b", "a")


def test_a_pincode_is_new_once_and_states_have_one_spelling(small_world: Folder) -> None:
    outcomes = outcomes_of(small_world)
    pincodes = pd.Series(small_world.orders.column("pincode").to_pylist())
    named = pincodes.notna() & (pincodes != "")
    assert (outcomes["pin"] == "new").sum() == pincodes[named].nunique()
    assert {"mh", "MH", "Maharashtra"}.isdisjoint(outcomes["state"])
    assert "maharashtra" in set(outcomes["state"])
    assert (outcomes.loc[outcomes["outcome"] == "rto", "cause"] != "unknown").any()


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p.parquet").write_text("no")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        read_predictions(tmp_path / "p.parquet")


def test_predictions_of_another_shop_are_refused(small_world: Folder, tmp_path: Path) -> None:
    outcomes = outcomes_of(small_world)
    path = predict_all(outcomes.assign(merchant_id="elsewhere"), tmp_path / "p.parquet")
    with pytest.raises(DataError, match="none of the predicted orders is in the data folder"):
        judged(read_predictions(path), outcomes)
