"""What comes in from WhatsApp, as work for the writer: each event counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from serving.conversation.asking import ask_without_offer, detail_of, say
from serving.conversation.failed_delivery import FailedDelivery
from serving.conversation.feedback import Feedback
from serving.conversation.life import UNDISPATCHED, Stage
from serving.conversation.persons import Persons
from serving.conversation.talking import Talk
from serving.conversation.whatsapp import Notice, Reply, Status, fault_of
from serving.desk import Desk
from serving.hands import record
from serving.standing import life_of
from serving.store.channels import WHATSAPP, Channel, stop_template, switch_channel
from serving.store.log import Log
from serving.store.opt_outs import opt_out, opt_out_of_offers
from serving.store.orders import orders_numbered
from serving.store.outbox import (
    NEWS,
    Message,
    message_named,
    message_outside,
    newest_of,
    newest_to,
    settle,
    went_to,
)
from serving.store.repeats import first_seen
from serving.store.tasks import add_task, finish_in_place_of

_STOPS = frozenset({"stop", "unsubscribe", "stop all", "रोकें", "बंद करो"})


@dataclass(frozen=True, slots=True)
class Incoming:
    """Take in the events of one signed request."""

    channel: Channel
    events: Sequence[Status | Reply | Notice]
    persons: Persons
    desk: Desk
    now_us: int

    def __call__(self, log: Log) -> None:
        for event in self.events:
            if isinstance(event, Notice):
                self._notice(log, event)
            elif isinstance(event, Status):
                self._status(log, event)
            elif first_seen(log.connection, self.channel.endpoint, event.event_id, self.now_us):
                self._reply(log, event)

    def _status(self, log: Log, said: Status) -> None:
        connection = log.connection
        message = message_outside(connection, said.outside_id)
        if message is None and said.message_id is not None:
            message = message_named(connection, said.message_id)
        if message is None or message.merchant_id != self.channel.merchant_id:
            return
        why = None if said.code is None else f"error {said.code}"
        known = settle(
            connection, message, said.state, outside_id=said.outside_id, why=why,
            sent_us=self.now_us,
        )  # fmt: skip
        if not known:
            return
        if said.state in ("delivered", "read"):
            finish_in_place_of(connection, message.number, message.message_id, self.now_us)
        if said.state == "failed":
            self._failed(log, message, said.code, why)
        elif message.state in ("sending", "unknown", "waiting"):
            note_sent(log, message, self.now_us)

    def _failed(self, log: Log, message: Message, code: int | None, why: str | None) -> None:
        """What each class of errors asks for that is told only after the carrier took it."""
        fault = None if code is None else fault_of(code)
        if fault == "account":
            switch_channel(log.connection, message.merchant_id, why)
        if fault == "picture" and message.purpose == "order_check":
            self._again_plainly(log, message, why)
        elif fault in ("offer", "no_offers") and message.purpose == "prepaid_offer":
            person = went_to(log.connection, message.message_id)
            if fault == "no_offers" and person is not None:
                opt_out_of_offers(log.connection, person, self.now_us)
            note_message(log, message, {"state": "failed", "why": why}, self.now_us)
            ask_without_offer(log, message, self.now_us)
        else:
            to_call(log, message, "failed", why or "not delivered", self.now_us)

    def _again_plainly(self, log: Log, message: Message, why: str | None) -> None:
        """The picture could not be fetched, so nothing arrived: asked again without it."""
        note_message(log, message, {"state": "failed", "why": why}, self.now_us)
        (held,) = orders_numbered(log.connection, [message.number])
        if life_of(log.connection, message.number).stage == "awaiting":
            say(log, held, "order_check", self.now_us, **detail_of(message) | {"plain": True})

    def _notice(self, log: Log, said: Notice) -> None:
        """Stop or resume what the carrier names; what waits for it is called about."""
        connection, merchant_id = log.connection, self.channel.merchant_id
        if said.template is not None:
            stop_template(connection, merchant_id, said.template, said.stopped)
            return
        if said.people_a_day is not None:
            account = self.channel.account
            changed = account.model_copy(update={"people_a_day": said.people_a_day})
            WHATSAPP.keep(connection, self.desk.contacts, merchant_id, changed)
        if said.stopped is not None:
            switch_channel(connection, merchant_id, said.stopped)

    def _reply(self, log: Log, said: Reply) -> None:
        message = self._answered(log, said)
        stops = " ".join((said.text or "").split()).strip(" .!").lower() in _STOPS
        if message is None:
            if stops and said.phone is not None:
                opt_out(log.connection, self._mark(said.phone), self.now_us)
            return
        (held,) = orders_numbered(log.connection, [message.number])
        if stops:
            said = replace(said, payload="stop:", text=None)
        stage = life_of(log.connection, message.number).stage
        talk = _TALKS.get(stage, Talk)
        if talk is Feedback and not _is_feedback(message):
            talk = Talk
        if talk is Talk and stage not in UNDISPATCHED and said.payload != "stop:":
            said = replace(said, payload="late:")
        talk(log, self.desk, held, message, said, self.now_us).go_on()

    def _answered(self, log: Log, said: Reply) -> Message | None:
        """The message answered: named by the carrier, by our button, or the last to this phone."""
        connection, found = log.connection, None
        if said.context_id is not None:
            found = message_outside(connection, said.context_id)
        if found is None and said.payload is not None:
            found = message_named(connection, said.payload.partition(":")[2])
        if found is None and said.phone is not None and said.payload is None:
            found = newest_to(connection, self._mark(said.phone))
        if found is None or found.merchant_id != self.channel.merchant_id:
            return None
        # Written to nothing in particular, it answers what was said last about that order.
        if said.context_id is None and said.payload is None:
            found = newest_of(connection, found.number)
        return found

    def _mark(self, phone: str) -> int:
        return self.persons.mark(self.channel.merchant_id, f"+{phone.removeprefix('+')}")


_TALKS: dict[Stage, type[Talk]] = {
    "ndr": FailedDelivery, "delivered": Feedback, "returned": Feedback, "rto": Feedback,
}  # fmt: skip
_STEPS = ("why_delivered", "why_returned", "feedback_thanks", "suggestion_thanks")


def _is_feedback(message: Message) -> bool:
    """Whether a message asked for feedback, or goes on from there."""
    return message.purpose == "feedback" or detail_of(message).get("step") in _STEPS


def note_sent(log: Log, message: Message, now_us: int) -> None:
    """The order counts as treated from now on; what only answers the customer is not logged."""
    if message.purpose == "talk":
        return
    if message.purpose in NEWS:
        note_message(log, message, {"state": "sent"}, now_us)
        return
    (held,) = orders_numbered(log.connection, [message.number])
    record(log, held, "message_sent", {"purpose": message.purpose}, now_us)


def to_call(log: Log, message: Message, state: str, why: str, now_us: int) -> None:
    """Say that a message cannot reach its customer, and have a person call where it matters."""
    (held,) = orders_numbered(log.connection, [message.number])
    note_message(log, message, {"state": state, "why": why}, now_us)
    if message.purpose in NEWS:
        return
    add_task(log.connection, held, "call", why, now_us=now_us, message_id=message.message_id)


def note_message(log: Log, message: Message, body: dict[str, str | None], now_us: int) -> None:
    """Say in the order's log what else became of a message."""
    (held,) = orders_numbered(log.connection, [message.number])
    said = {"purpose": message.purpose} | body
    log.append("message", said, at_us=now_us, known_us=now_us, order=held)
