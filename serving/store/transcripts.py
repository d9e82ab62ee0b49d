"""What was said about some orders, as the log and the outbox hold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic_core import from_json

from serving.store.connection import Connection
from serving.store.log import body_of


class Heard(NamedTuple):
    """One entry about a talk; what was written is sealed under ``seq``."""

    number: int
    seq: int
    kind: str
    at_us: int
    body: dict[str, Any]


class Written(NamedTuple):
    """One message of ours; ``at_us`` is when it left, or when it was made if it has not."""

    number: int
    purpose: str
    state: str
    why: str | None
    at_us: int
    detail: dict[str, Any]


def heard_about(connection: Connection, numbers: Sequence[int]) -> list[Heard]:
    """What customers answered and people did about these orders, in the log's order."""
    marks = ",".join("?" * len(numbers))
    found = connection.execute(
        f"""SELECT number, seq, kind, at_us, body FROM event
            WHERE number IN ({marks}) AND kind IN ('replied', 'contacted', 'message', 'feedback')
            ORDER BY seq""",
        tuple(numbers),
    )
    return [Heard(number, seq, kind, at, body_of(body)) for number, seq, kind, at, body in found]


def written_about(connection: Connection, numbers: Sequence[int]) -> list[Written]:
    """Our messages about these orders, oldest first; no cancelled ones."""
    marks = ",".join("?" * len(numbers))
    found = connection.execute(
        f"""SELECT number, purpose, state, why, coalesce(sent_us, made_us), detail FROM message
            WHERE number IN ({marks}) AND state <> 'cancelled' ORDER BY made_us, message_id""",
        tuple(numbers),
    )
    return [
        Written(number, purpose, state, why, at_us, from_json(detail))
        for number, purpose, state, why, at_us, detail in found
    ]
