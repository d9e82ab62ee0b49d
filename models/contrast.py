"""Two policies' difference over past orders, as the few sums that any estimate of it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.actions import ACTIONS
from models.curves import DEGREE
from models.evidence import Ends, amounts, by_bucket, clusters
from models.replay import Flags, Floats, Integers, Orders

_NOTHING = 1e-12


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
    amount : ndarray of shape (n_orders, 2)
        Ones, and what the orders cost in paise.
    scores : ndarray of shape (n_orders, DEGREE + 1)
        Powers of the score.
    change : ndarray of shape (n_orders, n_actions)
        By how much the first policy gives each action the more.
    weight : ndarray of shape (n_orders,)
        The same for the action that was taken, by inverse propensity; 0 where not all was tried.
    tried : ndarray of bool, shape (n_orders,)
        Where every action that differs had a chance of being taken.
    """

    ends: Ends
    amount: Floats
    scores: Floats
    change: Floats
    weight: Floats
    tried: Flags
    bucket: Integers

    @classmethod
    def between(
        cls, orders: Orders, ends: Ends, logged: Floats, change: Floats, buckets: int
    ) -> Contrast:
        """Of all orders, those that are treated differently."""
        differs = np.abs(change) > _NOTHING
        moved = np.flatnonzero(differs.any(axis=1))
        ends, change, logged = ends.where(moved), change[moved], logged[moved]
        tried: Flags = np.logical_not((differs[moved] & (logged <= 0)).any(axis=1))
        taken = np.arange(len(moved)), ends.action
        weight = np.where(tried, change[taken] / np.maximum(logged[taken], _NOTHING), 0.0)
        amount = np.column_stack([np.ones(len(moved)), amounts(orders)[moved]])
        scores = _powers(orders.probability[moved])
        bucket = clusters(orders.person[moved], buckets)
        return cls(ends, amount, scores, change, weight, tried, bucket)

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
        both = np.hstack([self.scores, self.amount[:, 1:] * self.scores])
        shape = len(ACTIONS), 2, DEGREE + 1
        tried, assumed = (
            self.change.T @ both if mine.all() else self.change[mine].T @ both[mine]
            for mine in (self.tried, ~self.tried)
        )  # fmt: skip
        seen = [
            self.weight[mine] @ both[mine]
            for code in range(len(ACTIONS))
            for mine in [np.flatnonzero(self.ends.action == code)]
        ]
        return tried.reshape(shape), assumed.reshape(shape), np.reshape(seen, shape)

    def fees(self, worth: Worth) -> tuple[float, float]:
        """What doing takes more, where tried and where not."""
        taken = self.change @ worth.fees
        return float(taken[self.tried].sum()), float(taken[~self.tried].sum())

    def seen(self, worth: Worth) -> float:
        """What was observed, by inverse propensity alone."""
        brought = self._brought(worth, self.ends.of_kinds()) - worth.fees[self.ends.action]
        return float(self.weight @ brought)

    def missed(self, worth: Worth, curves: Floats, buckets: int) -> Floats:
        """What was observed beyond what curves say, for each bucket of persons."""
        codes = self.ends.action
        left = [
            end - np.einsum("np,np->n", self.scores, curves[codes, kind])
            if worth.ends[kind].any() else np.zeros(0)
            for kind, end in enumerate(self.ends.of_kinds())
        ]  # fmt: skip
        return by_bucket(self.bucket, self.weight * self._brought(worth, left), buckets)

    def stake(self, worth: Worth) -> float:
        """Half of what all returns and deliveries of these orders would come to."""
        size = np.abs(self.change).sum(axis=1) @ self.amount
        return float((np.abs(worth.ends[:2]) @ size).sum()) / 2

    def _brought(self, worth: Worth, ends: Sequence[Flags | Floats]) -> Floats:
        found = np.zeros(len(self.weight))
        for (plain, share), end in zip(worth.ends, ends, strict=True):
            if plain or share:
                found += (plain + share * self.amount[:, 1]) * end
        return found


def _powers(p: Floats) -> Floats:
    found = np.empty((len(p), DEGREE + 1))
    found[:, 0] = 1.0
    for power in range(1, DEGREE + 1):
        np.multiply(found[:, power - 1], p, out=found[:, power])
    return found
