"""A payment that came in: the order becomes prepaid, or somebody has to pay back."""

from __future__ import annotations

from dataclasses import dataclass

from serving.conversation.asking import say
from serving.conversation.life import UNDISPATCHED
from serving.conversation.rejudging import corrected
from serving.conversation.talking import WINDOW_US
from serving.desk import Desk
from serving.hands import record
from serving.orders import content_held
from serving.payments.razorpay import Paid
from serving.standing import life_of
from serving.store.erasing import orders_numbered
from serving.store.log import Held, Log
from serving.store.outbox import first_seen, newest_of, stop_asking
from serving.store.payments import Link, Payments, link_named, link_outside, settle_link
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
        if said.state in ("cancelled", "expired"):
            if link.state != "paid":
                settle_link(connection, link, said.state, outside_id=said.outside_id)
        elif link.state != "paid":
            settle_link(connection, link, "paid", outside_id=said.outside_id)
            self._paid(log, link)

    def _paid(self, log: Log, link: Link) -> None:
        (held,) = orders_numbered(log.connection, [link.number])
        stage = life_of(log.connection, link.number).stage
        prepaid_already = stage == "switched_to_prepaid"
        body = {
            "amount_paise": self.said.amount_paise, "channel": "razorpay",
            "payment_id": self.said.payment_id, "rest_paise": link.rest_paise,
        }  # fmt: skip
        record(log, held, "paid", body, self.now_us)
        why = _to_pay_back(stage, self.said.amount_paise, link)
        if why is not None:
            add_task(log.connection, held, "refund", why, now_us=self.now_us)
        if stage in UNDISPATCHED and not prepaid_already and self.said.state == "paid":
            self._release(log, held, link)

    def _release(self, log: Log, held: Held, link: Link) -> None:
        """The order as it is now: prepaid, wholly or partly, decided anew, and let go."""
        connection = log.connection
        newest = newest_of(connection, held.number)
        public = self._changes(log, held, link)
        (held,) = orders_numbered(connection, [held.number])
        decided = corrected(log, self.desk, held, public)
        stop_asking(connection, held.number)
        (held,) = orders_numbered(connection, [held.number])
        # Risk alone holds nobody who has just paid; a list or a rule of the merchant's does.
        if decided is not None and decided["rule"] and decided["action"] in ("hold", "block"):
            add_task(connection, held, "call", "paid, and still to be held", now_us=self.now_us)
            return
        log.append("released", {}, at_us=self.now_us, known_us=self.now_us, order=held)
        if (
            newest is not None
            and newest.purpose == "talk"
            and (self.now_us - newest.made_us < WINDOW_US)
        ):
            say(log, held, "talk", self.now_us, step="paid", heard_us=newest.made_us,
                amount_paise=link.amount_paise)  # fmt: skip

    def _changes(self, log: Log, held: Held, link: Link) -> dict[str, object]:
        content = content_held(log.connection, self.desk.contacts, held.fact_seq)
        whole = int(content.get("amount_paise") or 0)
        discount = int(content.get("discount_paise") or 0)
        return {
            "payment_mode": "partial_cod" if link.rest_paise else "prepaid",
            "amount_paise": whole - link.discount_paise,
            "discount_paise": discount + link.discount_paise or None,
            "amount_due_paise": link.rest_paise,
        }


def _to_pay_back(stage: str, amount_paise: int, link: Link) -> str | None:
    """Why a payment is a person's to look at; None where it came in time."""
    if stage in ("cancelled", "refused", "rto", "returned", "lost"):
        return f"paid although the order is {stage}: pay it back"
    if stage in ("in_transit", "ndr", "delivered"):
        return "paid after dispatch: tell the courier to collect nothing, or pay it back"
    if stage == "switched_to_prepaid":
        return "paid twice: pay one back"
    if amount_paise < link.amount_paise:
        return "less was paid than asked for"
    return None
