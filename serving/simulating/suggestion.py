"""Thresholds suggested to a merchant, and what is known of actions from merchants who share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from models.curves import UNCERTAIN
from models.estimates import COMPARED
from models.evidence import Evidence, evidence
from models.policy import Policy
from models.pooling import Prior, pooled
from models.suggestion import suggest
from serving.simulating.past import Past
from serving.simulating.simulation import Settled, settled_of

DAYS = 365
FEWEST_OTHERS = 3
"""Merchants whose measurements go into a pool; of fewer, one could be told from the answer."""


def suggestion(
    past: Past, policies: Mapping[int, Policy], *, now_us: int, prior: Prior | None = None
) -> dict[str, Any]:
    """The answer of ``GET /v1/policy/suggestion``: a draft that can be simulated and saved.

    Parameters
    ----------
    policies : mapping of int to Policy
        All revisions by number, 0 included; the last is in force.
    prior : Prior, optional
        Pooled from other merchants; by default what is assumed.
    """
    today = policies[max(policies)]
    settled = settled_of(past, policies, days=DAYS, now_us=now_us)
    found = suggest(settled.orders, settled.ends, settled.logged, today, prior)
    measured = found.policy.model.effects
    return {
        "days": DAYS,
        "judged_orders": len(settled.orders),
        "enough": found.enough,
        "why": found.why,
        "policy": found.policy.to_json(),
        "effects": {
            action: asdict(measured[action])
            | {"orders": found.seen[action], "assumed": asdict(today.model.effects[action])}
            for action in UNCERTAIN
        },
        "other_merchants": 0 if prior is None else prior.merchants,
    }


def measured_of(settled: Settled, policy: Policy) -> Evidence | None:
    """What one merchant's orders say about actions; None where they are too few."""
    drawn = (settled.logged > 0).sum(axis=1) > 1
    ship = int((drawn & (settled.ends.action == 0)).sum())
    if min(ship, int(drawn.sum()) - ship) < COMPARED:
        return None
    found = evidence(
        settled.orders, settled.ends, settled.logged, policy.model.costs, Prior.assumed().mean
    )
    return found.sums_only()


def prior_of(measured: list[Evidence]) -> Prior | None:
    """A prior from merchants who share; None where they are too few."""
    return pooled(measured, Prior.assumed()) if len(measured) >= FEWEST_OTHERS else None
