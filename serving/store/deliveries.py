"""What is to be told to whom: rows made from the log, each claimed, retried and settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from serving.store.connection import Connection
from serving.store.log import body_of

# What the outside is told; ``serving.webhooks.announcements`` says which entries these are.
EventName: TypeAlias = Literal[
    "order.scored", "order.confirmed", "order.corrected", "order.prepaid", "order.cancelled",
    "order.released", "order.held", "message.requested", "message.received", "ndr.answered",
    "order.outcome",
]  # fmt: skip
EVENTS: tuple[EventName, ...] = get_args(EventName)
DeliveryState: TypeAlias = Literal["waiting", "sending", "delivered", "dead"]

_COLUMNS = "delivery_id, subscription_id, seq, event, state, made_us, due_us, tries, why"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one address.

    Parameters
    ----------
    seq : int
        The log's entry that it tells of.
    tries : int
        Attempts begun.
    why : str or None
        What came of the last one.
    """

    delivery_id: str
    subscription_id: str
    seq: int
    event: EventName
    state: DeliveryState
    made_us: int
    due_us: int
    tries: int
    why: str | None


class Entry(NamedTuple):
    """One entry of the log about an order that was decided live."""

    seq: int
    number: int
    kind: str
    body: dict[str, Any]


def entries_after(
    connection: Connection, merchant_id: str, after: int, limit: int
) -> tuple[list[Entry], int]:
    """A merchant's next entries, and the position to go on from.

    Test orders, loaded past orders and what is about no order are passed over.
    """
    found = connection.execute(
        """SELECT e.seq, e.number, e.kind,
                  CASE WHEN o.test=0 AND o.decided_seq IS NOT NULL THEN e.body END
           FROM event e LEFT JOIN orders o ON o.number=e.number
           WHERE e.merchant_id=? AND e.seq>? ORDER BY e.seq LIMIT ?""",
        (merchant_id, after, limit),
    ).fetchall()
    told = [Entry(seq, n, kind, body_of(body)) for seq, n, kind, body in found if body is not None]
    return told, found[-1][0] if found else after


def add_deliveries(connection: Connection, rows: Iterable[Delivery]) -> None:
    """Add deliveries; one that is there already stays as it is."""
    connection.executemany(
        f"INSERT INTO delivery ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
        [(d.delivery_id, d.subscription_id, d.seq, d.event, d.state, d.made_us, d.due_us, d.tries,
          d.why) for d in rows],
    )  # fmt: skip


def waiting_of(connection: Connection, subscription_id: str) -> int:
    """How many are not through yet."""
    found = connection.execute(
        """SELECT count(*) FROM delivery
           WHERE subscription_id=? AND state IN ('waiting', 'sending')""",
        (subscription_id,),
    )
    return int(found.fetchone()[0])


def dead_of(connection: Connection, subscription_id: str) -> int:
    """How many were given up."""
    found = connection.execute(
        "SELECT count(*) FROM delivery WHERE subscription_id=? AND state='dead'",
        (subscription_id,),
    )
    return int(found.fetchone()[0])


def count_deliveries(connection: Connection, subscription_id: str) -> Counter[str]:
    """How many there are of each state but those that were delivered."""
    found = connection.execute(
        """SELECT state, count(*) FROM delivery WHERE subscription_id=? AND state <> 'delivered'
           GROUP BY state""",
        (subscription_id,),
    )
    return Counter(dict(found.fetchall()))


def due_subscriptions(connection: Connection, now_us: int) -> list[str]:
    """Which addresses have something due; looking takes no lock."""
    found = connection.execute(
        """SELECT DISTINCT subscription_id FROM delivery
           WHERE state IN ('waiting', 'sending') AND due_us<=?""",
        (now_us,),
    ).fetchall()
    return [name for (name,) in found]


def claim_deliveries(
    connection: Connection, subscription_id: str, now_us: int, most: int, *, lease_us: int,
    alone: bool = False,
) -> list[Delivery]:  # fmt: skip
    """Take what is due to one address for this worker alone, until the lease ends.

    Who claims and dies leaves rows that are due again then: at least once, never lost.

    Parameters
    ----------
    alone : bool
        Nothing while anything is under way to the same address, by whichever worker.
    """
    skip = "FOR UPDATE SKIP LOCKED" if connection.remote else ""
    nothing = """AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.subscription_id=?
        AND d.state='sending' AND d.due_us>?)""" if alone else ""  # fmt: skip
    values = (subscription_id, now_us) if alone else ()
    if alone:
        connection.begin()
    found = connection.execute(
        f"""WITH turn AS MATERIALIZED (  -- as a plain subquery PostgreSQL may run it once a row
              SELECT delivery_id FROM delivery
              WHERE subscription_id=? AND state IN ('waiting', 'sending') AND due_us<=? {nothing}
              ORDER BY due_us, seq LIMIT ? {skip})
            UPDATE delivery SET state='sending', due_us=?, tries=tries+1
            WHERE delivery_id IN (SELECT delivery_id FROM turn)
            AND state IN ('waiting', 'sending') AND due_us<=? RETURNING {_COLUMNS}""",
        (subscription_id, now_us, *values, most, now_us + lease_us, now_us),
    ).fetchall()
    if alone:
        connection.commit()
    return [Delivery(*line) for line in found]


def spare_delivery(connection: Connection, held: Delivery, *, due_us: int, why: str | None) -> None:
    """Put a delivery off that was not attempted: it does not count."""
    connection.execute(
        """UPDATE delivery SET state='waiting', due_us=?, why=?, tries=tries-1
           WHERE delivery_id=? AND tries=? AND state='sending'""",
        (due_us, why, held.delivery_id, held.tries),
    )


def settle_delivery(
    connection: Connection, held: Delivery, state: DeliveryState, *, due_us: int, why: str | None
) -> None:
    """Say what came of an attempt, unless its lease had ended and another one has begun."""
    connection.execute(
        """UPDATE delivery SET state=?, due_us=?, why=?
           WHERE delivery_id=? AND tries=? AND state='sending'""",
        (state, due_us, why, held.delivery_id, held.tries),
    )


def deliveries_of(
    connection: Connection, subscription_id: str, *, state: str | None, before: int, limit: int
) -> list[Delivery]:
    """Deliveries to one address by the log's position, newest first.

    Parameters
    ----------
    before : int
        Only positions below this one.
    """
    of_state, values = ("", ()) if state is None else ("AND state=?", (state,))
    found = connection.execute(
        f"""SELECT {_COLUMNS} FROM delivery WHERE subscription_id=? AND seq<? {of_state}
            ORDER BY seq DESC, event LIMIT ?""",
        (subscription_id, before, *values, limit),
    ).fetchall()
    return [Delivery(*line) for line in found]


def replay_deliveries(
    connection: Connection, subscription_id: str, where: str, values: Sequence[object], now_us: int
) -> int:
    """Deliver some again that were delivered or given up; how many."""
    found = connection.execute(
        f"""UPDATE delivery SET state='waiting', due_us=?, tries=0
            WHERE subscription_id=? AND state IN ('delivered', 'dead') AND {where} RETURNING 1""",
        (now_us, subscription_id, *values),
    )
    return len(found.fetchall())


def hasten_deliveries(connection: Connection, subscription_id: str, now_us: int) -> None:
    """Deliver at once what waits after a failure, with all its attempts before it."""
    connection.execute(
        """UPDATE delivery SET due_us=?, tries=0
           WHERE subscription_id=? AND state='waiting' AND due_us>?""",
        (now_us, subscription_id, now_us),
    )


def drop_old_deliveries(connection: Connection, delivered_us: int, dead_us: int) -> None:
    """Forget what was delivered, or given up, long ago; the log can tell it again."""
    connection.execute("DELETE FROM delivery WHERE state='delivered' AND due_us<?", (delivered_us,))
    connection.execute("DELETE FROM delivery WHERE state='dead' AND due_us<?", (dead_us,))
