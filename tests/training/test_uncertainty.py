"""What is unknown of customers is found from those who ordered twice before it could tell."""

from __future__ import annotations

import numpy as np
import pytest

from features.days import DAY_US
from tests.training.ledger import make_matrix
from training.inputs import Table
from training.matrix import Matrix
from training.uncertainty import ASSUMED, measure, pairs


def customers(deviation: float, *, known_after: float, orders: int = 40_000) -> Matrix:
    """Orders a day apart, two of each customer, whose log-odds share a hidden part."""
    matrix = make_matrix(orders)
    rng = np.random.default_rng(8)
    person = np.arange(orders) // 2
    z = -1.0 + deviation * rng.standard_normal(orders)[person]
    returned = rng.random(orders) < 1 / (1 + np.exp(-z))
    matrix.orders["person"] = person
    matrix.orders["created_us"] = 1_750_000_000_000_000 + np.arange(orders) * DAY_US
    matrix.orders["outcome_us"] = matrix.orders["created_us"] + round(known_after * DAY_US)
    matrix.orders["outcome"] = np.where(returned, "rto", "delivered")
    return matrix


def found(matrix: Matrix) -> tuple[float, int, float]:
    rows = np.arange(len(matrix.orders))
    y = (matrix.orders["outcome"] == "rto").to_numpy().astype(np.float64)
    measured = measure(Table(matrix), rows, y, np.full(len(y), y.mean()))
    return measured.uncertainty.variance, measured.pairs, measured.measured


@pytest.mark.parametrize("deviation", [0.4, 1.0])
def test_the_hidden_part_of_customers_is_measured(deviation: float) -> None:
    variance, count, share = found(customers(deviation, known_after=10))
    assert count == 20_000
    assert share > 0.98
    # To first order: a normal hidden part of variance 1 bends the chances until .73 is found.
    assert 0.7 * deviation**2 < variance < 1.1 * deviation**2


def test_without_a_hidden_part_next_to_nothing_is_found() -> None:
    assert found(customers(0.0, known_after=10))[0] < 0.1


def test_an_outcome_that_the_later_score_may_have_known_tells_nothing() -> None:
    assert found(customers(1.0, known_after=0.5)) == (ASSUMED, 0, 0.0)


def test_no_customer_outweighs_the_others() -> None:
    matrix = make_matrix(100)
    matrix.orders["person"] = 7
    matrix.orders["outcome_us"] = int(matrix.orders["created_us"].max()) + 1
    first, second = pairs(matrix.orders, np.arange(100))
    assert len(first) == sum(100 - lag for lag in range(1, 9))
    assert np.all(first < second)


def test_two_orders_or_none_are_enough_to_ask() -> None:
    matrix = make_matrix(100)
    for count in (0, 1, 2):
        rows = np.arange(count)
        assert len(pairs(matrix.orders, rows)[0]) <= 1
