"""A search tries the usual shapes first, stays within its bounds, and goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from models.forest import Forest
from models.trees import parse_trees
from tests.training.ledger import end_of, make_matrix
from training.configuration import MOST_LEAVES, Configuration
from training.fit import fit
from training.inputs import Table
from training.ridge import Design
from training.shape import Shape
from training.strengths import AS_LEARNED, Firmness, learn
from training.tree_rows import TreeRows
from training.trees import Orchard, Sample
from training.tuning import Tuner

USUAL = (Shape(4, 20, 0.1), Shape(8, 20, 0.1))


def a_table(n: int = 600) -> tuple[Orchard, list[tuple[Sample, Sample]]]:
    rng = np.random.default_rng(2)
    x = rng.normal(0, 1, (n, 4))
    y = (rng.random(n) < 1 / (1 + np.exp(1 - x[:, 0] - x[:, 1]))).astype(np.float64)

    def sample(start: int, end: int) -> Sample:
        at = np.arange(start, end)
        return Sample(at, y[at], np.ones(len(at)))

    return Orchard(x, seed=7, threads=1), [
        (sample(0, 300), sample(300, 450)),
        (sample(0, 450), sample(450, 600)),
    ]


@pytest.fixture
def said() -> list[str]:
    return []


def test_the_usual_shapes_are_tried_first_and_the_search_is_repeatable(
    tmp_path: Path, said: list[str]
) -> None:
    orchard, folds = a_table()
    first = Tuner(4, tmp_path / "a", 7).shape(orchard, USUAL, folds, said.append)
    again = Tuner(4, tmp_path / "b", 7).shape(orchard, USUAL, folds, said.append)
    assert first == again
    assert 4 <= first.num_leaves <= MOST_LEAVES
    only = Tuner(2, tmp_path / "c", 7).shape(orchard, USUAL, folds, said.append)
    assert only in USUAL


def test_an_interrupted_search_goes_on_where_it_stopped(tmp_path: Path, said: list[str]) -> None:
    orchard, folds = a_table()
    Tuner(2, tmp_path, 7).shape(orchard, USUAL, folds, said.append)
    said.clear()
    Tuner(3, tmp_path, 7).shape(orchard, USUAL, folds, said.append)
    assert set(said) == {"tuning, trial 3 of 3"}
    said.clear()
    Tuner(3, tmp_path, 7).shape(orchard, USUAL, folds, said.append)
    assert not said


def test_other_folds_are_another_search(tmp_path: Path, said: list[str]) -> None:
    orchard, folds = a_table()
    Tuner(2, tmp_path, 7).shape(orchard, USUAL, folds, said.append)
    said.clear()
    Tuner(2, tmp_path, 7).shape(orchard, USUAL, folds[:1], said.append)
    assert said
    assert len(list(tmp_path.glob("*.journal"))) == 2


def test_a_training_takes_the_shape_that_was_found(tmp_path: Path) -> None:
    matrix = make_matrix(900)
    settings = Configuration(threads=1)
    model = fit(Table(matrix), settings, cutoff_us=end_of(matrix), tuner=Tuner(1, tmp_path, 7))
    usual = fit(Table(matrix), settings, cutoff_us=end_of(matrix))
    assert model.choice.shape.num_leaves == 4
    assert model.choice.rounds <= model.choice.shape.most_rounds
    assert len(model.summary["trees"]["tried"]) == 1  # type: ignore[index]
    assert len(usual.summary["trees"]["tried"]) == 2  # type: ignore[index]


class Columns(TreeRows):
    """Numbers of our own, with the directions they are said to have."""

    directions = (1, -1, 0)

    def __init__(self, columns: np.ndarray) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns)

    def __getitem__(self, at: Any) -> np.ndarray:
        return np.asarray(self._columns[at])


def test_a_monotone_shape_never_holds_an_earlier_return_for_a_good_sign() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(0, 1, (500, 3)), (rng.random(500) < 0.4).astype(np.float64)
    worse = x + np.array([0.5, -0.5, 0.0])

    def least_rise(shape: Shape) -> float:
        orchard = Orchard(Columns(x), seed=7, threads=1)
        booster = orchard.fit(shape, 30, Sample(np.arange(500), y, np.ones(500)), print)
        read = Forest.of(parse_trees(booster.model_to_string(), n_columns=3), n_columns=3)
        np.testing.assert_array_equal(read.raw_many(x), booster.predict(x, raw_score=True))
        rise = booster.predict(worse, raw_score=True) - booster.predict(x, raw_score=True)
        return float(np.min(rise))

    shape = Shape(16, 10, 0.2, 1.0)
    assert least_rise(replace(shape, monotone=True)) >= 0.0
    assert least_rise(shape) < 0.0


def test_the_ridge_is_searched_after_its_own_evidence_and_the_search_goes_on(
    tmp_path: Path, said: list[str]
) -> None:
    _, folds = a_table()

    def loss(firmness: Firmness, fold: int) -> float:
        return float(abs(np.log(firmness.words) - 0.5) + 0.1 * np.log(firmness.numbers) ** 2 + fold)

    assert Tuner(1, tmp_path, 7).firmness(loss, folds, said.append) == AS_LEARNED
    found = Tuner(30, tmp_path, 7).firmness(loss, folds, said.append)
    assert loss(found, 0) < loss(AS_LEARNED, 0)
    assert said[-1].startswith("tuning the ridge, trial 30 of 30")
    assert sum("trial 1 of" in words for words in said) == len(folds)


def test_a_firmer_ridge_has_smaller_coefficients_and_the_same_evidence() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, (400, 3))
    y = (rng.random(400) < 1 / (1 + np.exp(-x[:, 0]))).astype(np.float64)
    design = Design(x, sparse.csr_matrix((400, 0)))
    kinds = ("numbers of phone",) * 3
    usual = learn(design, kinds, y, np.ones(400))
    firm = learn(design, kinds, y, np.ones(400), firmness=Firmness(numbers=10.0))
    words = learn(design, kinds, y, np.ones(400), firmness=Firmness(words=10.0))
    assert np.abs(firm.line.coefficients).sum() < 0.9 * np.abs(usual.line.coefficients).sum()
    assert firm.strengths == usual.strengths
    np.testing.assert_allclose(words.line.coefficients, usual.line.coefficients, atol=1e-3)
