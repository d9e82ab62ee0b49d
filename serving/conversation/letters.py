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
from serving.conversation.messages.templates import PICTURE, Filling, address_of, picture_of
from serving.conversation.parcel_news import outdated
from serving.conversation.persons import Persons
from serving.conversation.sending_hours import after_quiet
from serving.conversation.talking import WINDOW_US, days_offered
from serving.orders import content_held
from serving.rupees import rupees
from serving.store.channels import WHATSAPP, Channel, WhatsApp, template_stopped
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.merchants import merchant
from serving.store.opt_outs import opted_out, wants_no_offers
from serving.store.orders import orders_numbered
from serving.store.outbox import NEWS, Message, Purpose, people_reached
from serving.store.payments import Link, can_be_paid, link_named

# What each purpose may use of the people that a number may write to in a day.
_SHARES: dict[Purpose, float] = {
    "order_check": 1.0, "reminder": 1.0, "ndr": 0.9, "prepaid_offer": 0.8, "tracking": 0.6,
    "feedback": 0.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to go; ``template`` names it where it is one.

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

    @property
    def template(self) -> str | None:
        """The template's name; None for what answers a customer."""
        part = self.content.get("template")
        return None if part is None else str(part["name"])


@dataclass(frozen=True, slots=True)
class Later:
    """Not now: when, and why."""

    due_us: int
    why: str


@dataclass(frozen=True, slots=True)
class NoOffer:
    """No offer to this customer: the question alone goes in its place."""

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

    def write(self, message: Message, now_us: int) -> Letter | Later | NoOffer | str:
        """The letter; or when to try again, or what to do instead, or why a person calls."""
        channel = WHATSAPP.of(self.connection, self.contacts, message.merchant_id)
        if channel is None:
            return "no channel"
        if channel.account.sandbox and not self.local:
            return "the number is a sandbox's, which is not running"
        (held,) = orders_numbered(self.connection, [message.number])
        content = content_held(self.connection, self.contacts, held.fact_seq)
        phone = normal_phone(content.get("phone")) or normal_phone(content.get("ship_phone"))
        if message.purpose != "talk" and (why := _unasked(content, channel.account)) is not None:
            return why
        if phone is None:
            return "no phone"
        person = self.persons.mark(message.merchant_id, phone)
        if opted_out(self.connection, person) and message.purpose != "talk":
            return "opted out"
        if message.purpose == "talk":
            return self._talk(message, channel, phone, person, content, now_us)
        return self._first(message, channel, phone, person, content, now_us)

    def _first(
        self, message: Message, channel: Channel, phone: str, person: int,
        content: Mapping[str, Any], now_us: int,
    ) -> Letter | Later | NoOffer | str:  # fmt: skip
        """A template, to somebody who has not written within the day."""
        if message.purpose == "prepaid_offer" and wants_no_offers(self.connection, person):
            return NoOffer("wants no offers")
        if message.purpose in NEWS and (why := outdated(self.connection, message, now_us)):
            return why
        if (later := self._full(message, channel, person, now_us)) is not None:
            return later
        said = self._template(message, content)
        if said is None:
            return "the payment link is over"
        if (why := self._stopped(message.merchant_id, said["name"])) is not None:
            return why
        return Letter(channel, phone, person, {"type": "template", "template": said})

    def _template(self, message: Message, content: Mapping[str, Any]) -> dict[str, Any] | None:
        shop = merchant(self.connection, message.merchant_id)
        name = message.merchant_id if shop is None else shop.name
        filling, detail = Filling(content, name, message.message_id), detail_of(message)
        if message.purpose == "prepaid_offer":
            link = link_named(self.connection, str(detail["link"]))
            if link is None or link.state != "open":
                return None
            return filling.offer(self._to_pay(link, content))
        if message.purpose == "ndr":
            return filling.failed(str(detail["reason"]))
        if message.purpose == "tracking":
            return filling.tracking(str(detail["step"]), detail.get("courier"))
        if message.purpose == "feedback":
            return filling.feedback(str(detail["step"]))
        if message.purpose == "reminder":
            return filling.check("order_reminder")
        picture = self._picture(message, content)
        return filling.check(PICTURE if picture else "order_check", picture)

    def _picture(self, message: Message, content: Mapping[str, Any]) -> str | None:
        """The product's, unless it was refused before or the template for it is not to be used."""
        refused = detail_of(message).get("plain")
        if refused or template_stopped(self.connection, message.merchant_id, PICTURE) is not None:
            return None
        return picture_of(content, local=self.local)

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
            words["left"] = self._partly("left", content, rest_paise=detail.get("rest_paise"))
        elif step == "thanks_day":
            day = date.fromisoformat(str(detail["day"]))
            words["day"] = f"{day:%a} {day.day} {day:%b}"
        return words

    def _to_pay(self, link: Link, content: Mapping[str, Any]) -> dict[str, str]:
        """The words of a payment link."""
        until = from_us(link.expire_us).astimezone(IST)
        return {
            "amount": rupees(link.amount_paise),
            "url": link.short_url or "",
            "saving": self._partly("saving", content, discount_paise=link.discount_paise)
            + self._partly("token", content, token_paise=link.token_paise),
            "until": f"{until:%H:%M}, {until.day} {until:%b}",
        }  # fmt: skip

    def _partly(self, name: str, content: Mapping[str, Any], **paise: int | None) -> str:
        """A part of a text about a sum; nothing where there is none."""
        ((word, sum_paise),) = paise.items()
        body: str = texts()[language_of(content)][name]["body"]
        word = word.removesuffix("_paise")
        return body.format_map({word: rupees(sum_paise)}) if sum_paise else ""

    def _stopped(self, merchant_id: str, template: str) -> str | None:
        why = template_stopped(self.connection, merchant_id, template)
        return None if why is None else f"template {template}: {why}"

    def _full(self, message: Message, channel: Channel, person: int, now_us: int) -> Later | None:
        """Whether as many people were written to as the carrier lets a number in a day."""
        merchant_id = message.merchant_id
        later = after_quiet(self.connection, merchant_id, channel.account, now_us)
        if later > now_us:
            return Later(later, "quiet hours")
        most = int(_SHARES[message.purpose] * channel.account.people_a_day)
        reached = people_reached(self.connection, message.merchant_id, now_us - DAY_US)
        if len(reached) < most or person in reached:
            return None
        return Later(now_us + HOUR_US, f"{len(reached)} people were written to in a day")


def _shown(content: Mapping[str, Any]) -> str:
    """Who receives an order, and where."""
    names = (content.get("ship_name"), content.get("ship_phone"), address_of(content))
    return ", ".join(str(name) for name in names if name)


def _unasked(content: Mapping[str, Any], account: WhatsApp) -> str | None:
    """Why a customer may not be written to first; None who has agreed, or is said to have."""
    agreed = content.get("whatsapp_opt_in")
    if agreed is None and not account.opt_in_declared:
        return "nobody says that the customer agreed to messages"
    return "no consent" if agreed is False else None
