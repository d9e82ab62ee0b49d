"""What each action was worth, by intention to treat: as drawn, whatever came of the asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.actions import ACTIONS, SEVERITY, Action
from models.curves import UNCERTAIN, curves, powers
from models.estimates import Z90, Comparison, Estimate, Measured, compare, measure
from models.policy import Policy
from models.pooling import Prior
from models.replay import Flags, Floats
from serving.simulating.past import Past
from serving.simulating.simulation import settled_of

ASSUMPTIONS = (
    "an order counts under the action that was drawn for it, whether or not a message arrived or "
    "anybody answered",
    "orders cancelled or lost are no deliveries, so a cancellation counts as an order lost",
    "what the merchant's own orders leave open follows what is known of actions from elsewhere",
)


def effects(
    past: Past, policies: Mapping[int, Policy], *, days: int, now_us: int,
    prior: Prior | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The answer of ``GET /v1/effects``.

    Each action is compared with shipping on the orders where both had a chance; orders whose
    weeks are not over are left out.

    Parameters
    ----------
    policies : mapping of int to Policy
        All revisions by number, 0 included; the last is in force and prices what happened.
    prior : Prior, optional
        Pooled from other merchants; by default what is assumed.
    """
    settled = settled_of(past, policies, days=days, now_us=now_us)
    model = policies[max(policies)].model
    measured = measure(settled.orders, settled.ends, settled.logged, model, prior)
    return {
        "days": days,
        "judged_orders": len(settled.orders),
        "weeks_left_out": settled.weeks_left_out,
        "other_merchants": 0 if prior is None else prior.merchants,
        "effects": [_of(action, measured, settled.answer_s) for action in UNCERTAIN],
        "assumptions": list(ASSUMPTIONS),
    }


def _of(action: Action, measured: Measured, answer_s: Floats) -> dict[str, Any]:
    code, ship = SEVERITY[action], SEVERITY["ship"]
    both = (measured.logged[:, code] > 0) & (measured.logged[:, ship] > 0)
    chance = np.where(both, measured.logged[:, code], 0.0)
    first, other = (np.zeros((len(both), len(ACTIONS))) for _ in range(2))
    first[:, code], other[:, ship] = chance, chance
    found = compare(measured, first, other)
    given = both & (measured.ends.action == code)
    return {
        "action": action,
        "orders": int(given.sum()),
        "comparison_orders": found.against_it,
        "enough": found.enough and found.changed > 0,
        "why": found.why if found.changed else "no order could have had this action or none",
        "saved_rupees": _told(found, found.saved_paise, 0.01),
        "rto_avoided": _told(found, found.rto_avoided, 1.0),
        "rto_avoided_share": _told(found, found.rto_avoided, _per_return(measured, chance), 4),
        "orders_lost": _told(found, found.delivered_more, -1.0),
        "conversion": _share(given, measured.ends.paid),
        "answers": _answers(given, answer_s),
    }


def _told(
    found: Comparison, estimate: Estimate, times: float, digits: int = 2
) -> dict[str, float | None]:
    """A point and its interval, as far as there is a contrast at all."""
    if not found.changed:
        return {"point": None, "low": None, "high": None}
    low, high = sorted((estimate.low * times, estimate.high * times))
    point = None if estimate.point is None else round(estimate.point * times, digits)
    return {"point": point, "low": round(low, digits), "high": round(high, digits)}


def _per_return(measured: Measured, chance: Floats) -> float:
    """One over the returns that these orders would have had untouched."""
    scores = powers(measured.orders.probability)
    returns = float(chance @ (scores @ curves("ship", measured.known.mean)[0]))
    return 1.0 / returns if returns > 0 else 0.0


def _share(given: Flags, which: Flags) -> dict[str, float | int | None]:
    """How many of them, with Wilson's interval (1927)."""
    n, k = int(given.sum()), int((given & which).sum())
    if not n:
        return {"orders": 0, "paid": 0, "point": None, "low": None, "high": None}
    share, z2 = k / n, Z90 * Z90
    middle, half = share + z2 / (2 * n), Z90 * (share * (1 - share) / n + z2 / (4 * n * n)) ** 0.5
    low, high = ((middle + sign * half) / (1 + z2 / n) for sign in (-1, 1))
    return {"orders": n, "paid": k, "point": round(share, 4), "low": round(max(low, 0.0), 4),
            "high": round(min(high, 1.0), 4)}  # fmt: skip


def _answers(given: Flags, answer_s: Floats) -> dict[str, float | int | None]:
    """How many answered, and how long the middle one and the slowest tenth took."""
    took = answer_s[given & np.isfinite(answer_s)] / 60.0
    middle, slow = np.quantile(took, (0.5, 0.9)) if len(took) else (None, None)
    return {"orders": int(given.sum()), "answered": len(took),
            "median_minutes": None if middle is None else round(float(middle), 1),
            "slowest_tenth_minutes": None if slow is None else round(float(slow), 1)}  # fmt: skip
