"""The sandbox: stand-ins, and a page that shows the customer's phone beside the order."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx2

from serving.conversation.messages.templates import shown
from serving.rupees import rupees
from serving.sandbox.courier import SCANS, Courier
from serving.sandbox.graph import Graph, buttons_of
from serving.sandbox.listening import Asked, Given, StandIn, caller, given
from serving.sandbox.picture import drawn
from serving.sandbox.razorpay import PAYABLE, Razorpay

_HERE = Path(__file__).parent
_FILES = {
    "/": ("phone.html", "text/html; charset=utf-8"),
    "/phone.js": ("phone.js", "text/javascript; charset=utf-8"),
    "/phone.css": ("phone.css", "text/css; charset=utf-8"),
}
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_PHONES = 12
_TRIES = 10
_PAGE, _BEFORE = 1_000, 1_000
_PICTURES = "/picture/"
_ASKED = ("verify", "prepaid")
# What the page offers to go wrong with the next message.
FAULTS_SHOWN = ("131026", "130429", "500", "reset", "picture", "190")


@dataclass
class Theatre(StandIn):
    """Plays customers for one server on this machine.

    Parameters
    ----------
    api, key : str
        Address of the server, and a key of the merchant's.
    doubtful : list
        Bodies of orders worth asking about, placed one after the other on demand.
    """

    api: str
    key: str
    graph: Graph
    razorpay: Razorpay
    courier: Courier = field(default_factory=Courier)
    doubtful: list[dict[str, Any]] = field(default_factory=list)
    _url: str = ""
    _after: int | None = None
    _placed: str = ""
    _orders: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, port: int = 0) -> str:
        """Listen; the address."""
        self._url = super().start(port)
        return self._url

    def answer(self, asked: Asked) -> Given | None:
        """Pass on to a stand-in, or serve the page."""
        if asked.path.startswith("/graph/"):
            return self.graph.answer(asked)
        if asked.path.startswith("/razorpay/"):
            return self.razorpay.answer(asked)
        if not _is_local(asked):
            return given(403, {"detail": "the sandbox answers on this machine only"})
        if asked.path in _FILES and asked.method == "GET":
            name, kind = _FILES[asked.path]
            return Given(200, (_HERE / name).read_bytes(), kind, _SAFE)
        if asked.path.startswith(_PICTURES) and asked.method == "GET":
            name = unquote(asked.path.removeprefix(_PICTURES).removesuffix(".svg"))
            return Given(200, drawn(name), "image/svg+xml", _SAFE)
        try:
            return self._played(asked)
        except httpx2.HTTPError as error:
            return given(502, {"detail": f"the server does not answer ({type(error).__name__})"})

    def _played(self, asked: Asked) -> Given:
        if asked.path == "/state":
            return given(200, self.state())
        # A page of another site cannot send this header without asking first.
        if asked.method != "POST" or "x-sandbox" not in asked.headers:
            return given(404, {"detail": "there is no such thing here"})
        if asked.path == "/order":
            return given(200, {"order_id": self.place()})
        if asked.path == "/pay":
            way = asked.plain()
            taken = self.razorpay.pay(str(way.get("link")), partly=bool(way.get("partly")))
            return given(200, {"status": taken})
        if asked.path == "/fault":
            return given(200, {"fault": self.fail_next(str(asked.plain().get("fault")))})
        if asked.path == "/play":
            return given(200, {"status": self.play(asked.plain())})
        if asked.path == "/scan":
            wish = asked.plain()
            order_id, status = str(wish.get("order")), str(wish.get("status"))
            if status in SCANS:
                return given(200, {"status": self.courier.scan(order_id, status)})
        return given(404, {"detail": "there is no such thing here"})

    def fail_next(self, name: str) -> str:
        """Let the next message fail so, or arrive; what it will do."""
        self.graph.faults.clear()
        if name in FAULTS_SHOWN:
            self.graph.faults.append(name)
        return self._next_fault()

    def _next_fault(self) -> str:
        return next(iter(self.graph.faults), "")

    def play(self, wish: dict[str, Any]) -> int:
        """Let a customer press a button or write; the server's answer."""
        sent = next((one for one in self.graph.sent if one["id"] == wish.get("message")), None)
        if sent is None:
            return 404
        event = f"wamid.in.{time.time_ns()}"
        if "button" in wish:
            title = _view(sent)["buttons"][int(wish["button"])]
            return self.graph.press(sent, int(wish["button"]), event=event, title=title)
        return self.graph.write(sent, str(wish.get("text", ""))[:1_000], event=event)

    def place(self) -> str | None:
        """Place orders until one is asked about; its id."""
        for _ in range(min(_TRIES, len(self.doubtful))):
            body = self.doubtful.pop(0)
            self.doubtful.append(body)
            now = datetime.now(UTC)
            order_id = f"sandbox-{now.strftime('%H%M%S%f')}"
            items = [self._pictured(item) for item in body.get("items", [])]
            new = body | {"order_id": order_id, "created_at": now.isoformat(), "items": items}
            answer = self._call("POST", "/v1/score", new)
            if answer["action"] in _ASKED:
                self._placed = order_id
                return order_id
        return None

    def _pictured(self, item: dict[str, Any]) -> dict[str, Any]:
        """A line of an order with a name that says something, and a picture of its own."""
        name = str(item.get("name") or item.get("category") or item.get("sku") or "product")
        picture = f"{self._url}{_PICTURES}{quote(name, safe='')}.svg"
        return {"image_url": picture, "name": name.capitalize()} | item

    def state(self) -> dict[str, Any]:
        """Everything that the page shows."""
        with self._lock:
            self._follow()
        asked = [phone for phone, order_id in self._orders.items() if order_id == self._placed]
        written = [one["to"] for one in reversed(self.graph.sent)]
        phones = list(dict.fromkeys(asked + written))[:_PHONES]
        return {"phones": [self._phone(phone) for phone in phones], "fault": self._next_fault()}

    def _phone(self, phone: str) -> dict[str, Any]:
        lines = [_view(one) | {"links": self._links(one)} for one in self.graph.sent
                 if one["to"] == phone]  # fmt: skip
        lines += [{"id": one["id"], "from": "customer", "text": one["text"], "at": one["at"],
                   "buttons": []} for one in self.graph.said if one["to"] == phone]  # fmt: skip
        order_id = self._orders.get(phone)
        story = None if order_id is None else self._story(order_id)
        return {
            "phone": phone,
            "lines": sorted(lines, key=lambda line: line["at"]),
            "order": None if story is None else _told(story),
        }

    def _links(self, sent: dict[str, Any]) -> list[dict[str, Any]]:
        """What of a message can be paid."""
        said = json.dumps(sent)
        found = (link for link in self.razorpay.links.values() if link["id"] in said)
        return [way for link in found for way in _ways_to_pay(link)]

    def _follow(self) -> None:
        """Learn the phones of orders that are asked about, since a little before the sandbox began.

        What an earlier run had left in the outbox is sent in this one.
        """
        if self._after is None:
            self._after = max(0, int(self._call("GET", "/readyz")["seq"]) - _BEFORE)
        feed = self._call("GET", f"/v1/events?after={self._after}&limit={_PAGE}")
        for event in feed["events"]:
            asked = event["event"] == "decided" and event["detail"].get("action") in _ASKED
            story = self._story(event["order_id"]) if asked and event["order_id"] else None
            if story is not None:
                phone = story["order"].get("phone") or story["order"].get("ship_phone") or ""
                digits = "".join(c for c in phone if c.isdigit())
                self._orders[digits if len(digits) > 10 else f"91{digits}"] = event["order_id"]
        self._after = feed["next_after"]

    def _story(self, order_id: str) -> dict[str, Any] | None:
        """An order's story; None where the server knows no such order any more."""
        try:
            found: dict[str, Any] = self._call("GET", f"/v1/orders?order_id={quote(order_id)}")
        except httpx2.HTTPStatusError as error:
            if error.response.status_code != 404:
                raise
            return None
        return found

    def _call(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        answer = caller().request(
            method, f"{self.api}{path}", content=content,
            headers={"Authorization": f"Bearer {self.key}"},
        )  # fmt: skip
        return answer.raise_for_status().json()


def _is_local(asked: Asked) -> bool:
    """Named as this machine: another name that leads here is somebody's trick."""
    host = asked.headers.get("host", "").rpartition(":")[0]
    return host in ("127.0.0.1", "localhost", "[::1]")


def _view(sent: dict[str, Any]) -> dict[str, Any]:
    """A message as the phone shows it."""
    if sent["type"] == "template":
        text, buttons = shown(sent["template"])
    elif sent["type"] == "interactive":
        text = sent["interactive"]["body"]["text"]
        buttons = [title for _, title in buttons_of(sent)]
    else:
        text, buttons = sent["text"]["body"], []
    return {"id": sent["id"], "from": "shop", "text": text, "buttons": buttons, "at": sent["at"],
            "picture": _picture_of(sent)}  # fmt: skip


def _ways_to_pay(link: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All that is left of a link and, where only a part is asked for, that part."""
    paid, partly = link["amount_paid"], link["accept_partial"] and not link["amount_paid"]
    whole = link["status"] == "paid"
    title = f"{'Paid' if whole else 'Pay'} {rupees(link['amount'] - (0 if whole else paid))}"
    yield {"id": link["id"], "open": link["status"] in PAYABLE, "title": title, "partly": False}
    if partly:
        title = f"Pay only {rupees(link['first_min_partial_amount'])}"
        yield {"id": link["id"], "open": link["status"] == "created", "title": title,
               "partly": True}  # fmt: skip


def _picture_of(sent: dict[str, Any]) -> str | None:
    """The picture above a template's text, if it has one."""
    parts = sent.get("template", {}).get("components", [])
    shown = [one["image"]["link"] for part in parts if part["type"].lower() == "header"
             for one in part["parameters"] if "image" in one]  # fmt: skip
    return shown[0] if shown else None


_TOLD = ("payment_mode", "amount", "amount_due", "address_line1", "address_line2", "landmark",
         "city", "state", "pincode")  # fmt: skip


def _told(story: dict[str, Any]) -> dict[str, Any]:
    """An order as the page shows it."""
    decision = story["decision"] or {}
    return {
        "order_id": story["order_id"],
        "stage": story["stage"],
        "revision": story["revision"],
        "order": {name: story["order"].get(name) for name in _TOLD},
        "risks": [one["detail"]["probability"] for one in story["events"]
                  if one["event"] == "decided"],
        "decision": {name: decision.get(name) for name in
                     ("probability", "action", "dispatch", "wait_until", "reasons")},
        "events": [{"event": one["event"], "at": one["at"], "detail": _detail(one)}
                   for one in story["events"]],
    }  # fmt: skip


def _detail(event: dict[str, Any]) -> str:
    said = event["detail"]
    if event["event"] == "decided":
        return f"{said['action']}, risk {100 * said['probability']:.1f} %"
    words = (
        said.get(name)
        for name in ("purpose", "state", "why", "response", "outcome", "day", "answer")
    )
    return ", ".join(str(word) for word in words if word)
