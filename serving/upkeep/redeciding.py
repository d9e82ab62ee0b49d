"""A logged decision decided again, from the inputs that were recorded with it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from features.order import Order
from models.actions import Action
from models.condition_fields import Subject
from models.decision import RULE, Capacity, OrderFacts, Overrule, Source, Verdict, decide
from models.policy import Policy
from models.replay import Floats
from serving.moments import rfc3339
from serving.policy.policies import revisions
from serving.store.connection import Connection

_LISTS: dict[Action, Source] = {"ship": "allow_list", "block": "block_list"}


class Redeciding:
    """Every merchant's policies by revision, read when first asked about.

    Parameters
    ----------
    connection : Connection
        For reading.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._policies: dict[str, dict[int, Policy]] = {}

    def differences(
        self, order: Order, dispatch_cutoff_us: int | None, values: Floats, body: Mapping[str, Any]
    ) -> Iterator[tuple[str, object, object]]:
        """What came out otherwise: a part of the answer, as logged and as decided again.

        A decision that silence made is none of a policy's and is passed over. Lists are taken as
        the decision says they spoke: their entries of that day may have been taken out since.

        Parameters
        ----------
        values : ndarray of shape (n_features,)
            As logged; rules and segments may ask about them.
        body : mapping
            Of the ``decided`` event.
        """
        policy = self._of(order.merchant_id).get(int(body["policy"]))
        if policy is None or "draw" not in body or "probability_unanswered" in body:
            return
        facts = OrderFacts(
            payment_mode=order.payment_mode, amount_paise=order.amount_paise,
            created_us=order.created_us, dispatch_cutoff_us=dispatch_cutoff_us,
        )  # fmt: skip
        verdict = decide(
            body["probability"], facts, policy, now_us=int(body["as_of_us"]), draw=body["draw"],
            subject=Subject(order, values, body["probability"]), overrules=_listed(body),
            capacity=Capacity(reviews=body.get("reviews_left")),
            passive="late" if body["record_only"] else None,
        )  # fmt: skip
        for name, again in _told(verdict).items():
            if body.get(name) != again:
                yield name, body.get(name), again

    def _of(self, merchant_id: str) -> dict[int, Policy]:
        if merchant_id not in self._policies:
            self._policies[merchant_id] = revisions(self._connection, merchant_id)
        return self._policies[merchant_id]


def _told(verdict: Verdict) -> dict[str, object]:
    """A verdict as its record has it."""
    wait = verdict.wait_until_us
    return {
        "action": verdict.action, "policy_action": verdict.policy_action,
        "dispatch": verdict.dispatch, "wait_until": None if wait is None else rfc3339(wait),
        "tier": verdict.tier, "arm": verdict.arm, "propensity": verdict.propensity,
        "expected_cost": {a: round(cost, 2) for a, cost in verdict.expected_cost.items()},
        "rule": verdict.rule, "segment": verdict.segment,
    }  # fmt: skip


def _listed(body: Mapping[str, Any]) -> tuple[Overrule, ...]:
    rule = body["rule"]
    if rule is None or rule.startswith(RULE):
        return ()
    action = body["policy_action"]
    return (Overrule(_LISTS[action], rule, action),)
