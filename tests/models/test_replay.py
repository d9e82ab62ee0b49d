"""Many orders decided at once get what each would get alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.days import DAY_US
from models.actions import ACTIONS, SEVERITY
from models.arms import ARMS, Shares
from models.condition_fields import Subject
from models.decision import RULE, Capacity, OrderFacts, Overrule, Verdict
from models.policy import Policy
from models.replay import NO_ARM, NO_OVERRULE, UNKNOWN_AMOUNT, Orders, replay
from models.thresholds import Thresholds

from .subjects import NOW, columns_of, ruled_policies, subjects
from .test_decision import COD, POLICY, draws, facts, overruling, probabilities, verdict
from .test_decision import subject_of as plain_subject

passives = st.sampled_from([None, None, "degraded", "late"])
one_order = st.tuples(probabilities, facts, draws, passives, overruling, subjects())


Case = tuple[float, OrderFacts, float, str | None, list[Overrule], Subject]


@settings(max_examples=50)
@given(ruled_policies, st.lists(one_order, min_size=1, max_size=5))
def test_many_orders_are_decided_as_each_is_alone(policy: Policy, many: list[Case]) -> None:
    check(policy, many)


def test_every_arm_is_drawn_as_it_is_alone() -> None:
    policy = replace(POLICY, shares=Shares(holdout=0.2, explore=0.2), explore_step=0.5)
    grid = product(np.linspace(0.01, 0.99, 25).tolist(), np.linspace(0, 0.999, 21).tolist())
    assert check(policy, [(p, COD, at, None, [], plain_subject(COD)) for p, at in grid]) == {
        None,
        *ARMS,
    }


def test_who_only_observes_uses_up_no_reviews() -> None:
    policy = replace(POLICY, mode="observe", reviews_per_day=0, thresholds=Thresholds(hold=0.5))
    case: Case = (0.99, COD, 0.5, None, [], plain_subject(COD))
    check(policy, [case])
    assert [one.policy_action for one in alone(policy, [case])] == ["hold"]


def subject_of(case: Case) -> Subject:
    """The order of a case as conditions see it."""
    fact = case[1]
    order = case[5].order._replace(payment_mode=fact.payment_mode, amount_paise=fact.amount_paise)
    return replace(case[5], order=order, probability=case[0])


def alone(policy: Policy, many: list[Case]) -> list[Verdict]:
    """Each decided by itself, one after the other, while there are reviews left."""
    found, held = [], 0
    for case in many:
        most = policy.reviews_at(NOW) if policy.mode == "act" else None
        left = None if most is None else max(0, most - held)
        found.append(
            verdict(
                case[0], case[1], policy, draw=case[2], passive=case[3], overrules=case[4],
                capacity=Capacity(reviews=left), subject=subject_of(case),
            )
        )  # fmt: skip
        held += found[-1].action == "hold"
    return found


def check(policy: Policy, many: list[Case]) -> set[str | None]:
    """Decide together and alone; the arms that occurred."""
    expectations = alone(policy, many)
    listed = [
        SEVERITY[found.policy_action]
        if found.rule is not None and not found.rule.startswith(RULE)
        else NO_OVERRULE
        for found in expectations
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
        full=np.zeros(len(many), bool),
        columns=columns_of([subject_of(one) for one in many]),
    )
    found = replay(policy, orders)
    for row, expected in enumerate(expectations):
        assert ACTIONS[found.action[row]] == expected.action
        assert ACTIONS[found.policy_action[row]] == expected.policy_action
        arm = found.arm[row]
        assert (None if arm == NO_ARM else ARMS[arm]) == expected.arm
        assert found.chances[row, found.action[row]] == pytest.approx(expected.propensity)
        assert found.chances[row].sum() == pytest.approx(1)
    return {one.arm for one in expectations}


def test_reviews_run_out_for_the_day_in_the_order_in_which_orders_came() -> None:
    policy = replace(POLICY, reviews_per_day=2, shares=Shares(holdout=0, explore=0))
    case: Case = (0.7, COD, 0.5, None, [], plain_subject(COD))
    assert [found.action for found in alone(policy, [case] * 4)] == [
        "hold", "hold", "prepaid", "prepaid",
    ]  # fmt: skip
    check(policy, [case] * 4)
    orders = Orders(
        probability=np.full(5, 0.7), draw=np.full(5, 0.5), amount_paise=np.full(5, 1),
        prepaid=np.zeros(5, bool), degraded=np.zeros(5, bool), late=np.zeros(5, bool),
        created_us=np.full(5, NOW), now_us=NOW + np.array([0, 0, 0, 2, 2]) * DAY_US,
        overrule=np.full(5, NO_OVERRULE, np.int8), person=np.arange(5),
        full=np.array([True, False, False, False, False]),
    )  # fmt: skip
    late = replace(policy, max_action_age_s=168 * 3600)
    assert [ACTIONS[a] for a in replay(late, orders).action] == [
        "hold", "hold", "prepaid", "hold", "hold",
    ]  # fmt: skip
    assert [ACTIONS[a] for a in replay(late, orders, as_then=True).action] == [
        "prepaid", "hold", "hold", "hold", "hold",
    ]  # fmt: skip
