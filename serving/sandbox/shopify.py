"""A stand-in for a shop at Shopify: posts its webhooks, and holds and tags what it is told to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS: dict[str, tuple[int, Any]] = {
    "401": (401, {"errors": "[API] Invalid API key or access token"}),
    "500": (500, {}),
    "429": (429, {"errors": "Exceeded"}),
    "throttled": (200, {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}),
    "refused": (200, {"data": {"fulfillmentOrderHold": {"userErrors": [{"message": "no"}]}}}),
}


@dataclass
class Storefront:
    """A shop and its orders.

    Parameters
    ----------
    faults : deque of str
        One for each coming request: a key of ``FAULTS``, ``reset``, or empty for none.
    holds : dict
        Names of the holds on each order.
    asked : list
        What was asked for, by the name of the query or mutation.
    """

    token: str
    secret: str
    faults: deque[str] = field(default_factory=deque)
    holds: dict[int, set[str]] = field(default_factory=dict)
    tags: dict[int, set[str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    def start(self, port: int = 0) -> str:
        """Listen on loopback; the address for ``RTO_SHOPIFY_URL``."""
        shop = self

        class Handler(_Handler):
            stand_in = shop

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()  # fmt: skip
        return f"http://127.0.0.1:{self._server.server_port}/{{shop}}/admin/api"

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def signed(self, topic: str, body: bytes, domain: str) -> dict[str, str]:
        """The headers of one webhook."""
        mac = hmac.digest(self.secret.encode(), body, hashlib.sha256)
        return {
            "X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": domain,
            "X-Shopify-Hmac-Sha256": base64.b64encode(mac).decode(),
        }  # fmt: skip

    def place(self, number: int, *tags: str) -> None:
        """Have an order."""
        self.holds[number], self.tags[number] = set(), set(tags)

    def may_ship(self, number: int) -> bool:
        """Whether whoever packs sees the order as theirs to send."""
        return not self.holds[number]

    def do(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """One query or mutation."""
        number = int(str(variables["id"]).rpartition("/")[2])
        name = next(name for name in _NAMES if name in query)
        self.asked.append(name)
        if name == "order(":
            return {"order": self._order(number) if number in self.holds else None}
        if name == "fulfillmentOrderHold(":
            self.holds[number].add(variables["hold"]["handle"])
        if name == "fulfillmentOrderReleaseHold(":
            self.holds[number] -= set(variables["holds"])
        if name == "tagsAdd(":
            self.tags[number] |= set(variables["tags"])
        if name == "tagsRemove(":
            self.tags[number] -= set(variables["tags"])
        return {name[:-1]: {"userErrors": []}}

    def _order(self, number: int) -> dict[str, Any]:
        holds = [{"id": h, "handle": h, "heldByRequestingApp": h == "rto"}
                 for h in sorted(self.holds[number])]  # fmt: skip
        part = {"id": f"gid://shopify/FulfillmentOrder/{number}",
                "status": "ON_HOLD" if holds else "OPEN", "fulfillmentHolds": holds}  # fmt: skip
        return {"id": f"gid://shopify/Order/{number}", "tags": sorted(self.tags[number]),
                "fulfillmentOrders": {"nodes": [part]}}  # fmt: skip


_NAMES = ("fulfillmentOrderHold(", "fulfillmentOrderReleaseHold(", "tagsAdd(", "tagsRemove(",
          "order(")  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    stand_in: Storefront

    def do_POST(self) -> None:
        """One request of the Admin API."""
        shop = self.stand_in
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        fault = shop.faults.popleft() if shop.faults else ""
        if self.headers["X-Shopify-Access-Token"] != shop.token:
            fault = "401"
        if fault == "reset":
            self.connection.close()
            return
        if fault in FAULTS:
            self._answer(*FAULTS[fault])
            return
        cost = {"throttleStatus": {"currentlyAvailable": 990, "restoreRate": 50.0}}
        data = shop.do(asked["query"], asked["variables"])
        self._answer(200, {"data": data, "extensions": {"cost": cost}})

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
