"""A decision as it is recorded, and as it is answered then and later."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from features.history.states import CANCELLED, CLASSES
from features.order import Order
from features.row import Row
from models.decision import Verdict
from models.risk import Risk
from models.scorer import Scorer
from serving.intake import Content
from serving.moments import rfc3339
from serving.rows import Identity, Past
from serving.store.log import Held, body_of
from serving.store.merchants import Access

# No lists of a merchant's own exist yet; decisions record the version they were made under.
LIST_VERSION = 0

ANSWER_FIELDS = (
    "order_id", "decision_id", "revision", "scored_at", "probability", "base_probability", "tier",
    "action", "policy_action", "arm", "dispatch", "wait_until", "reasons", "expected_cost",
    "evidence", "model", "policy", "rule", "degraded", "warnings",
)  # fmt: skip

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Submission:
    """One posted order, checked."""

    access: Access
    order: Order
    content: Content
    digest: bytes
    record_only: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """All that a decision sees, and from where."""

    identity: Identity
    past: Past
    row: Row
    read_seq: int
    fold: int
    as_of_us: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What model and policy made of it."""

    decision_id: UUID
    scorer: Scorer
    risk: Risk
    reasons: list[dict[str, object]]
    policy: int
    verdict: Verdict


def record_of(submission: Submission, sight: Sight, judgement: Judgement) -> Answer:
    """The body of the ``decided`` event: the answer, and what a recheck needs beside it."""
    risk, verdict, scorer = judgement.risk, judgement.verdict, judgement.scorer
    wait_until = verdict.wait_until_us
    return {
        "order_id": submission.order.order_id,
        "decision_id": str(judgement.decision_id),
        "revision": 0,
        "scored_at": rfc3339(sight.as_of_us),
        "probability": risk.probability,
        "base_probability": risk.base_probability,
        "tier": verdict.tier,
        "action": verdict.action,
        "policy_action": verdict.policy_action,
        "arm": verdict.arm,
        "dispatch": verdict.dispatch,
        "wait_until": None if wait_until is None else rfc3339(wait_until),
        "reasons": judgement.reasons,
        "expected_cost": {a: round(cost, 2) for a, cost in verdict.expected_cost.items()},
        "evidence": sight.past.evidence._asdict(),
        "model": scorer.version,
        "policy": judgement.policy,
        "rule": verdict.rule,
        "degraded": False,
        "warnings": list(submission.warnings),
        "read_seq": sight.read_seq,
        "fold": sight.fold,
        "as_of_us": sight.as_of_us,
        "list_version": LIST_VERSION,
        "propensity": verdict.propensity,
        "log_odds": risk.log_odds,
        "model_digest": scorer.digest,
        "record_only": submission.record_only,
    }


def answer_of(record: Answer) -> Answer:
    """The part of a record that callers see."""
    return {name: record[name] for name in ANSWER_FIELDS}


def answer_now(connection: sqlite3.Connection, held: Held) -> Answer | None:
    """The answer of the decision in force, ``dispatch`` as it stands now; None without one."""
    if held.decided_seq is None:
        return None
    found = connection.execute("SELECT body FROM event WHERE seq=?", (held.decided_seq,)).fetchone()
    answer = answer_of(body_of(found[0])) | {"revision": held.revision}
    if not_acted_on(connection, held):
        return answer | {"dispatch": "go", "wait_until": None}
    if held.state % CLASSES == CANCELLED:
        return answer | {"dispatch": "stop", "wait_until": None}
    return answer


def not_acted_on(connection: sqlite3.Connection, held: Held) -> bool:
    """Whether the pipeline went on by itself before our answer came."""
    found = connection.execute(
        "SELECT 1 FROM event WHERE number=? AND kind='overridden' LIMIT 1", (held.number,)
    ).fetchone()
    return found is not None
