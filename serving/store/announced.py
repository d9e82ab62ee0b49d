"""What the log says of the installation itself: models promoted, folds published, trainings."""

from __future__ import annotations

from typing import Any, NamedTuple

from serving.store.connection import Connection
from serving.store.log import Kind, body_of

_OF_ALL = """SELECT at_us, body FROM event
    WHERE number IS NULL AND kind=? AND merchant_id IS NULL ORDER BY seq"""
# Asked every second: without naming the kinds first it would read the whole log.
_TRIALS = """SELECT kind, merchant_id, body FROM event
    WHERE number IS NULL AND kind IN ('challenger', 'promoted')
    AND (kind='challenger' OR merchant_id IS NOT NULL) ORDER BY seq"""


class Announced(NamedTuple):
    """One such event."""

    at_us: int
    body: dict[str, Any]


class Trial(NamedTuple):
    """A model put beside the one that decides, or in its place for one merchant."""

    kind: str
    merchant_id: str | None
    body: dict[str, Any]


def announced(connection: Connection, kind: Kind) -> list[Announced]:
    """Every event of a kind that is about all merchants, oldest first."""
    found = connection.execute(_OF_ALL, (kind,)).fetchall()
    return [Announced(at_us, body_of(body)) for at_us, body in found]


def newest_announced(connection: Connection, kind: Kind) -> Announced | None:
    """The last event of a kind that is about all merchants, or None."""
    found = connection.execute(f"{_OF_ALL} DESC LIMIT 1", (kind,)).fetchone()
    return None if found is None else Announced(found[0], body_of(found[1]))


def trials(connection: Connection) -> list[Trial]:
    """Every model that was tried, and every end of a trial, oldest first."""
    found = connection.execute(_TRIALS).fetchall()
    return [Trial(kind, merchant_id, body_of(body)) for kind, merchant_id, body in found]
