"""A merchant's events and orders, a page after a position."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from features.history.states import CLASSES
from serving.store.connection import Connection
from serving.store.log import body_of
from serving.store.orders import ORDER_COLUMNS, Held, held_of


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a feed."""

    seq: int
    order_id: str | None
    kind: str
    revision: int
    at_us: int
    known_us: int
    body: dict[str, Any]


def events_after(
    connection: Connection, merchant_id: str, after: int, limit: int, *, test: bool
) -> tuple[list[Told], int]:
    """A merchant's events after a position, and the position to go on from.

    A feed of test orders holds these alone; a live one everything else that is the merchant's,
    the audit excepted.
    """
    found = connection.execute(
        """SELECT e.seq, o.order_id, o.test, e.kind, e.revision, e.at_us, e.known_us, e.body
           FROM event e LEFT JOIN orders o ON o.number = e.number
           WHERE e.merchant_id=? AND e.seq>? ORDER BY e.seq LIMIT ?""",
        (merchant_id, after, limit),
    ).fetchall()
    told = [
        Told(seq, order_id, kind, revision, at_us, known_us, body_of(body))
        for seq, order_id, of_test, kind, revision, at_us, known_us, body in found
        if bool(of_test) == test and kind != "audit"
    ]
    return told, found[-1][0] if found else after


@dataclass(frozen=True, slots=True)
class Updated:
    """One order of a list, at its last event."""

    seq: int
    known_us: int
    held: Held


# How many events one page looks at: a rare state must not hold up the event loop.
_LOOKED_AT = 500


def updated_orders(
    connection: Connection,
    merchant_id: str,
    after: int,
    limit: int,
    *,
    test: bool,
    classes: Collection[int],
) -> tuple[list[Updated], int | None]:
    """Orders by their last event, oldest first, and the position to go on from (None at the end).

    An order that changes while pages are read moves to the end of the list.

    Parameters
    ----------
    classes : collection of int
        The outcomes wanted (``features.history.states``).
    """
    looked = connection.execute(
        """SELECT seq, number, known_us FROM event WHERE merchant_id=? AND seq>?
           ORDER BY seq LIMIT ?""",
        (merchant_id, after, _LOOKED_AT),
    ).fetchall()
    last = {number: (seq, known_us) for seq, number, known_us in looked if number is not None}
    updated: list[Updated] = []
    for number, (seq, known_us) in sorted(last.items(), key=lambda one: one[1]):
        held = _last_at(connection, number, seq, test=test)
        if held is not None and held.state % CLASSES in classes:
            updated.append(Updated(seq, known_us, held))
            if len(updated) == limit:
                return updated, seq
    return updated, looked[-1][0] if len(looked) == _LOOKED_AT else None


def _last_at(connection: Connection, number: int, seq: int, *, test: bool) -> Held | None:
    """The order, if nothing has happened to it since ``seq``."""
    found = connection.execute(
        f"""SELECT {ORDER_COLUMNS} FROM orders WHERE number=? AND test=? AND NOT EXISTS
            (SELECT 1 FROM event e WHERE e.number=orders.number AND e.seq>?)""",
        (number, test, seq),
    ).fetchone()
    return None if found is None else held_of(found)


def fold_before(connection: Connection, at_us: int) -> int:
    """Position of the last fold that is older than an instant: what came before it is older too."""
    found = connection.execute(
        """SELECT coalesce(max(seq), 0) FROM event
           WHERE number IS NULL AND kind='fold' AND merchant_id IS NULL AND at_us<=?""",
        (at_us,),
    ).fetchone()
    return int(found[0])


class Moved(NamedTuple):
    """One event that an order's life is folded from; what it says only where that matters."""

    seq: int
    number: int
    kind: str
    said: dict[str, Any]


def moves_after(connection: Connection, merchant_id: str, after: int, most: int) -> list[Moved]:
    """What has happened to a merchant's orders since a position."""
    found = connection.execute(
        """SELECT seq, number, kind, CASE WHEN kind IN
             ('decided', 'overridden', 'contacted', 'replied', 'correction', 'noted') THEN body END
           FROM event WHERE merchant_id=? AND seq>? AND number IS NOT NULL
             AND kind NOT IN ('placed', 'revised', 'message', 'message_sent', 'erased')
           ORDER BY seq LIMIT ?""",
        (merchant_id, after, most),
    ).fetchall()
    return [
        Moved(seq, number, kind, {} if body is None else body_of(body))
        for seq, number, kind, body in found
    ]


class Scored(NamedTuple):
    """A decision on an order as it was placed."""

    seq: int
    known_us: int
    decided: dict[str, Any]
    placed: dict[str, Any]


def scored_after(connection: Connection, merchant_id: str, after: int, most: int) -> list[Scored]:
    """The decisions on a merchant's live orders, as they were placed, since a position."""
    found = connection.execute(
        """SELECT e.seq, e.known_us, e.body, p.body FROM event e
           JOIN orders o ON o.number = e.number JOIN event p ON p.seq = e.number
           WHERE e.merchant_id=? AND e.seq>? AND e.kind='decided' AND e.revision=0 AND o.test=0
           ORDER BY e.seq LIMIT ?""",
        (merchant_id, after, most),
    ).fetchall()
    return [
        Scored(seq, known_us, body_of(decided), body_of(placed))
        for seq, known_us, decided, placed in found
    ]
