"""What a merchant's orders say about the unknowns of ``models.curves``, as a few sums.

Under each action that could also have been another one, returns, deliveries and payments are
summed with weights that rise with the score; whatever the unknowns are, the expected sums follow
from sums of powers of the score, so that a million orders are read once. Which of the possible
actions an order got was drawn, so given its score nothing else tells the actions' orders apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from models.actions import ACTIONS, SEVERITY
from models.costs import Costs
from models.curves import DEGREE, KINDS, all_curves, slopes
from models.curves import powers as raised
from models.replay import UNKNOWN_AMOUNT, Codes, Flags, Floats, Integers, Orders

MOMENTS = 3
"""Sums of each kind: weighted alike, by the score and by its square."""

FEWEST = 100
"""Orders under one action below which they say nothing, as their own spread is unknown."""

_MOST_BITS = 16
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """What was done and what became of it, shape (n_orders,) each.

    Parameters
    ----------
    action : ndarray of int8
        Position among ``ACTIONS``.
    delivered, rto : ndarray of bool
        Neither is cancelled or lost.
    paid : ndarray of bool
        Paid in advance after having been asked to.
    """

    action: Codes
    delivered: Flags
    rto: Flags
    paid: Flags

    def where(self, chosen: Flags | Integers) -> Ends:
        """Some of them."""
        return Ends(
            self.action[chosen], self.delivered[chosen], self.rto[chosen], self.paid[chosen]
        )

    def of_kinds(self) -> tuple[Flags, Flags, Flags]:
        """Returns, deliveries and payments, in the order of the curves."""
        return self.rto, self.delivered, self.paid


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Sums over one merchant's orders.

    Parameters
    ----------
    seen : ndarray of shape (n_actions, KINDS, MOMENTS)
        Weighted returns, deliveries and payments.
    powers : ndarray of shape (n_actions, KINDS, MOMENTS, DEGREE + 1)
        The weights' sums times powers of the score.
    noise : ndarray of shape (n_sums, n_sums)
        Covariance of the sums, clustered by person.
    columns : ndarray of shape (n_buckets, n_sums)
        Residuals of each bucket of persons; empty where only the sums travel.
    orders : ndarray of shape (n_actions,)
        How many orders each action's sums rest on.
    """

    seen: Floats
    powers: Floats
    noise: Floats
    columns: Floats
    orders: Integers

    def residuals(self, unknowns: Floats) -> Floats:
        """The sums less what they are expected to be, shape (n_sums,)."""
        found: Floats = self.seen - np.einsum("akp,akmp->akm", all_curves(unknowns), self.powers)
        return found[self.live]

    def slopes(self, unknowns: Floats) -> Floats:
        """How the expected sums move with each unknown, shape (n_sums, n_unknowns)."""
        moved: Floats = np.einsum("uakp,akmp->uakm", slopes(unknowns), self.powers)
        return moved[:, self.live].T

    @property
    def live(self) -> Flags:
        """Sums that were told, shape (n_actions, KINDS, MOMENTS)."""
        found = np.zeros(self.seen.shape, bool)
        for action, kind in _told(self.orders):
            found[action, kind] = True
        return found

    def sums_only(self) -> Evidence:
        """Without the residuals: all that another merchant's prior needs, and small."""
        return replace(self, columns=np.empty((0, 0)))


def buckets_for(orders: int) -> int:
    """How many buckets of persons so many orders are put into; a power of two."""
    return 1 << min(_MOST_BITS, max(orders, 1).bit_length())


def clusters(person: Integers, buckets: int) -> Integers:
    """A bucket for each person; sharing one leaves the variance as it is."""
    mixed = person.view(np.uint64) * _MIX
    bucket: Integers = (mixed >> np.uint64(65 - buckets.bit_length())).astype(np.int64)
    return bucket


def by_bucket(bucket: Integers, values: Floats, buckets: int) -> Floats:
    """Sums of each bucket."""
    found: Floats = np.bincount(bucket, values, minlength=buckets).astype(np.float64)
    return found


def covariance(columns: Floats, others: Floats) -> Floats:
    """Of sums over independent buckets, each given as its parts."""
    whole = columns.sum(axis=0)[:, None] * others.sum(axis=0)[None, :]
    found: Floats = columns.T @ others - whole / len(columns)
    return found


def amounts(orders: Orders) -> Floats:
    """In paise, as typical where they are unknown."""
    known = orders.amount_paise != UNKNOWN_AMOUNT
    typical = orders.amount_paise[known].mean() if known.any() else 0.0
    return np.where(known, orders.amount_paise, typical).astype(np.float64)


def evidence(orders: Orders, ends: Ends, logged: Floats, costs: Costs, around: Floats) -> Evidence:
    """Read the sums.

    Parameters
    ----------
    logged : ndarray of shape (n_orders, n_actions)
        The chance that each action had; orders with one possible action say nothing.
    costs : Costs
        Dear orders count for more, as they do in rupees.
    around : ndarray of shape (UNKNOWNS,)
        Unknowns that the spread of the sums is measured about.
    """
    drawn = np.flatnonzero((logged > 0).sum(axis=1) > 1)
    orders, ends, ship = orders.where(drawn), ends.where(drawn), logged[drawn, SEVERITY["ship"]]
    p, amount = orders.probability, amounts(orders)
    # Where an end is nearly sure it says more; that keeps the sums' spread small. Shipped orders
    # stand for those that were not, or what the curves miss would not be alike on both sides.
    sure = 1.0 / (p * (1.0 - p) + 0.02)
    untouched = ends.action == SEVERITY["ship"]
    sure = np.where(untouched, sure * (1.0 - ship) / np.maximum(ship, 1e-12), sure)
    dear = (_fair(costs.of_return(0.0) + costs.damage_share * amount) * sure,
            _fair(amount) * sure, np.ones(len(p)))  # fmt: skip
    expected, n = all_curves(around), buckets_for(len(logged))
    bucket, shape = clusters(orders.person, n), (len(ACTIONS), KINDS, MOMENTS)
    seen, powers = np.zeros(shape), np.zeros((*shape, DEGREE + 1))
    columns: list[Floats] = []
    counted = np.bincount(ends.action, minlength=len(ACTIONS)).astype(np.int64)
    for action, kind in _told(counted):
        mine = np.flatnonzero(ends.action == action)
        scores = raised(p[mine], MOMENTS + DEGREE - 1)
        weight, came = dear[kind][mine], ends.of_kinds()[kind][mine]
        sums = weight @ scores
        missed = weight * (came - scores[:, : DEGREE + 1] @ expected[action, kind])
        for moment in range(MOMENTS):
            powers[action, kind, moment] = sums[moment : moment + DEGREE + 1]
            seen[action, kind, moment] = (weight * came) @ scores[:, moment]
            columns.append(by_bucket(bucket[mine], missed * scores[:, moment], n))
    rows = np.stack(columns, axis=1) if columns else np.zeros((n, 0))
    return Evidence(seen, powers, covariance(rows, rows), rows, counted)


def _told(counted: Integers) -> Iterator[tuple[int, int]]:
    """Actions and kinds of ends that enough orders tell about."""
    for action in np.flatnonzero(counted >= FEWEST).tolist():
        if action != SEVERITY["block"]:
            yield action, 0
            yield action, 1
        if action == SEVERITY["prepaid"]:
            yield action, 2


def _fair(weight: Floats) -> Floats:
    """About one each."""
    mean = float(weight.mean()) if len(weight) else 0.0
    return weight / mean if mean > 0 else np.ones(len(weight))
