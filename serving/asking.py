"""What a decision sets going: a question to the customer and the timer that ends the wait."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from features.days import HOUR_US, to_us
from models.actions import MESSAGES
from serving.moments import uuid7
from serving.store.log import Held, Log
from serving.store.outbox import Message, asked_already, put_message, set_timer, stop_asking

LONGEST_WAIT_US = 12 * HOUR_US


def follow(log: Log, held: Held, record: Mapping[str, Any]) -> None:
    """Ask, or end what is being asked, in the transaction of the decision itself.

    Test orders and decisions made without history are never written to; an order asked about
    already is not asked again.
    """
    asks = record["action"] in MESSAGES and record["dispatch"] == "wait"
    if not asks or held.test or record["degraded"]:
        stop_asking(log.connection, held.number)
        return
    now: int = record["as_of_us"]
    until = to_us(datetime.fromisoformat(record["wait_until"]))
    set_timer(log.connection, held.number, "silence", min(until, now + LONGEST_WAIT_US))
    if asked_already(log.connection, held.number):
        return
    message_id = uuid7(now).hex
    put_message(
        log.connection,
        Message(message_id, held.number, held.merchant_id, "order_check", "waiting", now, now, 0,
                None),
    )  # fmt: skip
