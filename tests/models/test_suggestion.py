"""Suggested thresholds are the cheapest under what was measured, and say when that is little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.random import default_rng

from models.actions import Action
from models.costs import CostModel, Effect
from models.replay import codes_at
from models.suggestion import suggest
from models.thresholds import Thresholds

from .test_estimates import AVOIDED, LOST, RUNNING, invented, lived


def test_the_effects_of_a_merchants_own_orders_replace_the_assumed_ones() -> None:
    rng = default_rng(5)
    orders = invented(rng, 40_000)
    ends, chances = lived(rng, orders, RUNNING)
    found = suggest(orders, ends, chances, RUNNING)
    verify = found.policy.model.effects["verify"]
    assert found.enough
    assert abs(verify.rto_avoided - AVOIDED) < 0.06
    assert abs(verify.good_lost - LOST) < 0.06
    assert found.policy.faults() == ()
    assert found.policy.shares == RUNNING.shares


def test_suggested_thresholds_come_close_to_the_best() -> None:
    rng = default_rng(6)
    orders = invented(rng, 40_000)
    ends, chances = lived(rng, orders, RUNNING)
    never: dict[Action, Effect] = {"prepaid": Effect(good_lost=1.0), "hold": Effect(good_lost=1.0)}
    known = CostModel(effects={**CostModel().effects, **never})
    running = replace(RUNNING, model=known)
    truth = CostModel(
        effects={**known.effects, "verify": Effect(rto_avoided=AVOIDED, good_lost=LOST)}
    )
    table = truth.table(orders.probability, orders.amount_paise.astype(float))
    amounts = np.arange(len(orders))

    def cost(thresholds: Thresholds) -> float:
        codes = codes_at(thresholds, orders.probability, orders.prepaid)
        return float((table[amounts, 0] - table[amounts, codes]).sum())

    found = suggest(orders, ends, chances, running).policy.thresholds
    best = max(
        cost(Thresholds(verify=at, block=block))
        for at in np.linspace(0.005, 0.5, 50)
        for block in (None, 0.9, 0.95, 0.99)
    )
    assert cost(found) > 0.9 * best


def test_few_orders_are_said_to_be_too_few_and_leave_the_thresholds() -> None:
    rng = default_rng(7)
    orders = invented(rng, 200)
    ends, chances = lived(rng, orders, RUNNING)
    found = suggest(orders, ends, chances, RUNNING)
    assert not found.enough
    assert "are needed" in found.why
    assert found.policy.thresholds == RUNNING.thresholds
