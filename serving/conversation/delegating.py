"""A question that the merchant's own provider asks: handed over once, answered by ``/reply``."""

from __future__ import annotations

from dataclasses import dataclass

from features.phone import normal_phone
from serving.conversation.persons import Persons
from serving.conversation.replies import to_call
from serving.conversation.sending_hours import after_quiet
from serving.hands import record
from serving.moments import rfc3339
from serving.orders import content_held
from serving.store.channels import Delegate
from serving.store.contacts import Contacts
from serving.store.log import Log
from serving.store.opt_outs import opted_out
from serving.store.orders import orders_numbered
from serving.store.outbox import Message, settle
from serving.store.subscriptions import listens
from serving.store.timers import timer_due

VIA = "delegate"


@dataclass(frozen=True, slots=True)
class HandingOver:
    """Work of the sender's: what is due for a merchant whose number is with another provider.

    The log's ``message_sent`` is what the webhook ``message.requested`` tells; from then on the
    order counts as asked, and the wait for an answer runs.
    """

    message: Message
    delegate: Delegate
    contacts: Contacts
    persons: Persons
    now_us: int

    def __call__(self, log: Log) -> None:
        message, now = self.message, self.now_us
        later = after_quiet(log.connection, message.merchant_id, self.delegate, now)
        if later > now:
            settle(log.connection, message, "waiting", due_us=later, why="quiet hours")
            return
        why, person = self._hindered(log)
        if why is not None:
            if settle(log.connection, message, "call", person=person, why=why):
                to_call(log, message, "call", why, now)
            return
        if settle(log.connection, message, "sent", person=person):
            (held,) = orders_numbered(log.connection, [message.number])
            due_us = timer_due(log.connection, message.number, "silence")
            body = {
                "purpose": message.purpose, "via": VIA, "message_id": message.message_id,
                "expires_at": None if due_us is None else rfc3339(due_us),
            }  # fmt: skip
            record(log, held, "message_sent", body, now)

    def _hindered(self, log: Log) -> tuple[str | None, int | None]:
        """Why a person has to call instead, and the mark of whom it is about."""
        (held,) = orders_numbered(log.connection, [self.message.number])
        content = content_held(log.connection, self.contacts, held.fact_seq)
        if content.get("whatsapp_opt_in") is False:
            return "no consent", None
        merchant_id = self.message.merchant_id
        phone = normal_phone(content.get("phone")) or normal_phone(content.get("ship_phone"))
        person = None if phone is None else self.persons.mark(merchant_id, phone)
        if person is not None and opted_out(log.connection, person):
            return "opted out", person
        if not listens(log.connection, merchant_id, "message.requested"):
            return "no webhook takes message.requested", person
        return None, person
