"""What others measured counts by how much a merchant's own orders leave open."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import default_rng

from models.actions import ACTIONS
from models.pooling import UNKNOWNS, Prior, learnt, pooled, slopes

BEFORE = Prior.assumed()


def test_many_own_orders_outweigh_what_was_assumed_and_few_do_not() -> None:
    slope = np.zeros((1, UNKNOWNS))
    slope[0, 2] = 1.0
    width = BEFORE.cov[2, 2]
    for noise, share in ((width / 99, 0.99), (width, 0.5), (width * 99, 0.01)):
        found = learnt(BEFORE, slope, np.array([0.2]), np.array([[noise]]))
        assert found.unknowns[2] == pytest.approx(0.2 * share)
        assert found.sums[0] == pytest.approx(0.2 * share)
        assert found.sums_cov[0, 0] == pytest.approx(width * (1 - share))


def test_what_was_not_tried_follows_what_was_learnt_elsewhere() -> None:
    slope = np.zeros((2, UNKNOWNS))
    slope[:, 2] = 1.0, 3.0
    found = learnt(BEFORE, slope, np.array([0.2]), np.array([[1e-9]]))
    assert found.sums[1] == pytest.approx(0.6, rel=1e-3)


def test_a_sum_that_nothing_enters_says_nothing() -> None:
    found = learnt(BEFORE, np.zeros((2, UNKNOWNS)), np.zeros(2), np.zeros((2, 2)))
    assert found.sums.tolist() == [0.0, 0.0]
    assert found.unknowns.tolist() == BEFORE.centre.tolist()


def test_merchants_who_measured_give_the_next_one_their_mean_and_their_spread() -> None:
    rng, error = default_rng(1), 0.02
    truth = 0.15 + 0.03 * rng.standard_normal(40)
    measured = []
    for value in truth:
        cov = BEFORE.cov.copy()
        # As measured under the prior: its own error and the prior's width together.
        cov[2, 2] = 1 / (1 / error**2 + 1 / BEFORE.cov[2, 2])
        mean = np.zeros(UNKNOWNS)
        mean[2] = cov[2, 2] * (value + error * rng.standard_normal()) / error**2
        measured.append((mean, cov))
    prior = pooled(measured, BEFORE)
    was, now = (one.effects["verify"].rto_avoided for one in (BEFORE, prior))
    assert now - was == pytest.approx(truth.mean(), abs=0.015)
    assert prior.cov[2, 2] ** 0.5 == pytest.approx(0.03, abs=0.015)
    assert (prior.merchants, BEFORE.merchants) == (40, 0)


def test_what_is_told_lies_within_what_can_be() -> None:
    wild = np.full(UNKNOWNS, 5.0)
    for far in (wild, -wild):
        for action, effect in BEFORE.told(far).items():
            assert effect.faults(action) == ()


def test_slopes_are_those_of_the_sums_themselves() -> None:
    rng = default_rng(2)
    n = 50
    change, p = rng.normal(size=(n, len(ACTIONS))), rng.uniform(0.05, 0.9, n)
    returned, delivered = rng.uniform(1, 2, n), rng.uniform(1, 2, n)

    def sums(x: np.ndarray) -> np.ndarray:
        """Returns and deliveries by action, as the unknowns have it."""
        found = np.zeros((2, len(ACTIONS)))
        q = p * (1 + x[0])
        for row, action in enumerate(ACTIONS):
            effect, at = BEFORE.effects[action], {"verify": 2, "prepaid": 5, "hold": 8}.get(action)
            a, s, g = x[at : at + 3] if at else np.zeros(3)
            if action == "block":
                continue
            back = q * (1 - effect.rto_avoided - a)
            there = (1 - q - (1 - p) * x[1]) + q * (effect.rto_rescued + s)
            there -= (1 - q) * (effect.good_lost + g)
            found[0, row] = (change[:, row] * returned * back).sum()
            found[1, row] = (change[:, row] * delivered * there).sum()
        return found

    back, there = slopes(BEFORE, change, p, returned, delivered)
    for i in range(UNKNOWNS):
        step = np.zeros(UNKNOWNS)
        step[i] = 1e-6
        moved = (sums(step) - sums(-step)) / 2e-6
        assert moved[0] == pytest.approx(back[:, i], rel=1e-4, abs=1e-6)
        assert moved[1] == pytest.approx(there[:, i], rel=1e-4, abs=1e-6)
