"""Before an order is placed: what paying at the door would risk, and what to offer instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from features.order import Order, PaymentMode
from models.decision import expected_costs, tier
from models.policy import Policy
from serving.decisions import Judgement, Submission
from serving.judge import Judge
from serving.metrics import Metrics
from serving.wish import Wish


@dataclass(frozen=True, slots=True)
class Checkout:
    """Weighs a basket; nothing of it is remembered.

    Parameters
    ----------
    judge : Judge
    metrics : Metrics
    """

    judge: Judge
    metrics: Metrics

    def weigh(self, submission: Submission, wish: Wish) -> dict[str, Any]:
        """The risk at the door, the same if paid in advance, and what to offer.

        Cash on delivery is offered up to where the policy would ask for payment, a part in advance
        from there to where it would hold, and neither beyond. A merchant that observes offers
        everything; ``advised`` says what it would offer if it acted.
        """
        at_door = self._judged(submission, "cod", wish)
        in_advance = self._judged(submission, "prepaid", replace(wish, explained="none"))
        policy = self.judge.policies.now(submission.order.merchant_id)
        action, probability = at_door.verdict.policy_action, at_door.risk.probability
        base = at_door.risk.base_probability
        advised = {
            "cod": action in ("ship", "verify"),
            "partial_cod": action in ("ship", "verify", "prepaid"),
            "cod_fee": cod_fee(probability, base, submission.order, policy),
        }
        everything = {"cod": True, "partial_cod": True, "cod_fee": 0}
        return {
            "probability": probability,
            "base_probability": base,
            "probability_prepaid": in_advance.risk.probability,
            "tier": tier(probability, policy),
            "offer": advised if policy.mode == "act" else everything,
            "advised": advised,
            "policy_action": action,
            "rule": at_door.verdict.rule,
            "reasons": at_door.reasons,
            "model": at_door.scorer.version,
            "policy": policy.revision,
            "degraded": at_door.degraded,
            "warnings": at_door.warnings(submission),
        }

    def _judged(self, submission: Submission, mode: PaymentMode, wish: Wish) -> Judgement:
        asked = submission._replace(order=submission.order._replace(payment_mode=mode))
        laps = self.metrics.laps()
        sight = self.judge.see(asked, laps, effort=wish.effort)
        return self.judge.judge(asked, sight, laps, explained=wish.reasons, counts=False)


def cod_fee(probability: float, base: float, order: Order, policy: Policy) -> int:
    """Whole rupees that pay for the risk above the average order's; 0 where there is none.

    The fee is what shipping this order untouched costs, on expectation, beyond shipping the
    average one: a charge that leaves the merchant no worse off than usual.

    Parameters
    ----------
    probability, base : float
        Of this order and of the average one, paid at the door.
    """
    amount = order.amount_paise
    here = expected_costs(probability, amount, policy).get("ship", 0.0)
    return max(0, ceil(here - expected_costs(base, amount, policy).get("ship", 0.0)))
