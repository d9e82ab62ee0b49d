"""A payment that came in: the order becomes prepaid, or somebody has to pay back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from serving.conversation.asking import say
from serving.conversation.life import UNDISPATCHED, Stage
from serving.conversation.rejudging import corrected
from serving.conversation.talking import WINDOW_US
from serving.desk import Desk
from serving.hands import record
from serving.orders import content_held
from serving.payments.razorpay import Paid
from serving.standing import life_of
from serving.store.log import Log
from serving.store.orders import Held, orders_numbered
from serving.store.outbox import newest_of, stop_asking
from serving.store.payments import Link, Payments, link_named, link_outside, links_of, settle_link
from serving.store.repeats import first_seen
from serving.store.tasks import add_task


@dataclass(frozen=True, slots=True)
class Payment:
    """Work for the writer: take in one signed event of a payment link, once."""

    payments: Payments
    said: Paid
    desk: Desk
    now_us: int

    def __call__(self, log: Log) -> None:
        connection, said = log.connection, self.said
        link = link_outside(connection, said.outside_id)
        if link is None and said.link_id is not None:
            link = link_named(connection, said.link_id)
        if link is None or link.merchant_id != self.payments.merchant_id:
            return
        if not first_seen(connection, self.payments.endpoint, said.event_id, self.now_us):
            return
        over = said.state in ("cancelled", "expired")
        if link.state == "paid" or (over and link.state == "partial"):
            return
        settle_link(connection, link, said.state, outside_id=said.outside_id)
        if not over:
            self._paid(log, link)

    def _paid(self, log: Log, link: Link) -> None:
        (held,) = orders_numbered(log.connection, [link.number])
        stage, twice = life_of(log.connection, link.number).stage, self._twice(log, held, link)
        body = {
            "amount_paise": self.said.amount_paise, "channel": "razorpay",
            "payment_id": self.said.payment_id, "rest_paise": self._rest(link),
        }  # fmt: skip
        record(log, held, "paid", body, self.now_us)
        why = "paid twice: pay one back" if twice else self._to_pay_back(stage, link)
        if why is not None:
            add_task(log.connection, held, "refund", why, now_us=self.now_us)
        if stage in UNDISPATCHED and not twice:
            self._release(log, held, link)

    def _rest(self, link: Link) -> int:
        """What is left for the door."""
        whole = self.said.state == "paid"
        return 0 if whole else max(0, link.due_paise - self.said.amount_paise)

    def _twice(self, log: Log, held: Held, link: Link) -> bool:
        """Whether it was paid by another link, or elsewhere, before."""
        content = content_held(log.connection, self.desk.contacts, held.fact_seq)
        others = (one for one in links_of(log.connection, held.number)
                  if one.link_id != link.link_id)  # fmt: skip
        paid = any(one.state in ("paid", "partial") for one in others)
        return paid or content.get("payment_mode") == "prepaid"

    def _to_pay_back(self, stage: Stage, link: Link) -> str | None:
        """Why a payment is a person's to look at; None where it came in time."""
        if stage in ("cancelled", "refused", "rto", "returned", "lost"):
            return f"paid although the order is {stage}: pay it back"
        if stage in ("in_transit", "ndr", "delivered"):
            return "paid after dispatch: tell the courier to collect nothing, or pay it back"
        if self.said.state == "paid" and self.said.amount_paise < link.amount_paise:
            return "less was paid than asked for"
        return None

    def _release(self, log: Log, held: Held, link: Link) -> None:
        """Let it go, and thank whoever was talking to us."""
        newest = newest_of(log.connection, held.number)
        released = let_go(log, self.desk, held, self._changes(log, held, link), self.now_us)
        (held,) = orders_numbered(log.connection, [held.number])
        if (
            released
            and newest is not None
            and newest.purpose == "talk"
            and (self.now_us - newest.made_us < WINDOW_US)
        ):
            say(log, held, "talk", self.now_us, step="paid", heard_us=newest.made_us,
                amount_paise=self.said.amount_paise, rest_paise=self._rest(link))  # fmt: skip

    def _changes(self, log: Log, held: Held, link: Link) -> dict[str, object]:
        content = content_held(log.connection, self.desk.contacts, held.fact_seq)
        if self.said.state == "partial":
            return {"payment_mode": "partial_cod", "amount_due_paise": self._rest(link)}
        whole = int(content.get("amount_paise") or 0)
        discount = int(content.get("discount_paise") or 0)
        return {
            "payment_mode": "prepaid",
            "amount_paise": whole - link.discount_paise,
            "discount_paise": discount + link.discount_paise or None,
            "amount_due_paise": 0,
        }


@dataclass(frozen=True, slots=True)
class PaidElsewhere:
    """Work for the writer: an order turns out to be paid by another way than at the door."""

    held: Held
    desk: Desk
    now_us: int

    def __call__(self, log: Log) -> None:
        connection = log.connection
        (held,) = orders_numbered(connection, [self.held.number])
        content = content_held(connection, self.desk.contacts, held.fact_seq)
        stage = life_of(connection, held.number).stage
        if stage not in UNDISPATCHED or content.get("payment_mode") == "prepaid":
            return
        amount = content.get("amount_paise")
        body = {"channel": "checkout"} | ({"amount_paise": amount} if amount is not None else {})
        record(log, held, "paid", body, self.now_us)
        changes = {"payment_mode": "prepaid", "amount_due_paise": None}
        let_go(log, self.desk, held, changes, self.now_us)


def let_go(
    log: Log, desk: Desk, held: Held, changes: Mapping[str, object], now_us: int
) -> bool:  # fmt: skip
    """The order as it is now that it was paid, decided anew; whether it may go.

    Risk alone holds nobody who has just paid; a list or a rule of the merchant's does.
    """
    (held,) = orders_numbered(log.connection, [held.number])
    decided = corrected(log, desk, held, changes)
    stop_asking(log.connection, held.number)
    (held,) = orders_numbered(log.connection, [held.number])
    if decided is not None and decided["rule"] and decided["action"] in ("hold", "block"):
        add_task(log.connection, held, "call", "paid, and still to be held", now_us=now_us)
        return False
    log.append("released", {}, at_us=now_us, known_us=now_us, order=held)
    return True
