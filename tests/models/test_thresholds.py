"""Thresholds keep the order of severity, and the automatic ones are the cheapest that do."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.actions import ACTIONS, SEVERITY, Action
from models.costs import CostModel, Costs
from models.scorer import Floats
from models.thresholds import Thresholds, automatic, cheapest

unit = st.floats(0.001, 0.999)


@st.composite
def ordered(draw: st.DrawFn) -> Thresholds:
    """Valid thresholds, some of them never."""
    values = sorted(draw(st.lists(unit, min_size=4, max_size=4)))
    used = [draw(st.booleans()) for _ in values]
    named = zip(ACTIONS[1:], values, used, strict=True)
    return Thresholds(**{action: value if on else None for action, value, on in named})


@given(thresholds=ordered(), low=st.floats(0, 1), high=st.floats(0, 1))
def test_more_risk_is_never_treated_more_gently(
    thresholds: Thresholds, low: float, high: float
) -> None:
    low, high = sorted((low, high))
    assert SEVERITY[thresholds.action(low)] <= SEVERITY[thresholds.action(high)]


@given(thresholds=ordered(), step=st.floats(-2, 2))
def test_moved_thresholds_stay_valid_and_move_the_right_way(
    thresholds: Thresholds, step: float
) -> None:
    moved = thresholds.moved(step)
    assert moved.faults() == ()
    for action in ACTIONS[1:]:
        before, after = thresholds.of(action), moved.of(action)
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert (after - before) * step >= -1e-12


def test_an_action_begins_at_its_threshold() -> None:
    thresholds = Thresholds(verify=0.2, block=0.9)
    found = [thresholds.action(p) for p in (0.0, 0.1999, 0.2, 0.8999, 0.9, 1.0)]
    assert found == ["ship", "ship", "verify", "verify", "block", "block"]


def test_an_action_that_is_not_allowed_falls_to_the_next_milder() -> None:
    thresholds = Thresholds(verify=0.2, hold=0.6)
    assert thresholds.action(0.7, ("ship", "verify")) == "verify"
    assert thresholds.action(0.3, ("ship", "hold")) == "ship"


@pytest.mark.parametrize(
    ("thresholds", "says"),
    [
        (Thresholds(verify=0.5, hold=0.4), "hold begins at 0.4, before the milder verify at 0.5"),
        (Thresholds(verify=0.0), "verify is 0.0; it must lie above 0"),
        (Thresholds(block=1.5), "block is 1.5"),
        (Thresholds(block=float("nan")), "block is nan"),
    ],
)
def test_thresholds_out_of_order_are_named(thresholds: Thresholds, says: str) -> None:
    assert len(thresholds.faults()) == 1
    assert says in thresholds.faults()[0]


def total(thresholds: Thresholds, p: Floats, costs: Floats) -> float:
    """What these orders cost under these thresholds."""
    return float(sum(costs[i, SEVERITY[thresholds.action(p[i])]] for i in range(len(p))))


def cheapest_by_trying(p: Floats, costs: Floats) -> float:
    """The lowest cost over every way to place four thresholds."""
    places = [*sorted(set(p.tolist())), None]
    best = np.inf
    for chosen in combinations_with_replacement(range(len(places)), 4):
        named = zip(ACTIONS[1:], (places[i] for i in chosen), strict=True)
        best = min(best, total(Thresholds(**dict(named)), p, costs))
    return float(best)


@given(
    p=st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]), min_size=1, max_size=7),
    seed=st.integers(0, 10_000),
)
def test_the_cheapest_thresholds_are_as_cheap_as_any(p: list[float], seed: int) -> None:
    costs = np.random.default_rng(seed).normal(size=(len(p), 5))
    found = cheapest(np.array(p), costs)
    assert found.faults() == ()
    assert total(found, np.array(p), costs) == pytest.approx(cheapest_by_trying(np.array(p), costs))


def test_where_actions_cost_the_same_the_milder_is_chosen() -> None:
    p = np.linspace(0.1, 0.9, 9)
    assert cheapest(p, np.ones((9, 5))) == Thresholds()


def test_automatic_thresholds_lie_where_the_lines_cross() -> None:
    model = CostModel()
    amount = 1_200_00
    found = automatic(model, amount)
    assert found.faults() == ()
    assert None not in (found.verify, found.prepaid, found.hold, found.block)
    milder: Action = "ship"
    for action in ACTIONS[1:]:
        at = found.of(action)
        assert at is not None
        below, above = at - 0.0011, at + 0.0001
        assert model.expected_paise(action, above, amount) <= model.expected_paise(
            milder, above, amount
        )
        assert model.expected_paise(action, below, amount) > model.expected_paise(
            milder, below, amount
        )
        milder = action


@given(
    amount=st.integers(100_00, 50_000_00),
    margin=st.floats(0, 0.9),
    forward=st.integers(0, 500_00),
    discount=st.integers(0, 300_00),
)
def test_automatic_thresholds_are_valid_for_any_money(
    amount: int, margin: float, forward: int, discount: int
) -> None:
    costs = Costs(margin_share=margin, forward_paise=forward, prepaid_discount_paise=discount)
    assert automatic(CostModel(costs), amount).faults() == ()


def test_a_dearer_return_brings_the_first_question_earlier() -> None:
    cheap, dear = (automatic(CostModel(Costs(reverse_paise=r)), 1_200_00) for r in (20_00, 200_00))
    assert cheap.verify is not None
    assert dear.verify is not None
    assert dear.verify < cheap.verify
