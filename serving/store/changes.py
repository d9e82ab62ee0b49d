"""What events did to history: orders placed, and moved between states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from features.history.states import ABSENT, CLASSES, PENDING
from serving.store.connection import Connection
from serving.store.renames import Renamed, renamed_between


@dataclass(frozen=True, slots=True)
class Change:
    """What an event did to history: an order was placed, or moved between states.

    Parameters
    ----------
    seq : int
        Position of the event.
    was, becomes : int
        States of ``features.history.states``. ``was`` is ``ABSENT`` when the order comes under
        the keys of ``fact``; ``becomes`` is ``ABSENT`` when a revision takes it away from there.
    fact : bytes
        The order's fact (``features.history.fact``).
    """

    seq: int
    was: int
    becomes: int
    fact: bytes


def changes_between(connection: Connection, after: int, until: int) -> list[Change | Renamed]:
    """What the events with ``after < seq <= until`` did to history; no test orders.

    Renames come first, since the facts of every event have the new names; then all else in order.
    """
    found = connection.execute(
        """SELECT e.seq, e.kind, e.was, e.becomes, e.data,
                  (SELECT f.data FROM event f
                   WHERE f.number = e.number AND f.seq < e.seq AND f.kind IN ('placed', 'revised')
                   ORDER BY f.seq DESC LIMIT 1)
           FROM event e JOIN orders o ON o.number = e.number
           WHERE e.seq > ? AND e.seq <= ? AND e.becomes IS NOT NULL AND o.test = 0
           ORDER BY e.seq""",
        (after, until),
    )
    changed = [change for line in found for change in _changes(*line)]
    return [*renamed_between(connection, after, until), *changed]


def changed_since(connection: Connection, after: int) -> bool:
    """Whether any order was placed or moved past a position."""
    found = connection.execute(
        "SELECT 1 FROM event WHERE seq > ? AND becomes IS NOT NULL LIMIT 1", (after,)
    )
    return found.fetchone() is not None


def count_changes(connection: Connection, number: int) -> int:
    """How often an order has moved since it was placed."""
    found = connection.execute(
        "SELECT count(*) FROM event WHERE number=? AND was IS NOT NULL", (number,)
    )
    return int(found.fetchone()[0])


def moves_until(
    connection: Connection, until: int
) -> Iterator[tuple[int, str, int | None, int, bytes | None]]:
    """Number, kind, states before and after of every move; the fact of those just placed."""
    return connection.stream(
        """SELECT e.number, e.kind, e.was, e.becomes, CASE WHEN e.was IS NULL THEN e.data END
           FROM event e JOIN orders o ON o.number = e.number
           WHERE e.seq <= ? AND e.becomes IS NOT NULL AND o.test = 0 ORDER BY e.seq""",
        (until,),
    )


def newest_placed_us(connection: Connection, after: int) -> int | None:
    """When the newest order past a position became known, if any."""
    return _newest_us(connection, after, "was IS NULL")


def newest_outcome_us(connection: Connection, after: int) -> int | None:
    """When the newest outcome past a position became known, if any."""
    return _newest_us(connection, after, f"was IS NOT NULL AND becomes % {CLASSES} <> {PENDING}")


def _newest_us(connection: Connection, after: int, which: str) -> int | None:
    found = connection.execute(
        f"""SELECT known_us FROM event WHERE seq > ? AND number IS NOT NULL
            AND becomes IS NOT NULL AND {which} ORDER BY seq DESC LIMIT 1""",
        (after,),
    ).fetchone()
    return None if found is None else int(found[0])


def _changes(
    seq: int, kind: str, was: int | None, becomes: int, data: bytes, before: bytes
) -> Iterator[Change]:
    """What one event did; ``before`` is the fact that was in force until then."""
    if was is None:
        yield Change(seq, ABSENT, becomes, data)
    elif kind == "revised":
        yield Change(seq, was, ABSENT, before)
        yield Change(seq, ABSENT, becomes, data)
    else:
        yield Change(seq, was, becomes, before)
