"""What answers about webhooks look like."""

from __future__ import annotations

from pydantic import BaseModel

from serving.store.deliveries import DeliveryState, EventName


class WebhookOut(BaseModel):
    """An address as it is shown; ``stopped`` says why nothing is delivered there."""

    webhook_id: str
    url: str
    events: list[EventName]
    made_at: str
    failing_since: str | None
    stopped: str | None
    waiting: int


class NewWebhookOut(WebhookOut):
    """The same with its secret, which is shown this once."""

    secret: str


class WebhookList(BaseModel):
    """Addresses, oldest first."""

    webhooks: list[WebhookOut]


class DeliveryOut(BaseModel):
    """One event for one address; ``why`` says what came of the last attempt that failed."""

    delivery_id: str
    event: EventName
    seq: int
    state: DeliveryState
    tries: int
    due_at: str
    why: str | None


class DeliveryList(BaseModel):
    """Deliveries, newest first."""

    deliveries: list[DeliveryOut]
    next_before: int | None


class Replayed(BaseModel):
    """How many deliveries are due again; more come where the log is told anew."""

    replayed: int
