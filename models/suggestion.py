"""Thresholds that would have been cheapest on a merchant's own orders, as effects were measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from models.actions import ACTIONS, SEVERITY, Action
from models.costs import CostModel, Costs
from models.curves import UNCERTAIN, cost_table, effects_at
from models.estimates import COMPARED, measure
from models.evidence import Ends
from models.policy import AUTOMATIC, Policy
from models.pooling import Prior
from models.replay import UNKNOWN_AMOUNT, Floats, Orders, codes_at
from models.thresholds import Thresholds, cheapest

_FINEST = 2_000
"""Most orders that thresholds are found on; more make them no better and the finding slower."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A policy with other thresholds and effects, and what it rests on.

    Parameters
    ----------
    enough : bool
        Whether the merchant's own orders and comparison group say something.
    why : str
        If not, what is missing.
    seen : mapping of Action to int
        Orders with a known end under each action, where another could have been taken.
    """

    policy: Policy
    enough: bool
    why: str
    seen: Mapping[Action, int]


def suggest(
    orders: Orders, ends: Ends, logged: Floats, policy: Policy, prior: Prior | None = None
) -> Suggestion:
    """The cheapest thresholds that keep the order of severity, on the merchant's own scores.

    Parameters
    ----------
    logged : ndarray of shape (n_orders, n_actions)
        The chance that each action had.
    policy : Policy
        Everything but thresholds and effects stays as it is.
    prior : Prior, optional
        What is known of the effects from elsewhere; by default the policy's, as assumptions.
    """
    drawn = (logged > 0).sum(axis=1) > 1
    seen = {
        action: int((drawn & (ends.action == code)).sum()) for code, action in enumerate(ACTIONS)
    }
    fewest = min(seen["ship"], sum(seen.values()) - seen["ship"])
    known = measure(orders, ends, logged, policy.model, prior).known.mean
    door, paid = (
        _cheapest(orders, known, policy.model.costs, AUTOMATIC[name], prepaid=name != "thresholds")
        for name in ("thresholds", "prepaid_thresholds")
    )
    why = "" if fewest >= COMPARED else (
        f"{fewest} orders of the smaller side of the comparison have a known end; "
        f"{COMPARED} are needed"
    )  # fmt: skip
    found = replace(
        policy, thresholds=door or policy.thresholds,
        prepaid_thresholds=paid or policy.prepaid_thresholds,
    )  # fmt: skip
    effects = effects_at(known, _risks(found, orders))
    model = CostModel(policy.model.costs, effects)
    return Suggestion(replace(found, model=model), fewest >= COMPARED, why, MappingProxyType(seen))


def _risks(policy: Policy, orders: Orders) -> dict[Action, float]:
    """The mean score of the orders that each action would get; of all where it gets none."""
    p, paid = orders.probability, orders.prepaid
    code = np.where(
        paid, codes_at(policy.prepaid_thresholds, p, paid), codes_at(policy.thresholds, p, paid)
    )
    usual = float(p.mean()) if len(p) else 0.0
    return {
        action: float(p[mine].mean()) if (mine := code == SEVERITY[action]).any() else usual
        for action in UNCERTAIN
    }


def _cheapest(
    orders: Orders, known: Floats, costs: Costs, actions: tuple[Action, ...], *, prepaid: bool
) -> Thresholds | None:
    """On an even sample of the orders of one kind; None where there are too few."""
    mine = np.flatnonzero((orders.prepaid == prepaid) & (orders.amount_paise != UNKNOWN_AMOUNT))
    if len(mine) < COMPARED:
        return None
    by_risk = mine[np.argsort(orders.probability[mine], kind="stable")]
    # Groups of equal size and like risk, each priced as a whole.
    groups = np.array_split(by_risk, min(_FINEST, len(mine) // 50 + 1))
    risks = np.array([orders.probability[group].mean() for group in groups])
    table = cost_table(
        known, costs, orders.probability[by_risk],
        orders.amount_paise[by_risk].astype(np.float64), actions,
    )  # fmt: skip
    begins = np.cumsum([0, *(len(group) for group in groups)])[:-1]
    return _rounded(cheapest(risks, np.add.reduceat(table, begins, axis=0), actions))


def _rounded(thresholds: Thresholds) -> Thresholds:
    """To a thousandth, as people read them."""
    return Thresholds(
        **{
            action: None if (at := thresholds.of(action)) is None else max(0.001, round(at, 3))
            for action in ACTIONS[1:]
        }
    )
