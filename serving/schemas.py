"""What requests look like; the OpenAPI document is generated from these."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from features.order import PaymentMode
from features.vocabulary import REASONS_OF_OUTCOME
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
from serving.store.deliveries import EventName


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


class PastOrder(ScoreRequest):
    """An order of the past and what became of it; it is counted, not decided."""

    outcome: OutcomeName | None = None
    outcome_at: Moment | None = None
    reason: Literal[REASONS_OF_OUTCOME] | None = None  # type: ignore[valid-type]


class CheckoutRequest(_Input):
    """A basket before it is ordered; everything may be unknown."""

    merchant_id: ShortText | None = None
    amount: Paise | None = None
    discount: Paise | None = None
    shipping_fee: Paise | None = None
    coupons: Annotated[list[ShortText], Field(max_length=50)] | None = None
    items: Annotated[list[Item], Field(max_length=500)] | None = None
    customer: Customer | None = None
    shipping_address: ShippingAddress | None = None
    device: Device | None = None
    channel: ShortText | None = None
    utm: Utm | None = None
    origin_pincode: Pincode | None = None
    courier: ShortText | None = None
    extra: Annotated[dict[ShortText, ExtraValue], Field(max_length=64)] | None = None


class Shipment(_Input):
    """A parcel handed to a courier."""

    order_id: Identifier
    awb: Identifier
    shipped_at: Moment
    merchant_id: ShortText | None = None
    courier: ShortText | None = None


class TaskDone(_Input):
    """Who did it."""

    by: ShortText | None = None


class FreeMessage(_Input):
    """What a person answers a customer, within a day of their last message."""

    text: Annotated[Text, Field(min_length=1)]
    by: ShortText | None = None


class RedeliveryRequest(_Input):
    """What a person does after a failed delivery.

    ``ask`` asks the customer again; the others pass on what was said on the phone: a new ``day``,
    a changed ``address`` in free words, that nobody came (``dispute``), or that it is ``refused``.
    """

    do: Literal["ask", "day", "address", "dispute", "refused"]
    day: date | None = None
    address: Text | None = None
    by: ShortText | None = None


class Retry(_Input):
    """Whether to send also what may have arrived."""

    doubtful: Annotated[bool, Field(strict=True)] = False


class OverrideRequest(_Input):
    """What a person decides about one order."""

    action: Literal["approve", "hold", "cancel"]
    by: ShortText | None = None
    note: Text | None = None


class ResponseRequest(_Input):
    """What came of asking the customer, by a call or through another channel.

    ``person`` wants to talk to one; ``stop`` wants no messages any more. Of a call that reached
    nobody, ``unreachable`` and ``wrong_number`` are kept; they move nothing.
    """

    response: Literal[
        "confirmed", "corrected", "paid", "refused", "silent", "person", "stop", "unreachable",
        "wrong_number",
    ]  # fmt: skip
    at: Moment | None = None
    channel: ShortText | None = None
    by: ShortText | None = None
    note: Text | None = None


class NoteRequest(_Input):
    """What colleagues should know about an order, and who looks after it."""

    note: Text | None = None
    assignee: ShortText | None = None
    by: ShortText | None = None


ListName = Literal["block", "allow"]
ListField = Literal["phone", "email", "ip", "device", "pincode"]


class ListEntry(_Input):
    """One value that is always blocked or always let through."""

    list: ListName
    field: ListField
    value: Identifier
    merchant_id: ShortText | None = None
    reason: ShortText | None = None
    by: ShortText | None = None
    expires_at: Moment | None = None


class NewWebhook(_Input):
    """An address that is told what happens; an empty list of events stands for all of them."""

    url: Annotated[str, Field(min_length=1, max_length=2_000)]
    events: Annotated[list[EventName], Field(max_length=50)]


class Replay(_Input):
    """What is delivered again: one delivery, all that were given up, or the log from a position."""

    delivery_id: Identifier | None = None
    dead: Annotated[bool, Field(strict=True)] | None = None
    after: Annotated[int, Field(strict=True, ge=0, le=2**62)] | None = None


class NewMerchant(_Input):
    """A merchant of a platform."""

    merchant_id: Identifier
    name: ShortText | None = None
    policy: dict[str, object] | None = None
