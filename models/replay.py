"""Many past orders decided at once: what a policy does with each of them, as columns."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from features.days import SECOND_US
from models.actions import ACTIONS, SEVERITY, open_to
from models.arms import ARMS
from models.policy import Policy
from models.thresholds import Thresholds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]

NO_ARM = -1
NO_OVERRULE = -1
UNKNOWN_AMOUNT = -1

_SHIP = SEVERITY["ship"]


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """What ``models.decision.decide`` read about each order, shape (n_orders,) each.

    Parameters
    ----------
    probability, draw : ndarray of float64
    amount_paise : ndarray of int64
        ``UNKNOWN_AMOUNT`` where it is unknown.
    prepaid, degraded, late : ndarray of bool
        ``late`` where the pipeline had gone on without a decision; age is worked out here.
    created_us, now_us : ndarray of int64
        When the order was placed and when it was decided.
    overrule : ndarray of int8
        Action of the list that decided, as a position among ``ACTIONS``; else ``NO_OVERRULE``.
    person : ndarray of int64
    """

    probability: Floats
    draw: Floats
    amount_paise: Integers
    prepaid: Flags
    degraded: Flags
    late: Flags
    created_us: Integers
    now_us: Integers
    overrule: Codes
    person: Integers

    def __len__(self) -> int:
        return len(self.probability)

    def where(self, chosen: Flags | Integers) -> Orders:
        """Some of them."""
        return Orders(*(getattr(self, f.name)[chosen] for f in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """What a policy does with each order; actions are positions among ``ACTIONS``.

    Parameters
    ----------
    action, policy_action, arm : ndarray of int8
        As in a ``Verdict``; ``arm`` is a position among ``ARMS`` or ``NO_ARM``.
    chances : ndarray of float64, shape (n_orders, n_actions)
        Of each action over the draw: the propensities.
    """

    action: Codes
    policy_action: Codes
    arm: Codes
    chances: Floats


def replay(policy: Policy, orders: Orders) -> Replayed:
    """Decide all orders under one policy, each exactly as ``decide`` would.

    Capacity is taken as not running out.
    """
    by_arm = _by_arm(policy, orders)
    shares = np.array([policy.shares.of(arm) for arm in ARMS])
    acts = ((by_arm != _SHIP) & (shares > 0)[:, None]).any(axis=0)
    fixed = _fixed(policy, orders)
    listed = orders.overrule != NO_OVERRULE
    drawn = acts & (fixed == NO_OVERRULE) & ~listed
    arm = np.where(drawn, _arms(policy, orders.draw), NO_ARM).astype(np.int8)
    chosen = by_arm[np.maximum(arm, 0), np.arange(len(orders))]
    free = np.where(listed, orders.overrule, np.where(drawn, chosen, _SHIP))
    action = np.where(fixed != NO_OVERRULE, fixed, free).astype(np.int8)
    advised = np.where(listed, orders.overrule, by_arm[ARMS.index("treatment")]).astype(np.int8)
    return Replayed(action, advised, arm, _chances(by_arm, shares, action, drawn))


def codes_at(thresholds: Thresholds, probability: Floats, prepaid: Flags) -> Codes:
    """The most severe action reached that is open to each order, as a position."""
    found = np.zeros(len(probability), np.int8)
    for action in ACTIONS[1:]:
        least = thresholds.of(action)
        if least is None:
            continue
        reached = probability >= least
        if action not in open_to("prepaid"):
            reached &= ~prepaid
        found[reached] = SEVERITY[action]
    return found


def _by_arm(policy: Policy, orders: Orders) -> Codes:
    steps = {"treatment": 0.0, "explore_up": policy.explore_step,
             "explore_down": -policy.explore_step}  # fmt: skip
    found = np.zeros((len(ARMS), len(orders)), np.int8)
    for row, arm in enumerate(ARMS):
        if arm == "holdout":
            continue
        for prepaid, own in ((False, policy.thresholds), (True, policy.prepaid_thresholds)):
            moved = own if arm == "treatment" else own.moved(steps[arm])
            codes = codes_at(moved, orders.probability, orders.prepaid)
            found[row] = np.where(orders.prepaid == prepaid, codes, found[row])
    return found


def _fixed(policy: Policy, orders: Orders) -> Codes:
    """What is done where nothing may be done about the risk; ``NO_OVERRULE`` elsewhere."""
    late = orders.late | (orders.now_us - orders.created_us > policy.max_action_age_s * SECOND_US)
    still = late | orders.degraded | (policy.mode == "observe")
    found = np.where(still, _SHIP, NO_OVERRULE)
    if policy.mode == "act":
        found = np.where(orders.degraded, SEVERITY[policy.on_failure], found)
    return found.astype(np.int8)


def _arms(policy: Policy, draw: Floats) -> Integers:
    """``Shares.arm`` of many draws."""
    holdout, explore = policy.shares.holdout, policy.shares.explore
    return np.select(
        [draw < holdout, draw >= 1 - explore, draw >= 1 - 2 * explore],
        [ARMS.index("holdout"), ARMS.index("explore_down"), ARMS.index("explore_up")],
        ARMS.index("treatment"),
    )


def _chances(by_arm: Codes, shares: Floats, action: Codes, drawn: Flags) -> Floats:
    found = np.zeros((len(action), len(ACTIONS)))
    for code in range(len(ACTIONS)):
        found[:, code] = np.where(drawn, shares @ (by_arm == code), action == code)
    return found
