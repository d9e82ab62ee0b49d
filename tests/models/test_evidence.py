"""A merchant's orders speak for what was done by chance, and as persons."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import default_rng

from models.arms import Shares
from models.costs import CostModel
from models.curves import DEGREE, all_curves, slopes
from models.estimates import compare, measure, shipped
from models.evidence import FEWEST, Ends, evidence
from models.policy import Policy
from models.pooling import Prior
from models.replay import Orders, replay
from models.thresholds import Thresholds

from .test_estimates import AVOIDED, RUNNING, invented, lived

USUAL = Prior.assumed()


def test_sums_are_what_they_are_expected_to_be_where_the_unknowns_are_true() -> None:
    orders = invented(default_rng(1), 5_000)
    done = replay(RUNNING, orders)
    curves = all_curves(USUAL.mean)[done.action]
    powers = orders.probability[:, None] ** np.arange(DEGREE + 1)
    told = np.einsum("nkp,np->nk", curves, powers)
    # Shares of ends in place of ends: nothing is left over to chance.
    ends = Ends(done.action, told[:, 1], told[:, 0], told[:, 2])
    found = evidence(orders, ends, done.chances, CostModel().costs, USUAL.mean)
    assert found.residuals(USUAL.mean) == pytest.approx(0, abs=1e-6)
    step = np.zeros(len(USUAL.mean))
    step[5] = 1e-3
    moved = found.residuals(USUAL.mean - step) - found.residuals(USUAL.mean)
    assert moved == pytest.approx(found.slopes(USUAL.mean)[:, 5] * 1e-3)
    assert slopes(USUAL.mean).shape[0] == len(USUAL.mean)


def test_an_action_that_few_got_says_nothing() -> None:
    orders = invented(default_rng(2), 400)
    ends, chances = lived(default_rng(2), orders, RUNNING)
    found = evidence(orders, ends, chances, CostModel().costs, USUAL.mean)
    assert 0 < found.orders[0] < FEWEST < found.orders[1]
    assert not found.live[0].any()
    assert found.live[1].any()


def test_ten_orders_of_one_person_count_as_one_would() -> None:
    once, ends, chances = _alike(1)
    alone = evidence(once, ends, chances, CostModel().costs, USUAL.mean)
    tenfold = evidence(*_alike(10), CostModel().costs, USUAL.mean)
    assert np.diag(tenfold.noise) == pytest.approx(100 * np.diag(alone.noise), rel=0.2)


def _alike(times: int) -> tuple[Orders, Ends, np.ndarray]:
    rng = default_rng(3)
    orders = invented(rng, 3_000)
    ends, chances = lived(rng, orders, RUNNING)
    again = np.repeat(np.arange(3_000), times)
    return orders.where(again), ends.where(again), chances[again]


def test_a_score_that_is_off_below_the_threshold_misleads_nobody_about_what_lies_above() -> None:
    policy = Policy(
        mode="act", thresholds=Thresholds(verify=0.3), explore_step=1.5,
        shares=Shares(holdout=0.1, explore=0.05),
    )  # fmt: skip
    misses = []
    for seed in range(6):
        rng = default_rng(seed)
        orders = invented(rng, 40_000)
        done, p = replay(policy, orders), orders.probability
        truth = np.where(p < 0.3, 0.6 * p, p)
        back = rng.random(len(p)) < np.where(done.action == 1, truth * (1 - AVOIDED), truth)
        ends = Ends(done.action, ~back, back, np.zeros(len(p), bool))
        measured = measure(orders, ends, done.chances, CostModel())
        found = compare(measured, done.chances, shipped(len(p))).rto_avoided
        true = float((done.chances[:, 1] * truth * AVOIDED).sum())
        misses.append((found.point or 0.0) / true - 1)
    assert abs(float(np.mean(misses))) < 0.1
