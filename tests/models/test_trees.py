"""Trees are read from LightGBM's text and refused where this reader would get them wrong."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from features.errors import BundleError
from models.trees import parse_trees

from .conftest import booster, draw_columns, draw_outcomes

TEXT = booster(3).model_to_string()


def test_every_tree_is_read_with_its_leaves_and_counts() -> None:
    trees = parse_trees(TEXT, n_columns=8)
    dumped = booster(3).dump_model()["tree_info"]
    assert [tree.n_leaves for tree in trees] == [tree["num_leaves"] for tree in dumped]
    assert all(tree.leaf_count.sum() == tree.inner_count[0] == 3000 for tree in trees)


def test_a_tree_without_splits_is_one_leaf() -> None:
    flat = booster(2, min_data_in_leaf=3000).model_to_string()
    assert [tree.n_leaves for tree in parse_trees(flat, n_columns=8)] == [1]


def other_model(**parameters: object) -> str:
    """A model of a kind that cannot be served."""
    columns = draw_columns(500, seed=1)
    labels = draw_outcomes(columns, 2)
    if "num_class" in parameters:
        labels = labels + (columns[:, 4] > 0)
    data = lightgbm.Dataset(np.nan_to_num(columns), labels, free_raw_data=False)
    if parameters.pop("categories", False):
        columns[:, 0] = np.arange(500) % 7
        labels = (np.arange(500) % 7 == 3).astype(float)
        data = lightgbm.Dataset(columns, labels, categorical_feature=[0])
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, **parameters}
    return str(lightgbm.train(settings, data, 3).model_to_string())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a LightGBM text model"),
        ("tree\nversion=v4\n", "several classes"),
        (other_model(objective="multiclass", num_class=3), "several classes"),
        (other_model(categories=True, min_data_per_group=1, cat_smooth=0), "splits on categories"),
        (other_model(linear_tree=True), "linear leaves"),
        (other_model(boosting="rf", bagging_fraction=0.5, bagging_freq=1), "averaged forest"),
        (TEXT.replace("max_feature_idx=7", "max_feature_idx=8"), "not trained on the 8 columns"),
        (TEXT.split("\nTree=")[0], "holds no tree"),
        (TEXT.replace("leaf_value=", "leaf_value=1 ", 1), "leaf_value does not hold"),
        (TEXT.replace("leaf_value=", "leaf_value=nan ", 1), "cannot be read"),
        (TEXT.replace("threshold=", "thresholds=", 1), "cannot be read"),
        (TEXT.replace("num_leaves=15", "num_leaves=99999999999999", 1), "cannot be read"),
        (TEXT.replace("num_leaves=15", "num_leaves=many", 1), "cannot be read"),
    ],
)
def test_a_model_that_would_be_read_wrongly_is_refused(text: str, says: str) -> None:
    with pytest.raises(BundleError, match=says):
        parse_trees(text, n_columns=8)


def rewritten(name: str, position: int, value: str) -> str:
    """The text with one number of the first tree replaced."""
    head, tail = TEXT.split(f"\n{name}=", 1)
    line, rest = tail.split("\n", 1)
    words = line.split(" ")
    words[position] = value
    return f"{head}\n{name}={' '.join(words)}\n{rest}"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("left_child", "0", "is not a tree"),
        ("left_child", "-9999", "is not a tree"),
        ("right_child", "14", "is not a tree"),
        ("split_feature", "8", "is not within its columns"),
        ("split_feature", "-1", "is not within its columns"),
        ("threshold", "nan", "cannot be read"),
        ("leaf_value", "inf", "is not of numbers"),
        ("internal_count", "0", "is not of counted rows"),
        ("leaf_count", "-3", "is not of counted rows"),
        ("decision_type", "1", "is not of numerical splits"),
        ("decision_type", "12", "is not of numerical splits"),
        ("decision_type", "300", "cannot be read"),
    ],
)
def test_a_tree_that_could_lead_astray_is_refused(name: str, value: str, says: str) -> None:
    with pytest.raises(BundleError, match=says):
        parse_trees(rewritten(name, 0, value), n_columns=8)
