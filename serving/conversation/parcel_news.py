"""What customers are told of their parcel, and asked once it has ended; off until it is wanted."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic_core import to_json

from features.days import DAY_US, HOUR_US
from serving.conversation.asking import detail_of
from serving.moments import uuid7
from serving.standing import life_of
from serving.store.connection import Connection
from serving.store.log import Log
from serving.store.news import news_wanted
from serving.store.orders import Held, orders_numbered
from serving.store.outbox import Message, Purpose, put_message
from serving.store.policies import policy_body
from serving.store.stories import body_at

Step: TypeAlias = Literal["shipped", "out_for_delivery", "delivered", "rto"]

# Who has had the parcel for a day has opened it.
_OPENED_US = DAY_US
# What is older than this when we learn of it, or when it could be sent, is no news.
_NEWS_US = {"shipped": DAY_US, "out_for_delivery": 10 * HOUR_US, "delivered": DAY_US,
            "rto": 7 * DAY_US}  # fmt: skip
_STAGE = {"shipped": "in_transit", "out_for_delivery": "in_transit", "delivered": "delivered",
          "rto": "rto"}  # fmt: skip


def tell(
    log: Log, held: Held, step: Step, *, at_us: int, now_us: int, courier: str | None = None
) -> None:
    """Tell or ask what the merchant has switched on, in the transaction that learns of it.

    As with questions, nothing is sent for loaded, late, degraded or test orders, nor while the
    merchant observes.
    """
    connection = log.connection
    wanted = news_wanted(connection, held.merchant_id)
    if not (wanted.tracking or wanted.feedback) or now_us - at_us > _NEWS_US[step]:
        return
    (held,) = orders_numbered(connection, [held.number])
    if not _acted_on(connection, held) or _is_over(connection, held.number, step):
        return
    if wanted.tracking and step != "rto":
        _put(log, held, "tracking", now_us, now_us, step=step, courier=courier)
    if wanted.feedback and step in ("delivered", "rto"):
        later = now_us + (_OPENED_US if step == "delivered" else 0)
        _put(log, held, "feedback", now_us, later, step=step)


def outdated(connection: Connection, message: Message, now_us: int) -> str | None:
    """Why a message of this kind is not worth sending any more; None where it is."""
    step = str(detail_of(message)["step"])
    if _is_over(connection, message.number, step):
        return "the parcel has gone on since"
    late = message.purpose == "tracking" and now_us - message.made_us > _NEWS_US[step]
    return "no news any more" if late else None


def _put(
    log: Log, held: Held, purpose: Purpose, now_us: int, due_us: int, **detail: str | None
) -> None:
    text = to_json({name: value for name, value in detail.items() if value}).decode()
    put_message(
        log.connection,
        Message(uuid7(now_us).hex, held.number, held.merchant_id, purpose, "waiting", now_us,
                due_us, detail=text),
    )  # fmt: skip


def _is_over(connection: Connection, number: int, step: str) -> bool:
    return life_of(connection, number).stage != _STAGE[step]


def _acted_on(connection: Connection, held: Held) -> bool:
    if held.test or held.decided_seq is None:
        return False
    decided = body_at(connection, held.decided_seq)
    acts = (policy_body(connection, held.merchant_id) or {}).get("mode") == "act"
    return acts and not decided.get("degraded") and not decided.get("record_only")
