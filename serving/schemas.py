"""What requests and answers look like; the OpenAPI document is generated from these."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from features.order import PaymentMode
from features.schema import REASONS_OF_OUTCOME
from models.actions import Action, Dispatch
from models.arms import Arm
from models.decision import Tier
from serving.fields import (
    Count,
    ExtraValue,
    Identifier,
    Moment,
    Paise,
    Pincode,
    ShortText,
    Text,
)


class _Input(BaseModel):
    """Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Item(_Input):
    """One line of an order."""

    sku: ShortText | None = None
    name: Text | None = None
    category: ShortText | None = None
    quantity: Count | None = None
    price: Paise | None = None
    unit_cost: Paise | None = None
    weight_g: Count | None = None
    image_url: Text | None = None
    url: Text | None = None


class Customer(_Input):
    """Who placed the order."""

    id: ShortText | None = None
    name: Text | None = None
    phone: ShortText | None = None
    alt_phone: ShortText | None = None
    email: ShortText | None = None
    language: ShortText | None = None
    whatsapp_opt_in: Annotated[bool, Field(strict=True)] | None = None


class ShippingAddress(_Input):
    """Where it goes; an order for a friend has another name and phone."""

    name: Text | None = None
    phone: ShortText | None = None
    line1: Text | None = None
    line2: Text | None = None
    landmark: Text | None = None
    city: ShortText | None = None
    state: ShortText | None = None
    pincode: Pincode | None = None


class Device(_Input):
    """What the order was placed with."""

    ip: ShortText | None = None
    device_id: ShortText | None = None
    user_agent: Text | None = None


class Utm(_Input):
    """The campaign that brought the order."""

    source: ShortText | None = None
    campaign: ShortText | None = None


class ScoreRequest(_Input):
    """An order to be scored; everything but its id and time may be unknown."""

    order_id: Identifier
    created_at: Moment
    merchant_id: ShortText | None = None
    payment_mode: PaymentMode | None = None
    amount: Paise | None = None
    amount_due: Paise | None = None
    discount: Paise | None = None
    shipping_fee: Paise | None = None
    cod_fee: Paise | None = None
    coupons: Annotated[list[ShortText], Field(max_length=50)] | None = None
    items: Annotated[list[Item], Field(max_length=500)] | None = None
    customer: Customer | None = None
    shipping_address: ShippingAddress | None = None
    device: Device | None = None
    channel: ShortText | None = None
    utm: Utm | None = None
    origin_pincode: Pincode | None = None
    courier: ShortText | None = None
    package_type: ShortText | None = None
    promised_at: Moment | None = None
    dispatch_cutoff: Moment | None = None
    extra: Annotated[dict[ShortText, ExtraValue], Field(max_length=64)] | None = None
    record_only: Annotated[bool, Field(strict=True)] | None = None


OutcomeName = Literal["delivered", "rto", "cancelled", "lost", "returned"]


class OutcomeItem(_Input):
    """What became of one order."""

    order_id: Identifier
    merchant_id: ShortText | None = None
    outcome: OutcomeName
    outcome_at: Moment
    reason: Literal[REASONS_OF_OUTCOME] | None = None  # type: ignore[valid-type]
    awb: ShortText | None = None
    cancelled_by: Literal["customer", "merchant", "system"] | None = None
    correction: Annotated[bool, Field(strict=True)] = False


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
    """A decision."""

    order_id: str
    decision_id: str
    revision: int
    scored_at: str
    probability: float
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
    treated: bool
    test: bool
    order: dict[str, object]
    decision: ScoreAnswer | None
    events: list[StoryEvent]


class Ready(BaseModel):
    """Whether this process decides, with which model, on how fresh a history."""

    ready: bool
    model: str
    seq: int
    history_until: str | None
    fold: int
    fold_age_s: float | None
    warnings: list[str]
