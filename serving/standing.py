"""How an order stands now: its dispatch, after whatever people and customers did about it."""

from __future__ import annotations

from typing import Any

from serving.conversation.life import Life, fold
from serving.store.connection import Connection
from serving.store.orders import Held
from serving.store.stories import bodies_of, steps_of


def life_of(connection: Connection, number: int) -> Life:
    """The life of an order, folded from its events."""
    return fold((step.kind, step.body) for step in steps_of(connection, number))


def standing(connection: Connection, held: Held) -> dict[str, Any]:
    """What has changed about the answer of the decision in force; empty where nothing has."""
    life = life_of(connection, held.number)
    return {"dispatch": life.dispatch, "wait_until": None} if life.since else {}


def not_acted_on(connection: Connection, held: Held) -> bool:
    """Whether the pipeline went on by itself before our answer came."""
    overridden = bodies_of(connection, held.number, "overridden")
    return any(body.get("record_only") for body in overridden)
