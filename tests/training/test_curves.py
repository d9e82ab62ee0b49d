"""A curve is chosen for what it does on later orders, and bends only where the data insist."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibration import Beta, Platt, Spline
from training.calibrate import calibrated
from training.curves import CURVES, beta, compared, spline, venn_abers
from training.metrics import chance

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def scored(n: int, bend: float, seed: int = 6) -> Arrays:
    """Scores whose true log-odds flatten above 0 by ``bend``."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-1.0, 1.5, n)
    true = z - bend * np.maximum(z, 0.0)
    return z, (rng.random(n) < chance(true)).astype(np.float64), np.ones(n)


def test_a_straight_score_keeps_the_line() -> None:
    z, y, weight = scored(8_000, bend=0.0)
    found = compared(z, y, weight, np.arange(8_000))
    assert isinstance(found.chosen, Platt)
    assert set(found.losses) == set(CURVES)


def test_a_bent_score_gets_a_bent_curve_that_is_nearer_to_the_truth() -> None:
    z, y, weight = scored(40_000, bend=0.7)
    found = compared(z, y, weight, np.arange(40_000))
    assert isinstance(found.chosen, Beta | Spline)
    grid = np.linspace(-4.0, 3.0, 50)
    true = chance(grid - 0.7 * np.maximum(grid, 0.0))
    gap = {n: np.abs(calibrated(fit(z, y, weight), grid) - true).max() for n, fit in CURVES.items()}
    assert np.abs(calibrated(found.chosen, grid) - true).max() < 0.5 * gap["platt"]


def test_the_future_does_not_choose() -> None:
    z, y, weight = scored(8_000, bend=0.0)
    order = np.random.default_rng(1).permutation(8_000)
    shuffled = compared(z[order], y[order], weight, order)
    assert shuffled.losses == pytest.approx(compared(z, y, weight, np.arange(8_000)).losses)


@pytest.mark.parametrize("n", [300, 3_000])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_curve_rises_and_never_reaches_0_or_1(n: int, seed: int) -> None:
    z, y, weight = scored(n, bend=0.3, seed=seed)
    grid = np.linspace(-20.0, 20.0, 400)
    for fit in (beta, spline, venn_abers):
        p = calibrated(fit(z, y, weight), grid)
        assert (np.diff(p) > 0.0).all()
        assert 0.0 < p[0] < p[-1] < 1.0


def test_a_single_class_keeps_the_line() -> None:
    z, _, weight = scored(400, bend=0.0)
    assert isinstance(compared(z, np.zeros(400), weight, np.arange(400)).chosen, Platt)


def test_venn_abers_finds_a_bend_and_a_few_returns_leave_the_line() -> None:
    z, y, weight = scored(40_000, bend=0.7)
    grid = np.linspace(-3.0, 2.0, 40)
    true = chance(grid - 0.7 * np.maximum(grid, 0.0))
    assert np.abs(calibrated(venn_abers(z, y, weight), grid) - true).max() < 0.04
    assert isinstance(venn_abers(z[:150], y[:150], weight[:150]), Platt)
