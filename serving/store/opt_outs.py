"""Who wants no messages, or no offers: marks of persons, kept for ever."""

from __future__ import annotations

from serving.store.connection import Connection


def opted_out(connection: Connection, person: int) -> bool:
    """Whether this person wants no messages."""
    found = connection.execute("SELECT 1 FROM optout WHERE person=? AND offers_only=0", (person,))
    return found.fetchone() is not None


def wants_no_offers(connection: Connection, person: int) -> bool:
    """Whether this person wants no offers, or nothing at all."""
    found = connection.execute("SELECT 1 FROM optout WHERE person=?", (person,))
    return found.fetchone() is not None


def opt_out(connection: Connection, person: int, now_us: int) -> None:
    """Send this person nothing, for ever."""
    connection.execute(
        """INSERT INTO optout (person, at_us, offers_only) VALUES (?,?,0)
           ON CONFLICT (person) DO UPDATE SET offers_only=0""",
        (person, now_us),
    )


def opt_out_of_offers(connection: Connection, person: int, now_us: int) -> None:
    """Send this person no more offers; whoever wants nothing keeps to that."""
    connection.execute(
        "INSERT INTO optout (person, at_us, offers_only) VALUES (?,?,1) ON CONFLICT DO NOTHING",
        (person, now_us),
    )
