"""Messages that did not arrive, or may not have, and putting them back into the outbox."""

from __future__ import annotations

from typing import NamedTuple

from serving.store.connection import Connection
from serving.store.outbox import MessageState, Purpose


class DeadLetter(NamedTuple):
    """A message that did not reach anybody, or may not have."""

    message_id: str
    order_id: str
    purpose: Purpose
    state: MessageState
    why: str | None
    made_us: int
    number: int


def dead_letters(
    connection: Connection, merchant_id: str, most: int, *, since_us: int = 0
) -> list[DeadLetter]:
    """Messages made since an instant that did not arrive, or may not have; newest first."""
    found = connection.execute(
        """SELECT m.message_id, o.order_id, m.purpose, m.state, m.why, m.made_us, m.number
           FROM message m JOIN orders o ON o.number=m.number
           WHERE m.merchant_id=? AND m.state IN ('call', 'failed', 'unknown') AND m.made_us>=?
           ORDER BY m.made_us DESC, m.message_id LIMIT ?""",
        (merchant_id, since_us, most),
    )
    return [DeadLetter(*line) for line in found]


def count_dead_letters(connection: Connection, merchant_id: str, since_us: int) -> int:
    """How many there are."""
    found = connection.execute(
        """SELECT count(*) FROM message WHERE merchant_id=?
           AND state IN ('call', 'failed', 'unknown') AND made_us>=?""",
        (merchant_id, since_us),
    )
    return int(found.fetchone()[0])


def send_again(
    connection: Connection, merchant_id: str, message_id: str, now_us: int, *, doubtful: bool
) -> bool:
    """Put a message back into the outbox.

    Parameters
    ----------
    doubtful : bool
        Whether also one of which nobody knows if it arrived.

    Returns
    -------
    bool
        False where it is none of the merchant's, or none that may be sent again.
    """
    found = connection.execute(
        """UPDATE message SET state='waiting', due_us=?, tries=0, why=NULL, outside_id=NULL
           WHERE message_id=? AND merchant_id=? AND (state IN ('call', 'failed')
           OR (state='unknown' AND ?=1)) RETURNING 1""",
        (now_us, message_id, merchant_id, int(doubtful)),
    )
    return found.fetchone() is not None
