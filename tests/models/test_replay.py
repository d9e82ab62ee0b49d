"""Many orders decided at once get what each would get alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.actions import ACTIONS, SEVERITY
from models.arms import ARMS, Shares
from models.decision import OrderFacts, Overrule
from models.policy import Policy
from models.replay import NO_ARM, NO_OVERRULE, UNKNOWN_AMOUNT, Orders, replay

from .test_decision import (
    COD,
    NOW,
    POLICY,
    draws,
    facts,
    overruling,
    policies,
    probabilities,
    verdict,
)

passives = st.sampled_from([None, None, "degraded", "late"])
one_order = st.tuples(probabilities, facts, draws, passives, overruling)


Case = tuple[float, OrderFacts, float, str | None, list[Overrule]]


@given(policies, st.lists(one_order, min_size=1, max_size=6))
def test_many_orders_are_decided_as_each_is_alone(policy: Policy, many: list[Case]) -> None:
    check(policy, many)


def test_every_arm_is_drawn_as_it_is_alone() -> None:
    policy = replace(POLICY, shares=Shares(holdout=0.2, explore=0.2), explore_step=0.5)
    grid = product(np.linspace(0.01, 0.99, 25).tolist(), np.linspace(0, 0.999, 21).tolist())
    assert check(policy, [(p, COD, at, None, []) for p, at in grid]) == {None, *ARMS}


def check(policy: Policy, many: list[Case]) -> set[str | None]:
    """Decide together and alone; the arms that occurred."""
    alone = [
        verdict(p, fact, policy, draw=at, passive=passive, overrules=overrules)
        for p, fact, at, passive, overrules in many
    ]
    listed = [
        SEVERITY[found.policy_action] if one[4] else NO_OVERRULE
        for one, found in zip(many, alone, strict=True)
    ]
    orders = Orders(
        probability=np.array([one[0] for one in many]),
        draw=np.array([one[2] for one in many]),
        amount_paise=np.array(
            [UNKNOWN_AMOUNT if one[1].amount_paise is None else 1 for one in many], np.int64
        ),
        prepaid=np.array([one[1].payment_mode == "prepaid" for one in many]),
        degraded=np.array([one[3] == "degraded" for one in many]),
        late=np.array([one[3] == "late" for one in many]),
        created_us=np.array([one[1].created_us for one in many], np.int64),
        now_us=np.full(len(many), NOW),
        overrule=np.array(listed, np.int8),
        person=np.arange(len(many)),
    )
    found = replay(policy, orders)
    for row, expected in enumerate(alone):
        assert ACTIONS[found.action[row]] == expected.action
        assert ACTIONS[found.policy_action[row]] == expected.policy_action
        arm = found.arm[row]
        assert (None if arm == NO_ARM else ARMS[arm]) == expected.arm
        assert found.chances[row, found.action[row]] == pytest.approx(expected.propensity)
        assert found.chances[row].sum() == pytest.approx(1)
    return {one.arm for one in alone}
