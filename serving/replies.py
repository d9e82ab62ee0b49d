"""What comes in from WhatsApp, as work for the writer: each event counts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.hands import record, record_cancelled
from serving.life import UNDISPATCHED
from serving.persons import Persons
from serving.standing import life_of
from serving.store.channels import Channel, switch_channel
from serving.store.erasing import orders_numbered
from serving.store.log import Log
from serving.store.outbox import (
    Message,
    first_seen,
    message_named,
    message_outside,
    newest_to,
    opt_out,
    settle,
    stop_asking,
    went_to,
)
from serving.whatsapp import Reply, Status, fault_of

_STOPS = frozenset({"stop", "unsubscribe", "stop all", "रोकें", "बंद करो"})
_RESPONSES = {"confirm": "confirmed", "cancel": "refused", "change": "person"}


@dataclass(frozen=True, slots=True)
class Incoming:
    """Take in the events of one signed request."""

    channel: Channel
    events: Sequence[Status | Reply]
    persons: Persons
    now_us: int

    def __call__(self, log: Log) -> None:
        for event in self.events:
            if isinstance(event, Status):
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
        known = settle(connection, message, said.state, outside_id=said.outside_id, why=why)
        if not known:
            return
        if said.state == "failed":
            if said.code is not None and fault_of(said.code) == "account":
                switch_channel(connection, message.merchant_id, why)
            note_message(log, message, {"state": "failed", "why": why}, self.now_us)
        elif message.state in ("sending", "unknown", "waiting"):
            note_sent(log, message, self.now_us)

    def _reply(self, log: Log, said: Reply) -> None:
        message = self._answered(log, said)
        if message is None:
            return
        (held,) = orders_numbered(log.connection, [message.number])
        if said.text is not None and said.text.strip().lower() in _STOPS:
            self._stop(log, said, message)
            response = "person"
        else:
            response = _RESPONSES.get((said.payload or "").partition(":")[0], "")
        before = life_of(log.connection, message.number).stage in UNDISPATCHED
        if not response:
            note_message(log, message, {"state": "unclear"}, self.now_us)
            return
        record(log, held, "replied", {"response": response, "channel": "whatsapp"}, self.now_us)
        if not before:
            return
        stop_asking(log.connection, message.number)
        if response == "refused":
            record_cancelled(log, held, "customer", self.now_us)
        if response == "confirmed":
            log.append("released", {}, at_us=self.now_us, known_us=self.now_us, order=held)

    def _answered(self, log: Log, said: Reply) -> Message | None:
        """The message answered: named by the carrier, by our button, or the last to this phone."""
        connection, found = log.connection, None
        if said.context_id is not None:
            found = message_outside(connection, said.context_id)
        if found is None and said.payload is not None:
            found = message_named(connection, said.payload.partition(":")[2])
        if found is None and said.phone is not None and said.payload is None:
            phone = f"+{said.phone.removeprefix('+')}"
            found = newest_to(connection, self.persons.mark(self.channel.merchant_id, phone))
        if found is None or found.merchant_id != self.channel.merchant_id:
            return None
        return found

    def _stop(self, log: Log, said: Reply, message: Message) -> None:
        found = went_to(log.connection, message.message_id)
        if found is None and said.phone is not None:
            phone = f"+{said.phone.removeprefix('+')}"
            found = self.persons.mark(self.channel.merchant_id, phone)
        if found is not None:
            opt_out(log.connection, found, self.now_us)


def note_sent(log: Log, message: Message, now_us: int) -> None:
    """The order counts as treated from now on."""
    (held,) = orders_numbered(log.connection, [message.number])
    record(log, held, "message_sent", {"purpose": message.purpose}, now_us)


def note_message(log: Log, message: Message, body: dict[str, str | None], now_us: int) -> None:
    """Say in the order's log what else became of a message."""
    (held,) = orders_numbered(log.connection, [message.number])
    said = {"purpose": message.purpose} | body
    log.append("message", said, at_us=now_us, known_us=now_us, order=held)
