"""The probabilities at which each action begins, and the cheapest such set that stays in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.actions import ACTIONS, Action
from models.costs import CostModel

Ladder: TypeAlias = tuple[tuple[float, Action], ...]

_SEVEREST_FIRST = ACTIONS[::-1]


def reached(probability: float, ladder: Ladder) -> Action:
    """The first action, from the most severe on, that a probability is enough for."""
    for begin, action in ladder:
        if probability >= begin:
            return action
    return "ship"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where each action begins, as probabilities; None is never. Ship begins at 0.

    An order gets the most severe action whose threshold it reaches, so more risk is never treated
    more gently whatever the numbers are.
    """

    verify: float | None = None
    prepaid: float | None = None
    hold: float | None = None
    block: float | None = None

    def of(self, action: Action) -> float | None:
        """The threshold of one action."""
        if action == "ship":
            return 0.0
        value: float | None = getattr(self, action)
        return value

    def faults(self) -> tuple[str, ...]:
        """One sentence per threshold that is no probability or breaks the order of severity."""
        used = [(a, t) for a in ACTIONS[1:] if (t := self.of(a)) is not None]
        outside = [
            f"thresholds: {action} is {value}; it must lie above 0 and at most at 1"
            for action, value in used
            if not 0 < value <= 1
        ]
        disorder = [
            f"thresholds: {severe} begins at {high}, before the milder {mild} at {low}; "
            f"raise {severe} or lower {mild}"
            for (mild, low), (severe, high) in pairwise(used)
            if high < low
        ]
        return (*outside, *disorder)

    def ladder(self, allowed: tuple[Action, ...] = ACTIONS) -> Ladder:
        """Where each allowed action begins, the most severe first."""
        used = ((self.of(action), action) for action in _SEVEREST_FIRST if action in allowed)
        return tuple((begin, action) for begin, action in used if begin is not None)

    def action(self, probability: float, allowed: tuple[Action, ...] = ACTIONS) -> Action:
        """The most severe allowed action whose threshold the probability reaches."""
        return reached(probability, self.ladder(allowed))

    def moved(self, step: float) -> Thresholds:
        """Every threshold moved by ``step`` in log-odds; thresholds of 1 stay."""

        def move(value: float | None) -> float | None:
            if value is None or value >= 1:
                return value
            return 1 / (1 + exp(-(log(value / (1 - value)) + step)))

        return replace(self, **{action: move(self.of(action)) for action in ACTIONS[1:]})


def cheapest(
    probabilities: NDArray[np.float64],
    costs: NDArray[np.float64],
    actions: tuple[Action, ...] = ACTIONS,
) -> Thresholds:
    """The thresholds with the lowest total cost on these orders that keep the order of severity.

    An exact dynamic programme over the orders sorted by probability: the best cost of the first i
    orders with actions no more severe than k either does without k or lets k begin at some j ≤ i.
    Equal probabilities are never split. Where two sets cost the same, the milder one is given.

    Parameters
    ----------
    probabilities : ndarray, shape (n_orders,)
    costs : ndarray, shape (n_orders, n_actions)
        Expected cost of each action on each order, in the order of ``actions``.
    actions : tuple of Action
        Mildest first, beginning with ``ship``.
    """
    order = np.argsort(probabilities, kind="stable")
    p, cost = probabilities[order], costs[order]
    sums = np.vstack([np.zeros(len(actions)), np.cumsum(cost, axis=0)])
    closed = np.zeros(len(p) + 1, dtype=bool)
    closed[1:-1] = p[1:] == p[:-1]
    best, begins = sums[:, 0], []
    for k in range(1, len(actions)):
        best, begin = _with_action(best, sums[:, k], closed)
        begins.append(begin)
    return _read_back(p, begins, actions)


def _with_action(
    best: NDArray[np.float64], total: NDArray[np.float64], closed: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Best costs once one more action may take over, and where it begins for each prefix."""
    gain = np.where(closed, np.inf, best - total)
    lowest = np.minimum.accumulate(gain)
    positions = np.arange(len(gain))
    fresh = gain <= lowest
    begin = np.maximum.accumulate(np.where(fresh, positions, 0))
    taken = total + lowest
    better = taken < best
    return np.where(better, taken, best), np.where(better, begin, positions)


def _read_back(
    p: NDArray[np.float64], begins: list[NDArray[np.int64]], actions: tuple[Action, ...]
) -> Thresholds:
    """Walk the choices from the riskiest order down and name each action's first probability."""
    found: dict[str, float | None] = {}
    end = len(p)
    for action, begin in zip(reversed(actions[1:]), reversed(begins), strict=True):
        start = int(begin[end])
        found[action] = float(p[start]) if start < end else None
        end = start
    return Thresholds(**found)


def automatic(
    model: CostModel, amount_paise: float, actions: tuple[Action, ...] = ACTIONS
) -> Thresholds:
    """The cheapest thresholds for an order of the given amount, to a thousandth.

    Every probability from .001 to .999 counts the same; that matters only where the cheapest
    action is not already in the order of severity, and a merchant's own scores replace it
    (``cheapest``) once there are some.
    """
    grid = np.arange(1, 1000) / 1000
    amounts = np.full_like(grid, amount_paise)
    return cheapest(grid, model.table(grid, amounts, actions), actions)
