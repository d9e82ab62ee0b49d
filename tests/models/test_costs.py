"""Expected costs are the documented sums of a merchant's own money."""

from __future__ import annotations

import numpy as np
import pytest

from models.actions import ACTIONS
from models.costs import ASSUMED_EFFECTS, CostModel, Costs, Effect

COSTS = Costs(
    forward_paise=60_00,
    reverse_paise=50_00,
    handling_paise=10_00,
    packaging_paise=5_00,
    damage_share=0.01,
    margin_share=0.3,
    utility_message_paise=13,
    marketing_message_paise=88,
    prepaid_discount_paise=40_00,
    review_paise=20_00,
)
MODEL = CostModel(COSTS)


def test_shipping_costs_the_return_as_often_as_it_happens() -> None:
    assert COSTS.of_return(1000_00) == 135_00
    assert MODEL.expected_paise("ship", 0.2, 1000_00) == pytest.approx(0.2 * 135_00)


def test_blocking_costs_the_margin_of_the_good_orders() -> None:
    assert MODEL.expected_paise("block", 0.2, 1000_00) == pytest.approx(0.8 * 300_00)


def test_asking_for_payment_costs_message_discounts_and_lost_customers() -> None:
    effect = ASSUMED_EFFECTS["prepaid"]
    expected = (
        88
        + effect.paid * 40_00
        + 0.4 * (1 - effect.rto_avoided) * 135_00
        - 0.4 * effect.rto_rescued * 300_00
        + 0.6 * effect.good_lost * 300_00
    )
    assert MODEL.expected_paise("prepaid", 0.4, 1000_00) == pytest.approx(expected)


def test_fees_are_of_their_action() -> None:
    free = CostModel(COSTS, dict.fromkeys(ACTIONS, Effect()))
    assert [free.fee_paise(action) for action in ACTIONS] == [0, 13, 88, 20_00, 0]


def test_a_table_of_many_orders_holds_what_one_order_costs() -> None:
    p, amounts = np.array([0.05, 0.4, 0.9]), np.array([200_00.0, 1000_00.0, 9999_00.0])
    table = MODEL.table(p, amounts)
    for i in range(3):
        for k, action in enumerate(ACTIONS):
            expected = MODEL.expected_paise(action, p[i], amounts[i])
            assert table[i, k] == pytest.approx(expected)


def test_the_shipped_costs_and_effects_are_valid() -> None:
    assert CostModel().faults() == ()


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (CostModel(Costs(forward_paise=-1)), "forward_paise is -1; it must not be negative"),
        (CostModel(Costs(margin_share=1.2)), "margin_share is 1.2; a share"),
        (CostModel(Costs(damage_share=float("nan"))), "damage_share is nan"),
        (
            CostModel(effects={**ASSUMED_EFFECTS, "hold": Effect(rto_avoided=1.1)}),
            "effects of hold",
        ),
        (
            CostModel(effects={**ASSUMED_EFFECTS, "hold": Effect(rto_rescued=0.1)}),
            "cannot exceed it",
        ),
        (CostModel(effects={**ASSUMED_EFFECTS, "burn": Effect()}), '"burn" is not one of'),  # type: ignore[dict-item]
        (CostModel(effects={"ship": Effect()}), "verify is missing"),
        (
            CostModel(effects={**ASSUMED_EFFECTS, "ship": Effect(rto_avoided=0.1)}),
            "effects of ship",
        ),
    ],
)
def test_money_that_makes_no_sense_is_named(model: CostModel, says: str) -> None:
    assert any(says in fault for fault in model.faults())
