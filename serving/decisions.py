"""A decision as it is recorded, and as it is answered then and later."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from features.order import Order
from features.row import Row
from models.decision import Verdict
from models.risk import Risk
from models.scorer import Scorer
from serving.intake import Content
from serving.moments import rfc3339
from serving.rows import Identity, Past
from serving.standing import standing
from serving.store.connection import Connection
from serving.store.merchants import Access
from serving.store.orders import Held
from serving.store.stories import body_at

ANSWER_FIELDS = (
    "order_id", "decision_id", "revision", "scored_at", "probability", "probability_low",
    "probability_high", "base_probability", "tier", "action", "policy_action", "arm", "dispatch",
    "wait_until", "reasons", "expected_cost", "evidence", "model", "policy", "rule", "segment",
    "degraded", "warnings",
)  # fmt: skip

Answer = dict[str, Any]


class Submission(NamedTuple):
    """One posted order, checked."""

    access: Access
    order: Order
    content: Content
    digest: bytes
    record_only: bool
    warnings: tuple[str, ...]


class Sight(NamedTuple):
    """All that a decision sees, and from where.

    Parameters
    ----------
    past, row
        None for a degraded decision, which reads neither.
    """

    identity: Identity
    past: Past | None
    row: Row | None
    read_seq: int
    fold: int
    as_of_us: int


class Judgement(NamedTuple):
    """What model, lists and policy made of it.

    Parameters
    ----------
    shadow : mapping or None
        What the challenger would have said.
    draw : float
        What the arm was drawn with.
    reviews_left : int, optional
        Orders that could still be held that day; None without limit.
    missing_extras : tuple of str
        The merchant's own columns that the model learned from and the order lacks.
    """

    decision_id: UUID
    scorer: Scorer
    risk: Risk
    reasons: list[dict[str, object]]
    policy: int
    list_version: int
    verdict: Verdict
    degraded: bool = False
    draw: float = 0.0
    reviews_left: int | None = None
    shadow: dict[str, object] | None = None
    missing_extras: tuple[str, ...] = ()

    def warnings(self, submission: Submission) -> list[str]:
        """What the order's own reading warned of, and what the model misses in it."""
        missed = (f"extra.{name}: {_MISSED}" for name in self.missing_extras)
        return [*submission.warnings, *missed]


_MISSED = "the model learned from it and it is missing here; taken as unknown"
_NO_EVIDENCE = {"phone_orders": 0, "pincode_orders": 0, "fallback": "prior"}


def record_of(
    submission: Submission, sight: Sight, judgement: Judgement, *, revision: int = 0
) -> Answer:
    """The body of the ``decided`` event: the answer, and what a recheck needs beside it."""
    risk, verdict, scorer = judgement.risk, judgement.verdict, judgement.scorer
    wait_until = verdict.wait_until_us
    sure = None if sight.row is None else scorer.interval(sight.row, risk)
    low, high = sure or (None, None)
    record = {
        "order_id": submission.order.order_id,
        "decision_id": str(judgement.decision_id),
        "revision": revision,
        "scored_at": rfc3339(sight.as_of_us),
        "probability": risk.probability,
        "probability_low": low,
        "probability_high": high,
        "base_probability": risk.base_probability,
        "tier": verdict.tier,
        "action": verdict.action,
        "policy_action": verdict.policy_action,
        "arm": verdict.arm,
        "dispatch": verdict.dispatch,
        "wait_until": None if wait_until is None else rfc3339(wait_until),
        "reasons": judgement.reasons,
        "expected_cost": {a: round(cost, 2) for a, cost in verdict.expected_cost.items()},
        "evidence": _NO_EVIDENCE if sight.past is None else sight.past.evidence._asdict(),
        "model": scorer.version,
        "policy": judgement.policy,
        "rule": verdict.rule,
        "segment": verdict.segment,
        "degraded": judgement.degraded,
        "warnings": judgement.warnings(submission),
        "read_seq": sight.read_seq,
        "fold": sight.fold,
        "as_of_us": sight.as_of_us,
        "list_version": judgement.list_version,
        "propensity": verdict.propensity,
        "draw": judgement.draw,
        "log_odds": risk.log_odds,
        "model_digest": scorer.digest,
        "record_only": submission.record_only,
    }
    if judgement.reviews_left is not None:
        record["reviews_left"] = judgement.reviews_left
    if judgement.missing_extras:
        record["missing_extras"] = list(judgement.missing_extras)
    return record if judgement.shadow is None else record | {"shadow": judgement.shadow}


def answer_of(record: Answer) -> Answer:
    """The part of a record that callers see; what an older one does not hold is null."""
    return {name: record.get(name) for name in ANSWER_FIELDS}


def answer_now(connection: Connection, held: Held) -> Answer | None:
    """The answer of the decision in force, ``dispatch`` as it stands now; None without one."""
    if held.decided_seq is None:
        return None
    answer = answer_of(body_at(connection, held.decided_seq)) | {"revision": held.revision}
    return answer | standing(connection, held)
