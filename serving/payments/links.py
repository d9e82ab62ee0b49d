"""Payment links from being wanted to being open or cancelled: what the worker does about them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
from pydantic_core import from_json

from features.days import SECOND_US
from features.errors import StoreError
from features.phone import normal_phone
from features.settings import Settings
from models.policy import Policy
from serving.conversation.asking import ask, say
from serving.home import Home
from serving.moments import now_us
from serving.orders import content_held
from serving.payments.razorpay import Made, cancel_link, make_link
from serving.policy.policies import Policies
from serving.standing import life_of
from serving.store.contacts import Contacts
from serving.store.log import Log
from serving.store.orders import Held, orders_numbered
from serving.store.payments import (
    RAZORPAY,
    Link,
    Payments,
    Razorpay,
    links_due,
    price_link,
    settle_link,
)
from serving.store.tasks import add_task

_log = logging.getLogger("rto.links")

_LOOK_S = 0.5
_TRIES = 5
_PAUSE_US = 20 * SECOND_US
# An attempt older than this belongs to a worker that is gone; it is looked up, not repeated.
_DOUBT_US = 60 * SECOND_US
_AT_ONCE = 20


def price(content: Mapping[str, Any], policy: Policy, account: Razorpay) -> tuple[int, int, int]:
    """What a link asks for, the discount in it, and what a token leaves for the door, in paise.

    Who pays all of it in advance pays less by the policy's discount, but never by more than a
    fifth; who pays the token alone has none.
    """
    due = content.get("amount_due_paise")
    whole = int(content.get("amount_paise") or 0) if due is None else int(due)
    discount = min(policy.model.costs.prepaid_discount_paise, whole // 5)
    token = max(100, round(whole * account.token_share / 100) * 100)
    return whole - discount, discount, whole - token if token < whole - discount else 0


class Payer:
    """Makes and cancels links for one worker.

    Parameters
    ----------
    home : Home
        Its connection belongs to the payer alone.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._contacts = Contacts(home.keyring.sealing)
        self._policies = Policies(home.connection)
        self._url = home.settings.razorpay_url.rstrip("/")
        self._client = httpx2.Client(timeout=httpx2.Timeout(15.0, connect=5.0))

    def look(self, now: int) -> None:
        """Do what is due, one link after the other."""
        for link in links_due(self._home.connection, now, _AT_ONCE):
            payments = RAZORPAY.of(self._home.connection, self._contacts, link.merchant_id)
            if payments is None or (payments.account.sandbox and "//127.0.0.1:" not in self._url):
                with self._home.transaction() as log:
                    self._give_up(log, link, "no account for payments", now)
            elif link.state == "waiting" and payments.stopped is not None:
                with self._home.transaction() as log:
                    self._give_up(log, link, "payment links are stopped", now)
            elif link.state == "cancelling":
                self._cancel(link, payments, now)
            else:
                self._make(link, payments, now)

    def close(self) -> None:
        """End."""
        self._client.close()

    def _make(self, link: Link, payments: Payments, now: int) -> None:
        connection = self._home.connection
        (held,) = orders_numbered(connection, [link.number])
        content = content_held(connection, self._contacts, held.fact_seq)
        with self._home.transaction() as log:  # on disk before anything is asked for
            self._policies.forget(link.merchant_id)
            priced = price(content, self._policies.now(link.merchant_id), payments.account)
            if not settle_link(log.connection, link, "making", due_us=now + _DOUBT_US, tried=True):
                return
            price_link(log.connection, link, *priced)
        amount, discount, rest = priced
        tried = replace(link, state="making", amount_paise=amount, discount_paise=discount,
                        rest_paise=rest)  # fmt: skip
        said = {"description": f"Order {held.order_id}"[:2_048], "customer": _customer(content)}
        made = (
            make_link(self._client, self._url, payments.account, tried, said)
            if tried.amount_paise >= 100
            else Made(fault="refused", why="the order's amount is unknown")
        )
        with self._home.transaction() as log:
            self._made(log, tried, held, made, now)

    def _made(self, log: Log, link: Link, held: Held, made: Made, now: int) -> None:
        connection = log.connection
        if made.fault is None:
            wanted = life_of(connection, link.number).stage == "awaiting"
            settled = settle_link(
                connection, link, "open" if wanted else "cancelling",
                outside_id=made.outside_id, short_url=made.short_url,
            )  # fmt: skip
            if settled and wanted:
                detail = from_json(link.detail)
                say(log, held, detail.pop("purpose"), now, link=link.link_id, **detail)
        elif made.fault == "retry" and link.tries < _TRIES:
            settle_link(connection, link, "waiting", due_us=now + _PAUSE_US * link.tries,
                        why=made.why)  # fmt: skip
        else:
            if made.fault == "account":
                RAZORPAY.stop(connection, link.merchant_id, made.why)
                _log.error("payment links stop for %s: %s", link.merchant_id, made.why)
            self._give_up(log, link, made.why, now)

    def _give_up(self, log: Log, link: Link, why: str, now: int) -> None:
        if settle_link(log.connection, link, "failed", why=why) and link.state != "cancelling":
            (held,) = orders_numbered(log.connection, [link.number])
            if from_json(link.detail).get("purpose") == "prepaid_offer":
                ask(log, held, now)
                return
            add_task(log.connection, held, "call", f"no payment link: {why}", now_us=now)

    def _cancel(self, link: Link, payments: Payments, now: int) -> None:
        if link.outside_id is None:
            done = Made()
        else:
            done = cancel_link(self._client, self._url, payments.account, link.outside_id)
        with self._home.transaction() as log:
            if done.fault == "retry" and link.tries < 4 * _TRIES:
                settle_link(log.connection, link, "cancelling", due_us=now + _PAUSE_US, tried=True)
            else:  # refused: paid or over already, which its own event says
                settle_link(log.connection, link, "cancelled", why=done.why or None)


def _customer(content: Mapping[str, Any]) -> dict[str, str]:
    phone = normal_phone(content.get("phone")) or normal_phone(content.get("ship_phone"))
    said = {"name": content.get("customer_name"), "email": content.get("email"), "contact": phone}
    return {name: str(value) for name, value in said.items() if value}


def keep_paying(settings: Settings, stop: threading.Event) -> None:
    """Make and cancel links until ``stop`` is set."""
    with Home.open(settings) as home:
        payer = Payer(home)
        try:
            while not stop.wait(_LOOK_S):
                try:
                    home.connection.revive()
                    payer.look(now_us())
                except (StoreError, OSError):
                    _log.exception("payment links failed; trying again")
        finally:
            payer.close()
