"""A stand-in for WhatsApp's Graph API: takes messages, and plays the customer on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from serving.sandbox.listening import Asked, Given, StandIn, given, posted

# What an answer to a send is when a fault is asked for: status and error code.
FAULTS: dict[str, tuple[int, int | None]] = {
    "429": (429, None), "500": (500, None), "130429": (429, 130429), "131056": (400, 131056),
    "131026": (400, 131026), "131047": (400, 131047), "190": (401, 190),
}  # fmt: skip


def fault_named(name: str) -> tuple[int, int | None] | None:
    """Status and error code of a fault; any other error code comes with a 400."""
    return FAULTS.get(name, (400, int(name)) if name.isdigit() else None)


HANG_S = 30.0
_SOON_S, _LATER_S = 0.2, 0.6
_NO_PICTURE = 131053
_OWN_PHONE = "15550000001"


@dataclass
class Graph(StandIn):
    """What was sent, and what is to go wrong next.

    Parameters
    ----------
    hook : str
        Where events are posted.
    lively : bool
        Every message is reported sent and delivered by itself.
    faults : deque of str
        One for each coming send: a key of ``FAULTS``, another error code, ``hang``, ``reset``,
        ``picture`` (taken, but its picture cannot be fetched), or empty for none.
    sent : list
        What was taken, in order; ``bodies`` is everything that was asked for.
    said : list
        What customers did about it: message, text.
    clock : callable
        Seconds since 1970.
    """

    phone_number_id: str
    token: str
    app_secret: str
    hook: str = ""
    lively: bool = False
    faults: deque[str] = field(default_factory=deque)
    sent: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    clock: Callable[[], float] = time.time

    def start(self, port: int = 0) -> str:
        """Listen on loopback; the address for ``RTO_WHATSAPP_URL``."""
        return f"{super().start(port)}/v23.0"

    def status(self, sent: dict[str, Any], state: str, code: int | None = None) -> int:
        """Post a status of a message; the answer's status."""
        told: dict[str, Any] = {
            "id": sent["id"], "status": state, "timestamp": str(int(self.clock())),
            "recipient_id": sent["to"],
            "biz_opaque_callback_data": sent["biz_opaque_callback_data"],
        }  # fmt: skip
        if code is not None:
            told["errors"] = [{"code": code, "title": "failed"}]
        return self.post({"contacts": [_contact(sent)], "statuses": [told]})

    def press(self, sent: dict[str, Any], button: int, *, event: str = "", title: str = "") -> int:
        """Let the customer press a button of a template or of a session message."""
        payload, its_title = buttons_of(sent)[button]
        title = title or its_title
        if sent["type"] == "template":
            pressed = {"type": "button", "button": {"payload": payload, "text": title}}
        else:
            kind = f"{sent['interactive']['type']}_reply"
            reply = {"type": kind, kind: {"id": payload, "title": title}}
            pressed = {"type": "interactive", "interactive": reply}
        answer = {**pressed, "context": {"from": _OWN_PHONE, "id": sent["id"]}}
        return self._reply(sent, answer, event or f"wamid.in.{sent['id']}.{button}", title)

    def write(self, sent: dict[str, Any], text: str, *, event: str = "") -> int:
        """Let the customer write something."""
        answer = {"type": "text", "text": {"body": text}}
        return self._reply(sent, answer, event or f"wamid.in.{sent['id']}.{text}", text)

    def _reply(self, sent: dict[str, Any], answer: dict[str, Any], event: str, text: str) -> int:
        now = self.clock()
        if event not in {one["id"] for one in self.said}:
            self.said.append({"id": event, "to": sent["to"], "text": text, "at": now})
        told = {"id": event, "from": sent["to"], "timestamp": str(int(now)), **answer}
        return self.post({"contacts": [_contact(sent)], "messages": [told]})

    def post(self, value: dict[str, Any], field_name: str = "messages") -> int:
        """Post a signed event."""
        metadata = {"display_phone_number": _OWN_PHONE, "phone_number_id": self.phone_number_id}
        whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        body = json.dumps(
            {"object": "whatsapp_business_account",
             "entry": [{"id": "0", "changes": [{"field": field_name, "value": whole}]}]}
        ).encode()  # fmt: skip
        digest = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        signature = {"X-Hub-Signature-256": f"sha256={digest}"}
        return posted(self.hook, body, signature, patient=self.lively)

    def take(self, body: dict[str, Any], fails: int | None = None) -> dict[str, Any]:
        """Keep a message as sent; ``fails`` is the error that it is reported to fail with."""
        named = body.get("biz_opaque_callback_data", "")
        body = body | {"id": f"wamid.{len(self.sent)}.{named}", "at": self.clock()}
        self.sent.append(body)
        if self.lively:
            for wait_s, state in (
                (_SOON_S, "sent"),
                (_LATER_S, "failed" if fails else "delivered"),
            ):
                threading.Timer(wait_s, self._tell, (body, state, fails)).start()
        return body

    def _tell(self, body: dict[str, Any], state: str, fails: int | None) -> None:
        try:
            self.status(body, state, fails if state == "failed" else None)
        except httpx2.HTTPError:  # the server is not up; the real one would post again
            return

    def answer(self, asked: Asked) -> Given | None:
        """One send."""
        body = asked.plain()
        self.bodies.append(body)
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return given(401, _error(190))
        if asked.method != "POST" or not asked.path.endswith(f"/{self.phone_number_id}/messages"):
            return given(404, _error(100))
        fault = self.faults.popleft() if self.faults else ""
        if (refused := fault_named(fault)) is not None:
            status, code = refused
            return given(status, {} if code is None else _error(code))
        sent = self.take(body, _NO_PICTURE if fault == "picture" else None)
        if fault == "hang":
            time.sleep(HANG_S)
        if fault == "reset":
            return None
        return given(200, {
            "messaging_product": "whatsapp", "messages": [{"id": sent["id"]}],
            "contacts": [{"input": sent["to"], "wa_id": sent["to"]}],
        })  # fmt: skip


def _contact(sent: dict[str, Any]) -> dict[str, Any]:
    to = sent["to"]
    return {"profile": {"name": "Customer"}, "wa_id": to, "user_id": f"IN.{to}"}


def buttons_of(sent: dict[str, Any]) -> list[tuple[str, str]]:
    """Payload and, where the message itself says it, the title of each button to answer with."""
    if sent["type"] == "template":
        pressed = [
            part
            for part in sent["template"]["components"]
            if str(part.get("sub_type")).lower() == "quick_reply"
        ]
        return [(part["parameters"][0]["payload"], "…") for part in pressed]
    action = sent.get("interactive", {}).get("action", {})
    replies = [button["reply"] for button in action.get("buttons", [])]
    replies += [row for section in action.get("sections", []) for row in section["rows"]]
    return [(reply["id"], reply["title"]) for reply in replies]


def _error(code: int) -> dict[str, Any]:
    return {"error": {"message": "refused", "type": "OAuthException", "code": code}}
