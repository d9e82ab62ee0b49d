"""Every order of a backtest is scored by a model older than itself, and nothing later leaks in."""

from __future__ import annotations

import numpy as np
import pytest

from features.days import DAY_US
from features.errors import TrainingError
from tests.training.ledger import START_US, make_matrix
from training.backtest import Backtest, backtest
from training.baselines import BASELINES
from training.configuration import Configuration
from training.inputs import Table
from training.matrix import Matrix

FIRST = START_US + 70 * DAY_US
SETTINGS = Configuration(threads=1)


def replayed(matrix: Matrix, *, every_days: int = 30) -> Backtest:
    every = every_days * DAY_US
    return backtest(Table(matrix), SETTINGS, train_until_us=FIRST, retrain_us=every)


@pytest.fixture(scope="module")
def before() -> Backtest:
    return replayed(make_matrix(1_200))


def test_every_later_order_is_scored_once_in_order_of_placement(before: Backtest) -> None:
    matrix, done = make_matrix(1_200), before
    created = matrix.orders["created_us"].to_numpy()
    np.testing.assert_array_equal(done.rows, np.flatnonzero(created >= FIRST))
    assert len(done.stretches) == 2
    for stretch in done.stretches:
        assert created[stretch.rows].min() >= stretch.start_us
    for name in BASELINES:
        p = done.baseline(name)
        assert len(p) == len(done.rows)
        assert ((p > 0) & (p < 1)).all()


def test_outcomes_known_after_a_retraining_change_none_of_its_scores(before: Backtest) -> None:
    changed = make_matrix(1_200)
    second = FIRST + 30 * DAY_US
    later = (changed.orders["outcome_us"] >= second).to_numpy()
    changed.orders.loc[later, "outcome"] = "rto"
    after = replayed(changed)
    np.testing.assert_array_equal(before.probability, after.probability)
    for name in BASELINES:
        np.testing.assert_array_equal(before.baseline(name), after.baseline(name))


def test_outcomes_known_between_two_retrainings_change_the_second_stretch_only(
    before: Backtest,
) -> None:
    changed = make_matrix(1_200)
    known = changed.orders["outcome_us"].to_numpy()
    between = (known >= FIRST) & (known < FIRST + 30 * DAY_US)
    changed.orders.loc[between, "outcome"] = "delivered"
    after = replayed(changed)
    first, second = (done.stretches for done in (before, after))
    np.testing.assert_array_equal(first[0].probability, second[0].probability)
    assert (first[1].probability != second[1].probability).any()


def test_a_date_after_the_last_order_is_refused() -> None:
    with pytest.raises(TrainingError, match="choose an earlier --train-until"):
        backtest(
            Table(make_matrix(300)),
            SETTINGS,
            train_until_us=START_US + 500 * DAY_US,
            retrain_us=DAY_US,
        )


def test_a_first_training_without_enough_is_refused() -> None:
    with pytest.raises(TrainingError, match="are needed"):
        backtest(
            Table(make_matrix(300)),
            SETTINGS,
            train_until_us=START_US + DAY_US,
            retrain_us=300 * DAY_US,
        )
