"""Messages whose turn it is: each claimed by one worker, and doubted where its end went unseen."""

from __future__ import annotations

from serving.store.connection import Connection
from serving.store.outbox import MESSAGE_COLUMNS, Message


def merchants_due(connection: Connection, now_us: int) -> list[str]:
    """Whose messages are due and may be sent; looking takes no lock."""
    found = connection.execute(
        """SELECT o.merchant_id FROM merchant o
           WHERE EXISTS (SELECT 1 FROM message m WHERE m.merchant_id=o.merchant_id
                         AND m.state='waiting' AND m.due_us<=?)
           AND NOT EXISTS (SELECT 1 FROM channel c WHERE c.merchant_id=o.merchant_id
                           AND c.provider IN ('whatsapp', 'delegate')
                           AND c.stopped IS NOT NULL)
           ORDER BY o.merchant_id""",
        (now_us,),
    ).fetchall()
    return [merchant_id for (merchant_id,) in found]


def claim(connection: Connection, merchant_id: str, now_us: int, most: int) -> list[Message]:
    """Take messages of a merchant's that are due, for this worker alone; on disk when it returns.

    Whatever happens then, none of them is waiting any more, so none is sent twice.
    """
    skip = "FOR UPDATE SKIP LOCKED" if connection.remote else ""
    found = connection.execute(
        f"""WITH turn AS MATERIALIZED (  -- as a plain subquery PostgreSQL may run it once a row
              SELECT message_id FROM message
              WHERE state='waiting' AND merchant_id=? AND due_us<=?
              ORDER BY priority, due_us, made_us LIMIT ? {skip})
            UPDATE message SET state='sending', due_us=?, tries=tries+1
            WHERE message_id IN (SELECT message_id FROM turn) AND state='waiting'
            RETURNING {MESSAGE_COLUMNS}""",
        (merchant_id, now_us, most, now_us),
    ).fetchall()
    return [Message(*line) for line in found]


def doubt(connection: Connection, before_us: int) -> list[Message]:
    """Messages claimed before an instant whose end nobody saw; they are unknown from now on.

    Looking takes no lock, which others might wait for.
    """
    forgotten = "SELECT 1 FROM message WHERE state='sending' AND due_us<? LIMIT 1"
    if connection.execute(forgotten, (before_us,)).fetchone() is None:
        return []
    found = connection.execute(
        f"""UPDATE message SET state='unknown', why='the worker ended while sending'
            WHERE state='sending' AND due_us<? RETURNING {MESSAGE_COLUMNS}""",
        (before_us,),
    ).fetchall()
    return [Message(*line) for line in found]


def stranded(connection: Connection, before_us: int) -> list[Message]:
    """Messages due before an instant that a stopped channel holds up."""
    names = ", ".join(f"m.{name.strip()}" for name in MESSAGE_COLUMNS.split(","))
    found = connection.execute(
        f"""SELECT {names} FROM message m JOIN channel c ON c.merchant_id=m.merchant_id
            AND c.provider IN ('whatsapp', 'delegate') AND c.stopped IS NOT NULL
            WHERE m.state='waiting' AND m.due_us<? LIMIT 100""",
        (before_us,),
    ).fetchall()
    return [Message(*line) for line in found]


def anything_due(connection: Connection, now_us: int) -> bool:
    """Whether there is something to claim or to doubt; looking takes no lock."""
    found = connection.execute(
        "SELECT 1 FROM message WHERE state IN ('waiting', 'sending') AND due_us<=? LIMIT 1",
        (now_us,),
    )
    return found.fetchone() is not None
