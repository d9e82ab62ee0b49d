"""A merchant's webhooks: made, shown, given new secrets, switched on again, told anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from features.days import DAY_US
from features.errors import RefusedError, RtoError
from serving.audit import audit
from serving.moments import rfc3339
from serving.parcels import passing
from serving.parsing import FieldsError
from serving.schemas import NewWebhook, Replay
from serving.shops.writing import SCHEME
from serving.store.connection import Connection
from serving.store.contacts import Contacts
from serving.store.deliveries import (
    Delivery,
    EventName,
    hasten_deliveries,
    replay_deliveries,
    waiting_of,
)
from serving.store.log import Log
from serving.store.merchants import Access
from serving.store.subscriptions import (
    Signing,
    Subscription,
    add_subscription,
    drop_subscription,
    keep_subscription,
    move_subscription,
    new_subscription_id,
    resume_subscription,
    subscription_named,
    subscriptions_of,
)
from serving.webhooks.signatures import new_secret
from serving.webhooks.targets import read_target

MOST = 20
# While a secret is replaced the old one signs too, so that receivers can change over.
ROTATION_US = DAY_US
# What a shop that orders are written back to has to follow.
_FOLLOWED: tuple[EventName, ...] = (
    "order.scored", "order.confirmed", "order.corrected", "order.prepaid", "order.cancelled",
    "order.released", "order.held",
)  # fmt: skip


class UnknownWebhookError(RtoError):
    """The merchant has no such webhook."""

    def __init__(self) -> None:
        super().__init__("there is no such webhook; GET /v1/webhooks names them")


@dataclass(frozen=True, slots=True)
class Arranging:
    """Whose webhooks are arranged, by whom and when; each method is work inside a transaction.

    Parameters
    ----------
    by : Access or None
        The key it is done with; None at the command line.
    """

    merchant_id: str
    contacts: Contacts
    now_us: int
    by: Access | None = None

    def add(self, log: Log, wanted: NewWebhook) -> tuple[Subscription, str]:
        """A new one, and its secret.

        Raises
        ------
        RefusedError
            If nothing may be delivered there, or there are too many.
        """
        nearby = self.by is None
        read_target(wanted.url, nearby=nearby)
        if len(subscriptions_of(log.connection, self.contacts, self.merchant_id)) >= MOST:
            raise RefusedError(f"a merchant has at most {MOST} webhooks; remove one first")
        secret, events = new_secret(), tuple(dict.fromkeys(wanted.events))
        one = Subscription(
            new_subscription_id(), self.merchant_id, wanted.url, events, (Signing(secret),),
            nearby, self.now_us, 0,
        )  # fmt: skip
        add_subscription(log.connection, self.contacts, one)
        self._audit(log, "webhook added", one)
        return one, secret

    def rotate(self, log: Log, subscription_id: str) -> tuple[Subscription, str]:
        """The same with a new secret; the one before signs beside it for a day."""
        one, secret = self._named(log, subscription_id), new_secret()
        old = replace(one.secrets[0], until_us=self.now_us + ROTATION_US)
        one = replace(one, secrets=(Signing(secret), old))
        keep_subscription(log.connection, self.contacts, one)
        self._audit(log, "webhook secret replaced", one)
        return one, secret

    def resume(self, log: Log, subscription_id: str) -> Subscription:
        """Deliver again, and first what happened since it was switched off."""
        one = self._named(log, subscription_id)
        resume_subscription(log.connection, subscription_id)
        self._audit(log, "webhook switched on", one)
        return replace(one, stopped=None, failing_us=None)

    def remove(self, log: Log, subscription_id: str) -> None:
        """Take one away, with what it was not told."""
        one = self._named(log, subscription_id)
        drop_subscription(log.connection, self.merchant_id, subscription_id)
        self._audit(log, "webhook removed", one)

    def write_back(self, log: Log, domain: str, *, on: bool) -> None:
        """Let the shop at a domain follow what is decided, from now on or from where it stopped."""
        self._follow(log, f"{SCHEME}{domain}", SCHEME, _FOLLOWED, on=on)

    def pass_on(self, log: Log, courier: str, *, on: bool) -> None:
        """Let a courier follow what is decided and answered, likewise."""
        url = f"{passing.SCHEME}{courier}"
        self._follow(log, url, url, passing.FOLLOWED, on=on)

    def _follow(
        self, log: Log, url: str, beside: str, events: tuple[EventName, ...], *, on: bool
    ) -> None:
        """Have one follower of those whose address begins so, or none."""
        known = subscriptions_of(log.connection, self.contacts, self.merchant_id)
        for one in known:
            if one.url.startswith(beside) and (not on or one.url != url):
                drop_subscription(log.connection, self.merchant_id, one.subscription_id)
            elif one.url == url:
                keep_subscription(log.connection, self.contacts, replace(one, events=events))
                resume_subscription(log.connection, one.subscription_id)
                hasten_deliveries(log.connection, one.subscription_id, self.now_us)
                on = False
        if on:
            one = Subscription(
                new_subscription_id(), self.merchant_id, url, events, (Signing(new_secret()),),
                True, self.now_us, 0,
            )  # fmt: skip
            add_subscription(log.connection, self.contacts, one)

    def replay(self, log: Log, subscription_id: str, wanted: Replay) -> int:
        """Deliver again, under the same ids; how many are due at once.

        Raises
        ------
        FieldsError
            If not exactly one thing is wanted.
        """
        one = self._named(log, subscription_id)
        asked = [wanted.delivery_id is not None, bool(wanted.dead), wanted.after is not None]
        if sum(asked) != 1:
            raise FieldsError([("replay", "name one of delivery_id, dead (true) or after")])
        if wanted.delivery_id is not None:
            return self._again(log, one, "delivery_id=?", wanted.delivery_id)
        if wanted.after is None:
            return self._again(log, one, "state=?", "dead")
        move_subscription(log.connection, subscription_id, min(wanted.after, one.seq), one.seq)
        return self._again(log, one, "seq>?", wanted.after)

    def _again(self, log: Log, one: Subscription, where: str, value: object) -> int:
        name = one.subscription_id
        return replay_deliveries(log.connection, name, where, (value,), self.now_us)

    def _named(self, log: Log, subscription_id: str) -> Subscription:
        found = subscription_named(log.connection, self.contacts, self.merchant_id, subscription_id)
        if found is None:
            raise UnknownWebhookError
        return found

    def _audit(self, log: Log, did: str, one: Subscription) -> None:
        audit(
            log, did, self.merchant_id, now_us=self.now_us, by=self.by,
            webhook=one.subscription_id,
        )  # fmt: skip


def shown(connection: Connection, one: Subscription) -> dict[str, Any]:
    """A webhook as it is shown, without its secrets."""
    failing = one.failing_us
    return {
        "webhook_id": one.subscription_id, "url": one.url, "events": one.events,
        "made_at": rfc3339(one.made_us),
        "failing_since": None if failing is None else rfc3339(failing),
        "stopped": one.stopped, "waiting": waiting_of(connection, one.subscription_id),
    }  # fmt: skip


def shown_deliveries(found: Sequence[Delivery]) -> list[dict[str, Any]]:
    """Deliveries as they are shown."""
    return [
        {"delivery_id": d.delivery_id, "event": d.event, "seq": d.seq, "state": d.state,
         "tries": d.tries, "due_at": rfc3339(d.due_us), "why": d.why}
        for d in found
    ]  # fmt: skip
