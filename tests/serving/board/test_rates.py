"""Intervals that hold what they promise, and small counts that say little."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from serving.board.rates import below, quantile, share, shrunk


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (1, 9), (3.2, 250), (40, 60), (900, 4000)])
def test_the_beta_distribution_is_that_of_scipy(a: float, b: float) -> None:
    for x in (0.001, 0.05, 0.2, 0.5, 0.93):
        assert below(x, a, b) == pytest.approx(beta.cdf(x, a, b), abs=1e-10)
    for chance in (0.05, 0.5, 0.95):
        assert quantile(chance, a, b) == pytest.approx(beta.ppf(chance, a, b), abs=1e-9)


def test_nine_in_ten_intervals_hold_the_true_rate_of_their_cell() -> None:
    held = cells = 0
    rng = np.random.default_rng(3)
    for _ in range(10):
        truth = rng.beta(0.15 * 40, 0.85 * 40, 200)
        tries = rng.geometric(1 / 25, 200)
        found = shrunk(rng.binomial(tries, truth), tries)
        held += int(((found.low <= truth) & (truth <= found.high)).sum())
        cells += len(truth)
    assert 0.86 <= held / cells <= 0.94


def test_where_nothing_differs_nothing_stands_out() -> None:
    rng = np.random.default_rng(4)
    tries = rng.integers(1, 200, 400)
    found = shrunk(rng.binomial(tries, 0.2), tries)
    outside = (found.low > found.overall) | (found.high < found.overall)
    assert outside.mean() < 0.02


def test_one_return_out_of_one_is_no_finding() -> None:
    hits, tries = np.array([1, 30, 10]), np.array([1, 200, 100])
    found = shrunk(hits, tries)
    assert found.low[0] < found.overall < found.high[0]
    assert found.rate[0] < 0.3


def test_a_share_of_nothing_is_unknown_and_its_interval_is_everything() -> None:
    rate, low, high = share(0, 0)
    assert np.isnan(rate)
    assert low < 0.01
    assert high > 0.99


def test_no_orders_have_no_rate() -> None:
    assert np.isnan(shrunk(np.array([0]), np.array([0])).overall)
