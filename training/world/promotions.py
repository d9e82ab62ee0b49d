"""Coupons and campaigns: what they take off, when they run, and whom they bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world.chance import Flags, Floats, Ints
from training.world.spec import WorldSpec

SOURCES = ("", "meta", "google", "influencer", "affiliate")
_CAMPAIGNS = (
    ("",),
    ("prospecting_reels", "retarget_30d", "lookalike_1pc", "advantage_plus"),
    ("brand_search", "shopping_all", "pmax"),
    ("riya_story", "unboxing_collab", "college_ambassador"),
    ("dealsite_a", "cashback_b"),
)
_SLOTS = 8
_NONE, _WELCOME, _SALE, _FREESHIP, _LOYAL, _FLAT, _INFLUENCER, _LEAKED = range(_SLOTS)
_NAMES = ("RIYA", "KABIR", "TANVI", "ZOYA", "AARAV", "MEERA")


@dataclass(frozen=True, slots=True)
class Promotions:
    """Per shop (row) and slot (column): the coupons; per shop and source: the campaigns."""

    code: list[list[str]]
    percent: Floats
    begins: Floats
    ends: Floats
    intent: Floats
    source_intent: Floats
    campaign: list[list[tuple[str, ...]]]
    campaign_intent: Floats

    def weights(
        self, shop: Ints, day: Floats, sale: Flags, first: Flags, bargain: Floats
    ) -> Floats:
        """How likely each slot is taken by an order (none included), up to a constant."""
        pull = np.exp(bargain)
        running = (self.begins[shop] <= day[:, None]) & (day[:, None] < self.ends[shop])
        weights = np.empty((len(shop), _SLOTS))
        weights[:, _NONE] = 9.0
        weights[:, _WELCOME] = np.where(first, 1.6, 0.0) * pull
        weights[:, _SALE] = np.where(sale, 9.0, 0.0) * pull
        weights[:, _FREESHIP] = 0.8
        weights[:, _LOYAL] = np.where(first, 0.0, 1.6)
        weights[:, _FLAT] = 0.9 * pull
        weights[:, _INFLUENCER] = 0.9 * pull
        weights[:, _LEAKED] = 1.1 * pull**2
        return np.where(running, weights, 0.0)


def invent_promotions(rng: np.random.Generator, m: int, spec: WorldSpec) -> Promotions:
    """Draw every shop's coupons; one per shop leaks to deal hunters and brings bad intent."""
    percent = np.column_stack([
        np.zeros(m), rng.choice([5, 10, 15], m), rng.choice([15, 20, 25], m), np.zeros(m),
        rng.choice([5, 8], m), rng.choice([10, 12], m), rng.choice([10, 15, 20], m),
        rng.choice([25, 30, 40], m),
    ]).astype(np.float64)  # fmt: skip
    begins = np.zeros((m, _SLOTS))
    ends = np.full((m, _SLOTS), np.inf)
    for slot, longest in ((_FLAT, 60.0), (_INFLUENCER, 45.0), (_LEAKED, 60.0)):
        begins[:, slot] = rng.uniform(0, 0.8, m) * spec.days
        ends[:, slot] = begins[:, slot] + rng.uniform(0.4, 1.0, m) * longest * max(
            1.0, spec.days / 365
        )
    intent = np.array([0.0, -0.3, -0.2, 0.1, 0.7, -0.1, -0.8, -1.9]) + rng.normal(
        0, 0.3, (m, _SLOTS)
    )
    intent[:, _NONE] = 0.0
    return Promotions(
        code=[_codes(rng, percent[i]) for i in range(m)],
        percent=percent,
        begins=begins,
        ends=ends,
        intent=intent,
        source_intent=np.array([0.3, -0.3, 0.2, -0.6, -0.8]) + rng.normal(0, 0.2, (m, 5)),
        campaign=[list(_CAMPAIGNS) for _ in range(m)],
        campaign_intent=rng.normal(0, 0.5, (m, 5, 4)),
    )


def _codes(rng: np.random.Generator, percent: Floats) -> list[str]:
    name = _NAMES[int(rng.integers(len(_NAMES)))]
    p = [int(x) for x in percent]
    return [
        "", f"WELCOME{p[1]}", f"DIWALI{p[2]}", "FREESHIP", f"LOYAL{p[4]}", f"FLAT{p[5]}",
        f"{name}{p[6]}", f"MEGA{p[7]}",
    ]  # fmt: skip
