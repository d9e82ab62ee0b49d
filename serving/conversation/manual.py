"""What people do about conversations: tasks as they are shown, free answers, sending again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from features.errors import RefusedError
from serving.conversation.asking import say
from serving.conversation.life import UNDISPATCHED, Stage
from serving.moments import rfc3339
from serving.schemas import FreeMessage
from serving.standing import life_of
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.dead_letters import send_again
from serving.store.log import Log
from serving.store.orders import Held, orders_numbered
from serving.store.outbox import CHECKS, Purpose, message_named
from serving.store.tasks import last_window, tasks_of


class LateAnswerError(RefusedError):
    """The day after the customer's last message is over, or they never wrote."""

    def __init__(self) -> None:
        super().__init__(
            "the customer has not written within a day; WhatsApp takes only templates now: call"
        )


@dataclass(frozen=True, slots=True)
class Answering:
    """Work for the writer: a person's own words to a customer; they lie sealed."""

    held: Held
    said: FreeMessage
    contacts: Contacts
    now_us: int

    def __call__(self, log: Log) -> None:
        until = last_window(log.connection, self.held.number)
        if until is None or until <= self.now_us:
            raise LateAnswerError
        body = {"purpose": "talk", "state": "answered", "by": self.said.by}
        seq = log.append("message", {k: v for k, v in body.items() if v}, at_us=self.now_us,
                         known_us=self.now_us, order=self.held)  # fmt: skip
        self.contacts.keep(log.connection, seq, to_json({"note": self.said.text}))
        say(log, self.held, "talk", self.now_us, step="text", about=seq, heard_us=self.now_us)


class OverError(RefusedError):
    """A message is about something that is over."""

    def __init__(self) -> None:
        super().__init__("the order has moved on, and this message would only confuse: call")


@dataclass(frozen=True, slots=True)
class Resending:
    """Work for the writer: send a message again; whether there was one to send.

    Parameters
    ----------
    doubtful : bool
        Whether also one of which nobody knows if it arrived.
    """

    merchant_id: str
    message_id: str
    doubtful: bool
    now_us: int

    def __call__(self, log: Log) -> bool:
        connection, found = log.connection, message_named(log.connection, self.message_id)
        if found is None or found.merchant_id != self.merchant_id:
            return False
        if not still_about(found.purpose, life_of(connection, found.number).stage):
            raise OverError
        return send_again(
            connection, self.merchant_id, self.message_id, self.now_us, doubtful=self.doubtful
        )


def still_about(purpose: Purpose, stage: Stage) -> bool:
    """Whether what a message asks can still be answered at a stage of its order."""
    if purpose in CHECKS:
        return stage in UNDISPATCHED
    return purpose != "ndr" or stage == "ndr"


def shown_tasks(
    connection: Connection, contacts: Contacts, merchant_id: str, kind: Any, most: int
) -> list[dict[str, Any]]:
    """Open tasks as callers and pages see them, with what the customer wrote."""
    shown = []
    for task in tasks_of(connection, merchant_id, kind, most):
        (held,) = orders_numbered(connection, [task.number])
        sealed = None if task.seq is None else contacts.of(connection, task.seq)
        shown.append({
            "task_id": task.task_id, "order_id": held.order_id, "kind": task.kind,
            "why": task.why, "text": None if sealed is None else sealed.get("note"),
            "made_at": rfc3339(task.made_us),
            "until": None if task.until_us is None else rfc3339(task.until_us),
        })  # fmt: skip
    return shown
