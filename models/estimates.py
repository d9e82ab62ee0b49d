"""What another policy would have been worth on past orders, measured where arms allow it.

Where every action that the two policies choose had a chance of being taken, the difference is
measured: by inverse propensities (Horvitz and Thompson 1952), and doubly robust (Robins, Rotnitzky
and Zhao 1994; Dudík, Langford and Li 2011), whose cost model only lowers the variance. Elsewhere
it is the cost model's word, whose effects are uncertain by ``ASSUMED_SPREAD``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.actions import ACTIONS
from models.costs import CostModel
from models.replay import UNKNOWN_AMOUNT, Codes, Flags, Floats, Integers, Orders

ASSUMED_SPREAD = 0.5
"""Standard deviation of an assumed effect, as a share of itself; an assumption too."""

COMPARED = 300
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
    orders: Orders, ends: Ends, logged: Floats, first: Floats, other: Floats, model: CostModel
) -> Comparison:
    """What ``first`` saves against ``other``.

    Parameters
    ----------
    logged, first, other : ndarray of shape (n_orders, n_actions)
        Chances of each action: as they were, and under the two policies.
    model : CostModel
        Prices both; its effects fill in what was never tried.
    """
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
    people = clusters(orders.person)
    money, returns = (
        _estimate(side, change, weight, tried, people, ends.action, named=enough)
        for side in (_money(orders, ends, model), _returns(orders, ends, model))
    )
    return Comparison(enough, why, money, returns, *numbers)


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
class _Side:
    """One kind of result: seen, expected by action, and how far assumptions may be off."""

    seen: Floats
    expected: Floats
    spreads: tuple[Floats, ...]


def _amounts(orders: Orders) -> Floats:
    known = orders.amount_paise != UNKNOWN_AMOUNT
    typical = orders.amount_paise[known].mean() if known.any() else 0.0
    return np.where(known, orders.amount_paise, typical).astype(np.float64)


def _money(orders: Orders, ends: Ends, model: CostModel) -> _Side:
    """Paise earned: the margin of what arrives, less what returns and actions cost."""
    p, amount = orders.probability, _amounts(orders)
    margin = model.costs.margin_share * amount
    back = np.asarray(model.costs.of_return(0.0) + model.costs.damage_share * amount)
    fees = np.array([model.fee_paise(action) for action in ACTIONS])
    seen = margin * ends.delivered - back * ends.rto - fees[ends.action]
    expected = ((1 - p) * margin)[:, None] - model.table(p, amount)
    effects = [model.effects[action] for action in ACTIONS]
    spreads = (
        np.outer(p * back, [e.rto_avoided for e in effects]),
        np.outer(p * margin, [e.rto_rescued for e in effects]),
        np.outer((1 - p) * margin, [e.good_lost for e in effects]),
    )
    return _Side(seen, expected, tuple(s * _UNSURE for s in spreads))


def _returns(orders: Orders, ends: Ends, model: CostModel) -> _Side:
    """Returns avoided: minus one for each parcel that comes back."""
    avoided = np.array([model.effects[action].rto_avoided for action in ACTIONS])
    p = orders.probability
    return _Side(
        -ends.rto.astype(np.float64),
        -np.outer(p, 1 - avoided),
        (np.outer(p, avoided) * _UNSURE,),
    )


# What is blocked neither returns nor sells: that is no assumption.
_UNSURE: NDArray[np.float64] = np.array([0.0 if a in ("ship", "block") else 1.0 for a in ACTIONS])


def _estimate(
    side: _Side, change: Floats, weight: Floats, tried: Flags, people: Integers, action: Codes,
    *, named: bool,
) -> Estimate:  # fmt: skip
    rows = np.arange(len(action))
    told = (change * side.expected).sum(axis=1)
    residual = weight * (side.seen - side.expected[rows, action])
    measured = float(told[tried].sum() + residual.sum())
    assumed = float(told[~tried].sum())
    variance = float(np.square(np.bincount(people, residual)).sum()) if len(action) else 0.0
    for spread in side.spreads:
        per_action = (change[~tried] * spread[~tried]).sum(axis=0)
        variance += float(np.square(ASSUMED_SPREAD * per_action).sum())
    half, total = Z90 * variance**0.5, measured + assumed
    ips = float((weight * side.seen).sum())
    return Estimate(total if named else None, total - half, total + half, measured, ips, assumed)
