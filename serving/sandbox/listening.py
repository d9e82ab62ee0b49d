"""A stand-in's door: a small HTTP server on loopback that hands requests to a function."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2

_MOST = 1_000_000
_ATTEMPTS, _PAUSE_S = 40, 0.5
# How long stopping takes at most.
_STOPS_S = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def plain(self) -> Any:
        """The body as JSON; an empty object where it is none."""
        try:
            return json.loads(self.body or b"{}")
        except ValueError:
            return {}


@dataclass(frozen=True, slots=True)
class Given:
    """One answer."""

    status: int
    content: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@cache
def caller() -> httpx2.Client:
    """Who tells the server: one for all, as to make one takes longer than to post an event."""
    return httpx2.Client(timeout=30)


def posted(hook: str, body: bytes, headers: dict[str, str], *, patient: bool) -> int:
    """Post an event, and (``patient``) again while it is not taken, as the real ones do for a day.

    Returns
    -------
    int
        The status of the last attempt.
    """
    for _ in range(_ATTEMPTS - 1 if patient else 0):
        with suppress(httpx2.HTTPError):  # nobody is there to take it
            status = caller().post(hook, content=body, headers=headers).status_code
            if status < 500:
                return status
        time.sleep(_PAUSE_S)
    return caller().post(hook, content=body, headers=headers).status_code


def given(status: int, body: object) -> Given:
    """An answer of JSON."""
    return Given(status, json.dumps(body).encode())


class StandIn:
    """Listens on loopback and answers with :meth:`answer`."""

    _server: ThreadingHTTPServer | None = None

    def answer(self, asked: Asked) -> Given | None:
        """What to say; None breaks the connection off without a word."""
        raise NotImplementedError

    def start(self, port: int = 0) -> str:
        """Listen; the address."""
        stand_in = self

        class Handler(_Handler):
            def answered(self, asked: Asked) -> Given | None:
                return stand_in.answer(asked)

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, args=(_STOPS_S,), daemon=True
        ).start()  # fmt: skip
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Handler(BaseHTTPRequestHandler):
    def answered(self, asked: Asked) -> Given | None:
        """What the stand-in says."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Read something."""
        self._serve(b"")

    def do_POST(self) -> None:
        """Send something."""
        length = min(int(self.headers.get("Content-Length") or 0), _MOST)
        self._serve(self.rfile.read(length))

    def do_PATCH(self) -> None:
        """Change something."""
        self.do_POST()

    def _serve(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
        said = self.answered(asked)
        if said is None:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(said.status)
        for name, value in {"Content-Type": said.kind, **said.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said.content)))
        with suppress(ConnectionError):  # whoever asked is gone
            self.end_headers()
            self.wfile.write(said.content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
