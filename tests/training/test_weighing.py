"""The folds choose how past orders are weighed, and leave the usual way only for more than luck."""

from __future__ import annotations

import numpy as np
import pytest

from features.days import DAY_US
from tests.training.ledger import START_US, make_matrix
from training.configuration import Configuration
from training.inputs import Table
from training.lesson import Lesson
from training.matrix import Matrix
from training.weighing import USUAL, Weighed, Weighing, follow, weighed

CUTOFF = START_US + 360 * DAY_US
ONE = Configuration(threads=1)


def asked(matrix: Matrix, settings: Configuration = ONE) -> tuple[Lesson, Weighed]:
    lesson = Lesson.of(Table(matrix), settings, CUTOFF)
    return lesson, weighed(lesson, settings, CUTOFF)


@pytest.fixture(scope="module")
def steady() -> Matrix:
    return make_matrix(6_000, days=360.0)


def turned(matrix: Matrix) -> Matrix:
    """The same orders in a world where cash and prepaid change places after half a year."""
    late = matrix.orders["created_us"].to_numpy() < START_US + 150 * DAY_US
    matrix.values[late, 0] = 1.0 - matrix.values[late, 0]
    matrix.orders.loc[late, "payment_mode"] = "unknown"
    return matrix


def test_a_steady_world_forgets_nothing_and_says_what_was_tried(steady: Matrix) -> None:
    _, found = asked(steady)
    assert found.chosen == USUAL
    assert {(t.weighing.labels, t.weighing.half_life_days) for t in found.tried} >= {
        ("weights", None), ("wait", None), ("weights", 180.0), ("weights", 60.0),
    }  # fmt: skip
    assert all(t.loss > 0.0 for t in found.tried)


def test_a_world_that_has_turned_over_is_forgotten() -> None:
    _, found = asked(turned(make_matrix(6_000, days=360.0)))
    assert found.chosen.half_life_days == 60.0
    assert found.says == "by the folds"
    (won,) = [t for t in found.tried if t.weighing == found.chosen]
    assert won.gap < -2.0 * won.error


def test_what_is_fixed_is_not_tried(steady: Matrix) -> None:
    settings = Configuration(threads=1, labels="wait", half_life_days=90.0)
    lesson, found = asked(steady, settings)
    assert found == Weighed(Weighing("wait", 90.0), "fixed by the configuration")
    assert follow(lesson, settings, CUTOFF, found.chosen).labels.report.method == "wait"


def test_what_an_earlier_model_chose_is_carried(steady: Matrix) -> None:
    lesson = Lesson.of(Table(steady), ONE, CUTOFF, folds=False)
    earlier = Weighed(Weighing("wait", 60.0), "by the folds")
    assert weighed(lesson, ONE, CUTOFF, earlier) == earlier


def test_age_halves_what_an_order_teaches_and_not_what_it_is_judged_by(steady: Matrix) -> None:
    lesson = Lesson.of(Table(steady), ONE, CUTOFF)
    faded = follow(lesson, ONE, CUTOFF, Weighing("weights", 60.0))
    age = (lesson.placed_us[-1] - lesson.placed_us) / DAY_US
    share = faded.everything.weight / lesson.everything.weight
    np.testing.assert_allclose(share, 0.5 ** (age / 60.0))
    assert faded.labels is lesson.labels
    for (before, judge), (after, same) in zip(lesson.samples, faded.samples, strict=True):
        assert same is judge
        assert after.weight[-1] == pytest.approx(before.weight[-1])
        assert after.weight[0] < 0.5 * before.weight[0]
