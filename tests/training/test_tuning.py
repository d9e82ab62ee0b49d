"""A search tries the usual shapes first, stays within its bounds, and goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.ledger import end_of, make_matrix
from training.configuration import MOST_LEAVES, Configuration
from training.fit import fit
from training.inputs import Table
from training.trees import Orchard, Sample, Shape
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
