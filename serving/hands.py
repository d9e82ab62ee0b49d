"""What people and customers did about an order: overrides, calls, answers by other channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic_core import to_json

from features.days import to_us
from features.history.states import EVENT_CODES, next_state
from features.phone import normal_phone
from serving.conversation.persons import Persons
from serving.schemas import NoteRequest, OverrideRequest, ResponseRequest
from serving.store.contacts import Contacts
from serving.store.log import Kind, Log
from serving.store.opt_outs import opt_out
from serving.store.orders import Held
from serving.store.outbox import stop_asking
from serving.store.stories import last_steps

Asked = Literal["contacted", "replied"]

# Answers after which the customer is asked no more.
_SETTLING = ("confirmed", "paid", "refused", "person", "stop")


@dataclass(frozen=True, slots=True)
class Override:
    """Work for the writer: a person approves, holds or cancels."""

    held: Held
    request: OverrideRequest
    contacts: Contacts
    now_us: int

    def __call__(self, log: Log) -> Held:
        """The order as it stands afterwards."""
        held, request = _now(log, self.held), self.request
        body = {"action": request.action, "by": request.by}
        if _said_last(log, self.contacts, held, "overridden", body, None, request.note):
            return held
        seq = _append(log, held, "overridden", body, self.now_us, self.now_us)
        _keep_note(self.contacts, log, seq, request.note)
        stop_asking(log.connection, held.number)
        if request.action == "cancel":
            record_cancelled(log, held, "merchant", self.now_us)
        return _now(log, held)


@dataclass(frozen=True, slots=True)
class Respond:
    """Work for the writer: a customer was asked, or answered.

    Parameters
    ----------
    kind : {"contacted", "replied"}
        A call of the merchant's, or an answer that came through another channel.
    """

    kind: Asked
    held: Held
    request: ResponseRequest
    contacts: Contacts
    persons: Persons
    now_us: int

    def __call__(self, log: Log) -> Held:
        """The order as it stands afterwards."""
        held, request = _now(log, self.held), self.request
        told_us = None if request.at is None else to_us(request.at)
        at_us = self.now_us if told_us is None else told_us
        response = request.response
        if response == "stop":
            self._stop(log, held)
            response = "person"
        body = {"response": response, "channel": request.channel, "by": request.by}
        if _said_last(log, self.contacts, held, self.kind, body, told_us, request.note):
            return held
        seq = _append(log, held, self.kind, body, at_us, self.now_us)
        _keep_note(self.contacts, log, seq, request.note)
        if request.response in _SETTLING:
            stop_asking(log.connection, held.number)
        if request.response == "refused":
            record_cancelled(log, held, "customer", self.now_us)
        return _now(log, held)

    def _stop(self, log: Log, held: Held) -> None:
        """Write to none of the order's phones ever again."""
        personal = self.contacts.of(log.connection, held.fact_seq) or {}
        for name in ("phone", "ship_phone"):
            if (phone := normal_phone(str(personal.get(name) or ""))) is not None:
                mark = self.persons.mark(held.merchant_id, phone)
                opt_out(log.connection, mark, self.now_us)


@dataclass(frozen=True, slots=True)
class Note:
    """Work for the writer: a word about an order, or who looks after it; it decides nothing."""

    held: Held
    request: NoteRequest
    contacts: Contacts
    now_us: int

    def __call__(self, log: Log) -> Held:
        """The order, unchanged."""
        held, request = _now(log, self.held), self.request
        said = {"assignee": request.assignee, "by": request.by}
        body = {name: value for name, value in said.items() if value is not None}
        seq = log.append("noted", body, at_us=self.now_us, known_us=self.now_us, order=held)
        _keep_note(self.contacts, log, seq, request.note)
        return held


def _append(
    log: Log, held: Held, kind: Kind, body: dict[str, Any], at_us: int, known_us: int
) -> int:
    becomes = next_state(held.state, EVENT_CODES[kind], 0)
    return log.append(
        kind, _plain(body), at_us=at_us, known_us=known_us, order=held,
        becomes=None if becomes == held.state else becomes,
    )  # fmt: skip


def record(log: Log, held: Held, kind: Kind, body: dict[str, Any], now_us: int) -> int:
    """Append what happened to an order now; the position of the event."""
    return _append(log, _now(log, held), kind, body, now_us, now_us)


def record_cancelled(log: Log, held: Held, by: str, now_us: int) -> None:
    """Cancel what is not final yet."""
    held = _now(log, held)
    if next_state(held.state, EVENT_CODES["cancelled"], 0) != held.state:
        body = {"outcome": "cancelled", "cancelled_by": by}
        _append(log, held, "cancelled", body, now_us, now_us)


def _said_last(
    log: Log, contacts: Contacts, held: Held, kind: Kind, body: dict[str, Any],
    told_us: int | None, note: str | None,
) -> bool:  # fmt: skip
    """Whether this is a repeat: the last thing that happened to the order was said just so.

    A cancellation that it brought about does not come in between.
    """
    steps = last_steps(log.connection, held.number, 2)
    if steps and steps[0].kind == "cancelled":
        steps = steps[1:]
    if not steps or steps[0].kind != kind or steps[0].body != _plain(body):
        return False
    noted = contacts.of(log.connection, steps[0].seq) or {}
    return told_us in (None, steps[0].at_us) and noted.get("note") == (note or None)


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


def _keep_note(contacts: Contacts, log: Log, seq: int, note: str | None) -> None:
    """Free text may name people: it is sealed, under the position of its event."""
    if note:
        contacts.keep(log.connection, seq, to_json({"note": note}))


def _now(log: Log, held: Held) -> Held:
    found = log.find(held.merchant_id, held.order_id, test=held.test)
    assert found is not None
    return found
