"""What actions do: a merchant's own measurements weighed against what is known from elsewhere.

Partial pooling with normal distributions (Lindley and Smith 1972; Gelman et al., Bayesian Data
Analysis, 3rd ed., section 5.4): where a merchant's own orders say little, what others measured
speaks, and the more they say the less it does. The unknowns are those of ``models.curves``; sums
over a merchant's own orders move nearly linearly with them, so each answer is one conditioning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from models.actions import Action
from models.costs import ASSUMED_EFFECTS, Effect
from models.curves import GONE, OF_ACTION, SCORE, UNCERTAIN, UNKNOWNS, place, unknowns_of
from models.evidence import Evidence
from models.replay import Floats

# How far what is assumed may be off, as standard deviations: assumptions too, and wide, so that a
# merchant's own measurements outweigh them as soon as there are some hundreds of orders.
_SURE = 1e-4
SCORE_SPREAD, GONE_SPREAD = (0.05, 0.05, 0.05), (0.10, 0.10)
ASSUMED_SPREAD: Mapping[Action, Mapping[str, float]] = MappingProxyType(
    {
        "verify": dict(zip(OF_ACTION, (0.25, 0.2, 0.1, 0.10, 0.1, 0.1, _SURE, _SURE), strict=True)),
        "prepaid": dict(zip(OF_ACTION, (0.40, 0.2, 0.1, 0.40, 0.3, 0.2, 0.20, 0.20), strict=True)),
        "hold": dict(zip(OF_ACTION, (0.30, 0.2, 0.1, 0.15, 0.2, 0.2, _SURE, _SURE), strict=True)),
    }
)

# How much one who differs as the assumptions allow counts among the merchants of a pool.
_DOUBT = 0.05
_STEPS, _ROUNDS = 200, 3


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is known of the unknowns, normally distributed.

    Parameters
    ----------
    mean, cov : ndarray of shape (UNKNOWNS,), (UNKNOWNS, UNKNOWNS)
    merchants : int
        On how many others' measurements it rests; 0 is an assumption.
    """

    mean: Floats
    cov: Floats
    merchants: int = 0

    @classmethod
    def assumed(cls, effects: Mapping[Action, Effect] = ASSUMED_EFFECTS) -> Prior:
        """A prior where nobody has measured anything."""
        spread = np.zeros(UNKNOWNS)
        spread[SCORE], spread[GONE] = SCORE_SPREAD, GONE_SPREAD
        for action in UNCERTAIN:
            for name, value in ASSUMED_SPREAD[action].items():
                spread[place(action, name)] = value
        return cls(unknowns_of(effects), np.diag(np.square(spread)))

    def after(self, found: Evidence) -> Prior:
        """What is known once a merchant's own orders have spoken too.

        The sums are not quite linear in the unknowns, so they are told once more about where the
        first telling leads.
        """
        known = self
        for _ in range(2):
            known = _conditioned(self, found, known.mean)
        return known


def condition(
    mean: Floats, cov: Floats, slope: Floats, seen: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """A normal distribution once a linear function of it has been seen with noise.

    Parameters
    ----------
    slope : ndarray of shape (n_seen, n_unknowns)
    seen, noise : ndarray of shape (n_seen,), (n_seen, n_seen)
        Deviations from what the mean says, and their covariance.
    """
    # A sum that nothing enters has no variance: it is left out.
    live = np.flatnonzero(np.diag(noise) > 0)
    slope, seen = slope[live], seen[live]
    crossed = cov @ slope.T
    around = slope @ crossed + noise[np.ix_(live, live)]
    scale = np.sqrt(np.diag(around))
    inverse = np.linalg.pinv(around / np.outer(scale, scale), rcond=1e-10, hermitian=True)
    gain = crossed @ (inverse / np.outer(scale, scale))
    after = cov - gain @ crossed.T
    return mean + gain @ seen, (after + after.T) / 2


def _conditioned(prior: Prior, found: Evidence, about: Floats) -> Prior:
    slope = found.slopes(about)
    seen = found.residuals(about) - slope @ (prior.mean - about)
    mean, cov = condition(prior.mean, prior.cov, slope, seen, found.noise)
    return replace(prior, mean=mean, cov=cov)


def pooled(measured: Sequence[Evidence], before: Prior) -> Prior:
    """A prior from what other merchants measured: random effects by expectation-maximisation.

    Each merchant's unknowns are drawn around a common mean; mean and covariance are those that make
    the measurements likeliest (Dempster, Laird and Rubin 1977), the covariance held up by one
    pseudo-merchant who differs as ``before`` allows, scaled by ``_DOUBT``. What is returned is for
    the next merchant, who differs by that covariance from a mean that is itself not quite known.

    Parameters
    ----------
    measured : sequence of Evidence
        One per merchant.
    """
    about = before.mean
    for _ in range(_ROUNDS):
        told = [_told(one, about) for one in measured]
        precision = np.stack([one for one, _ in told])
        # What was seen is told about ``about``; the pool is told about zero.
        informed = np.stack([i + p @ about for p, i in told])
        about, between = _likeliest(precision, informed, before)
    # The mean's own precision: each merchant tells it but for how merchants differ and measure.
    around = np.linalg.inv(between)
    of_mean = np.linalg.inv(before.cov) + sum(
        one - one @ np.linalg.solve(one + around, one) for one in precision
    )
    cov = between + np.linalg.inv(of_mean)
    return Prior(about, (cov + cov.T) / 2, len(measured))


def _told(found: Evidence, about: Floats) -> tuple[Floats, Floats]:
    """Precision and information of the unknowns, as deviations from ``about``."""
    live = np.flatnonzero(np.diag(found.noise) > 0)
    scale = np.sqrt(np.diag(found.noise)[live])
    noise = found.noise[np.ix_(live, live)] / np.outer(scale, scale)
    slope = found.slopes(about)[live] / scale[:, None]
    weighed = slope.T @ np.linalg.pinv(noise, rcond=1e-10, hermitian=True)
    return weighed @ slope, weighed @ (found.residuals(about)[live] / scale)


def _likeliest(precision: Floats, informed: Floats, before: Prior) -> tuple[Floats, Floats]:
    """Mean and covariance between merchants."""
    mean, between, n = before.mean.copy(), before.cov.copy(), len(precision)
    for _ in range(_STEPS):
        around = np.linalg.inv(between)
        covs = np.linalg.inv(around + precision)
        means = np.einsum("mij,mj->mi", covs, around @ mean + informed)
        mean = means.mean(axis=0)
        off = means - mean
        between = (covs.sum(axis=0) + off.T @ off + _DOUBT * before.cov) / (n + 1)
    return mean, between
