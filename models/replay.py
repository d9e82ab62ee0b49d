"""Many past orders decided at once: what a policy does with each of them, as columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from features.days import SECOND_US, ist_day
from models.actions import ACTIONS, SEVERITY, open_to
from models.arms import ARMS
from models.conditions import Column, Columns, fields_of, select
from models.policy import Policy
from models.thresholds import Thresholds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]

NO_ARM = -1
NO_OVERRULE = -1
UNKNOWN_AMOUNT = -1

_SHIP, _HOLD = SEVERITY["ship"], SEVERITY["hold"]


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
    full : ndarray of bool
        Where no review was left when it was decided.
    columns : mapping
        What the policy's rules and segments ask about; see ``asked``.
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
    full: Flags
    columns: Columns = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.probability)

    def where(self, chosen: Flags | Integers) -> Orders:
        """Some of them."""
        plain = {f.name: getattr(self, f.name)[chosen] for f in fields(self)[:-1]}
        columns = {n: Column(c.values[chosen], c.words) for n, c in self.columns.items()}
        return Orders(**plain, columns=columns)


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


def asked(policy: Policy) -> frozenset[str]:
    """The fields that a policy's rules and segments ask about."""
    conditions = [rule.when for rule in policy.rules] + [s.when for s in policy.segments]
    return frozenset(name for condition in conditions for name in fields_of(condition))


def replay(policy: Policy, orders: Orders, *, as_then: bool = False) -> Replayed:
    """Decide all orders under one policy, each exactly as ``decide`` would.

    Messages are taken as not running out. Reviews run out as they would have: orders of a day are
    held in the order given until as many are held as people have time for.

    Parameters
    ----------
    as_then : bool
        Reviews were left where they really were.
    """
    overrule = _overrules(policy, orders)
    if as_then:
        return _decided(policy, orders, overrule, orders.full)
    free = _decided(policy, orders, overrule, np.zeros(len(orders), bool))
    full = _used_up(policy, orders, free.action == _HOLD)
    return _decided(policy, orders, overrule, full) if full.any() else free


def _decided(policy: Policy, orders: Orders, overrule: Codes, full: Flags) -> Replayed:
    by_arm = _by_arm(policy, orders, full)
    shares = np.array([policy.shares.of(arm) for arm in ARMS])
    acts = ((by_arm != _SHIP) & (shares > 0)[:, None]).any(axis=0)
    fixed = _fixed(policy, orders)
    listed = overrule != NO_OVERRULE
    drawn = acts & (fixed == NO_OVERRULE) & ~listed
    arm = np.where(drawn, _arms(policy, orders.draw), NO_ARM).astype(np.int8)
    chosen = by_arm[np.maximum(arm, 0), np.arange(len(orders))]
    free = np.where(listed, overrule, np.where(drawn, chosen, _SHIP))
    action = np.where(fixed != NO_OVERRULE, fixed, free).astype(np.int8)
    advised = np.where(listed, overrule, by_arm[ARMS.index("treatment")]).astype(np.int8)
    return Replayed(action, advised, arm, _chances(by_arm, shares, action, drawn))


def codes_at(
    thresholds: Thresholds, probability: Floats, prepaid: Flags, full: Flags | None = None
) -> Codes:
    """The most severe action reached that is open to each order, as a position."""
    found = np.zeros(len(probability), np.int8)
    for action in ACTIONS[1:]:
        least = thresholds.of(action)
        if least is None:
            continue
        reached = probability >= least
        if action not in open_to("prepaid"):
            reached &= ~prepaid
        if action == "hold" and full is not None:
            reached &= ~full
        found[reached] = SEVERITY[action]
    return found


def _overrules(policy: Policy, orders: Orders) -> Codes:
    """What lists said, else what the first rule that applies says."""
    found = orders.overrule.copy()
    for rule in policy.rules:
        applies = (found == NO_OVERRULE) & select(rule.when, orders.columns)
        if rule.action not in open_to("prepaid"):
            applies &= ~orders.prepaid
        found[applies] = SEVERITY[rule.action]
    return found


def _used_up(policy: Policy, orders: Orders, held: Flags) -> Flags:
    """Where as many orders had been held that day as are reviewed in one."""
    usual, sale = policy.reviews_per_day, _on_sale(policy, orders)
    most = np.full(len(orders), np.inf if usual is None else usual)
    if policy.sale is not None and policy.sale.reviews_per_day is not None:
        most[sale] = policy.sale.reviews_per_day
    if policy.mode != "act" or np.isinf(most).all():  # who only observes holds none
        return np.zeros(len(orders), bool)
    days = np.asarray(ist_day(orders.now_us))  # type: ignore[arg-type]
    day = np.unique(days, return_inverse=True)[1]
    by_day = np.argsort(day, kind="stable")
    before: Integers = np.cumsum(held[by_day]) - held[by_day]
    begins = np.searchsorted(day[by_day], np.arange(day.max(initial=-1) + 1))
    found = np.empty(len(orders), bool)
    found[by_day] = before - before[begins][day[by_day]] >= most[by_day]
    return found


def _on_sale(policy: Policy, orders: Orders) -> Flags:
    if policy.sale is None:
        return np.zeros(len(orders), bool)
    return (orders.now_us >= policy.sale.from_us) & (orders.now_us < policy.sale.until_us)


def _by_arm(policy: Policy, orders: Orders, full: Flags) -> Codes:
    step = policy.explore_step
    found = np.zeros((len(ARMS), len(orders)), np.int8)
    for own, mine in _kinds(policy, orders):
        told = orders.probability[mine], orders.prepaid[mine], full[mine]
        moved = {"treatment": own, "explore_up": own.moved(step), "explore_down": own.moved(-step)}
        for arm, thresholds in moved.items():
            found[ARMS.index(arm), mine] = codes_at(thresholds, *told)
    return found


def _kinds(policy: Policy, orders: Orders) -> Iterator[tuple[Thresholds, Flags]]:
    """Thresholds, and the orders that are judged by them."""
    left, sale = np.ones(len(orders), bool), _on_sale(policy, orders)
    usual = policy.thresholds, policy.prepaid_thresholds
    kinds = []
    for segment in policy.segments:
        mine = left & select(segment.when, orders.columns)
        left &= ~mine
        kinds.append((mine, segment.thresholds, segment.prepaid_thresholds or usual[1]))
    for mine, door, prepaid in (*kinds, (left, *usual)):
        for thresholds, paid in ((door, mine & ~orders.prepaid), (prepaid, mine & orders.prepaid)):
            yield thresholds, paid & ~sale
            if policy.sale is not None:
                yield thresholds.moved(policy.sale.step), paid & sale


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
    """One row for each way in which arms may act, looked up for each order."""
    n, ways = len(ACTIONS), np.indices((len(ACTIONS),) * len(ARMS)).reshape(len(ARMS), -1)
    rows = np.zeros((ways.shape[1] + n, n))
    rows[-n:] = np.eye(n)
    # Summed in the order of the arms, as ``decide`` does, so that both give the same bits.
    for share, codes in zip(shares, ways, strict=True):
        rows[np.arange(len(codes)), codes] += share
    way = np.zeros(len(action), np.int16)
    for codes in by_arm:
        way = way * np.int16(n) + codes
    found: Floats = rows[np.where(drawn, way, np.int16(ways.shape[1]) + action)]
    return found
