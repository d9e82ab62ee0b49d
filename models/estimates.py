"""What another policy would have been worth on past orders, measured where arms allow it.

Where every action that the two policies choose had a chance of being taken, the difference is
measured: by inverse propensities (Horvitz and Thompson 1952), and doubly robust (Robins, Rotnitzky
and Zhao 1994; Dudík, Langford and Li 2011). What is measured counts by how much it says beside what
was known before (``models.pooling``); where nothing was tried, the latter speaks alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.actions import ACTIONS
from models.costs import CostModel
from models.pooling import Learnt, Prior, learnt, slopes
from models.replay import UNKNOWN_AMOUNT, Codes, Flags, Floats, Integers, Orders

COMPARED = 800
"""Orders needed on either side of a comparison before a point is named."""

MOST_ASSUMED = 0.1
"""Largest share of the changed orders that may rest on assumptions where a point is named."""

Z90 = 1.6448536269514722
_NOTHING = 1e-12
_BUCKETS = 20
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
    """

    action: Codes
    delivered: Flags
    rto: Flags

    def where(self, chosen: Flags | Integers) -> Ends:
        """Some of them."""
        return Ends(self.action[chosen], self.delivered[chosen], self.rto[chosen])


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference between two policies over the orders given.

    Parameters
    ----------
    low, high : float
        A 90 % interval; None where nothing can be said.
    point : float or None
        None below the numbers needed.
    measured, measured_ips, assumed : float
        The doubly robust and the inverse-propensity estimate of the measured part, and the rest.
    """

    point: float | None
    low: float
    high: float
    measured: float
    measured_ips: float
    assumed: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Policy against policy: rupees, returns, and on how many orders each part rests.

    Parameters
    ----------
    changed, assumed : int
        Orders treated differently, and those of them where the other action was never tried.
    for_it, against_it : int
        Orders observed under what the first policy does more, and under what it does less.
    """

    enough: bool
    why: str
    saved_paise: Estimate
    rto_avoided: Estimate
    changed: int
    assumed: int
    for_it: int
    against_it: int


def compare(
    orders: Orders, ends: Ends, logged: Floats, first: Floats, other: Floats, model: CostModel,
    prior: Prior | None = None,
) -> Comparison:  # fmt: skip
    """What ``first`` saves against ``other``.

    Parameters
    ----------
    logged, first, other : ndarray of shape (n_orders, n_actions)
        Chances of each action: as they were, and under the two policies.
    model : CostModel
        Prices both.
    prior : Prior, optional
        What is known of the effects from elsewhere; by default the model's, as assumptions.
    """
    prior = prior or Prior.assumed(model.effects)
    change = first - other
    moved = np.flatnonzero((np.abs(change) > _NOTHING).any(axis=1))
    orders, ends = orders.where(moved), ends.where(moved)
    change, logged = change[moved], logged[moved]
    tried: Flags = np.logical_not(((np.abs(change) > _NOTHING) & (logged <= 0)).any(axis=1))
    taken = np.arange(len(moved)), ends.action
    weight = np.where(tried, change[taken] / np.maximum(logged[taken], _NOTHING), 0.0)
    numbers = (
        len(moved), int((~tried).sum()),
        int((weight > 0).sum()), int((weight < 0).sum()),
    )  # fmt: skip
    enough, why = _enough(*numbers)
    data = _Data(orders, ends, change, weight, tried, clusters(orders.person))
    money, returns = (
        _estimate(_learnt(data, side, prior), data, side, prior, named=enough)
        for side in (_money(orders, model, prior), _returns(orders))
    )
    return Comparison(enough, why, money, returns, *numbers)


def measured_effects(
    orders: Orders, ends: Ends, logged: Floats, first: Floats, other: Floats, model: CostModel,
    prior: Prior | None = None,
) -> tuple[Floats, Floats]:  # fmt: skip
    """What the same orders say about the effects themselves.

    Returns
    -------
    (means, covariance)
        Of the unknowns of ``models.pooling``, as deviations from the prior's means.
    """
    prior = prior or Prior.assumed(model.effects)
    change = first - other
    weight = np.where(logged > 0, change / np.maximum(logged, _NOTHING), 0.0)
    tried: Flags = np.logical_not(((np.abs(change) > _NOTHING) & (logged <= 0)).any(axis=1))
    own = np.where(tried, weight[np.arange(len(orders)), ends.action], 0.0)
    data = _Data(orders, ends, change, own, tried, clusters(orders.person))
    found = _learnt(data, _money(orders, model, prior), prior)
    return found.unknowns, found.unknowns_cov


def clusters(person: Integers) -> Integers:
    """A bucket of a million for each person; sharing one leaves the variance as it is."""
    mixed = person.view(np.uint64) * _MIX
    return (mixed >> np.uint64(64 - _BUCKETS)).astype(np.int64)


def _enough(changed: int, assumed: int, for_it: int, against_it: int) -> tuple[bool, str]:
    if changed == 0:
        return True, "both treat every order alike"
    if assumed > MOST_ASSUMED * changed:
        return False, (
            f"{assumed} of {changed} orders would be treated in a way that has not been tried on "
            "such orders; their part is an assumption"
        )
    if min(for_it, against_it) < COMPARED:
        return False, (
            f"{for_it} orders with and {against_it} without the change have a known end; "
            f"{COMPARED} of each are needed"
        )
    return True, ""


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Orders that the two policies treat differently, and how they count."""

    orders: Orders
    ends: Ends
    change: Floats
    weight: Floats
    tried: Flags
    people: Integers


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One kind of result: what a return costs, a delivery earns and an action takes."""

    returned: Floats
    delivered: Floats
    fees: Floats
    fee_spreads: Floats


def _amounts(orders: Orders) -> Floats:
    known = orders.amount_paise != UNKNOWN_AMOUNT
    typical = orders.amount_paise[known].mean() if known.any() else 0.0
    return np.where(known, orders.amount_paise, typical).astype(np.float64)


def _money(orders: Orders, model: CostModel, prior: Prior) -> _Side:
    """Paise earned: the margin of what arrives, less what returns and actions cost."""
    amount, costs = _amounts(orders), model.costs
    pooled = CostModel(costs, prior.effects)
    return _Side(
        np.asarray(costs.of_return(0.0) + costs.damage_share * amount),
        costs.margin_share * amount,
        np.array([pooled.fee_paise(action) for action in ACTIONS]),
        np.array([prior.spread[a].paid * costs.prepaid_discount_paise for a in ACTIONS]),
    )


def _returns(orders: Orders) -> _Side:
    """Returns avoided: minus one for each parcel that comes back."""
    nothing = np.zeros(len(ACTIONS))
    return _Side(np.ones(len(orders)), np.zeros(len(orders)), nothing, nothing)


def _expected(p: Floats, prior: Prior) -> tuple[Floats, Floats]:
    """Chances of return and delivery under each action, as the prior's means have it."""
    effects = [prior.effects[action] for action in ACTIONS]
    avoided = np.array([effect.rto_avoided for effect in effects])
    rescued = np.array([effect.rto_rescued for effect in effects])
    lost = np.array([effect.good_lost for effect in effects])
    return np.outer(p, 1 - avoided), np.outer(p, rescued) + np.outer(1 - p, 1 - lost)


def _learnt(data: _Data, side: _Side, prior: Prior) -> Learnt:
    """What the residuals say: sums of returns and deliveries by action, tried and not tried."""
    p, tried = data.orders.probability, data.tried
    slope = np.vstack([
        part
        for mine in (tried, ~tried)
        for part in slopes(prior, data.change[mine], p[mine], side.returned[mine],
                           side.delivered[mine])
    ])  # fmt: skip
    back, there = _expected(p, prior)
    rows = np.arange(len(p))
    parts = (
        data.weight * side.returned * (data.ends.rto - back[rows, data.ends.action]),
        data.weight * side.delivered * (data.ends.delivered - there[rows, data.ends.action]),
    )
    people, person = np.unique(data.people, return_inverse=True)
    columns = np.zeros((len(people), 2 * len(ACTIONS)))
    for kind, residual in enumerate(parts):
        for code in np.unique(data.ends.action).tolist():
            mine = data.ends.action == code
            found = np.bincount(person[mine], residual[mine], minlength=len(people))
            columns[:, kind * len(ACTIONS) + code] = found
    return learnt(prior, slope, columns.sum(axis=0), columns.T @ columns)


def _estimate(found: Learnt, data: _Data, side: _Side, prior: Prior, *, named: bool) -> Estimate:
    back, there = _expected(data.orders.probability, prior)
    expected = there * side.delivered[:, None] - back * side.returned[:, None] - side.fees
    told = (data.change * expected).sum(axis=1)
    n = len(ACTIONS)
    sign = np.concatenate([-np.ones(n), np.ones(n)] * 2)
    moved = sign * found.sums
    measured = float(told[data.tried].sum() + moved[: 2 * n].sum())
    assumed = float(told[~data.tried].sum() + moved[2 * n :].sum())
    fees = float(np.square(data.change.sum(axis=0) * side.fee_spreads).sum())
    half = Z90 * (max(0.0, float(sign @ found.sums_cov @ sign)) + fees) ** 0.5
    total, action = measured + assumed, data.ends.action
    seen = side.delivered * data.ends.delivered - side.returned * data.ends.rto - side.fees[action]
    ips = float((data.weight * seen).sum())
    return Estimate(total if named else None, total - half, total + half, measured, ips, assumed)
