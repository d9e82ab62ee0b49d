"""The conversation about an order: what a customer's answer leads to, and what is said next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from features.days import DAY_US, IST, from_us
from serving.conversation.asking import ask, detail_of, say, want_link
from serving.conversation.corrections import read_correction
from serving.conversation.rejudging import corrected
from serving.conversation.whatsapp import Reply
from serving.hands import record, record_cancelled
from serving.orders import content_held
from serving.store.log import Log
from serving.store.opt_outs import opt_out
from serving.store.orders import Held, orders_numbered
from serving.store.outbox import CHECKS, Message, stop_asking, went_to
from serving.store.payments import can_be_paid, links_of
from serving.store.tasks import add_task

if TYPE_CHECKING:
    from serving.desk import Desk

WINDOW_US = DAY_US
NO_ANSWER = "a reply that is no answer"
OFFERED_DAYS = 3

_YES = frozenset({"yes", "ok", "okay", "confirm", "confirmed", "haan", "han", "ha", "ji", "sahi",
                  "correct", "right", "हाँ", "हां", "ठीक", "ठीक है", "सही", "सही है"})  # fmt: skip
_NO = frozenset({"cancel", "cancel order", "रद्द", "रद्द करें", "रद्द करो"})
_ADDRESSED = frozenset({"ask_address", "show_address", "address_unclear"})


@dataclass(frozen=True, slots=True)
class Talk:
    """One answer of a customer's to one message about an order not dispatched yet.

    Parameters
    ----------
    log : Log
        The transaction everything lands in.
    message : Message
        The one answered.
    """

    log: Log
    desk: Desk
    held: Held
    message: Message
    said: Reply
    now_us: int

    def go_on(self) -> None:
        """Do what the answer asks for, and say what comes next."""
        verb, value = self._meaning()
        unclear = value or self.said.text or ""
        self.does(value).get(verb, lambda: self._to_a_person(unclear))()

    def does(self, value: str) -> dict[str, Callable[[], None]]:
        """What each answer leads to."""
        return {
            "confirm": self._confirm, "keep": self._keep, "yes": self._correct,
            "cancel": self._cancel, "pay": self._pay, "stop": self._stop,
            "change": lambda: self._next("menu"), "day": lambda: self._next("days"),
            "address": lambda: self._next("ask_address"),
            "again": lambda: self._next("ask_address"),
            "on": lambda: self._on(value), "text": lambda: self._address(value),
        }  # fmt: skip

    def _meaning(self) -> tuple[str, str]:
        said, step = self.said, detail_of(self.message).get("step")
        if said.payload is not None:
            verb, _, value = said.payload.partition(":")[0].partition("-")
            return verb, value
        text = " ".join((said.text or "").split())
        word = text.strip(" .!").lower()
        if step == "show_address" and word in _YES:
            return "yes", ""
        if self.message.purpose in CHECKS and word in _YES | _NO:
            return ("cancel" if word in _NO else "confirm"), ""
        if self.message.purpose == "ndr" and word in _NO:
            return "cancel", ""
        return ("text" if step in _ADDRESSED and text else "unclear"), text

    def _confirm(self) -> None:
        """Release the order; an answer to what it said before is no answer to what it says now."""
        revision = detail_of(self.message).get("revision", self.held.revision)
        if self.message.purpose in CHECKS and revision != self.held.revision:
            self._heard("outdated")
            ask(self.log, self.held, self.now_us)
            return
        if detail_of(self.message).get("push") and self._offered():
            self._heard("meant")
            return
        self._keep()

    def _keep(self) -> None:
        self._replied("confirmed")
        self._release()
        self._next("thanks")

    def _pay(self) -> None:
        if not self._offered():
            self._to_a_person("wants to pay now")

    def _offered(self) -> bool:
        """Whether a payment link is on its way; the message that brings it follows."""
        connection, held = self.log.connection, self._now()
        if not can_be_paid(connection, held.merchant_id):
            return False
        known = {"purpose": "talk", "step": "pay", "heard_us": self.now_us}
        for link in reversed(links_of(connection, held.number)):
            if link.state == "open":
                self._next("pay", link=link.link_id)
                return True
            if link.state in ("waiting", "making"):
                return True
        return want_link(self.log, held, self.now_us, **known)

    def _on(self, day: str) -> None:
        chosen = date.fromisoformat(day)
        ship_after = chosen - timedelta(days=self._transit_days())
        self._replied("confirmed", day=day, ship_after=ship_after.isoformat())
        self._release(ship_after=ship_after.isoformat())
        self._next("thanks_day", day=day)

    def _transit_days(self) -> int:
        """How long the parcel is expected to travel, as the order's promise has it."""
        content = content_held(self.log.connection, self.desk.contacts, self.held.fact_seq)
        promised, created = content.get("promised_us"), content["created_us"]
        return 0 if promised is None else max(0, (promised - created) // DAY_US - 1)

    def _address(self, text: str) -> None:
        content = content_held(self.log.connection, self.desk.contacts, self.held.fact_seq)
        read = read_correction(text, content, self.desk.judge.rows.directory)
        seq = self._heard("address", note=text, changes=read.changes)
        if read.changes:
            self._next("show_address", about=seq)
        elif detail_of(self.message).get("step") == "address_unclear":
            self._to_a_person(text)
        else:
            self._next("address_unclear", why=read.why_not)

    def _correct(self) -> None:
        """The address shown is right: the order changes, is decided anew, and goes if it may."""
        about = detail_of(self.message).get("about")
        sealed = None if about is None else self.desk.contacts.of(self.log.connection, about)
        if sealed is None:
            self._to_a_person("")
            return
        self._replied("corrected")
        changes: Any = sealed["changes"]
        decided = corrected(self.log, self.desk, self._now(), changes)
        stop_asking(self.log.connection, self.held.number)
        if decided is None or decided["action"] in ("hold", "block"):
            add_task(self.log.connection, self.held, "call", "corrected, and still to be held",
                     now_us=self.now_us)  # fmt: skip
            self._next("person")
            return
        self._replied("confirmed")
        self._release()
        self._next("thanks")

    def _cancel(self) -> None:
        self._replied("refused")
        stop_asking(self.log.connection, self.held.number)
        record_cancelled(self.log, self.held, "customer", self.now_us)
        self._next("cancelled")

    def _stop(self) -> None:
        found = went_to(self.log.connection, self.message.message_id)
        if found is not None:
            opt_out(self.log.connection, found, self.now_us)
        self._replied("person")
        stop_asking(self.log.connection, self.held.number)
        add_task(self.log.connection, self.held, "call", "wants no messages", now_us=self.now_us)

    def _to_a_person(self, text: str) -> None:
        """What is no answer is read by people, who may write freely for a day."""
        seq = self._heard("unclear", note=text)
        add_task(self.log.connection, self.held, "inbox", NO_ANSWER,
                 now_us=self.now_us, seq=seq, until_us=self.now_us + WINDOW_US)  # fmt: skip

    def _heard(self, state: str, note: str = "", changes: Mapping[str, Any] | None = None) -> int:
        """Log that something came; its words are sealed."""
        body = {"purpose": self.message.purpose, "state": state}
        seq = self.log.append(
            "message", body, at_us=self.now_us, known_us=self.now_us, order=self._now()
        )
        if note:
            sealed = {"note": note} | ({"changes": dict(changes)} if changes else {})
            self.desk.contacts.keep(self.log.connection, seq, to_json(sealed))
        return seq

    def _replied(self, response: str, **more: str) -> None:
        body = {"response": response, "channel": "whatsapp", **more}
        record(self.log, self.held, "replied", body, self.now_us)

    def _release(self, **more: str) -> None:
        stop_asking(self.log.connection, self.held.number)
        held = self._now()
        self.log.append("released", more, at_us=self.now_us, known_us=self.now_us, order=held)

    def _next(self, step: str, **more: Any) -> None:
        say(self.log, self._now(), "talk", self.now_us, step=step, heard_us=self.now_us, **more)

    def _now(self) -> Held:
        (held,) = orders_numbered(self.log.connection, [self.held.number])
        return held


def days_offered(now_us: int) -> dict[str, str]:
    """Answers and titles of the days a customer may choose from.

    >>> list(days_offered(1_795_156_200_000_000).values())
    ['Sun 22 Nov', 'Mon 23 Nov', 'Tue 24 Nov']
    """
    today = from_us(now_us).astimezone(IST).date()
    days = [today + timedelta(days=2 + i) for i in range(OFFERED_DAYS)]
    return {f"on-{day.isoformat()}": f"{day:%a} {day.day} {day:%b}" for day in days}
