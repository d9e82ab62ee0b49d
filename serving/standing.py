"""How an order stands now: its dispatch, after whatever people and customers did about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.history.states import CANCELLED, CLASSES
from serving.store.connection import Connection
from serving.store.log import Held, body_of

_GO = {"dispatch": "go", "wait_until": None}
_WAIT = {"dispatch": "wait", "wait_until": None}
_STOP = {"dispatch": "stop", "wait_until": None}

_OVERRIDES = {"approve": _GO, "hold": _WAIT, "cancel": _STOP}
_RESPONSES = {"confirmed": _GO, "paid": _GO, "refused": _STOP}

_DONE = """SELECT seq, kind, body FROM event WHERE number=? AND seq>?
    AND kind IN ('overridden', 'contacted', 'replied', 'paid') ORDER BY seq"""


def standing(connection: Connection, held: Held) -> dict[str, Any]:
    """What has changed about the answer of the decision in force; empty where nothing has.

    What was done last counts, a cancelled order excepted: it stays stopped. A decision on a new
    revision outdates what was done before it, unless the pipeline went on without us.
    """
    if held.state % CLASSES == CANCELLED:
        return dict(_STOP)
    stands: Mapping[str, Any] = {}
    for seq, kind, body in connection.execute(_DONE, (held.number, held.number)):
        done = body_of(body)
        if done.get("record_only") or seq > (held.decided_seq or 0):
            stands = _effect(kind, done) or stands
    return dict(stands)


def not_acted_on(connection: Connection, held: Held) -> bool:
    """Whether the pipeline went on by itself before our answer came."""
    found = connection.execute(_DONE, (held.number, held.number)).fetchall()
    return any(body_of(body).get("record_only") for _, _, body in found)


def _effect(kind: str, done: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if kind == "paid":
        return _GO
    if kind != "overridden":
        return _RESPONSES.get(str(done.get("response")))
    return _GO if done.get("record_only") else _OVERRIDES.get(str(done.get("action")))
