"""The shops' old policy: a crude score, two thresholds, a comparison group and exploration.

Its probabilities of acting are recorded, as a careful shop would; they let what it did be
separated from what would have happened.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.baskets import Baskets
from training.world.chance import Dice, Floats, Ints, logistic
from training.world.intent import PREPAID, Intents
from training.world.merchants import Merchants
from training.world.moments import Moments
from training.world.papers import Papers
from training.world.spec import WorldSpec

MODEL = "house-rules-1"
ARMS = ("", "holdout", "treatment", "explore-up", "explore-down")
SHIP, VERIFY, ASK = range(3)
_NONE, _HOLDOUT, _TREATMENT, _UP, _DOWN = range(5)
_STEP = 0.3
_PREPAID_PART = 0.3


@dataclass(frozen=True, slots=True)
class Decisions:
    """One row per order; NaN where no policy was in force. ``action`` indexes ``ACTIONS``."""

    action: Ints
    arm: Ints
    propensity: Floats
    score: Floats
    ruled: Ints


def decide_as_then(
    merchants: Merchants, moments: Moments, baskets: Baskets, intents: Intents, papers: Papers,
    spec: WorldSpec, dice: Dice,
) -> Decisions:  # fmt: skip
    """Apply each acting shop's policy from the day it began."""
    rng = dice.stream("legacy")
    in_force = merchants.acts[moments.shop] & (moments.day >= merchants.acts_from[moments.shop])
    in_force &= (intents.payment != PREPAID) & (not _nobody_acts(spec))
    log_odds = _score(rng, moments, baskets, intents, papers)
    verify_at, ask_at = _thresholds(log_odds[in_force], spec)
    shares = np.array([
        0.0, spec.holdout_share, 0.0, spec.explore_share / 2, spec.explore_share / 2,
    ])  # fmt: skip
    shares[_TREATMENT] = max(0.0, 1.0 - shares.sum())
    arm = _arms(rng, moments, len(merchants.id), shares)
    by_arm = np.column_stack([_by_arm(log_odds, a, verify_at, ask_at) for a in range(len(ARMS))])
    action = np.where(in_force, np.take_along_axis(by_arm, arm[:, None], axis=1)[:, 0], SHIP)
    propensity = ((by_arm == action[:, None]) * shares).sum(axis=1) / shares.sum()
    acts_somewhere = in_force & (by_arm[:, 1:] != SHIP).any(axis=1)
    return Decisions(
        action=action.astype(np.int64),
        arm=np.where(acts_somewhere, arm, _NONE),
        propensity=np.where(in_force, propensity, np.nan),
        score=np.where(in_force, logistic(log_odds), np.nan),
        ruled=in_force.astype(np.int64),
    )


def _nobody_acts(spec: WorldSpec) -> bool:
    return spec.acted_share <= 0.0


def _score(
    rng: np.random.Generator, moments: Moments, baskets: Baskets, intents: Intents, papers: Papers
) -> Floats:
    """What a shop guesses from a few signs: log-odds, rough and noisy."""
    log_odds: Floats = (
        -1.5
        + 0.35 * np.log(np.maximum(intents.amount_paise, 100) / 90_000)
        + 0.5 * baskets.night
        - 0.5 * np.minimum(moments.nth_here, 3)
        + 0.6 * ~papers.house
        + 1.2 * papers.gibberish
        + 0.8 * papers.broken_phone
        + 0.02 * baskets.discount_paise / np.maximum(baskets.goods_paise, 1) * 100
        + rng.normal(0, 0.5, len(moments))
    )
    return log_odds


def _thresholds(log_odds: Floats, spec: WorldSpec) -> tuple[float, float]:
    if not len(log_odds):
        return np.inf, np.inf
    low = np.quantile(log_odds, 1.0 - spec.acted_share)
    high = np.quantile(log_odds, 1.0 - _PREPAID_PART * spec.acted_share)
    return float(low), float(high)


def _arms(rng: np.random.Generator, moments: Moments, shops: int, shares: Floats) -> Ints:
    """One draw per person, shop and quarter, as an arm must not change from order to order."""
    quarter = (moments.day // 91).astype(np.int64)
    key = (moments.person * shops + moments.shop) * 64 + quarter
    _, group = np.unique(key, return_inverse=True)
    lot = rng.random(int(group.max()) + 1)[group]
    return np.minimum(np.searchsorted(np.cumsum(shares), lot, side="right"), len(ARMS) - 1).astype(
        np.int64
    )


def _by_arm(log_odds: Floats, arm: int, verify_at: float, ask_at: float) -> Ints:
    """The action of one arm: exploring moves every threshold by one step."""
    if arm == _HOLDOUT:
        return np.full(len(log_odds), SHIP)
    shift = {_UP: -_STEP, _DOWN: _STEP}.get(arm, 0.0)
    return (log_odds >= verify_at + shift).astype(np.int64) + (log_odds >= ask_at + shift)
