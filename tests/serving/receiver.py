"""A merchant's own server on loopback: takes webhooks, with faults on demand."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Receiver:
    """What came, and what is to go wrong next.

    Parameters
    ----------
    faults : deque of str
        One for each coming request: a status, ``hang``, ``reset``, or empty for none.
    """

    faults: deque[str] = field(default_factory=deque)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> str:
        """Listen on loopback; the address."""
        receiver = self

        class Handler(_Handler):
            owner = receiver

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self.port}/hook?of=kurtas"

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return self._server.server_port

    def stop(self) -> None:
        """Listen no more."""
        self._over.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """What was taken, each checked by the package that receivers use."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.taken]

    def ids(self) -> list[str]:
        """Of everything that came."""
        return [headers["webhook-id"] for headers, _ in self.came]


class _Handler(BaseHTTPRequestHandler):
    owner: Receiver

    def do_POST(self) -> None:
        """One webhook."""
        owner = self.owner
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # whoever posted it has died
            return
        came = {name.lower(): value for name, value in self.headers.items()}, body
        owner.came.append(came)
        fault = owner.faults.popleft() if owner.faults else ""
        if fault == "reset":
            self.connection.close()
            return
        if fault == "hang":
            owner._over.wait(20)
            return
        if not fault:
            owner.taken.append(came)
        self.send_response(int(fault or 204))
        if fault == "302":
            self.send_header("Location", f"http://127.0.0.1:{owner.port}/else")
        if fault == "429":
            self.send_header("Retry-After", "600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
