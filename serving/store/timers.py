"""Timers of orders: rows beside the log, in its transactions."""

from __future__ import annotations

from typing import Literal, TypeAlias

from serving.store.connection import Connection

TimerKind: TypeAlias = Literal["silence", "nudge", "ndr"]


def set_timer(connection: Connection, number: int, kind: TimerKind, due_us: int) -> None:
    """Set a timer of an order; one of its kind that runs already is set anew."""
    connection.execute(
        """INSERT INTO timer (number, kind, due_us) VALUES (?,?,?)
           ON CONFLICT (number, kind) DO UPDATE SET due_us = excluded.due_us""",
        (number, kind, due_us),
    )


def timers_due(connection: Connection, now_us: int, most: int) -> list[tuple[int, TimerKind]]:
    """Order and kind of the timers that have run out, oldest first."""
    return connection.execute(
        "SELECT number, kind FROM timer WHERE due_us<=? ORDER BY due_us LIMIT ?", (now_us, most)
    ).fetchall()


def timer_due(connection: Connection, number: int, kind: TimerKind) -> int | None:
    """When a timer of an order runs out; None where there is none."""
    found = connection.execute(
        "SELECT due_us FROM timer WHERE number=? AND kind=?", (number, kind)
    ).fetchone()
    return None if found is None else int(found[0])


def end_timer(connection: Connection, number: int, kind: TimerKind) -> bool:
    """Take a timer away; False where it is gone, and with it the reason to act."""
    found = connection.execute(
        "DELETE FROM timer WHERE number=? AND kind=? RETURNING 1", (number, kind)
    )
    return found.fetchone() is not None


def end_timers(connection: Connection, number: int) -> None:
    """Take all timers of an order away."""
    connection.execute("DELETE FROM timer WHERE number=?", (number,))
