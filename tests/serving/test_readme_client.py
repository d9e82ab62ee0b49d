"""The README's client, run as it stands there: an answer whatever the server does."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

README = Path(__file__).resolve().parents[2] / "README.md"
ORDER = {"order_id": "1001", "created_at": "2026-11-20T10:15:00+05:30"}
SHIPPED = {"action": "ship", "dispatch": "go", "fallback": True}


def _client(port: int) -> dict[str, Any]:
    """The names of the client, pointed at a port."""
    found = re.search(r"<!-- client -->\n```python\n(.*?)```", README.read_text("utf-8"), re.S)
    assert found is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RISK_URL", f"http://127.0.0.1:{port}")
        patch.setenv("RISK_KEY", "rto_live_key")
        names: dict[str, Any] = {}
        exec(found[1], names)
    return names


@contextmanager
def _answering(answer: Callable[[int, socket.socket], None]) -> Iterator[int]:
    """A server that does one thing to each request; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            count = 0
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    answer(count, connection)
                count += 1

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)


def _reply(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def _scored(replies: list[bytes]) -> dict[str, Any]:
    with _answering(lambda count, connection: connection.sendall(replies[count])) as port:
        answer: dict[str, Any] = _client(port)["score"](ORDER, 30.0)
    return answer


def test_a_decision_is_given_as_it_came() -> None:
    assert _scored([_reply("200 OK", '{"dispatch": "wait"}')]) == {"dispatch": "wait"}


def test_a_busy_server_is_asked_once_more() -> None:
    replies = [_reply("429 Too Many Requests", ""), _reply("200 OK", '{"dispatch": "stop"}')]
    assert _scored(replies) == {"dispatch": "stop"}


def test_the_decision_in_a_conflict_stands() -> None:
    conflict = _reply("409 Conflict", '{"decision": {"dispatch": "wait"}}')
    assert _scored([conflict]) == {"dispatch": "wait"}
    loaded = _reply("409 Conflict", '{"detail": "loaded as a past order", "decision": null}')
    assert _scored([loaded]) == SHIPPED | {"problem": "loaded as a past order"}


def test_a_wrong_order_ships_and_says_what_is_wrong() -> None:
    refused = _reply("422 Unprocessable Entity", '{"detail": "created_at: is missing"}')
    assert _scored([refused]) == SHIPPED | {"problem": "created_at: is missing"}


@pytest.mark.parametrize(
    "reply",
    [
        _reply("500 Internal Server Error", "<html>"),
        _reply("200 OK", "<html>"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{",
        b"who is there?\r\n",
        b"",
    ],
    ids=["error page", "page", "cut off", "no HTTP", "hung up"],
)
def test_no_answer_of_ours_ships(reply: bytes) -> None:
    assert _scored([reply, reply]) == SHIPPED | {"problem": None}


def test_a_server_that_is_down_or_never_answers_ships() -> None:
    held: list[socket.socket] = []
    with _answering(lambda _, connection: held.append(connection.dup())) as port:
        assert _client(port)["score"](ORDER, 0.05) == SHIPPED | {"problem": None}
    for connection in held:
        connection.close()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert _client(port)["score"](ORDER, 30.0) == SHIPPED | {"problem": None}
