"""Two policies' difference over past orders, as the few sums that any estimate of it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.polynomial import polyval

from models.actions import ACTIONS
from models.curves import DEGREE, powers
from models.evidence import Ends, amounts, by_bucket, clusters
from models.replay import Flags, Floats, Integers, Orders

_NOTHING = 1e-12
_AT_ONCE = 1 << 15


@dataclass(frozen=True, slots=True)
class Worth:
    """What each kind of end brings, as a constant and a share of the amount, and what doing takes.

    Parameters
    ----------
    ends : ndarray of shape (KINDS, 2)
        Of returns, deliveries and payments in advance.
    fees : ndarray of shape (n_actions,)
    """

    ends: Floats
    fees: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Orders that two policies treat differently.

    Parameters
    ----------
    p, amount : ndarray of shape (n_orders,)
        Scores, and what the orders cost in paise.
    change : ndarray of shape (n_orders, n_actions)
        By how much the first policy gives each action the more.
    size : ndarray of shape (n_orders,)
        By how much it differs over all actions.
    weight : ndarray of shape (n_orders,)
        The same for the action that was taken, by inverse propensity; 0 where not all was tried.
    tried : ndarray of bool, shape (n_orders,)
        Where every action that differs had a chance of being taken.
    """

    ends: Ends
    p: Floats
    amount: Floats
    change: Floats
    size: Floats
    weight: Floats
    tried: Flags
    bucket: Integers

    @classmethod
    def between(
        cls, orders: Orders, ends: Ends, logged: Floats, change: Floats, buckets: int
    ) -> Contrast:
        """Of all orders, those that are treated differently."""
        every = np.ones(len(ACTIONS))
        size = np.abs(change) @ every
        moved = np.flatnonzero(size > _NOTHING)
        ends, change, logged, size = ends.where(moved), change[moved], logged[moved], size[moved]
        tried: Flags = (np.abs(change) * (logged <= 0)) @ every <= _NOTHING
        taken = np.arange(len(moved)), ends.action
        weight = np.where(tried, change[taken] / np.maximum(logged[taken], _NOTHING), 0.0)
        bucket = clusters(orders.person[moved], buckets)
        amount = amounts(orders)[moved]
        return cls(ends, orders.probability[moved], amount, change, size, weight, tried, bucket)

    def counts(self) -> tuple[int, int, int, int]:
        """Orders, those not tried, and those observed under more and under less."""
        return (
            len(self.weight), int((~self.tried).sum()),
            int((self.weight > 0).sum()), int((self.weight < 0).sum()),
        )  # fmt: skip

    def sums(self) -> tuple[Floats, Floats, Floats]:
        """Of what was tried, of what was not, and of what was seen by inverse propensity.

        Returns
        -------
        ndarrays of shape (n_actions, 2, DEGREE + 1)
            Powers of the score, alone and times the amount.
        """
        found = np.zeros((3, len(ACTIONS), 2 * (DEGREE + 1)))
        for begin in range(0, len(self.weight), _AT_ONCE):
            rows = slice(begin, begin + _AT_ONCE)
            both = np.empty((len(self.weight[rows]), 2, DEGREE + 1))
            both[:, 0] = powers(self.p[rows])
            np.multiply(both[:, 0], self.amount[rows, None], out=both[:, 1])
            terms, tried, change = both.reshape(len(both), -1), self.tried[rows], self.change[rows]
            seen = np.zeros_like(change)
            seen[np.arange(len(seen)), self.ends.action[rows]] = self.weight[rows]
            for at, count in enumerate((change * tried[:, None], change * ~tried[:, None], seen)):
                found[at] += count.T @ terms
        tried_, assumed, weighted = found.reshape(3, len(ACTIONS), 2, DEGREE + 1)
        return tried_, assumed, weighted

    def fees(self, worth: Worth) -> tuple[float, float]:
        """What doing takes more, where tried and where not."""
        taken = self.change @ worth.fees
        return float(taken[self.tried].sum()), float(taken[~self.tried].sum())

    def seen(self, worth: Worth) -> float:
        """What was observed, by inverse propensity alone."""
        brought = self._brought(worth, self.ends.of_kinds()) - worth.fees[self.ends.action]
        return float(self.weight @ brought)

    def left(self, curves: Floats) -> list[Floats]:
        """Returns, deliveries and payments beyond what curves say, of each order."""
        found = [end.astype(np.float64) for end in self.ends.of_kinds()]
        for code in np.flatnonzero(np.bincount(self.ends.action)).tolist():
            mine = np.flatnonzero(self.ends.action == code)
            p = self.p[mine]
            for end, curve in zip(found, curves[code], strict=True):
                if curve.any():
                    end[mine] -= polyval(p, curve)
        return found

    def missed(self, worth: Worth, left: Sequence[Floats], buckets: int) -> Floats:
        """What was observed beyond what curves say, for each bucket of persons."""
        return by_bucket(self.bucket, self.weight * self._brought(worth, left), buckets)

    def stake(self, worth: Worth) -> float:
        """Half of what all returns and deliveries of these orders would come to."""
        size = np.array([self.size.sum(), self.size @ self.amount])
        return float((np.abs(worth.ends[:2]) @ size).sum()) / 2

    def _brought(self, worth: Worth, ends: Sequence[Flags | Floats]) -> Floats:
        found = np.zeros(len(self.weight))
        for (plain, share), end in zip(worth.ends, ends, strict=True):
            if plain or share:
                found += (plain + share * self.amount) * end if share else plain * end
        return found
