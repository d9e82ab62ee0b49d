"""What the log says about one order, or about one merchant, for readers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from features.history.states import CLASSES
from serving.store.connection import Connection
from serving.store.log import ORDER_COLUMNS, Held, Kind, body_of, held_of


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


def first_decided(connection: Connection, number: int) -> dict[str, Any]:
    """The record of an order's first decision, of which it must have one."""
    found = connection.execute(
        "SELECT body FROM event WHERE number=? AND kind='decided' ORDER BY seq LIMIT 1", (number,)
    ).fetchone()
    return body_of(found[0])


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


def first_known_us(connection: Connection) -> int | None:
    """When the first event of an order became known; None before it."""
    found = connection.execute(
        "SELECT known_us FROM event WHERE number IS NOT NULL ORDER BY seq LIMIT 1"
    ).fetchone()
    return None if found is None else int(found[0])


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a feed."""

    seq: int
    order_id: str | None
    kind: str
    revision: int
    at_us: int
    known_us: int
    body: dict[str, Any]


def events_after(
    connection: Connection, merchant_id: str, after: int, limit: int, *, test: bool
) -> tuple[list[Told], int]:
    """A merchant's events after a position, and the position to go on from.

    A feed of test orders holds these alone; a live one everything else that is the merchant's,
    the audit excepted.
    """
    found = connection.execute(
        """SELECT e.seq, o.order_id, o.test, e.kind, e.revision, e.at_us, e.known_us, e.body
           FROM event e LEFT JOIN orders o ON o.number = e.number
           WHERE e.merchant_id=? AND e.seq>? ORDER BY e.seq LIMIT ?""",
        (merchant_id, after, limit),
    ).fetchall()
    told = [
        Told(seq, order_id, kind, revision, at_us, known_us, body_of(body))
        for seq, order_id, of_test, kind, revision, at_us, known_us, body in found
        if bool(of_test) == test and kind != "audit"
    ]
    return told, found[-1][0] if found else after


@dataclass(frozen=True, slots=True)
class Updated:
    """One order of a list, at its last event."""

    seq: int
    known_us: int
    held: Held


# How many events one page looks at: a rare state must not hold up the event loop.
_LOOKED_AT = 500


def updated_orders(
    connection: Connection,
    merchant_id: str,
    after: int,
    limit: int,
    *,
    test: bool,
    classes: Collection[int],
) -> tuple[list[Updated], int | None]:
    """Orders by their last event, oldest first, and the position to go on from (None at the end).

    An order that changes while pages are read moves to the end of the list.

    Parameters
    ----------
    classes : collection of int
        The outcomes wanted (``features.history.states``).
    """
    looked = connection.execute(
        """SELECT seq, number, known_us FROM event WHERE merchant_id=? AND seq>?
           ORDER BY seq LIMIT ?""",
        (merchant_id, after, _LOOKED_AT),
    ).fetchall()
    last = {number: (seq, known_us) for seq, number, known_us in looked if number is not None}
    updated: list[Updated] = []
    for number, (seq, known_us) in sorted(last.items(), key=lambda one: one[1]):
        held = _last_at(connection, number, seq, test=test)
        if held is not None and held.state % CLASSES in classes:
            updated.append(Updated(seq, known_us, held))
            if len(updated) == limit:
                return updated, seq
    return updated, looked[-1][0] if len(looked) == _LOOKED_AT else None


def _last_at(connection: Connection, number: int, seq: int, *, test: bool) -> Held | None:
    """The order, if nothing has happened to it since ``seq``."""
    found = connection.execute(
        f"""SELECT {ORDER_COLUMNS} FROM orders WHERE number=? AND test=? AND NOT EXISTS
            (SELECT 1 FROM event e WHERE e.number=orders.number AND e.seq>?)""",
        (number, test, seq),
    ).fetchone()
    return None if found is None else held_of(found)


def fold_before(connection: Connection, at_us: int) -> int:
    """Position of the last fold that is older than an instant: what came before it is older too."""
    found = connection.execute(
        """SELECT coalesce(max(seq), 0) FROM event
           WHERE number IS NULL AND kind='fold' AND merchant_id IS NULL AND at_us<=?""",
        (at_us,),
    ).fetchone()
    return int(found[0])


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
