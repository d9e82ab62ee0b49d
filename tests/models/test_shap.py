"""TreeSHAP by quadrature equals LightGBM's, and Shapley's own definition."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from models.forest import Forest, goes_left
from models.scorer import Floats
from models.shap import Explainer
from models.trees import Tree, parse_trees

from .conftest import booster, draw_columns
from .test_forest import KINDS, edge_rows, forest_of


@pytest.mark.parametrize("kind", KINDS)
def test_contributions_and_base_equal_lightgbm(kind: str) -> None:
    model = booster(rounds=25, **KINDS[kind])  # type: ignore[arg-type]
    forest = forest_of(model)
    explainer = Explainer.of(forest.trees)
    for rows in (draw_columns(100, seed=9), edge_rows(forest)[:100]):
        expected = model.predict(rows, pred_contrib=True, num_threads=1)
        found = np.array([explainer.contributions(row) for row in rows])
        np.testing.assert_allclose(found, expected[:, :-1], rtol=0, atol=1e-11)
        np.testing.assert_allclose(forest.expected, expected[:, -1], rtol=0, atol=1e-12)


def test_contributions_and_base_add_up_to_the_score() -> None:
    forest = forest_of(booster())
    explainer = Explainer.of(forest.trees)
    for row in draw_columns(200, seed=11):
        total = explainer.contributions(row).sum() + forest.expected
        assert total == pytest.approx(forest.raw(row), abs=1e-12)


def chain(depth: int, *, columns: int, seed: int) -> Tree:
    """A tree that is one long path, deeper than LightGBM's defaults ever grow."""
    random = np.random.default_rng(seed)
    leaf_count = random.integers(1, 50, depth + 1).astype(float)
    below = np.cumsum(leaf_count[::-1])[::-1]
    numbers = np.arange(depth, dtype=np.int32)
    return Tree(
        column=(numbers % columns).astype(np.int32),
        threshold=random.normal(size=depth),
        kind=np.full(depth, 10, dtype=np.uint8),
        left=~numbers,
        right=np.append(numbers[1:], ~np.int32(depth)).astype(np.int32),
        inner_count=below[:depth],
        leaf_count=leaf_count,
        leaf_value=random.normal(size=depth + 1),
    )


def value_knowing(tree: Tree, x: Floats, known: frozenset[int], node: int = 0) -> float:
    """Expected value of a tree when only some columns are known (the game TreeSHAP plays)."""
    if node < 0:
        return float(tree.leaf_value[~node])
    left, right, column = int(tree.left[node]), int(tree.right[node]), int(tree.column[node])
    if column in known:
        goes = goes_left(x[column], tree.threshold[node], tree.kind[node])
        return value_knowing(tree, x, known, left if goes else right)
    share = tree.count(left) / tree.count(node)
    return share * value_knowing(tree, x, known, left) + (1 - share) * value_knowing(
        tree, x, known, right
    )


def shapley(tree: Tree, x: Floats, column: int) -> float:
    """Shapley's formula over all coalitions."""
    n = len(x)
    others = [other for other in range(n) if other != column]
    total = 0.0
    for size in range(n):
        weight = factorial(size) * factorial(n - size - 1) / factorial(n)
        for some in combinations(others, size):
            known = frozenset(some)
            gain = value_knowing(tree, x, known | {column}) - value_knowing(tree, x, known)
            total += weight * gain
    return total


def test_contributions_are_shapley_values_by_definition() -> None:
    random = np.random.default_rng(2)
    for seed in range(10):
        tree = chain(9, columns=5, seed=seed)
        x = random.normal(size=5)
        found = Explainer.of([tree]).contributions(x)
        expected = [shapley(tree, x, column) for column in range(5)]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("depth", [15, 16, 17, 33, 60])
def test_paths_of_many_features_are_exact_too(depth: int) -> None:
    tree = chain(depth, columns=depth, seed=3)
    forest = Forest.of([tree], n_columns=depth)
    explainer = Explainer.of([tree])
    assert len(explainer.paths.quadrature[0]) == -(-depth // 16)
    random = np.random.default_rng(5)
    for row in random.normal(size=(50, depth)):
        total = explainer.contributions(row).sum()
        assert total == pytest.approx(forest.raw(row) - forest.expected, abs=1e-11)


def test_a_leaf_no_training_row_reached_is_explained_all_the_same() -> None:
    text = booster().model_to_string()
    trees = parse_trees(text, n_columns=8)
    tree = trees[0]
    tree.leaf_count[0] = 0.0
    explainer = Explainer.of([tree])
    for row in draw_columns(50, seed=1):
        assert np.isfinite(explainer.contributions(row)).all()


def test_trees_without_splits_contribute_nothing() -> None:
    explainer = Explainer.of(forest_of(booster(3, min_data_in_leaf=3000)).trees)
    np.testing.assert_array_equal(explainer.contributions(np.ones(8)), np.zeros(8))
