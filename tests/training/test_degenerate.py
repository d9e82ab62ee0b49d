"""Folders with too little in them end in a sentence, or in a model that says what it lacked."""

from __future__ import annotations

import numpy as np
import pytest

from features.days import DAY_US
from features.errors import TrainingError
from tests.training.ledger import end_of, make_matrix
from training.backtest import backtest
from training.configuration import Configuration
from training.inputs import Table
from training.matrix import Matrix
from training.trainer import Trained, end_of_knowledge, train

SETTINGS = Configuration(threads=1)


def trained(matrix: Matrix) -> Trained:
    return train(matrix, SETTINGS, cutoff_us=end_of_knowledge(matrix))


def one_class(matrix: Matrix) -> Matrix:
    matrix.orders.loc[matrix.orders["outcome"] == "rto", "outcome"] = "delivered"
    return matrix


def unknown(matrix: Matrix) -> Matrix:
    matrix.orders["outcome"] = ""
    matrix.orders["outcome_us"] = -1
    return matrix


@pytest.mark.parametrize(
    ("matrix", "says"),
    [
        (make_matrix(10), "at least 100 orders with 10 of each outcome are needed"),
        (make_matrix(50), "orders can teach"),
        (one_class(make_matrix(600)), "only 0 returned"),
        (unknown(make_matrix(600)), "600 outcome not known by the cutoff"),
        (make_matrix(0), "holds no orders"),
    ],
    ids=["ten rows", "fifty orders", "one class", "no outcome", "nothing"],
)
def test_too_little_is_refused_with_what_is_needed(matrix: Matrix, says: str) -> None:
    with pytest.raises(TrainingError, match=says):
        trained(matrix)


def test_a_backtest_of_nothing_says_so() -> None:
    matrix = make_matrix(0)
    with pytest.raises(TrainingError, match="holds no orders; import some"):
        backtest(Table(matrix), SETTINGS, train_until_us=0, retrain_us=7 * DAY_US)


def payments(matrix: Matrix, mode: str | None) -> Matrix:
    matrix.orders["payment_mode"] = mode
    matrix.values[:, 0] = np.nan if mode is None else 0.0
    return matrix


def test_payment_modes_that_tell_nothing_are_named_in_the_manifest() -> None:
    said = trained(payments(make_matrix(900), None)).fallbacks
    assert any("payment_mode is unknown on every order" in text for text in said)
    said = trained(payments(make_matrix(900), "prepaid")).fallbacks
    assert any("every order was prepaid" in text for text in said)


def test_a_year_without_orders_is_trained_across_and_named() -> None:
    matrix = make_matrix(1_200)
    late = np.arange(1_200) >= 600
    for column in ("created_us", "outcome_us"):
        matrix.orders.loc[late, column] += 365 * DAY_US
    done = trained(matrix)
    assert any("days without a labelled order" in text for text in done.fallbacks)
    rows = np.arange(1_200)
    p = done.model.probability(Table(matrix), rows)
    assert 0.0 < p.min() < p.max() < 1.0


def test_little_evidence_is_named_and_gates_stop_it() -> None:
    done = trained(make_matrix(160, days=200.0))
    assert any("returned orders to learn from" in text for text in done.fallbacks)
    assert not all(verdict.passed for verdict in done.gates)


def test_enough_of_everything_falls_back_on_nothing() -> None:
    matrix = make_matrix(3_000)
    assert end_of(matrix) < end_of_knowledge(matrix)
    assert trained(matrix).fallbacks == ()
