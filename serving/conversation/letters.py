"""What a message of the outbox says, made when it is sent; or why it is not to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.days import DAY_US, HOUR_US, IST, from_us
from features.phone import normal_phone
from serving.conversation.asking import detail_of
from serving.conversation.messages.sessions import language_of, session, texts
from serving.conversation.messages.templates import address_of, failed, filled, offer
from serving.conversation.persons import Persons
from serving.conversation.sending_hours import after_quiet
from serving.conversation.talking import WINDOW_US, days_offered
from serving.orders import content_held
from serving.rupees import rupees
from serving.store.channels import WHATSAPP, Channel, template_stopped
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.erasing import orders_numbered
from serving.store.merchants import merchant
from serving.store.outbox import Message, Purpose, opted_out, people_reached
from serving.store.payments import Link, can_be_paid, link_named

TEMPLATES: dict[Purpose, str] = {
    "order_check": "order_check", "reminder": "order_reminder", "prepaid_offer": "prepaid_offer",
    "ndr": "delivery_failed",
}  # fmt: skip
# What is not about an order's own check leaves this share of the day's people to checks.
_SHARE_OF_OTHERS = 0.8


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to go.

    Parameters
    ----------
    person : int
        The mark of whom it goes to.
    content : mapping
        The body from its type on.
    """

    channel: Channel
    phone: str
    person: int
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: when, and why."""

    due_us: int
    why: str


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes letters for one worker.

    Parameters
    ----------
    local : bool
        Whether what sends is a stand-in on this machine.
    """

    connection: Connection
    contacts: Contacts
    persons: Persons
    local: bool

    def write(self, message: Message, now_us: int) -> Letter | Later | str:
        """The letter; or when to try again; or why a person has to call."""
        channel = WHATSAPP.of(self.connection, self.contacts, message.merchant_id)
        if channel is None:
            return "no channel"
        if channel.account.sandbox and not self.local:
            return "the number is a sandbox's, which is not running"
        (held,) = orders_numbered(self.connection, [message.number])
        content = content_held(self.connection, self.contacts, held.fact_seq)
        phone = normal_phone(content.get("phone")) or normal_phone(content.get("ship_phone"))
        if content.get("whatsapp_opt_in") is False:
            return "no consent"
        if phone is None:
            return "no phone"
        person = self.persons.mark(message.merchant_id, phone)
        if opted_out(self.connection, person) and message.purpose != "talk":
            return "opted out"
        if message.purpose == "talk":
            return self._talk(message, channel, phone, person, content, now_us)
        why_not = self._stopped(message) or self._full(message, channel, person, now_us)
        if why_not is not None:
            return why_not
        said = self._template(message, content)
        if said is None:
            return "the payment link is over"
        return Letter(channel, phone, person, {"type": "template", "template": said})

    def _template(self, message: Message, content: Mapping[str, Any]) -> dict[str, Any] | None:
        shop = merchant(self.connection, message.merchant_id)
        name = message.merchant_id if shop is None else shop.name
        template = TEMPLATES[message.purpose]
        if message.purpose == "prepaid_offer":
            link = link_named(self.connection, str(detail_of(message)["link"]))
            if link is None or link.state != "open":
                return None
            return offer(content, self._to_pay(link, content), shop=name,
                         message_id=message.message_id)  # fmt: skip
        if message.purpose == "ndr":
            reason = str(detail_of(message)["reason"])
            return failed(content, reason, shop=name, message_id=message.message_id)
        return filled(content, shop=name, message_id=message.message_id, name=template)

    def _talk(
        self, message: Message, channel: Channel, phone: str, person: int,
        content: Mapping[str, Any], now_us: int,
    ) -> Letter | str:  # fmt: skip
        detail = detail_of(message)
        if now_us > int(detail["heard_us"]) + WINDOW_US:
            return "the day after the customer's message is over"
        said = self._said(message, detail, content)
        return "what it was about is over or erased" if said is None else Letter(
            channel, phone, person, said
        )  # fmt: skip

    def _said(
        self, message: Message, detail: Mapping[str, Any], content: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        step = str(detail["step"])
        words = self._words(step, detail, content)
        if words is None:
            return None
        unpaid = step == "menu" and not can_be_paid(self.connection, message.merchant_id)
        return session(
            step, content, words, message_id=message.message_id,
            buttons=days_offered(message.made_us) if step == "days" else None,
            without=frozenset({"pay"}) if unpaid else frozenset(),
        )  # fmt: skip

    def _words(
        self, step: str, detail: Mapping[str, Any], content: Mapping[str, Any]
    ) -> dict[str, str] | None:
        """What a text's names in braces stand for; None where what it is about is gone."""
        words = {"address": address_of(content)}
        words |= {name: str(v) for name, v in detail.items() if name in ("why", "reason")}
        if step in ("show_address", "text"):
            sealed: Any = self.contacts.of(self.connection, int(detail["about"]))
            if sealed is None:
                return None
            if step == "text":
                return words | {"text": str(sealed["note"])}
            words["address"] = _shown({**content, **sealed["changes"]})
        elif step == "pay":
            link = link_named(self.connection, str(detail["link"]))
            if link is None or link.state != "open":
                return None
            words |= self._to_pay(link, content)
        elif step == "paid":
            words["amount"] = rupees(int(detail["amount_paise"]))
        elif step == "thanks_day":
            day = date.fromisoformat(str(detail["day"]))
            words["day"] = f"{day:%a} {day.day} {day:%b}"
        return words

    def _to_pay(self, link: Link, content: Mapping[str, Any]) -> dict[str, str]:
        """The words of a payment link."""
        saving = texts()[language_of(content)]["saving"]["body"]
        until = from_us(link.expire_us).astimezone(IST)
        return {
            "amount": rupees(link.amount_paise),
            "url": link.short_url or "",
            "saving": saving.format(discount=rupees(link.discount_paise))
            if link.discount_paise else "",
            "until": f"{until:%H:%M}, {until.day} {until:%b}",
        }  # fmt: skip

    def _stopped(self, message: Message) -> str | None:
        template = TEMPLATES[message.purpose]
        why = template_stopped(self.connection, message.merchant_id, template)
        return None if why is None else f"template {template}: {why}"

    def _full(self, message: Message, channel: Channel, person: int, now_us: int) -> Later | None:
        """Whether as many people were written to as the carrier lets a number in a day."""
        merchant_id = message.merchant_id
        later = after_quiet(self.connection, merchant_id, channel.account, now_us)
        if later > now_us:
            return Later(later, "quiet hours")
        most = channel.account.people_a_day
        if message.purpose not in ("order_check", "reminder"):
            most = int(_SHARE_OF_OTHERS * most)
        reached = people_reached(self.connection, message.merchant_id, now_us - DAY_US)
        if len(reached) < most or person in reached:
            return None
        return Later(now_us + HOUR_US, f"{len(reached)} people were written to in a day")


def _shown(content: Mapping[str, Any]) -> str:
    """Who receives an order, and where."""
    names = (content.get("ship_name"), content.get("ship_phone"), address_of(content))
    return ", ".join(str(name) for name in names if name)
