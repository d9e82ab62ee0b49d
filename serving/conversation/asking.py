"""What a decision sets going: a question to the customer and the timers of the wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from features.days import HOUR_US, SECOND_US, to_us
from models.actions import MESSAGES
from serving.moments import uuid7
from serving.standing import life_of
from serving.store.log import Log
from serving.store.orders import Held, orders_numbered
from serving.store.outbox import Message, Purpose, checks_of, put_message, stop_asking
from serving.store.payments import Link, cancel_links, offers_payment, put_link
from serving.store.tasks import add_task
from serving.store.timers import set_timer, timer_due

LONGEST_WAIT_US = 12 * HOUR_US
NUDGE_US = 4 * HOUR_US
# A reminder that leaves less than this to answer is not worth sending.
_LEFT_US = HOUR_US
_MOST_CHECKS = 3
# A link ends this long before the wait does, and Razorpay wants it open for a quarter of an hour.
_BEFORE_US, _SHORTEST_US = 300 * SECOND_US, 960 * SECOND_US


def follow(log: Log, held: Held, record: Mapping[str, Any]) -> None:
    """Ask, or end what is being asked, in the transaction of the decision itself.

    Test orders and decisions made without history are never written to.
    """
    asks = record["action"] in MESSAGES and record["dispatch"] == "wait"
    if not asks or held.test or record["degraded"]:
        stop_asking(log.connection, held.number)
        return
    now: int = record["as_of_us"]
    until = min(to_us(datetime.fromisoformat(record["wait_until"])), now + LONGEST_WAIT_US)
    set_timer(log.connection, held.number, "silence", until)
    if now + NUDGE_US + _LEFT_US <= until:
        set_timer(log.connection, held.number, "nudge", now + NUDGE_US)
    prepaid = record["action"] == "prepaid"
    cancel_links(log.connection, held.number)
    offers = prepaid and offers_payment(log.connection, held.merchant_id)
    if offers and want_link(log, held, now, purpose="prepaid_offer", revision=held.revision):
        return
    ask(log, held, now, push=prepaid)


def ask(log: Log, held: Held, now_us: int, *, push: bool = False) -> None:
    """Ask whether the order is meant, as it stands; three times at most, then a person calls.

    A question that was not sent yet says what the order says when it is sent.

    Parameters
    ----------
    push : bool
        Whether whoever confirms is offered to pay in advance before the order goes.
    """
    asked = [m for m in checks_of(log.connection, held.number) if m.purpose != "reminder"]
    if asked:
        newest = asked[-1]
        same = detail_of(newest).get("revision", 0) == held.revision
        if same or newest.state in ("waiting", "call", "failed"):
            return
        if len(asked) >= _MOST_CHECKS:
            add_task(log.connection, held, "call", "asked three times", now_us=now_us)
            return
    say(log, held, "order_check", now_us, revision=held.revision, push=push)


def ask_without_offer(log: Log, offer: Message, now_us: int) -> None:
    """Ask plainly whether an order is meant whose offer does not reach its customer.

    Whoever confirms is shown the same link, which is free within the chat.
    """
    (held,) = orders_numbered(log.connection, [offer.number])
    if life_of(log.connection, offer.number).stage == "awaiting":
        say(log, held, "order_check", now_us, revision=held.revision, push=True)


def want_link(log: Log, held: Held, now_us: int, **detail: Any) -> bool:
    """Want a payment link for an order that waits; False where too little time is left to pay.

    Parameters
    ----------
    detail
        Purpose and detail of the message that tells of it once it is open.
    """
    until = timer_due(log.connection, held.number, "silence")
    if until is None or until - _BEFORE_US < now_us + _SHORTEST_US:
        return False
    put_link(
        log.connection,
        Link(uuid7(now_us).hex, held.number, held.merchant_id, "waiting", 0, 0, 0,
             until - _BEFORE_US, now_us, now_us, 0, to_json(detail).decode(), None, None, None),
    )  # fmt: skip
    return True


def say(log: Log, held: Held, purpose: Purpose, now_us: int, **detail: Any) -> str:
    """Put a message about an order into the outbox; its id."""
    message_id = uuid7(now_us).hex
    text = to_json(detail).decode()
    put_message(
        log.connection,
        Message(message_id, held.number, held.merchant_id, purpose, "waiting", now_us, now_us,
                detail=text),
    )  # fmt: skip
    return message_id


def detail_of(message: Message) -> dict[str, Any]:
    """What a message's text is made of beside the order."""
    read: dict[str, Any] = from_json(message.detail)
    return read
