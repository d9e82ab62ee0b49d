"""Metrics against scikit-learn, and the laws they keep."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from training.metrics import (
    Ranking,
    brier,
    calibration_chance,
    calibration_error,
    calibration_line,
    chance,
    log_loss,
    log_odds,
    population_stability,
    pr_auc,
    precision_at,
    reliability,
    roc_auc,
)

SEEDS = st.integers(0, 10_000)


def some(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, tied probabilities and weights, both outcomes present."""
    rng = np.random.default_rng(seed)
    p = np.round(rng.random(n), 1) * 0.98 + 0.01
    y = (rng.random(n) < p).astype(np.float64)
    y[:2] = 0.0, 1.0
    return y, p, rng.exponential(1.0, n)


@given(SEEDS)
def test_every_metric_is_the_references_with_ties_and_weights(seed: int) -> None:
    y, p, w = some(seed)
    ranking = Ranking(y, p)
    assert ranking.roc_auc(w) == pytest.approx(reference.roc_auc_score(y, p, sample_weight=w))
    expected = reference.average_precision_score(y, p, sample_weight=w)
    assert ranking.pr_auc(w) == pytest.approx(expected)
    assert log_loss(y, p, w) == pytest.approx(reference.log_loss(y, p, sample_weight=w))
    expected = reference.brier_score_loss(y, p, sample_weight=w)
    assert brier(y, p, w) == pytest.approx(expected)


@given(SEEDS)
def test_a_weight_of_two_is_the_row_twice(seed: int) -> None:
    y, p, _ = some(seed, 60)
    times = np.random.default_rng(seed).integers(0, 3, 60)
    times[:2] = 1
    twice = np.repeat(np.arange(60), times)
    ranking = Ranking(y, p)
    assert ranking.roc_auc(times.astype(float)) == pytest.approx(roc_auc(y[twice], p[twice]))
    assert ranking.pr_auc(times.astype(float)) == pytest.approx(pr_auc(y[twice], p[twice]))


def test_one_class_alone_has_no_ranking() -> None:
    nothing, p = np.zeros(5), np.linspace(0.1, 0.5, 5)
    assert np.isnan(roc_auc(nothing, p))
    assert np.isnan(pr_auc(nothing, p))
    assert np.isnan(roc_auc(np.empty(0), np.empty(0)))
    assert np.isnan(calibration_line(nothing, p)[1])


def test_true_probabilities_have_no_calibration_error_beyond_noise() -> None:
    rng = np.random.default_rng(1)
    p = rng.beta(2, 8, 40_000)
    y = (rng.random(40_000) < p).astype(np.float64)
    assert calibration_error(y, p) < 0.008
    intercept, slope = calibration_line(y, p)
    assert slope == pytest.approx(1.0, abs=0.05)
    assert intercept == pytest.approx(0.0, abs=0.08)


def test_a_shift_of_five_points_is_found_in_spite_of_the_debiasing() -> None:
    rng = np.random.default_rng(1)
    p = rng.beta(2, 8, 40_000)
    y = (rng.random(40_000) < p).astype(np.float64)
    assert calibration_error(y, p + 0.05) == pytest.approx(0.05, abs=0.01)


def test_doubled_log_odds_have_half_the_slope() -> None:
    rng = np.random.default_rng(2)
    p = rng.beta(2, 6, 40_000)
    y = (rng.random(40_000) < p).astype(np.float64)
    assert calibration_line(y, chance(2 * log_odds(p)))[1] == pytest.approx(0.5, abs=0.03)


def test_reliability_bins_hold_every_order_once_in_equal_parts() -> None:
    y, p, _ = some(4, 1_000)
    bins = reliability(y, p)
    assert sum(b.orders for b in bins) == 1_000
    assert max(b.orders for b in bins) - min(b.orders for b in bins) <= 1
    assert [b.lowest for b in bins] == sorted(b.lowest for b in bins)


def test_precision_at_capacity_counts_the_riskiest_only() -> None:
    y = np.array([0.0, 1.0, 1.0, 0.0])
    p = np.array([0.1, 0.9, 0.8, 0.7])
    assert precision_at(y, p, 0.5) == 1.0
    assert precision_at(y, p, 0.75) == pytest.approx(2 / 3)


def test_probabilities_of_zero_and_one_have_a_finite_loss() -> None:
    assert np.isfinite(log_loss(np.array([1.0, 0.0]), np.array([0.0, 1.0])))


def test_honest_promises_miss_by_chance_as_often_as_they_should_and_false_ones_do_not() -> None:
    rng = np.random.default_rng(2)
    chances = []
    for _ in range(200):
        p = rng.uniform(0.05, 0.6, 400)
        chances.append(calibration_chance((rng.random(400) < p).astype(np.float64), p))
    assert 0.01 < np.mean(np.array(chances) < 0.05) < 0.12
    p = rng.uniform(0.05, 0.6, 4_000)
    assert calibration_chance((rng.random(4_000) < 1.3 * p).astype(np.float64), p) < 1e-6


def test_scores_that_moved_have_a_high_stability_index() -> None:
    rng = np.random.default_rng(3)
    same, moved = rng.beta(2, 8, (2, 5_000)), rng.beta(4, 6, 5_000)
    assert population_stability(same[0], same[1]) < 0.01
    assert population_stability(same[0], moved) > 0.5
