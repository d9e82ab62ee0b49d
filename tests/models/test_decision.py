"""A decision is a pure function; more risk is never treated more gently."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.days import HOUR_US, SECOND_US
from features.order import PAYMENT_MODES, Order
from models.actions import ACTIONS, DISPATCH, SEVERITY
from models.arms import ARMS, Shares
from models.condition_fields import Subject
from models.condition_text import parse
from models.decision import Capacity, OrderFacts, Overrule, Verdict, decide, expected_costs
from models.policy import Policy, default_policy
from models.rules import Rule, Sale, Segment
from models.thresholds import Thresholds

from .subjects import NOW, plain_policies, policies, ruled_policies, subjects

POLICY = Policy(
    revision=7,
    mode="act",
    thresholds=Thresholds(verify=0.2, prepaid=0.4, hold=0.6, block=0.9),
    prepaid_thresholds=Thresholds(verify=0.1, prepaid=0.2, hold=0.7),
)
COD = OrderFacts(payment_mode="cod", amount_paise=1299_00, created_us=NOW - HOUR_US)
TREATED = 0.5
HELD_OUT = 0.01

facts = st.builds(
    OrderFacts,
    payment_mode=st.sampled_from(PAYMENT_MODES),
    amount_paise=st.none() | st.integers(0, 10_000_000),
    created_us=st.integers(NOW - 10 * HOUR_US, NOW + HOUR_US),
    dispatch_cutoff_us=st.none() | st.integers(NOW - HOUR_US, NOW + 10 * HOUR_US),
)
draws = st.floats(0, 1, exclude_max=True)
probabilities = st.floats(0, 1)
left = st.none() | st.integers(0, 2)
capacities = st.builds(Capacity, messages=left, reviews=left)
passives = st.sampled_from([None, None, "degraded", "late", "backfilled"])
overruling = st.lists(
    st.builds(
        Overrule,
        st.sampled_from(["block_list", "allow_list", "rule"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(ACTIONS),
    ),
    max_size=3,
)


def verdict(
    probability: float, facts: OrderFacts = COD, policy: Policy = POLICY, **rest: object
) -> Verdict:
    """Decide on a treated order of an acting merchant unless a test says otherwise."""
    named: dict[str, object] = {"now_us": NOW, "draw": TREATED, **rest}
    return decide(probability, facts, policy, **named)  # type: ignore[arg-type]


@given(
    policies, facts, subjects(), probabilities, probabilities, draws, capacities, passives,
    overruling,
)  # fmt: skip
def test_more_risk_is_never_treated_more_gently(
    policy: Policy,
    facts: OrderFacts,
    subject: Subject,
    one: float,
    other: float,
    draw: float,
    capacity: Capacity,
    passive: str | None,
    overrules: list[Overrule],
) -> None:
    low, high = (
        verdict(
            p, facts, policy, draw=draw, capacity=capacity, passive=passive, overrules=overrules,
            subject=replace(subject, probability=p),
        )
        for p in sorted((one, other))
    )  # fmt: skip
    assert policy.faults() == ()
    assert SEVERITY[low.action] <= SEVERITY[high.action]
    assert SEVERITY[low.policy_action] <= SEVERITY[high.policy_action]


@given(ruled_policies, facts, subjects(), probabilities, draws, capacities, passives, overruling)
def test_the_same_inputs_give_the_same_verdict(
    policy: Policy,
    facts: OrderFacts,
    subject: Subject,
    probability: float,
    draw: float,
    capacity: Capacity,
    passive: str | None,
    overrules: list[Overrule],
) -> None:
    named = {"draw": draw, "capacity": capacity, "passive": passive, "overrules": overrules,
             "subject": subject}  # fmt: skip
    again = Policy.from_json(policy.to_json())
    first = verdict(probability, facts, policy, **named)
    assert verdict(probability, replace(facts), again, **named) == first


@given(plain_policies, facts, probabilities, draws)
def test_the_holdout_always_ships(
    policy: Policy, facts: OrderFacts, probability: float, draw: float
) -> None:
    found = verdict(probability, facts, policy, draw=draw)
    if found.arm == "holdout":
        assert (found.action, found.dispatch) == ("ship", "go")


@given(plain_policies, facts, probabilities, draws, capacities)
def test_the_propensities_of_the_actions_that_can_happen_sum_to_one(
    policy: Policy, facts: OrderFacts, probability: float, draw: float, capacity: Capacity
) -> None:
    shares = policy.shares
    ends = [0.0, shares.holdout, 1 - 2 * shares.explore, 1 - shares.explore]
    found = {}
    for end, arm in zip(ends, ("holdout", "treatment", "explore_up", "explore_down"), strict=True):
        if end < 1 and shares.arm(end) == arm:
            one = verdict(probability, facts, policy, draw=end, capacity=capacity)
            found[one.action] = one.propensity
    assert sum(found.values()) == pytest.approx(1, abs=1e-9)


@given(plain_policies, facts, probabilities, draws, passives, overruling)
def test_an_order_waits_exactly_when_its_dispatch_does(
    policy: Policy,
    facts: OrderFacts,
    probability: float,
    draw: float,
    passive: str | None,
    overrules: list[Overrule],
) -> None:
    found = verdict(probability, facts, policy, draw=draw, passive=passive, overrules=overrules)
    assert found.dispatch == DISPATCH[found.action]
    assert (found.wait_until_us is not None) == (found.dispatch == "wait")
    assert found.wait_until_us is None or found.wait_until_us > NOW


@given(plain_policies, facts, probabilities, draws, overruling)
def test_a_prepaid_order_is_never_asked_to_pay_or_confirm(
    policy: Policy, facts: OrderFacts, probability: float, draw: float, overrules: list[Overrule]
) -> None:
    prepaid = replace(facts, payment_mode="prepaid")
    found = verdict(probability, prepaid, policy, draw=draw)
    assert found.action in ("ship", "hold", "block")
    assert found.policy_action in ("ship", "hold", "block")
    assert set(found.expected_cost) <= {"ship", "hold", "block"}


@pytest.mark.parametrize(
    ("probability", "action"),
    [(0.1, "ship"), (0.2, "verify"), (0.5, "prepaid"), (0.6, "hold"), (0.95, "block")],
)
def test_a_treated_order_gets_what_the_policy_advises(probability: float, action: str) -> None:
    found = verdict(probability)
    assert (found.action, found.policy_action) == (action, action)


@pytest.mark.parametrize(("probability", "action"), [(0.3, "ship"), (0.65, "ship"), (0.8, "hold")])
def test_a_prepaid_order_has_thresholds_of_its_own(probability: float, action: str) -> None:
    assert verdict(probability, replace(COD, payment_mode="prepaid")).action == action


def test_a_held_out_order_ships_and_records_what_it_would_have_got() -> None:
    found = verdict(0.5, draw=HELD_OUT)
    assert (found.action, found.policy_action, found.arm) == ("ship", "prepaid", "holdout")
    assert found.propensity == pytest.approx(0.05)


def test_no_arm_is_drawn_where_no_arm_would_act() -> None:
    found = verdict(0.05, draw=HELD_OUT)
    assert (found.action, found.arm, found.propensity) == ("ship", None, 1.0)


def test_exploration_moves_every_threshold_by_its_step() -> None:
    just_above, just_below = 0.41, 0.39
    up, down = 1 - 2 * POLICY.shares.explore, 0.999
    assert verdict(just_above, draw=up).action == "verify"
    assert verdict(just_above, draw=up).arm == "explore_up"
    assert verdict(just_below, draw=down).action == "prepaid"
    assert verdict(just_below, draw=down).policy_action == "verify"
    assert verdict(just_below, draw=down).propensity == pytest.approx(0.025)
    assert verdict(just_below).propensity == pytest.approx(0.925)


def test_an_arm_without_a_share_draws_nobody() -> None:
    near = 0.19
    assert verdict(near).arm == "treatment"
    settled = replace(POLICY, shares=Shares(holdout=0.05, explore=0.0))
    assert verdict(near, policy=settled).arm is None
    assert verdict(0.2, policy=settled).arm == "treatment"


@pytest.mark.parametrize("passive", ["degraded", "late", "backfilled"])
def test_nothing_is_done_about_an_order_that_cannot_be_acted_on(passive: str) -> None:
    found = verdict(0.95, passive=passive)
    assert (found.action, found.dispatch, found.arm) == ("ship", "go", None)
    assert found.policy_action == "block"
    assert found.propensity == 1.0


def test_a_merchant_who_observes_ships_everything() -> None:
    observing = replace(POLICY, mode="observe", on_failure="hold")
    listed = [Overrule("block_list", "list 3", "block")]
    for rest in ({}, {"passive": "degraded"}, {"overrules": listed}, {"draw": HELD_OUT}):
        found = verdict(0.95, policy=observing, **rest)
        assert (found.action, found.dispatch, found.arm) == ("ship", "go", None)
        assert found.policy_action == "block"


def test_a_degraded_order_follows_the_failure_setting() -> None:
    careful = replace(POLICY, on_failure="hold")
    assert verdict(0.01, policy=careful, passive="degraded").action == "hold"
    assert verdict(0.95, policy=careful, passive="late").action == "ship"


def test_an_order_older_than_the_policy_acts_on_is_late() -> None:
    edge = NOW - POLICY.max_action_age_s * SECOND_US
    assert verdict(0.95, replace(COD, created_us=edge)).action == "block"
    assert verdict(0.95, replace(COD, created_us=edge - 1)).action == "ship"


def test_lists_come_before_rules_and_rules_before_the_model() -> None:
    rule = Overrule("rule", "large COD", "verify")
    allow = Overrule("allow_list", "friends", "ship")
    block = Overrule("block_list", "never again", "block")
    cases = [
        ([rule], "verify", "large COD"),
        ([rule, allow], "ship", "friends"),
        ([rule, allow, block], "block", "never again"),
        ([Overrule("rule", "second", "hold"), rule], "hold", "second"),
    ]
    for overrules, action, name in cases:
        for draw in (HELD_OUT, TREATED, 0.999):
            found = verdict(0.5, overrules=overrules, draw=draw)
            assert (found.action, found.rule, found.arm) == (action, name, None)


def subject_of(facts: OrderFacts, probability: float = 0.5) -> Subject:
    """The order as conditions see it; nothing is known of its customer."""
    order = Order(
        merchant_id="m", order_id="o", created_us=facts.created_us,
        payment_mode=facts.payment_mode, amount_paise=facts.amount_paise, city="Pune",
    )  # fmt: skip
    return Subject(order, None, probability)


def test_the_first_rule_that_applies_decides_after_lists_and_names_itself() -> None:
    policy = replace(
        POLICY,
        rules=(
            Rule(name="never", when=parse("amount > 99999"), action="block"),
            Rule(name="large", when=parse("amount > 1000 and city = pune"), action="hold"),
            Rule(name="later", when=parse("amount > 1"), action="ship"),
        ),
    )
    for draw in (HELD_OUT, TREATED):
        found = verdict(0.01, policy=policy, subject=subject_of(COD), draw=draw)
        assert (found.action, found.policy_action, found.rule) == ("hold", "hold", "rule: large")
        assert (found.arm, found.propensity) == (None, 1.0)
    allow = Overrule("allow_list", "allow list: phone", "ship")
    listed = verdict(0.9, policy=policy, subject=subject_of(COD), overrules=[allow])
    assert (listed.action, listed.rule) == ("ship", "allow list: phone")
    assert verdict(0.01, policy=policy).rule is None


def test_a_rule_passes_over_orders_that_its_action_is_not_open_to() -> None:
    ask = Rule(name="ask everybody", when=parse("amount > 1"), action="verify")
    prepaid = replace(COD, payment_mode="prepaid")
    found = verdict(0.1, prepaid, replace(POLICY, rules=(ask,)), subject=subject_of(prepaid))
    assert (found.action, found.rule) == ("ship", None)


def test_the_first_segment_that_an_order_belongs_to_gives_the_thresholds() -> None:
    large = Segment(name="large", when=parse("amount > 1000"), thresholds=Thresholds(hold=0.1))
    pune = Segment(
        name="pune", when=parse("city = Pune"), thresholds=Thresholds(block=0.1),
        prepaid_thresholds=Thresholds(block=0.2),
    )  # fmt: skip
    policy = replace(POLICY, segments=(large, pune))
    small, paid = replace(COD, amount_paise=100_00), replace(COD, payment_mode="prepaid")
    found = verdict(0.3, policy=policy, subject=subject_of(COD))
    assert (found.action, found.segment) == ("hold", "large")
    found = verdict(0.3, small, policy, subject=subject_of(small))
    assert (found.action, found.segment) == ("block", "pune")
    # A segment without thresholds for prepaid orders leaves them the usual ones.
    assert verdict(0.3, paid, policy, subject=subject_of(paid)).action == "ship"
    assert verdict(0.75, paid, policy, subject=subject_of(paid)).action == "hold"
    assert verdict(0.3, policy=policy).segment is None


def test_a_sale_moves_every_threshold_and_is_over_by_itself() -> None:
    sale = Sale(from_us=NOW - 1, until_us=NOW + HOUR_US, step=1.0, reviews_per_day=2)
    policy = replace(POLICY, sale=sale, reviews_per_day=1)
    assert verdict(0.25, policy=policy).action == "ship"
    assert verdict(0.5, policy=policy).action == "verify"
    assert verdict(0.25, policy=policy, now_us=NOW + HOUR_US).action == "verify"
    assert verdict(0.25, policy=policy, now_us=NOW - 2).action == "verify"
    assert [policy.reviews_at(NOW + after) for after in (0, HOUR_US)] == [2, 1]


def test_an_action_without_capacity_falls_to_the_next_milder() -> None:
    assert verdict(0.65, capacity=Capacity(reviews=0)).action == "prepaid"
    assert verdict(0.65, capacity=Capacity(messages=0, reviews=0)).action == "ship"
    assert verdict(0.3, capacity=Capacity(messages=0)).action == "ship"
    assert verdict(0.95, capacity=Capacity(messages=0, reviews=0)).action == "block"
    assert verdict(0.65, capacity=Capacity(messages=1, reviews=1)).action == "hold"


def test_a_waiting_order_waits_for_its_cut_off_or_the_longest_wait() -> None:
    cutoff = NOW + 9 * HOUR_US
    longest = NOW + POLICY.max_wait_s * SECOND_US
    assert verdict(0.3, replace(COD, dispatch_cutoff_us=cutoff)).wait_until_us == cutoff
    assert verdict(0.3).wait_until_us == longest
    assert verdict(0.3, replace(COD, dispatch_cutoff_us=NOW)).wait_until_us == longest


@pytest.mark.parametrize(
    ("probability", "tier"), [(0.1, "low"), (0.15, "medium"), (0.3, "high"), (1.0, "high")]
)
def test_tiers_are_the_policys(probability: float, tier: str) -> None:
    assert verdict(probability).tier == tier


def test_expected_costs_are_rupees_of_every_open_action() -> None:
    costs = expected_costs(0.374, 1299_00, POLICY)
    assert list(costs) == list(ACTIONS)
    assert costs["ship"] == pytest.approx(0.374 * (152 + 0.02 * 1299))
    assert expected_costs(0.374, None, POLICY) == {}


@given(st.integers(200_00, 20_000_00), st.floats(0.001, 0.999))
def test_the_default_policy_takes_the_cheapest_action_for_a_typical_order(
    amount: int, probability: float
) -> None:
    policy = default_policy(amount, mode="act")
    typical = replace(COD, amount_paise=amount)
    found = verdict(round(probability, 3), typical, policy)
    assert found.expected_cost[found.action] == pytest.approx(min(found.expected_cost.values()))


def test_arms_are_the_four_of_the_contract() -> None:
    assert set(ARMS) == {"holdout", "treatment", "explore_up", "explore_down"}
