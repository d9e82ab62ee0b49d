"""The decision on one order: a pure function of risk, order, policy, draw, clock and capacity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from features.days import SECOND_US
from features.order import PaymentMode
from models.actions import DISPATCH, MESSAGES, Action, Dispatch, open_to
from models.arms import ARMS, Arm
from models.condition_fields import Subject
from models.conditions import question
from models.policy import Policy
from models.rules import Segment
from models.thresholds import Ladder, Thresholds, reached

Tier: TypeAlias = Literal["low", "medium", "high"]
Source: TypeAlias = Literal["block_list", "allow_list", "rule"]
Passive: TypeAlias = Literal["degraded", "late", "backfilled"]

RULE = "rule: "
"""What the names of rules begin with where a decision reports them; lists' names do not."""

_PRECEDENCE: tuple[Source, ...] = ("block_list", "allow_list", "rule")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What of an order a decision reads; money in whole paise, times in microseconds since 1970."""

    payment_mode: PaymentMode
    amount_paise: int | None
    created_us: int
    dispatch_cutoff_us: int | None = None


@dataclass(frozen=True, slots=True)
class Overrule:
    """What a list or a rule says about an order, and its name as the decision reports it."""

    source: Source
    name: str
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What is left today; None is without limit."""

    messages: int | None = None
    reviews: int | None = None

    def allows(self, action: Action) -> bool:
        """Whether one more order can be given this action."""
        if action in MESSAGES:
            return self.messages is None or self.messages > 0
        return action != "hold" or self.reviews is None or self.reviews > 0


class Verdict(NamedTuple):
    """What is done about an order, and everything needed to judge it later.

    Parameters
    ----------
    action : Action
        What is done; ``policy_action`` is what the policy advises without comparison arms, mode,
        age or failure.
    dispatch : {"go", "wait", "stop"}
        What the pipeline obeys; ``wait_until_us`` is set with ``wait``.
    arm : Arm or None
        None where nothing was drawn.
    propensity : float
        Chance, over the draw, that an order of this risk gets this action; 1 where none was drawn.
    expected_cost : mapping of Action to rupees
        Of every action open to this order; empty when the amount is unknown.
    rule : str or None
        The list or rule that decided instead of the model.
    segment : str or None
        The kind of orders whose thresholds were used.
    """

    action: Action
    policy_action: Action
    dispatch: Dispatch
    wait_until_us: int | None
    tier: Tier
    arm: Arm | None
    propensity: float
    expected_cost: Mapping[Action, float]
    rule: str | None
    segment: str | None = None


def decide(
    probability: float,
    facts: OrderFacts,
    policy: Policy,
    *,
    now_us: int,
    draw: float,
    subject: Subject | None = None,
    overrules: Sequence[Overrule] = (),
    capacity: Capacity | None = None,
    passive: Passive | None = None,
) -> Verdict:
    """Decide on one order; the same inputs always give the same verdict.

    Lists come before rules, and rules before the model; both stand outside the comparison arms. An
    arm is drawn only where one of the arms would act.

    Parameters
    ----------
    probability : float
        That the order comes back if it is shipped untouched.
    draw : float
        In [0, 1), from ``models.arms.draw``.
    subject : Subject, optional
        What the policy's rules and segments ask about; without it none of them applies.
    overrules : sequence of Overrule
        Whatever lists say; precedence is decided here.
    passive : {"degraded", "late", "backfilled"}, optional
        Why nothing may be done: the order ships (a degraded one of an acting merchant follows
        ``policy.on_failure``).
    """
    segment = None if subject is None else segment_of(policy, subject)
    chosen = _thresholds(facts, policy, segment, now_us)
    actions = _actions(probability, facts, chosen, policy.explore_step, capacity or Capacity())
    overrule = _first((*overrules, *_ruled(policy, subject)))
    drawn = _still(facts, policy, now_us, passive) or (
        _Drawn(overrule.action) if overrule else _drawn(actions, policy, draw)
    )
    dispatch = DISPATCH[drawn.action]
    return Verdict(
        action=drawn.action,
        policy_action=overrule.action if overrule else actions["treatment"],
        dispatch=dispatch,
        wait_until_us=_wait_until(facts, policy, now_us) if dispatch == "wait" else None,
        tier=tier(probability, policy),
        arm=drawn.arm,
        propensity=drawn.propensity,
        expected_cost=expected_costs(probability, facts.amount_paise, policy, facts.payment_mode),
        rule=overrule.name if overrule else None,
        segment=segment.name if segment else None,
    )


def segment_of(policy: Policy, subject: Subject) -> Segment | None:
    """The first segment that an order belongs to."""
    for segment in policy.segments:
        if question(segment.when)(subject):
            return segment
    return None


def _ruled(policy: Policy, subject: Subject | None) -> tuple[Overrule, ...]:
    """What the first rule that applies says."""
    if subject is not None:
        for rule in policy.rules:
            if rule.applies(subject):
                return (Overrule("rule", RULE + rule.name, rule.action),)
    return ()


def expected_costs(
    probability: float,
    amount_paise: int | None,
    policy: Policy,
    payment_mode: PaymentMode = "cod",
) -> dict[Action, float]:
    """Expected cost in rupees of each action open to an order; empty when its amount is unknown."""
    if amount_paise is None:
        return {}
    actions = open_to(payment_mode)
    paise = policy.model.each_expected_paise(actions, probability, amount_paise)
    return {action: each / 100 for action, each in zip(actions, paise, strict=True)}


def tier(probability: float, policy: Policy) -> Tier:
    """Low, medium or high, as the policy draws the lines."""
    medium, high = policy.tiers
    if probability >= high:
        return "high"
    return "medium" if probability >= medium else "low"


def _first(overrules: Sequence[Overrule]) -> Overrule | None:
    """The overrule that counts: block over allow over rules, and the first named of a kind."""
    ranked = sorted(overrules, key=lambda overrule: _PRECEDENCE.index(overrule.source))
    return ranked[0] if ranked else None


def _thresholds(
    facts: OrderFacts, policy: Policy, segment: Segment | None, now_us: int
) -> Thresholds:
    """Those of the order's kind, moved while a sale is on."""
    prepaid = facts.payment_mode == "prepaid"
    found = policy.prepaid_thresholds if prepaid else policy.thresholds
    if segment is not None:
        found = (segment.prepaid_thresholds or found) if prepaid else segment.thresholds
    sale = policy.sale_on(now_us)
    return found if sale is None else _moved(found, sale.step)


def _actions(
    probability: float, facts: OrderFacts, thresholds: Thresholds, step: float, room: Capacity
) -> dict[Arm, Action]:
    """What thresholds and capacity give in each arm.

    Leaving out an action without capacity keeps the order of severity: its orders fall to the
    next milder one.
    """
    allowed = tuple(filter(room.allows, open_to(facts.payment_mode)))
    ladders = _ladders(thresholds, step, allowed)
    treatment, up, down = (reached(probability, ladder) for ladder in ladders)
    return {"holdout": "ship", "treatment": treatment, "explore_up": up, "explore_down": down}


@lru_cache(maxsize=8192)
def _ladders(
    thresholds: Thresholds, step: float, allowed: tuple[Action, ...]
) -> tuple[Ladder, Ladder, Ladder]:
    """The steps of treatment, explore-up and explore-down, worked out once and not per order."""
    moved = (thresholds, _moved(thresholds, step), _moved(thresholds, -step))
    treatment, up, down = (each.ladder(allowed) for each in moved)
    return treatment, up, down


@lru_cache(maxsize=8192)
def _moved(thresholds: Thresholds, step: float) -> Thresholds:
    """``Thresholds.moved``, worked out once per policy and not per order."""
    return thresholds.moved(step)


class _Drawn(NamedTuple):
    """What is done, in which arm, and how likely that was."""

    action: Action
    arm: Arm | None = None
    propensity: float = 1.0


def _drawn(actions: Mapping[Arm, Action], policy: Policy, draw: float) -> _Drawn:
    """Draw the arm, where one with a share would act."""
    shares = policy.shares
    if not any(action != "ship" and shares.of(arm) > 0 for arm, action in actions.items()):
        return _Drawn("ship")
    arm = shares.arm(draw)
    propensity = sum(shares.of(one) for one in ARMS if actions[one] == actions[arm])
    return _Drawn(actions[arm], arm, propensity)


def _still(
    facts: OrderFacts, policy: Policy, now_us: int, passive: Passive | None
) -> _Drawn | None:
    """What is done where nothing may be done about the risk; None where something may."""
    late = now_us - facts.created_us > policy.max_action_age_s * SECOND_US
    if policy.mode == "act" and passive == "degraded":
        return _Drawn(policy.on_failure)
    if policy.mode == "observe" or passive is not None or late:
        return _Drawn("ship")
    return None


def _wait_until(facts: OrderFacts, policy: Policy, now_us: int) -> int:
    """The dispatch cut-off where there is one ahead, else the longest wait from now."""
    cutoff = facts.dispatch_cutoff_us
    if cutoff is not None and cutoff > now_us:
        return cutoff
    return now_us + policy.max_wait_s * SECOND_US
