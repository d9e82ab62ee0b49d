"""What the log says about one order, or about one merchant, for readers."""

from __future__ import annotations

from serving.store.connection import Connection
from serving.store.log import Held


def placed_at(connection: Connection, held: Held) -> int:
    """When an order was placed, in microseconds since 1970."""
    found = connection.execute("SELECT at_us FROM event WHERE seq=?", (held.number,)).fetchone()
    return int(found[0])
