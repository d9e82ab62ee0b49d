"""Calibration repairs slope and level, keeps order, and does not believe a handful of returns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.calibrate import Mixture, best_mixture, calibrated, mixture, platt
from training.metrics import calibration_line, chance


def outcomes(z: np.ndarray, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(z)) < chance(z)).astype(np.float64)


def test_overconfident_scores_are_flattened_and_levelled() -> None:
    truth = np.random.default_rng(1).normal(-1.5, 1.0, 50_000)
    z, y = 2 * truth + 1.0, outcomes(truth)
    found = platt(z, y, np.ones(50_000))
    intercept, slope = calibration_line(y, calibrated(found, z))
    assert found.a == pytest.approx(0.5, abs=0.03)
    assert intercept == pytest.approx(0.0, abs=0.06)
    assert slope == pytest.approx(1.0, abs=0.05)


def test_forty_returns_hardly_move_the_slope() -> None:
    z = np.random.default_rng(2).normal(-1.5, 1.0, 200)
    y = outcomes(3 * z, 5)
    assert 0.8 < platt(z, y, np.ones(200)).a < 1.25


@given(st.integers(0, 1_000))
def test_calibration_always_increases_even_for_scores_that_rank_backwards(seed: int) -> None:
    z = np.random.default_rng(seed).normal(0, 2, 100)
    assert platt(z, outcomes(-3 * z, seed), np.ones(100)).a > 0


def test_a_useless_part_gets_little_of_the_blend() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(-1.5, 1.0, 20_000)
    y, weight = outcomes(truth), np.ones(20_000)
    tried = mixture(truth, rng.normal(0, 1, 20_000), y, weight)
    assert best_mixture(tried, 20_000.0).trees >= 0.9


def test_without_evidence_the_blend_is_even() -> None:
    tried = tuple(Mixture(share / 10, 0.4) for share in range(11))
    assert best_mixture(tried, 50.0).trees == 0.5
