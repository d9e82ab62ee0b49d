"""A stand-in for WhatsApp's Graph API: takes messages, and plays the customer on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

# What an answer to a send is when a fault is asked for: status and error code.
FAULTS: dict[str, tuple[int, int | None]] = {
    "429": (429, None), "500": (500, None), "130429": (429, 130429), "131056": (400, 131056),
    "131026": (400, 131026), "190": (401, 190),
}  # fmt: skip
HANG_S = 30.0


@dataclass
class Graph:
    """What was sent, and what is to go wrong next.

    Parameters
    ----------
    faults : deque of str
        One for each coming send: a key of ``FAULTS``, ``hang``, ``reset``, or empty for none.
    """

    phone_number_id: str
    token: str
    app_secret: str
    hook: str = ""
    faults: deque[str] = field(default_factory=deque)
    sent: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    def start(self, port: int = 0) -> str:
        """Listen on loopback; the address for ``RTO_WHATSAPP_URL``."""
        graph = self

        class Handler(_Handler):
            stand_in = graph

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_port}/v23.0"

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def status(self, sent: dict[str, Any], state: str, code: int | None = None) -> int:
        """Post a status of a message; the answer's status."""
        said: dict[str, Any] = {
            "id": sent["id"], "status": state, "timestamp": str(int(time.time())),
            "recipient_id": sent["to"],
            "biz_opaque_callback_data": sent["biz_opaque_callback_data"],
        }  # fmt: skip
        if code is not None:
            said["errors"] = [{"code": code, "title": "failed"}]
        return self.post({"statuses": [said]})

    def press(self, sent: dict[str, Any], button: int, *, event: str = "") -> int:
        """Let the customer press a button of the template."""
        buttons = [c for c in sent["template"]["components"] if c["type"] == "button"]
        payload = buttons[button]["parameters"][0]["payload"]
        answer = {"type": "button", "button": {"payload": payload, "text": "…"},
                  "context": {"id": sent["id"]}}  # fmt: skip
        return self._reply(sent, answer, event or f"wamid.in.{sent['id']}.{button}")

    def write(self, sent: dict[str, Any], text: str) -> int:
        """Let the customer write something."""
        answer = {"type": "text", "text": {"body": text}}
        return self._reply(sent, answer, f"wamid.in.{sent['id']}.{text}")

    def _reply(self, sent: dict[str, Any], answer: dict[str, Any], event: str) -> int:
        said = {"id": event, "from": sent["to"], "timestamp": str(int(time.time())), **answer}
        return self.post({"messages": [said]})

    def post(self, value: dict[str, Any]) -> int:
        """Post a signed event."""
        whole = {"messaging_product": "whatsapp",
                 "metadata": {"phone_number_id": self.phone_number_id}, **value}  # fmt: skip
        body = json.dumps(
            {"object": "whatsapp_business_account",
             "entry": [{"id": "0", "changes": [{"field": "messages", "value": whole}]}]}
        ).encode()  # fmt: skip
        digest = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        signature = {"X-Hub-Signature-256": f"sha256={digest}"}
        return httpx2.post(self.hook, content=body, headers=signature, timeout=30).status_code

    def take(self, body: dict[str, Any]) -> dict[str, Any]:
        """Keep a message as sent."""
        body = body | {"id": f"wamid.{len(self.sent)}.{body['biz_opaque_callback_data']}"}
        self.sent.append(body)
        return body


class _Handler(BaseHTTPRequestHandler):
    stand_in: Graph

    def do_POST(self) -> None:
        """One send."""
        graph = self.stand_in
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        graph.bodies.append(body)
        if self.headers["Authorization"] != f"Bearer {graph.token}":
            self._answer(401, _error(190))
            return
        if not self.path.endswith(f"/{graph.phone_number_id}/messages"):
            self._answer(404, _error(100))
            return
        fault = graph.faults.popleft() if graph.faults else ""
        if fault in FAULTS:
            status, code = FAULTS[fault]
            self._answer(status, {} if code is None else _error(code))
            return
        sent = graph.take(body)
        if fault == "hang":
            time.sleep(HANG_S)
        if fault == "reset":
            self.connection.close()
            return
        self._answer(200, {"messaging_product": "whatsapp", "messages": [{"id": sent["id"]}],
                           "contacts": [{"input": sent["to"], "wa_id": sent["to"]}]})  # fmt: skip

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _error(code: int) -> dict[str, Any]:
    return {"error": {"message": "refused", "type": "OAuthException", "code": code}}
