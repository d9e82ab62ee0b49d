"""How often orders come back and arrive under each action, as curves in the score.

Untouched orders come back as their score says, but for an error of the score, and some end neither
way. What an action avoids, rescues and loses differs between orders of little and of much risk.
All curves are polynomials in the score, so that a million orders enter as a few sums of powers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from models.actions import ACTIONS, Action
from models.costs import Costs, Effect
from models.replay import Floats

UNCERTAIN: tuple[Action, ...] = ("verify", "prepaid", "hold")
"""What is blocked neither returns nor sells, and what is shipped is untouched: no assumptions."""

KINDS = 3
"""Returns, deliveries and payments in advance."""

DEGREE = 5
"""Of the highest power of the score in any curve."""

# The unknowns: the score's relative error (everywhere, and more so where risk is low), the share
# that ends neither way (everywhere, and more so where risk is high), and of each uncertain action
# the returns avoided (and how many more where risk is low), the returns rescued, the good orders
# lost (and how many more where risk is high, as a line and a square), and who pays (at no risk, and
# how many more at full risk).
SCORE, GONE, _FIRST = slice(0, 3), slice(3, 5), 5
OF_ACTION = ("avoided", "avoided_low", "rescued", "lost", "lost_high", "lost_higher", "paid",
             "paid_high")  # fmt: skip
UNKNOWNS = _FIRST + len(OF_ACTION) * len(UNCERTAIN)

# A curve is told by its values at as many scores as it has powers.
_P = np.linspace(0.0, 1.0, DEGREE + 1)
_Q = 1.0 - _P
_TO_POWERS = np.linalg.inv(np.vander(_P, increasing=True)).T


def place(action: Action, name: str) -> int:
    """Where one unknown of an action stands.

    >>> place("verify", "avoided")
    5
    """
    return _FIRST + len(OF_ACTION) * UNCERTAIN.index(action) + OF_ACTION.index(name)


def unknowns_of(effects: Mapping[Action, Effect]) -> Floats:
    """The unknowns where scores are right, all orders end, and effects are alike at every risk."""
    found = np.zeros(UNKNOWNS)
    for action in UNCERTAIN:
        effect = effects[action]
        told = {"avoided": effect.rto_avoided, "rescued": effect.rto_rescued,
                "lost": effect.good_lost, "paid": effect.paid}  # fmt: skip
        for name, value in told.items():
            found[place(action, name)] = value
    return found


def curves(action: Action, unknowns: Floats) -> Floats:
    """Chances of a return, a delivery and a payment in advance, by powers of the score.

    Every unknown enters linearly while the others stand still.

    Parameters
    ----------
    unknowns : ndarray of shape (..., UNKNOWNS)

    Returns
    -------
    ndarray of shape (..., KINDS, DEGREE + 1)
        Coefficients, the constant first.
    """
    told = unknowns[..., None]
    even, more, most = (told[..., i, :] for i in range(*SCORE.indices(UNKNOWNS)))
    gone, gone_high = (told[..., i, :] for i in range(*GONE.indices(UNKNOWNS)))
    back = _P * (1 + even + more * _Q + most * _Q**2)
    there = 1 - back - _Q * (gone + gone_high * _P)
    paid = np.zeros_like(back)
    if action in UNCERTAIN:
        at = place(action, OF_ACTION[0])
        avoided, low, rescued, lost, high, higher, pays, pays_high = (
            told[..., i, :] for i in range(at, at + len(OF_ACTION))
        )
        there = there * (1 - lost - high * _P - higher * _P**2) + rescued * back
        back, paid = back * (1 - avoided - low * _Q), pays + pays_high * _P
    found: Floats = np.stack([back, there, paid], axis=-2) @ _TO_POWERS
    return found * (action != "block")


def all_curves(unknowns: Floats) -> Floats:
    """The curves of every action, shape (..., n_actions, KINDS, DEGREE + 1)."""
    return np.stack([curves(action, unknowns) for action in ACTIONS], axis=-3)


def slopes(unknowns: Floats) -> Floats:
    """How the curves move with each unknown, shape (UNKNOWNS, n_actions, KINDS, DEGREE + 1)."""
    return all_curves(unknowns + np.eye(UNKNOWNS)) - all_curves(unknowns)


def powers(p: Floats, most: int = DEGREE) -> Floats:
    """Powers of scores from 0 to the most, shape (n_orders, most + 1); numpy's are slower."""
    found = np.empty((most + 1, len(p)))
    found[0] = 1.0
    for power in range(1, most + 1):
        np.multiply(found[power - 1], p, out=found[power])
    return found.T


def effects_at(unknowns: Floats, risk: Mapping[Action, float]) -> Mapping[Action, Effect]:
    """The effects at one risk for each uncertain action, within what can be."""
    found = {"ship": Effect(), "block": Effect(rto_avoided=1.0, good_lost=1.0)}
    for action in UNCERTAIN:
        at, p = place(action, OF_ACTION[0]), risk[action]
        (avoided, low, rescued, lost, high, higher, paid, paid_high) = unknowns[
            at : at + len(OF_ACTION)
        ]
        most = _share(avoided + low * (1 - p))
        found[action] = Effect(
            rto_avoided=most, rto_rescued=min(_share(rescued), most),
            good_lost=_share(lost + high * p + higher * p * p), paid=_share(paid + paid_high * p),
        )  # fmt: skip
    return MappingProxyType({action: found[action] for action in ACTIONS})


def _share(value: float) -> float:
    return float(np.clip(value, 0.0, 1.0))


def cost_table(
    unknowns: Floats, costs: Costs, p: Floats, amount_paise: Floats, actions: tuple[Action, ...]
) -> Floats:
    """Expected paise that each action costs on each order, shape (n_orders, n_actions).

    Told beside a delivery, so that what is lost whatever is done counts in every column; between
    actions it differs as ``CostModel.table`` does where effects are alike at every risk.
    """
    raised = powers(p)
    margin = costs.margin_share * amount_paise
    returned = np.asarray(costs.of_return(0.0) + costs.damage_share * amount_paise)
    columns = []
    for action in actions:
        back, there, paid = curves(action, unknowns) @ raised.T
        columns.append(
            costs.of_doing(action) + costs.prepaid_discount_paise * paid
            + back * returned + (1.0 - there) * margin
        )  # fmt: skip
    return np.stack(columns, axis=1)
