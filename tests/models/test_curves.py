"""Curves say what the cost model says where effects are alike at every risk, and more where not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import default_rng

from models.actions import ACTIONS
from models.costs import ASSUMED_EFFECTS, CostModel
from models.curves import (
    DEGREE,
    UNCERTAIN,
    UNKNOWNS,
    all_curves,
    cost_table,
    effects_at,
    place,
    slopes,
    unknowns_of,
)

USUAL = unknowns_of(ASSUMED_EFFECTS)


def test_costs_differ_between_actions_as_in_the_cost_model_where_effects_are_alike() -> None:
    rng = default_rng(1)
    p, amount = rng.uniform(0.01, 0.99, 50), rng.uniform(100_00, 5_000_00, 50)
    model = CostModel()
    told, plain = cost_table(USUAL, model.costs, p, amount, ACTIONS), model.table(p, amount)
    assert told - told[:, [0]] == pytest.approx(plain - plain[:, [0]])


def test_an_effect_that_is_larger_where_risk_is_low_is_told_so() -> None:
    unknowns = USUAL.copy()
    unknowns[place("verify", "avoided_low")] = 0.2
    unknowns[place("verify", "lost_high")] = 0.1
    for p in (0.1, 0.9):
        found = effects_at(unknowns, dict.fromkeys(UNCERTAIN, p))["verify"]
        assert found.rto_avoided == pytest.approx(0.35 + 0.2 * (1 - p))
        assert found.good_lost == pytest.approx(0.03 + 0.1 * p)
        back = p * (1 - found.rto_avoided)
        powers = p ** np.arange(DEGREE + 1)
        assert all_curves(unknowns)[1, 0] @ powers == pytest.approx(back)


def test_slopes_are_those_of_the_curves_themselves() -> None:
    rng = default_rng(2)
    unknowns = USUAL + 0.05 * rng.standard_normal(UNKNOWNS)
    told = slopes(unknowns)
    for i, step in enumerate(np.eye(UNKNOWNS) * 1e-4):
        moved = (all_curves(unknowns + step) - all_curves(unknowns - step)) / 2e-4
        assert moved == pytest.approx(told[i], abs=1e-8)


def test_what_is_told_lies_within_what_can_be() -> None:
    wild = np.full(UNKNOWNS, 5.0)
    for far in (wild, -wild):
        for action, effect in effects_at(far, dict.fromkeys(UNCERTAIN, 0.5)).items():
            assert effect.faults(action) == ()


def test_what_a_score_misses_in_returns_it_has_too_much_in_deliveries() -> None:
    unknowns = USUAL.copy()
    unknowns[:3] = 0.1, 0.05, -0.02
    back, there, _ = all_curves(unknowns)[0]
    told = back + there
    assert told == pytest.approx(np.eye(DEGREE + 1)[0], abs=1e-9)
    assert back[1] > 1.0
