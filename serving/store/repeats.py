"""Events that came in from outside, remembered so that a repetition is known for one."""

from __future__ import annotations

from serving.store.connection import Connection


def first_seen(connection: Connection, endpoint: str, event_id: str, now_us: int) -> bool:
    """Remember an incoming event; False where it was there before."""
    found = connection.execute(
        """INSERT INTO hook_seen (endpoint, event_id, at_us) VALUES (?,?,?)
           ON CONFLICT DO NOTHING RETURNING 1""",
        (endpoint, event_id, now_us),
    )
    return found.fetchone() is not None


def forget_seen(connection: Connection, before_us: int) -> None:
    """Drop the memory of events that came in before an instant; nobody sends them again."""
    connection.execute("DELETE FROM hook_seen WHERE at_us < ?", (before_us,))
