"""How an order stands now: its dispatch, after whatever people and customers did about it."""

from __future__ import annotations

from typing import Any

from serving.conversation.life import Life, fold
from serving.store.connection import Connection
from serving.store.log import Held, body_of

_EVENTS = """SELECT kind, body FROM event WHERE number=?
    AND kind NOT IN ('placed', 'revised', 'message_sent', 'message', 'erased') ORDER BY seq"""
_OVERRIDDEN = "SELECT body FROM event WHERE number=? AND kind='overridden'"


def life_of(connection: Connection, number: int) -> Life:
    """The life of an order, folded from its events."""
    found = connection.execute(_EVENTS, (number,)).fetchall()
    return fold((kind, body_of(body)) for kind, body in found)


def standing(connection: Connection, held: Held) -> dict[str, Any]:
    """What has changed about the answer of the decision in force; empty where nothing has."""
    life = life_of(connection, held.number)
    return {"dispatch": life.dispatch, "wait_until": None} if life.since else {}


def not_acted_on(connection: Connection, held: Held) -> bool:
    """Whether the pipeline went on by itself before our answer came."""
    found = connection.execute(_OVERRIDDEN, (held.number,)).fetchall()
    return any(body_of(body).get("record_only") for (body,) in found)
