"""A stand-in for a shop at Shopify: takes orders, posts its webhooks, obeys its Admin API.

It limits by cost as Shopify does, and fails as told to: for tests, and for whoever wants to try.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from serving.sandbox import shopify_admin
from serving.sandbox.listening import Asked, Given, StandIn, given

FAULTS: dict[str, tuple[int, Any]] = {
    "401": (401, {"errors": "[API] Invalid API key or access token"}),
    "500": (500, {}),
    "429": (429, {"errors": "Exceeded"}),
    "throttled": (200, {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}),
    "denied": (200, {"errors": [{"message": "Access denied for field",
                                 "extensions": {"code": "ACCESS_DENIED"}}]}),
    "refused": (200, {"data": {"fulfillmentOrderHold": {"userErrors": [{"message": "no"}]}}}),
}  # fmt: skip
_SILENCE_S = 0.3

# Shopify takes no request that may cost more.
MOST_AT_ONCE = 1_000.0
Event = tuple[bytes, dict[str, str]]


@dataclass
class Storefront(StandIn):
    """A shop and its orders.

    Parameters
    ----------
    token, secret : str
        Of its Admin API, and what its webhooks are signed with.
    bucket, restore : float
        Points that may be spent at once, and those that come back each second.
    an_order : float
        Points that an order of a page may cost.
    longest : int
        Orders that one search leads through.
    clock : callable
        Seconds since 1970, for what is written on orders.
    faults : deque of str
        One for each coming request: a key of ``FAULTS``; ``reset``, ``silent`` (no answer in time),
        ``lost`` (done, and the answer lost); or empty for none.
    orders : dict
        As webhooks tell them, by number, but for what is kept beside it.
    hooks_on : bool
        Whether what happens is told.
    throttled : int
        Requests that were answered so.
    """

    token: str
    secret: str
    domain: str = "kurtas.myshopify.com"
    bucket: float = 2_000.0
    restore: float = 100.0
    an_order: float = 30.0
    longest: int = 25_000
    clock: Callable[[], float] = time.time
    faults: deque[str] = field(default_factory=deque)
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    holds: dict[int, set[str]] = field(default_factory=dict)
    tags: dict[int, set[str]] = field(default_factory=dict)
    assessments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    parcels: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    hooks_on: bool = True
    throttled: int = 0
    _events: list[Event] = field(default_factory=list)
    _left: float = 0.0
    _left_at: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, port: int = 0) -> str:
        """Listen on loopback; the address for ``RTO_SHOPIFY_URL``."""
        self._left, self._left_at = self.bucket, time.monotonic()
        return f"{super().start(port)}/{{shop}}/admin/api"

    def place(self, number: int, *tags: str, **said: Any) -> None:
        """Take an order."""
        with self._lock:
            self.holds[number], self.tags[number] = set(), set(tags)
            self.assessments[number], self.parcels[number] = [], []
            now = self.now()
            named = {"id": number, "name": f"#{number}", "created_at": now, "updated_at": now}
            self.orders[number] = named | said
            self._tell("orders/create", self.said(number))

    def changed(
        self, number: int, said: Mapping[str, Any], topic: str = "orders/updated"
    ) -> None:  # fmt: skip
        """Change an order."""
        with self._lock:
            self.orders[number] |= dict(said) | {"updated_at": self.now()}
            self._tell(topic, self.said(number))

    def ship(self, number: int, awb: str, company: str = "Delhivery") -> bool:
        """Hand an order over, as whoever packs does; False where it is on hold or cancelled."""
        with self._lock:
            if not self.may_ship(number) or self.orders[number].get("cancelled_at"):
                return False
            parcel = {"order_id": number, "tracking_number": awb, "tracking_company": company}
            self.parcels[number].append(parcel)
            self._tell("fulfillments/create", parcel)
            self.changed(number, {"fulfillment_status": "fulfilled"})
            return True

    def may_ship(self, number: int) -> bool:
        """Whether whoever packs sees the order as theirs to send."""
        return not self.holds[number]

    def said(self, number: int) -> dict[str, Any]:
        """An order as a webhook tells it."""
        return self.orders[number] | {"tags": ", ".join(sorted(self.tags[number]))}

    def now(self) -> str:
        """The moment, in whole seconds as Shopify has it."""
        return datetime.fromtimestamp(int(self.clock()), tz=UTC).isoformat()

    def events(self, pick: random.Random | None = None, times: int = 1) -> list[Event]:
        """What is to be posted by now: each so often, and in any order where one picks it."""
        with self._lock:
            told, self._events = self._events * times, []
        if pick is not None:
            pick.shuffle(told)
        return told

    def signed(self, topic: str, body: bytes, domain: str = "") -> dict[str, str]:
        """The headers of one webhook."""
        mac = hmac.digest(self.secret.encode(), body, hashlib.sha256)
        made = datetime.fromtimestamp(self.clock(), tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        return {
            "X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": domain or self.domain,
            "X-Shopify-Hmac-Sha256": base64.b64encode(mac).decode(),
            "X-Shopify-Webhook-Id": str(uuid.uuid4()), "X-Shopify-Triggered-At": f"{made}000Z",
        }  # fmt: skip

    def answer(self, asked: Asked) -> Given | None:
        """One request of the Admin API."""
        said = asked.plain()
        fault = self.faults.popleft() if self.faults else ""
        if asked.headers.get("x-shopify-access-token") != self.token:
            fault = "401"
        if fault == "lost":
            self.obey(said)
        if fault == "silent":
            time.sleep(_SILENCE_S)
        if fault in ("reset", "silent", "lost"):
            return None
        return given(*(FAULTS[fault] if fault in FAULTS else self.obey(said)))

    def obey(self, asked: Mapping[str, Any]) -> tuple[int, Any]:
        """Do what is asked, within the shop's allowance; status and body."""
        with self._lock:
            now = time.monotonic()
            self._left = min(self.bucket, self._left + self.restore * (now - self._left_at))
            self._left_at = now
            query, variables = asked["query"], asked["variables"]
            cost = shopify_admin.cost_of(self, query, variables)
            if cost > MOST_AT_ONCE:
                return 200, _too_costly(cost)
            if cost > self._left:
                self.throttled += 1
                return 200, FAULTS["throttled"][1] | self._cost(cost, None)
            data = shopify_admin.do(self, query, variables)
            paid = shopify_admin.paid_for(self, cost, data)
            self._left -= paid
            return 200, {"data": data} | self._cost(cost, paid)

    def _cost(self, cost: float, paid: float | None) -> dict[str, Any]:
        status = {"maximumAvailable": self.bucket, "currentlyAvailable": self._left,
                  "restoreRate": self.restore}  # fmt: skip
        costs = {"requestedQueryCost": cost, "actualQueryCost": paid, "throttleStatus": status}
        return {"extensions": {"cost": costs}}

    def _tell(self, topic: str, said: Mapping[str, Any]) -> None:
        if self.hooks_on:
            body = json.dumps(said).encode()
            self._events.append((body, self.signed(topic, body)))


def _too_costly(cost: float) -> dict[str, Any]:
    more = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST_AT_ONCE}
    return {
        "errors": [
            {
                "message": f"Query cost is {cost:g}, which exceeds the single query max "
                f"cost limit ({MOST_AT_ONCE:g}).",
                "extensions": more,
            }
        ]
    }
