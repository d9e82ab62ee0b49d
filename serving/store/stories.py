"""What the log says about one order, and what one event says, for readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from serving.store.connection import Connection
from serving.store.log import Kind, body_of
from serving.store.orders import Held


def placed_at(connection: Connection, held: Held) -> int:
    """When an order was placed, in microseconds since 1970."""
    found = connection.execute("SELECT at_us FROM event WHERE seq=?", (held.number,)).fetchone()
    return int(found[0])


def body_at(connection: Connection, seq: int) -> dict[str, Any]:
    """What one event says; the event must be there."""
    found = connection.execute("SELECT body FROM event WHERE seq=?", (seq,)).fetchone()
    return body_of(found[0])


def data_at(connection: Connection, seq: int) -> bytes:
    """The fact or the feature row of one event, which must be there."""
    found = connection.execute("SELECT data FROM event WHERE seq=?", (seq,)).fetchone()
    return bytes(found[0])


def number_at(connection: Connection, seq: int) -> int | None:
    """Which order an event is about; None where it is about none, or was removed."""
    found = connection.execute("SELECT number FROM event WHERE seq=?", (seq,)).fetchone()
    return None if found is None else found[0]


def times_of(connection: Connection, number: int, kind: Kind) -> int:
    """How often something has happened to an order."""
    found = connection.execute(
        "SELECT count(*) FROM event WHERE number=? AND kind=?", (number, kind)
    ).fetchone()
    return int(found[0])


def bodies_of(connection: Connection, number: int, kind: Kind) -> list[dict[str, Any]]:
    """What an order's events of one kind say, oldest first."""
    found = connection.execute(
        "SELECT body FROM event WHERE number=? AND kind=? ORDER BY seq", (number, kind)
    )
    return [body_of(body) for (body,) in found.fetchall()]


class Step(NamedTuple):
    """One event of an order's."""

    seq: int
    kind: str
    at_us: int
    known_us: int
    revision: int
    body: dict[str, Any]


# The rest says what an order is, not how it goes on.
_GOES_ON = "kind NOT IN ('placed', 'revised', 'message_sent', 'message', 'erased')"
_STEP = "seq, kind, at_us, known_us, revision, body"


def all_steps(connection: Connection, number: int) -> list[Step]:
    """Everything that happened to an order, oldest first."""
    return _steps(connection, "number=? ORDER BY seq", (number,))


def steps_of(connection: Connection, number: int) -> list[Step]:
    """What an order's life is folded from, oldest first."""
    return _steps(connection, f"number=? AND {_GOES_ON} ORDER BY seq", (number,))


def steps_until(connection: Connection, number: int, seq: int) -> list[Step]:
    """As :func:`steps_of` up to one event, which comes last, whatever it is."""
    return _steps(
        connection, f"number=? AND seq<=? AND (seq=? OR {_GOES_ON}) ORDER BY seq",
        (number, seq, seq),
    )  # fmt: skip


def last_steps(connection: Connection, number: int, most: int) -> list[Step]:
    """The last things that happened to an order, newest first."""
    return _steps(connection, "number=? ORDER BY seq DESC LIMIT ?", (number, most))


def _steps(connection: Connection, where: str, parameters: Sequence[object]) -> list[Step]:
    found = connection.execute(f"SELECT {_STEP} FROM event WHERE {where}", parameters)
    return [Step(*line)._replace(body=body_of(line[-1])) for line in found.fetchall()]


def newest_known_us(connection: Connection) -> int | None:
    """When the newest event of an order became known; None before the first."""
    found = connection.execute(
        "SELECT known_us FROM event WHERE number IS NOT NULL ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return None if found is None else int(found[0])


def first_known_since(connection: Connection, since_us: int) -> int | None:
    """Position of the first event of an order that became known from an instant on, if any."""
    found = connection.execute(
        "SELECT min(seq) FROM event WHERE number IS NOT NULL AND known_us >= ?", (since_us,)
    )
    seq: int | None = found.fetchone()[0]
    return seq


def first_known_us(connection: Connection) -> int | None:
    """When the first event of an order became known; None before it."""
    found = connection.execute(
        "SELECT known_us FROM event WHERE number IS NOT NULL ORDER BY seq LIMIT 1"
    ).fetchone()
    return None if found is None else int(found[0])


_WISHES = ("confirmed", "corrected", "not_attempted", "refused")


def said_since_failure(
    connection: Connection, number: int
) -> tuple[dict[str, Any] | None, list[tuple[int, dict[str, Any]]]]:
    """An order's last failed delivery, and what its customer has wanted since, oldest first."""
    failure: dict[str, Any] | None = None
    wishes: list[tuple[int, dict[str, Any]]] = []
    found = connection.execute(
        """SELECT seq, kind, body FROM event
           WHERE number=? AND kind IN ('ndr', 'replied', 'contacted') ORDER BY seq""",
        (number,),
    ).fetchall()
    for seq, kind, body in found:
        said = body_of(body)
        if kind == "ndr":
            failure, wishes = said, []
        elif said.get("response") in _WISHES:
            wishes.append((seq, said))
    return failure, wishes


def newest_of_order(connection: Connection, number: int) -> int:
    """The position of an order's newest entry."""
    found = connection.execute("SELECT max(seq) FROM event WHERE number=?", (number,))
    return int(found.fetchone()[0])


def wanted_from(connection: Connection, number: int) -> str | None:
    """The day from which on a customer wants an order, as released; None where they named none."""
    found = connection.execute(
        "SELECT body FROM event WHERE number=? AND kind='released' ORDER BY seq DESC LIMIT 1",
        (number,),
    ).fetchone()
    day = None if found is None else body_of(found[0]).get("ship_after")
    return day if isinstance(day, str) else None
