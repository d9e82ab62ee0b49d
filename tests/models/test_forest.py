"""The sum of trees equals LightGBM's on every kind of value, split and tree."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.forest import WORD, Forest, _walk
from models.scorer import Floats
from models.trees import ZERO, parse_trees

from .conftest import booster, draw_columns

KINDS = {
    "missing is NaN": {},
    "missing is zero": {"zero_as_missing": True},
    "missing is nothing": {"use_missing": False},
    "wide": {"leaves": 100, "min_data_in_leaf": 2},
    "full words": {"leaves": WORD, "min_data_in_leaf": 2},
    "deep": {"leaves": 40, "min_data_in_leaf": 1, "max_depth": -1, "extra_trees": True},
    "stumps": {"leaves": 2},
    "one leaf": {"min_data_in_leaf": 3000},
}


def forest_of(model: lightgbm.Booster) -> Forest:
    """The same trees, read from text."""
    return Forest.of(parse_trees(model.model_to_string(), n_columns=8), n_columns=8)


FOREST = forest_of(booster())


def edge_rows(forest: Forest) -> Floats:
    """Rows that lie on thresholds, a hair beside them, and on every odd number there is."""
    thresholds = np.unique(forest.nodes.threshold)
    odd = [0.0, -0.0, np.nan, np.inf, -np.inf, ZERO, -ZERO, np.nextafter(ZERO, 1), 5e-324, 1e300]
    hairs = [np.nextafter(thresholds, np.inf), np.nextafter(thresholds, -np.inf)]
    values = np.concatenate([thresholds, *hairs, odd])
    random = np.random.default_rng(4)
    return np.ascontiguousarray(random.choice(values, size=(2000, 8)))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_equal_lightgbm_to_the_last_bit(kind: str) -> None:
    model = booster(rounds=25, **KINDS[kind])  # type: ignore[arg-type]
    forest = forest_of(model)
    for rows in (draw_columns(500, seed=9), edge_rows(forest)):
        expected = model.predict(rows, raw_score=True, num_threads=1)
        np.testing.assert_array_equal(forest.raw_many(rows), expected)
        assert forest.raw(rows[7]) == expected[7]


@pytest.mark.parametrize("kind", KINDS)
def test_bit_vectors_and_walking_agree(kind: str) -> None:
    forest = forest_of(booster(rounds=25, **KINDS[kind]))  # type: ignore[arg-type]
    assert (forest.bits is None) == (kind == "wide")
    for row in edge_rows(forest)[:300]:
        assert forest.raw(row) == _walk(row, forest.nodes)


def test_every_missing_type_occurs_in_what_is_tested() -> None:
    kinds = {
        int(bits) & 12
        for parameters in KINDS.values()
        for bits in forest_of(booster(rounds=25, **parameters)).nodes.kind  # type: ignore[arg-type]
    }
    assert kinds == {0, 4, 8}


@settings(max_examples=200, deadline=None)
@given(row=st.lists(st.floats(), min_size=8, max_size=8))
def test_any_row_of_floats_scores_as_lightgbm_does(row: list[float]) -> None:
    x = np.array(row)
    expected = booster().predict(x[None, :], raw_score=True, num_threads=1)
    assert FOREST.raw(x) == expected[0]


def test_no_trees_score_nothing() -> None:
    forest = Forest.of((), n_columns=3)
    assert forest.raw(np.ones(3)) == 0.0
    assert forest.expected == 0.0
