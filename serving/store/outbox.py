"""Messages to send, each at most once: rows beside the log, in its transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic_core import from_json, to_json

from serving.store.connection import Connection, flushed_together
from serving.store.payments import cancel_links
from serving.store.timers import end_timers

MessageState: TypeAlias = Literal[
    "waiting", "sending", "unknown", "sent", "failed", "delivered", "read", "cancelled", "call"
]
Purpose: TypeAlias = Literal[
    "order_check", "reminder", "talk", "ndr", "prepaid_offer", "tracking", "feedback"
]

# Whose turn comes first where the carrier lets only so many people be written to a day.
_PRIORITY: dict[str, int] = {
    "talk": 0, "order_check": 0, "reminder": 0, "ndr": 1, "prepaid_offer": 2, "tracking": 3,
    "feedback": 4,
}  # fmt: skip
CHECKS = ("order_check", "reminder", "prepaid_offer")
# They answer no question of ours: nobody calls where they do not arrive, and no order counts as
# treated for them.
NEWS = ("tracking", "feedback")

# What is said to somebody who has written, asks nothing and is true of a parcel on its way.
_ANSWERS = ("thanks", "thanks_day", "paid", "person", "text")

# Statuses come in any order and repeated: the furthest one stands.
_RANK: dict[str, int] = {
    "waiting": 0, "cancelled": 0, "sending": 1, "unknown": 2, "sent": 3, "call": 4, "failed": 4,
    "delivered": 5, "read": 6,
}  # fmt: skip
MESSAGE_COLUMNS = (
    "message_id, number, merchant_id, purpose, state, made_us, due_us, tries, outside_id, detail"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the outbox.

    Parameters
    ----------
    detail : str
        What its text is made of beside the order, as JSON and without personal data.
    """

    message_id: str
    number: int
    merchant_id: str
    purpose: Purpose
    state: MessageState
    made_us: int
    due_us: int
    tries: int = 0
    outside_id: str | None = None
    detail: str = "{}"


def put_message(connection: Connection, message: Message) -> None:
    """Add a message; of two about an order in the same instant the second is made later."""
    connection.execute(
        f"""INSERT INTO message ({MESSAGE_COLUMNS}, priority)
            SELECT ?,?,?,?,?, CASE WHEN before.made_us >= ? THEN before.made_us + 1 ELSE ? END,
                   ?,?,?,?,?
            FROM (SELECT max(made_us) AS made_us FROM message WHERE number=?) before""",
        (message.message_id, message.number, message.merchant_id, message.purpose, message.state,
         message.made_us, message.made_us, message.due_us, message.tries, message.outside_id,
         message.detail, _PRIORITY[message.purpose], message.number),
    )  # fmt: skip


def settle(
    connection: Connection,
    message: Message,
    state: MessageState,
    *,
    due_us: int = 0,
    person: int | None = None,
    outside_id: str | None = None,
    why: str | None = None,
    sent_us: int | None = None,
) -> bool:
    """Say what became of a message; False where more than that is known already."""
    again = state in ("waiting", "cancelled") and message.state == "sending"
    if not again and _RANK[state] <= _RANK[message.state]:
        return False
    connection.execute(
        """UPDATE message SET state=?, due_us=?, person=coalesce(?, person),
             outside_id=coalesce(?, outside_id), sent_us=coalesce(sent_us, ?), why=?
           WHERE message_id=?""",
        (state, due_us or message.due_us, person, outside_id, sent_us, why, message.message_id),
    )
    return True


def address_to(connection: Connection, message: Message, person: int) -> None:
    """Say whom a message goes to, before it goes: who answers at once is known by it.

    A power cut may take it away, which no message is lost or repeated for.
    """
    with flushed_together(connection):
        connection.execute(
            "UPDATE message SET person=? WHERE message_id=?", (person, message.message_id)
        )


def speak_plainly(connection: Connection, message: Message) -> None:
    """Let a message go without the product's picture from now on."""
    detail = from_json(message.detail) | {"plain": True}
    connection.execute(
        "UPDATE message SET detail=? WHERE message_id=?",
        (to_json(detail).decode(), message.message_id),
    )


def message_named(connection: Connection, message_id: str) -> Message | None:
    """One message by our id."""
    return _one(connection, "message_id=?", (message_id,))


def message_outside(connection: Connection, outside_id: str) -> Message | None:
    """One message by the carrier's id."""
    return _one(connection, "outside_id=?", (outside_id,))


def newest_to(connection: Connection, person: int) -> Message | None:
    """The last message to a person, rather one that may have arrived than one that has not."""
    return _one(
        connection,
        """person=? ORDER BY CASE WHEN state IN ('waiting', 'cancelled', 'call', 'failed')
           THEN 1 ELSE 0 END, made_us DESC, message_id DESC LIMIT 1""",
        (person,),
    )


def went_to(connection: Connection, message_id: str) -> int | None:
    """The mark of whom a message goes to; None before it is sent, and after an erasure."""
    found = connection.execute("SELECT person FROM message WHERE message_id=?", (message_id,))
    person: int | None = found.fetchone()[0]
    return person


def was_asked(connection: Connection, number: int) -> bool:
    """Whether a message about the order is known to have gone out."""
    found = connection.execute(
        """SELECT 1 FROM message WHERE number=? AND purpose <> 'talk'
           AND state IN ('sent', 'delivered', 'read') LIMIT 1""",
        (number,),
    )
    return found.fetchone() is not None


def messages_of(connection: Connection, number: int) -> list[tuple[str, str, str | None]]:
    """Purpose, state and why of an order's messages, oldest first."""
    return connection.execute(
        "SELECT purpose, state, why FROM message WHERE number=? ORDER BY made_us, message_id",
        (number,),
    ).fetchall()


def checks_of(connection: Connection, number: int) -> list[Message]:
    """The questions whether an order is meant, oldest first; no cancelled ones."""
    found = connection.execute(
        f"""SELECT {MESSAGE_COLUMNS} FROM message WHERE number=? AND state <> 'cancelled'
            AND purpose IN ('order_check', 'reminder', 'prepaid_offer')
            ORDER BY made_us, message_id""",
        (number,),
    ).fetchall()
    return [Message(*line) for line in found]


def newest_of(connection: Connection, number: int) -> Message | None:
    """The last message about an order."""
    return _one(connection, "number=? ORDER BY made_us DESC, message_id DESC LIMIT 1", (number,))


def people_reached(connection: Connection, merchant_id: str, since_us: int) -> set[int]:
    """Whom a merchant has written to first since an instant; answers count nobody."""
    found = connection.execute(
        """SELECT DISTINCT person FROM message WHERE merchant_id=? AND sent_us>?
           AND purpose <> 'talk' AND person IS NOT NULL""",
        (merchant_id, since_us),
    ).fetchall()
    return {person for (person,) in found}


def stop_asking(connection: Connection, number: int, *, gone: bool = False) -> None:
    """End an order's timers and cancel what was not sent.

    Parameters
    ----------
    gone : bool
        Whether the parcel has left: questions and offers are over, but whoever has just written
        is still answered.
    """
    end_timers(connection, number)
    found = connection.execute(
        "SELECT message_id, detail FROM message WHERE number=? AND state='waiting'", (number,)
    ).fetchall()
    for message_id, detail in found:
        if not (gone and from_json(detail).get("step") in _ANSWERS):
            connection.execute(
                "UPDATE message SET state='cancelled' WHERE message_id=? AND state='waiting'",
                (message_id,),
            )
    cancel_links(connection, number)


def forget_person(connection: Connection, number: int) -> None:
    """Take the mark of whom it went to off an order's messages; an opt-out stays one."""
    connection.execute("UPDATE message SET person=NULL WHERE number=?", (number,))


def longest_due_us(connection: Connection) -> int | None:
    """Since when the message has been due that has waited longest, stopped channels included."""
    found = connection.execute(
        "SELECT min(due_us) FROM message WHERE state IN ('waiting', 'sending')"
    ).fetchone()
    due_us: int | None = found[0]
    return due_us


def _one(connection: Connection, where: str, parameters: Sequence[object]) -> Message | None:
    found = connection.execute(
        f"SELECT {MESSAGE_COLUMNS} FROM message WHERE {where}", parameters
    ).fetchone()
    return None if found is None else Message(*found)


def messages_since(connection: Connection, merchant_id: str, since_us: int) -> Counter[str]:
    """How many of a merchant's messages made since an instant stand in each state."""
    found = connection.execute(
        """SELECT state, count(*) FROM message WHERE merchant_id=? AND made_us>=?
           GROUP BY state""",
        (merchant_id, since_us),
    )
    return Counter(dict(found.fetchall()))
