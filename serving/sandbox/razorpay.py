"""A stand-in for Razorpay's payment links: makes, finds and cancels them, and plays who pays."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import string
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from serving.sandbox.listening import Asked, Given, StandIn, given, posted

HANG_S = 30.0
_PATH = "/v1/payment_links"
_LETTERS = string.ascii_letters + string.digits
_SHORTEST_S = 900
PAYABLE = ("created", "partially_paid")


@dataclass
class Razorpay(StandIn):
    """Links by their id, and what is to go wrong next.

    Parameters
    ----------
    hook : str
        Where events are posted.
    lively : bool
        An event that is not taken is posted again.
    short : str
        What short addresses begin with.
    faults : deque of str
        One for each coming request: a status, ``hang``, ``reset``, or empty for none.
    clock : float or None
        The time that counts for expiry; None is now.
    """

    key_id: str
    key_secret: str
    webhook_secret: str
    hook: str = ""
    short: str = "https://rzp.io/i/"
    lively: bool = False
    faults: deque[str] = field(default_factory=deque)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    clock: float | None = None

    def answer(self, asked: Asked) -> Given | None:
        """One request."""
        token = base64.b64encode(f"{self.key_id}:{self.key_secret}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {token}":
            return _error(401, "Authentication failed")
        fault = self.faults.popleft() if self.faults else ""
        if fault.isdigit():
            return _error(int(fault), "asked for")
        said = self._said(asked)
        if fault == "hang":
            time.sleep(HANG_S)
        return None if fault in ("hang", "reset") else said

    def _said(self, asked: Asked) -> Given:
        path = asked.path[asked.path.find(_PATH) :].rstrip("/")
        if path == _PATH and asked.method == "POST":
            return self._create(asked.plain())
        if path == _PATH:
            wanted = asked.query.get("reference_id")
            found = [one for one in self.links.values() if wanted in (None, one["reference_id"])]
            return given(200, {"payment_links": found})
        link_id, _, verb = path.removeprefix(f"{_PATH}/").partition("/")
        link = self.links.get(link_id)
        if link is None:
            return _error(400, "The id provided does not exist")
        if verb == "cancel" and asked.method == "POST":
            if link["status"] != "created":
                return _error(400, f"Payment Link is in {link['status']} state")
            link["status"] = "cancelled"
        return given(200, link)

    def _create(self, body: dict[str, Any]) -> Given:
        now = int(time.time() if self.clock is None else self.clock)
        if not isinstance(body.get("amount"), int) or body["amount"] < 100:
            return _error(400, "amount must be at least INR 1.00")
        if body.get("expire_by") and body["expire_by"] < now + _SHORTEST_S:
            return _error(400, "expire_by should be at least 15 minutes after current time")
        least = int(body.get("first_min_partial_amount") or 0)
        if body.get("accept_partial") and not 100 <= least < body["amount"]:
            return _error(400, "first_min_partial_amount must be less than the amount")
        link_id = "plink_" + "".join(secrets.choice(_LETTERS) for _ in range(14))
        link = {
            **{name: body.get(name) for name in ("amount", "currency", "reference_id", "customer",
                                                 "description", "expire_by", "notes")},
            "id": link_id, "entity": "payment_link", "status": "created", "amount_paid": 0,
            "created_at": now, "short_url": f"{self.short}{link_id}",
            "accept_partial": bool(body.get("accept_partial")),
            "first_min_partial_amount": least,
        }  # fmt: skip
        self.links[link_id] = link
        return given(200, link)

    def pay(self, link_id: str, *, partly: bool = False, event_id: str = "") -> int:
        """Let the customer pay what is left, or the least there is; how the event was taken."""
        link = self.links[link_id]
        paid, open_to = link["amount_paid"], ("created",) if partly else PAYABLE
        if link["status"] not in open_to or (partly and not link["accept_partial"]):
            return 400
        sum_paise = link["first_min_partial_amount"] if partly else link["amount"] - paid
        status = "partially_paid" if partly else "paid"
        link |= {"status": status, "amount_paid": paid + sum_paise}
        payment = {"id": f"pay_{link_id[6:]}{paid or ''}", "amount": sum_paise,
                   "status": "captured"}  # fmt: skip
        return self.post(f"payment_link.{status}", link, payment, event_id=event_id)

    def expire(self, link_id: str) -> int:
        """Let a link run out."""
        self.links[link_id]["status"] = "expired"
        return self.post("payment_link.expired", self.links[link_id])

    def post(
        self, event: str, link: dict[str, Any], payment: dict[str, Any] | None = None, *,
        event_id: str = "",
    ) -> int:  # fmt: skip
        """Post a signed event."""
        payload: dict[str, Any] = {"payment_link": {"entity": link}}
        if payment is not None:
            payload["payment"] = {"entity": payment}
        body = json.dumps(
            {"entity": "event", "account_id": "acc_1", "event": event, "contains": list(payload),
             "payload": payload, "created_at": int(time.time())}
        ).encode()  # fmt: skip
        digest = hmac.new(self.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Razorpay-Signature": digest,
                   "x-razorpay-event-id": event_id or f"evt_{secrets.token_hex(7)}"}  # fmt: skip
        return posted(self.hook, body, headers, patient=self.lively)


def _error(status: int, description: str) -> Given:
    code = "BAD_REQUEST_ERROR" if status < 500 else "SERVER_ERROR"
    error = {
        "code": code, "description": description, "source": "business", "metadata": {},
        "step": "payment_initiation", "reason": "input_validation_failed",
    }  # fmt: skip
    return given(status, {"error": error})
