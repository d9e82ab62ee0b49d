"""A policy comes back from its stored form, and one that cannot be is refused with reasons."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import RefusedError
from models.actions import ACTIONS
from models.costs import Costs
from models.policy import Policy, default_policy
from models.thresholds import Thresholds


@given(
    amount=st.integers(1, 100_000_00),
    margin=st.floats(0, 1),
    mode=st.sampled_from(["observe", "act"]),
    revision=st.integers(0, 10**6),
)
def test_a_policy_survives_its_json(amount: int, margin: float, mode: str, revision: int) -> None:
    policy = default_policy(
        amount,
        costs=Costs(margin_share=margin),
        mode=mode,  # type: ignore[arg-type]
        revision=revision,
    )
    assert policy.checked() is policy
    assert Policy.from_json(json.loads(json.dumps(policy.to_json()))) == policy


def test_a_merchant_starts_by_observing() -> None:
    assert default_policy().mode == "observe"
    assert Policy().mode == "observe"


def test_prepaid_orders_are_held_at_most_by_default() -> None:
    prepaid = default_policy().prepaid_thresholds
    assert prepaid.hold is not None
    assert prepaid.block is None


def test_what_is_absent_takes_its_default() -> None:
    assert Policy.from_json({}) == default_policy()
    assert Policy.from_json({"mode": "act"}) == default_policy(mode="act")
    off = Policy.from_json({"thresholds": {"verify": 0.2}, "prepaid_thresholds": {}})
    assert off.thresholds == Thresholds(verify=0.2)
    assert off.prepaid_thresholds == Thresholds()
    partly = Policy.from_json({"effects": {"hold": {"rto_avoided": 0.9}}})
    assert set(partly.model.effects) == set(ACTIONS)
    assert partly.model.effects["hold"].rto_avoided == 0.9


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"treshold": {}}, '"treshold" is unknown; remove it'),
        ({"thresholds": {"wait": 0.3}}, '"thresholds.wait" is unknown'),
        ({"thresholds": 0.3}, "thresholds must be an object"),
        ({"thresholds": {"verify": "0.3"}}, "thresholds.verify must be a number"),
        ({"thresholds": {"verify": True}}, "thresholds.verify must be a number or null"),
        ({"thresholds": {"verify": 0.5, "block": 0.4}}, "block begins at 0.4"),
        ({"prepaid_thresholds": {"hold": 2}}, "prepaid orders: thresholds: hold is 2"),
        ({"mode": "live"}, 'mode must be "observe" or "act"'),
        ({"mode": None}, "mode must be text"),
        ({"revision": 1.5}, "revision must be a whole number"),
        ({"on_failure": "block"}, 'on_failure must be "ship" or "hold"'),
        ({"tiers": [0.4, 0.2]}, "tiers must rise"),
        ({"tiers": [0.4]}, "tiers must be two probabilities"),
        ({"tiers": [None, 0.2]}, "tiers must be a number"),
        ({"costs": {"forward_paise": 65.5}}, "costs.forward_paise must be a whole number"),
        ({"costs": {"forward_paise": -1}}, "must not be negative"),
        ({"costs": {"forward_paise": 10**400}}, "forward_paise is too large"),
        ({"effects": {"burn": {}}}, '"burn" is not one of'),
        ({"effects": {"hold": {"rto_avoided": 2}}}, "effects of hold"),
        ({"shares": {"holdout": 0.9}}, "holdout is 0.9"),
        ({"explore_step": 9}, "explore_step must lie"),
        ({"max_wait_s": 1}, "max_wait_s must lie"),
        ({"max_action_age_s": 10**9}, "max_action_age_s must lie"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(body: dict[str, object], says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        Policy.from_json(body)


def test_every_fault_has_its_sentence() -> None:
    policy = Policy(thresholds=Thresholds(verify=2.0), tiers=(0.5, 0.5), revision=-1)
    assert len(policy.faults()) == 3
