"""What actions do: a merchant's own measurements weighed against what is known from elsewhere.

Partial pooling with normal distributions (Lindley and Smith 1972; Gelman et al., Bayesian Data
Analysis, 3rd ed., section 5.4): where a merchant's own orders say little, what others measured
speaks, and the more they say the less it does. What is unknown of a merchant are the effects of
each action, how far its scores are off, and how many orders end neither way; the residuals of its
own orders are a linear function of these, so the answer is one conditioning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from models.actions import ACTIONS, Action
from models.costs import ASSUMED_EFFECTS, Effect
from models.replay import Floats

# How far the assumed effects may be off, as standard deviations: assumptions too, and wide, so
# that a merchant's own measurements outweigh them as soon as there are some hundreds of orders.
# What is rescued and what is lost both show in deliveries alone, and an action is tried on a narrow
# band of risks only, so one of the two has to be nearly given for the other to be measurable.
ASSUMED_SPREAD: Mapping[Action, Effect] = MappingProxyType(
    {
        "ship": Effect(),
        "verify": Effect(rto_avoided=0.25, rto_rescued=0.01, good_lost=0.08),
        "prepaid": Effect(rto_avoided=0.30, rto_rescued=0.01, good_lost=0.30, paid=0.15),
        "hold": Effect(rto_avoided=0.30, rto_rescued=0.01, good_lost=0.15),
        "block": Effect(),
    }
)

UNCERTAIN: tuple[Action, ...] = ("verify", "prepaid", "hold")
"""What is blocked neither returns nor sells, and what is shipped is untouched: no assumptions."""

# How much one who differs as the assumptions allow counts among the merchants of a pool.
_DOUBT = 0.05

# The unknowns: the score's relative error, the share that ends neither way, and of each uncertain
# action the returns avoided, the returns rescued and the good orders lost.
_SCORE, _GONE, _FIRST = 0, 1, 2
UNKNOWNS = _FIRST + 3 * len(UNCERTAIN)


SCORE_SPREAD, GONE_SPREAD = 0.03, 0.10
"""How far a merchant's scores are off on average, and how many orders end neither way."""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is known before a merchant's own measurements, normally distributed between merchants.

    Parameters
    ----------
    effects : mapping of Action to Effect
        The effects that everything is told relative to.
    spread : mapping of Action to Effect
        Of the share that pays, which no residual measures; the rest is in ``cov``.
    centre, cov : ndarray of shape (UNKNOWNS,), (UNKNOWNS, UNKNOWNS)
        Of the unknowns' deviations from ``effects``.
    merchants : int
        On how many others' measurements it rests; 0 is an assumption.
    """

    effects: Mapping[Action, Effect]
    spread: Mapping[Action, Effect]
    centre: Floats
    cov: Floats
    merchants: int = 0

    @classmethod
    def assumed(cls, effects: Mapping[Action, Effect] = ASSUMED_EFFECTS) -> Prior:
        """A prior where nobody has measured anything."""
        spreads = [SCORE_SPREAD, GONE_SPREAD]
        for action in UNCERTAIN:
            one = ASSUMED_SPREAD[action]
            spreads += [one.rto_avoided, one.rto_rescued, one.good_lost]
        cov = np.diag(np.square(np.array(spreads)))
        return cls(dict(effects), dict(ASSUMED_SPREAD), np.zeros(UNKNOWNS), cov)

    def centred(self) -> Prior:
        """The same, told relative to its own mean: sums are nearly linear only close to it.

        The mean may lie where no effect can be, such as a loss below 0; it is cut off nowhere, or
        sums around it would be off.
        """
        found, centre = dict(self.effects), self.centre.copy()
        for action in UNCERTAIN:
            effect, at = found[action], _FIRST + 3 * UNCERTAIN.index(action)
            found[action] = Effect(
                rto_avoided=effect.rto_avoided + float(centre[at]),
                rto_rescued=effect.rto_rescued + float(centre[at + 1]),
                good_lost=effect.good_lost + float(centre[at + 2]),
                paid=effect.paid,
            )
        centre[_FIRST:] = 0.0
        return Prior(found, self.spread, centre, self.cov, self.merchants)

    def told(self, unknowns: Floats) -> dict[Action, Effect]:
        """The effects that deviations stand for, within what can be."""
        found = {action: self.effects[action] for action in ACTIONS}
        for action in UNCERTAIN:
            effect, at = found[action], _FIRST + 3 * UNCERTAIN.index(action)
            avoided, rescued, lost = unknowns[at : at + 3]
            most = float(np.clip(effect.rto_avoided + avoided, 0, 1))
            found[action] = Effect(
                rto_avoided=most,
                rto_rescued=float(np.clip(effect.rto_rescued + rescued, 0, most)),
                good_lost=float(np.clip(effect.good_lost + lost, 0, 1)),
                paid=effect.paid,
            )
        return found


def slopes(
    prior: Prior, change: Floats, p: Floats, returned: Floats, delivered: Floats
) -> tuple[Floats, Floats]:
    """How sums of returns and of deliveries under each action depend on the unknowns.

    Parameters
    ----------
    change : ndarray of shape (n_orders, n_actions)
        Weight of each order in the sums.
    p, returned, delivered : ndarray of shape (n_orders,)
        Scores; what a return costs and a delivery earns.

    Returns
    -------
    ndarrays of shape (n_actions, UNKNOWNS)
    """
    back, there = (np.zeros((len(ACTIONS), UNKNOWNS)) for _ in range(2))
    bad, good = change.T @ (p * returned), change.T @ (p * delivered)
    kept = change.T @ ((1 - p) * delivered)
    for row, action in enumerate(ACTIONS):
        effect = prior.effects[action]
        if action == "block":
            continue
        back[row, _SCORE] = (1 - effect.rto_avoided) * bad[row]
        there[row, _SCORE] = (effect.rto_rescued + effect.good_lost - 1) * good[row]
        there[row, _GONE] = -kept[row]
        if action in UNCERTAIN:
            at = _FIRST + 3 * UNCERTAIN.index(action)
            back[row, at] = -bad[row]
            there[row, at + 1], there[row, at + 2] = good[row], -kept[row]
    return back, there


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What is known after measuring: unknowns, and sums that depend on them.

    Parameters
    ----------
    unknowns, sums : ndarray
        Means; deviations from what the prior's means say.
    unknowns_cov, sums_cov : ndarray
    """

    unknowns: Floats
    unknowns_cov: Floats
    sums: Floats
    sums_cov: Floats


def learnt(prior: Prior, slope: Floats, seen: Floats, noise: Floats) -> Learnt:
    """Condition the prior on what was seen of some of the sums.

    Parameters
    ----------
    slope : ndarray of shape (n_sums, UNKNOWNS)
    seen, noise : ndarray of shape (n_seen,), (n_seen, n_seen)
        Measured deviations of the first sums and their covariance.
    """
    rows = np.arange(len(seen))
    unknown_to_sum = prior.cov @ slope.T
    cov = slope @ unknown_to_sum
    to_seen = cov[np.ix_(rows, rows)] + noise
    # A sum that nothing enters has no variance: it is left out of the conditioning.
    live = np.flatnonzero(np.diag(to_seen) > 0)
    rows, to_seen = rows[live], to_seen[np.ix_(live, live)]
    scale = np.sqrt(np.diag(to_seen))
    inverse = np.linalg.pinv(to_seen / np.outer(scale, scale), hermitian=True)
    inverse = inverse / np.outer(scale, scale)
    of_unknowns, of_sums = unknown_to_sum[:, rows] @ inverse, cov[:, rows] @ inverse
    before = slope @ prior.centre
    surprise = seen[live] - before[rows]
    return Learnt(
        prior.centre + of_unknowns @ surprise,
        prior.cov - of_unknowns @ unknown_to_sum[:, rows].T,
        before + of_sums @ surprise,
        cov - of_sums @ cov[rows],
    )


def pooled(measured: Sequence[tuple[Floats, Floats]], before: Prior, steps: int = 200) -> Prior:
    """A prior from what other merchants measured: random effects by expectation-maximisation.

    Each merchant's unknowns are drawn around a common mean; mean and covariance are those that make
    the measurements likeliest (Dempster, Laird and Rubin 1977), the covariance held up by one
    pseudo-merchant who differs as ``before`` allows, scaled by ``_DOUBT``.

    Parameters
    ----------
    measured : sequence of (means, covariances) of the unknowns
        One per merchant, each under the prior ``before``, which is taken back out.
    """
    inverse = np.linalg.inv(before.cov)
    told = [np.linalg.inv(cov) for _, cov in measured]
    precisions = [one - inverse for one in told]
    informed = [
        one @ mean - inverse @ before.centre for one, (mean, _) in zip(told, measured, strict=True)
    ]
    mean, between = before.centre.copy(), before.cov.copy()
    for _ in range(steps):
        around = np.linalg.inv(between)
        covs = [np.linalg.inv(around + one) for one in precisions]
        means = [c @ (around @ mean + own) for c, own in zip(covs, informed, strict=True)]
        mean = np.mean(means, axis=0)
        spread = [c + np.outer(m - mean, m - mean) for c, m in zip(covs, means, strict=True)]
        between = (np.sum(spread, axis=0) + _DOUBT * before.cov) / (len(measured) + 1)
    # The next merchant differs by the covariance, and the mean is not known exactly.
    cov = between * (1 + 1 / len(measured))
    return Prior(before.effects, before.spread, mean, cov, len(measured)).centred()
