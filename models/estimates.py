"""What another policy would have been worth on past orders, measured where arms allow it.

What the two policies do differently is told by the curves of ``models.curves``, as the merchant's
own orders and what was known before have them (``models.pooling``). Where every action that the two
choose had a chance of being taken, the telling is held against the orders themselves, weighted by
inverse propensities: what the curves miss is an unknown of its own, so the estimate is doubly
robust (Robins, Rotnitzky and Zhao 1994; Dudík, Langford and Li 2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.actions import ACTIONS
from models.contrast import Contrast, Worth
from models.costs import CostModel, Costs
from models.curves import UNKNOWNS, all_curves, slopes
from models.evidence import Ends, Evidence, covariance, evidence
from models.pooling import Prior, condition
from models.replay import Floats, Orders

COMPARED = 800
"""Orders needed on either side of a comparison before a point is named."""

MOST_ASSUMED = 0.1
"""Largest share of the changed orders that may rest on assumptions where a point is named."""

MISSED = 0.001
"""How far the curves may be off on average over the changed orders, as a chance."""

Z90 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Estimate:
    """A difference between two policies over the orders given.

    Parameters
    ----------
    low, high : float
        A 90 % interval.
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
    """Policy against policy: rupees, returns, deliveries, and on how many orders each part rests.

    Parameters
    ----------
    rto_avoided, delivered_more : Estimate
        Orders.
    changed, assumed : int
        Orders treated differently, and those of them where the other action was never tried.
    for_it, against_it : int
        Orders observed under what the first policy does more, and under what it does less.
    """

    enough: bool
    why: str
    saved_paise: Estimate
    rto_avoided: Estimate
    delivered_more: Estimate
    changed: int
    assumed: int
    for_it: int
    against_it: int


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Orders, what became of them, and what that says beside what was known before."""

    orders: Orders
    ends: Ends
    logged: Floats
    costs: Costs
    prior: Prior
    found: Evidence
    known: Prior

    @property
    def nothing(self) -> Floats:
        """The chances of each action where all is shipped."""
        return shipped(len(self.orders))


def shipped(n: int) -> Floats:
    """The chances of each action under no policy."""
    found = np.zeros((n, len(ACTIONS)))
    found[:, 0] = 1.0
    return found


def measure(
    orders: Orders, ends: Ends, logged: Floats, model: CostModel, prior: Prior | None = None
) -> Measured:
    """Read the orders once; any number of comparisons follow.

    Parameters
    ----------
    logged : ndarray of shape (n_orders, n_actions)
        The chance that each action had.
    model : CostModel
        Prices what happened.
    prior : Prior, optional
        What is known of the effects from elsewhere; by default the model's, as assumptions.
    """
    prior = prior or Prior.assumed(model.effects)
    found = evidence(orders, ends, logged, model.costs, prior.mean)
    return Measured(orders, ends, logged, model.costs, prior, found, prior.after(found))


def compare(measured: Measured, first: Floats, other: Floats) -> Comparison:
    """What ``first`` saves against ``other``.

    Parameters
    ----------
    first, other : ndarray of shape (n_orders, n_actions)
        Chances of each action under the two policies.
    """
    found = Contrast.between(
        measured.orders, measured.ends, measured.logged, first - other,
        len(measured.found.columns),
    )  # fmt: skip
    numbers = found.counts()
    enough, why = _enough(*numbers)
    sums, left = found.sums(), found.left(all_curves(measured.known.mean))
    money, returns, arrivals = (
        _estimate(measured, found, worth, sums, left, named=enough)
        for worth in _worths(measured.costs)
    )
    return Comparison(enough, why, money, returns, arrivals, *numbers)


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


def _worths(costs: Costs) -> tuple[Worth, Worth, Worth]:
    """Paise earned, returns avoided and deliveries."""
    free = np.zeros(len(ACTIONS))
    paise = [
        [-costs.of_return(0.0), -costs.damage_share], [0.0, costs.margin_share],
        [-float(costs.prepaid_discount_paise), 0.0],
    ]  # fmt: skip
    return (
        Worth(np.array(paise), np.array([costs.of_doing(action) for action in ACTIONS])),
        Worth(np.array([[-1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]), free),
        Worth(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]), free),
    )


def _estimate(
    measured: Measured, contrast: Contrast, worth: Worth, sums: Sequence[Floats],
    left: Sequence[Floats],
    *, named: bool,
) -> Estimate:  # fmt: skip
    at, steps = (made(measured.known.mean) for made in (all_curves, slopes))
    powers = [np.einsum("kc,acp->akp", worth.ends, some) for some in sums]
    tried, assumed = (float((at * some).sum()) for some in powers[:2])
    moves = [np.einsum("uakp,akp->u", steps, some) for some in powers]
    missed = contrast.missed(worth, left, len(measured.found.columns))
    mean, cov = _with_missed(measured, moves[2], missed, MISSED * contrast.stake(worth))
    fees = contrast.fees(worth)
    tried += float(moves[0] @ mean[:-1] + mean[-1]) - fees[0]
    assumed += float(moves[1] @ mean[:-1]) - fees[1]
    slope, total = np.append(moves[0] + moves[1], 1.0), tried + assumed
    half = Z90 * max(0.0, float(slope @ cov @ slope)) ** 0.5
    return Estimate(
        total if named else None, total - half, total + half, tried, contrast.seen(worth), assumed
    )


def _with_missed(
    measured: Measured, moves: Floats, missed: Floats, spread: float
) -> tuple[Floats, Floats]:
    """The unknowns and what the curves miss, as deviations, once both have been seen.

    Parameters
    ----------
    moves : ndarray of shape (UNKNOWNS,)
        How what is expected by inverse propensity moves with the unknowns.
    missed : ndarray of shape (n_buckets,)
        What was observed beyond that.
    spread : float
        Of what the curves miss, before it was seen.
    """
    found, known, prior = measured.found, measured.known, measured.prior
    across = covariance(found.columns, missed[:, None])
    own = covariance(missed[:, None], missed[:, None])
    slope = np.zeros((len(across) + 1, UNKNOWNS + 1))
    slope[:-1, :-1] = found.slopes(known.mean)
    slope[-1] = np.append(moves, 1.0)
    mean = np.append(prior.mean - known.mean, 0.0)
    seen = np.append(found.residuals(known.mean), missed.sum()) - slope @ mean
    cov = np.zeros((UNKNOWNS + 1, UNKNOWNS + 1))
    cov[:-1, :-1], cov[-1, -1] = prior.cov, spread**2
    return condition(mean, cov, slope, seen, np.block([[found.noise, across], [across.T, own]]))
