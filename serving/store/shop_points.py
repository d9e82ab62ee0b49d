"""Points that a shop gives for requests, booked by all of our processes in one row."""

from __future__ import annotations

from serving.store.connection import Connection

# Who finds more booked than this ahead of all that may be has a clock that was set back.
_ASTRAY_US = 60_000_000


def book_points(
    connection: Connection, merchant_id: str, now_us: int, cost_us: int, burst_us: int
) -> tuple[int, int]:
    """Book a request, in the time in which its points come back.

    The row holds the instant by which all that was booked will have come back.

    Parameters
    ----------
    cost_us : int
        Of the request.
    burst_us : int
        Of all that may be spent at once.

    Returns
    -------
    tuple of int
        When the request may be made, and the instant of the row.
    """
    latest = now_us + burst_us + _ASTRAY_US
    found = connection.execute(
        """INSERT INTO shop_points (merchant_id, spent_us) VALUES (?,?)
           ON CONFLICT (merchant_id) DO UPDATE SET spent_us = ? + CASE
             WHEN shop_points.spent_us < ? THEN ? WHEN shop_points.spent_us > ? THEN ?
             ELSE shop_points.spent_us END
           RETURNING spent_us""",
        (merchant_id, now_us + cost_us, cost_us, now_us, now_us, latest, latest),
    ).fetchone()
    spent_us = int(found[0])
    return max(now_us, spent_us - burst_us), spent_us


def count_spent(connection: Connection, merchant_id: str, spent_us: int) -> None:
    """More was spent than was booked, by what the shop says."""
    connection.execute(
        "UPDATE shop_points SET spent_us=? WHERE merchant_id=? AND spent_us<?",
        (spent_us, merchant_id, spent_us),
    )
