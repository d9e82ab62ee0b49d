"""The ridge finds the minimum that scikit-learn finds, and does not run off its data."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from training.ridge import Design, Line, fit
from training.scaling import LIMIT, Scaling
from training.strengths import learn


def a_design(n: int = 800) -> tuple[Design, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    dense = rng.normal(0, 1, (n, 6))
    dense[:, 5] = dense[:, 4] + rng.normal(0, 0.01, n)
    tokens = sparse.random(n, 300, density=0.03, format="csr", rng=rng)
    tokens.data[:] = 1.0
    z = dense[:, 0] - 0.5 * dense[:, 4] + np.asarray(tokens[:, :5].sum(axis=1)).reshape(-1) - 1.0
    y = (rng.random(n) < 1 / (1 + np.exp(-z))).astype(np.float64)
    return Design(dense, sparse.csr_matrix(tokens)), y, rng.exponential(1.0, n)


@pytest.mark.parametrize("strength", [3.0, 100.0])
def test_the_ridge_finds_the_references_minimum(strength: float) -> None:
    design, y, weight = a_design()
    line = fit(design, y, weight, np.full(design.width, strength))
    both = sparse.hstack([sparse.csr_matrix(design.dense), design.tokens]).tocsr()
    model = LogisticRegression(C=1 / strength, tol=1e-8, max_iter=5_000)
    model.fit(both, y, sample_weight=weight)
    expected = model.decision_function(both)
    np.testing.assert_allclose(line.score(design), expected, atol=0.02)


def test_a_fit_from_elsewhere_and_in_half_precision_ends_at_the_same_minimum() -> None:
    design, y, weight = a_design()
    strengths = np.full(design.width, 10.0)
    line = fit(design, y, weight, strengths)
    far = Line(1.0, np.random.default_rng(1).normal(0, 1, design.width))
    single = Design(design.dense.astype(np.float32), design.tokens)
    again = fit(single, y, weight, strengths, begin=far)
    np.testing.assert_allclose(again.score(design), line.score(design), atol=0.01)


def test_a_kind_that_differs_is_held_less_than_one_that_does_not() -> None:
    rng = np.random.default_rng(8)
    n, shops = 6_000, 60
    shop, colour = rng.integers(0, shops, n), rng.integers(0, shops, n)
    place = np.repeat(np.arange(n), 2)
    tokens = sparse.csr_matrix(
        (np.ones(2 * n), (place, np.column_stack([shop, shops + colour]).reshape(-1))),
        shape=(n, 2 * shops),
    )
    effect = rng.normal(0, 1.0, shops)
    y = (rng.random(n) < 1 / (1 + np.exp(1.0 - effect[shop]))).astype(np.float64)
    design = Design(np.empty((n, 0)), tokens)
    kinds = ["shop"] * shops + ["colour"] * shops
    learned = learn(design, kinds, y, np.ones(n))
    # The effects' own variance is 1, so their strength should be found near 1 / 1.
    assert 0.5 < learned.strengths["shop"] < 2.0
    assert learned.strengths["colour"] > 20 * learned.strengths["shop"]
    found = learned.line.coefficients[:shops]
    assert np.corrcoef(found, effect)[0, 1] > 0.95


def test_a_long_tail_is_read_as_a_logarithm_and_a_rate_is_not() -> None:
    rng = np.random.default_rng(4)
    numbers = np.column_stack([rng.exponential(20.0, 2_000), rng.random(2_000)])
    scaling = Scaling.of(numbers)
    assert scaling.bent.tolist() == [True, False]
    columns = scaling.columns(np.array([[0.0, 0.5], [10.0, 0.5], [110.0, 0.5]]))
    steps = np.diff(columns[:, 0]) / np.diff(np.log1p([0.0, 10.0, 110.0]))
    assert steps[0] == pytest.approx(steps[1])


def test_more_strength_means_smaller_coefficients() -> None:
    design, y, weight = a_design()
    lines = [fit(design, y, weight, np.full(design.width, s)) for s in (1.0, 10.0, 1e6)]
    sizes = [np.abs(line.coefficients).sum() for line in lines]
    assert sizes[0] > sizes[1] > sizes[2]
    assert sizes[2] < 0.01


def test_unknown_is_the_training_median_and_one_flag_for_what_is_always_unknown_together() -> None:
    numbers = np.array(
        [[1.0, 10.0, 5.0], [3.0, np.nan, np.nan], [5.0, 30.0, 7.0], [9.0, 20.0, 6.0]]
    )
    scaling = Scaling.of(numbers)
    columns = scaling.columns(numbers)
    assert scaling.gaps.tolist() == [False, True, False]
    assert columns.shape == (4, 4)
    assert columns[1, 3] == 1.0
    filled = numbers.copy()
    filled[1, 1:] = 20.0, 6.0
    np.testing.assert_array_equal(columns[:, :3], scaling.columns(filled)[:, :3])


def test_a_number_far_beyond_the_training_data_is_held_at_the_limit() -> None:
    scaling = Scaling.of(np.random.default_rng(0).normal(0, 1, (500, 1)))
    assert scaling.columns(np.array([[1e9]]))[0, 0] == LIMIT
    assert scaling.columns(np.array([[-1e9]]))[0, 0] == -LIMIT


def test_a_rare_flag_keeps_a_scale_and_a_constant_does_no_harm() -> None:
    numbers = np.zeros((1_000, 2))
    numbers[:2, 0] = 1.0
    columns = Scaling.of(numbers).columns(numbers)
    assert np.isfinite(columns).all()
    assert columns[0, 0] > columns[5, 0]
    assert not columns[:, 1].any()
