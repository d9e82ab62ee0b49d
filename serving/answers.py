"""What answers look like; the OpenAPI document is generated from these."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from models.actions import Action, Dispatch
from models.arms import Arm
from models.decision import Tier
from serving.conversation.life import Stage
from serving.schemas import ListField, ListName


class Problem(BaseModel):
    """An error after RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class FieldError(BaseModel):
    """One field at fault and what to change."""

    field: str
    message: str


class ReasonOut(BaseModel):
    """Why a score is what it is; ``impact`` is in points of final probability."""

    code: str
    text: str
    bucket: str
    impact: float
    advice: str


class EvidenceOut(BaseModel):
    """How much of the merchant's own past stands behind a score."""

    phone_orders: int
    pincode_orders: int
    fallback: str


class ScoreAnswer(BaseModel):
    """A decision.

    Eight of ten orders like this one come back with a chance between ``probability_low`` and
    ``probability_high``: far apart where little is known of the customer, null where the model does
    not say.
    """

    order_id: str
    decision_id: str
    revision: int
    scored_at: str
    probability: float
    probability_low: float | None
    probability_high: float | None
    base_probability: float
    tier: Tier
    action: Action
    policy_action: Action
    arm: Arm | None
    dispatch: Dispatch
    wait_until: str | None
    reasons: list[ReasonOut]
    expected_cost: dict[str, float]
    evidence: EvidenceOut
    model: str
    policy: int
    rule: str | None
    segment: str | None = None
    degraded: bool
    warnings: list[str]


class ConflictProblem(Problem):
    """Another content was posted under an order id already decided."""

    decision: ScoreAnswer


class BatchProblem(BaseModel):
    """Why one order of a list has no answer."""

    problem: Problem


class BatchAnswer(BaseModel):
    """One answer or problem per order, in the order they came."""

    results: list[ScoreAnswer | BatchProblem]


class OutcomeResult(BaseModel):
    """What was done with one reported outcome."""

    order_id: str
    result: Literal["recorded", "unchanged", "unknown_order", "refused", "invalid"]
    detail: str = ""


class OutcomesAnswer(BaseModel):
    """One result per item, in the order they came."""

    recorded: int
    results: list[OutcomeResult]


class StoryEvent(BaseModel):
    """One event of an order, in the order of the log."""

    seq: int
    event: str
    revision: int
    at: str
    known_at: str
    detail: dict[str, object]


class Story(BaseModel):
    """An order, its present state, the decision in force and everything that happened."""

    order_id: str
    revision: int
    state: str
    stage: Stage
    treated: bool
    test: bool
    order: dict[str, object]
    decision: ScoreAnswer | None
    events: list[StoryEvent]


class BackfillResult(BaseModel):
    """What was done with one past order."""

    order_id: str
    result: Literal["recorded", "unchanged", "decided_live", "invalid"]
    detail: str = ""


class BackfillAnswer(BaseModel):
    """One result per order, in the order they came."""

    recorded: int
    results: list[BackfillResult]


class Standing(BaseModel):
    """How an order stands after what was reported."""

    order_id: str
    revision: int
    state: str
    dispatch: Dispatch | None
    wait_until: str | None


class OrderLine(BaseModel):
    """One order of a list."""

    order_id: str
    revision: int
    state: str
    treated: bool
    created_at: str
    updated_at: str
    decision: ScoreAnswer | None


class OrderList(BaseModel):
    """Orders by their last change."""

    orders: list[OrderLine]
    next_cursor: int | None


class FeedEvent(BaseModel):
    """One event of the feed; without an order where it is about the merchant."""

    seq: int
    order_id: str | None
    event: str
    revision: int
    at: str
    known_at: str
    detail: dict[str, object]


class EventFeed(BaseModel):
    """Events in the order of the log."""

    events: list[FeedEvent]
    next_after: int


class Offer(BaseModel):
    """What a customer may choose from; ``cod_fee`` is in rupees."""

    cod: bool
    partial_cod: bool
    cod_fee: int


class CheckoutAnswer(BaseModel):
    """What paying at the door would risk, and what to offer."""

    probability: float
    base_probability: float
    probability_prepaid: float
    tier: Tier
    offer: Offer
    advised: Offer
    policy_action: Action
    rule: str | None
    reasons: list[ReasonOut]
    model: str
    policy: int
    degraded: bool
    warnings: list[str]


class StorefrontAnswer(BaseModel):
    """What a page in a customer's browser is told."""

    offer: Offer


class EntryOut(BaseModel):
    """One entry as it is shown."""

    entry_id: str
    list: ListName
    field: ListField
    hint: str
    reason: str
    added_by: str
    added_at: str
    expires_at: str | None


class EntryList(BaseModel):
    """Entries, oldest first."""

    entries: list[EntryOut]
    next_cursor: str | None


class EntryResult(BaseModel):
    """What was done with one entry."""

    result: Literal["added", "replaced", "invalid"]
    detail: str = ""
    entry_id: str | None = None
    merchant_id: str | None = None


class EntryResults(BaseModel):
    """One result per entry, in the order they came."""

    results: list[EntryResult]


class RefusedLine(BaseModel):
    """A line of a file that was not taken, and why."""

    line: int
    detail: str


class ImportResult(BaseModel):
    """What was done with a file of entries."""

    lines: int
    taken: int
    refused: list[RefusedLine]


class SavedOut(BaseModel):
    """Who saved a revision, when and why."""

    revision: int
    mode: Literal["observe", "act"]
    at: str
    by: str
    note: str


class PolicyRevisions(BaseModel):
    """Revisions, newest first; the shipped default is not among them."""

    revisions: list[SavedOut]
    next_before: int | None


class ConditionField(BaseModel):
    """What conditions may ask about."""

    name: str
    kind: Literal["money", "number", "text", "texts", "flag"]
    operators: list[str]
    says: str


class PolicyFields(BaseModel):
    """A sentence for every part of a policy, and the fields of conditions."""

    policy: dict[str, str]
    conditions: list[ConditionField]


class MerchantResult(BaseModel):
    """What was done with one merchant; ``policy`` is its newest revision."""

    merchant_id: str
    result: Literal["added", "unchanged", "refused", "invalid"]
    detail: str = ""
    policy: int | None = None


class MerchantResults(BaseModel):
    """One result per merchant, in the order they came."""

    results: list[MerchantResult]


class Ready(BaseModel):
    """Whether this process decides, with which model, on how fresh a history."""

    ready: bool
    model: str
    seq: int
    history_until: str | None
    fold: int
    fold_age_s: float | None
    warnings: list[str]
