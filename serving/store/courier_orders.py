"""What is known of orders at couriers: their numbers there, how far they were told, whom to ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from features.days import DAY_US, HOUR_US
from features.history.states import CLASSES, PENDING
from serving.store.connection import Connection

# A parcel nobody has said anything about for so long is asked about no more.
FORGOTTEN_US = 45 * DAY_US
_SOONEST_US, _LATEST_US = HOUR_US, 12 * HOUR_US

_COLUMNS = (
    "number, provider, merchant_id, begun, outside_id, awb, revision, brought, passed, receipt"
)


@dataclass(frozen=True, slots=True)
class CourierOrder:
    """An order as a courier has it.

    Parameters
    ----------
    begun : bool
        It may have been made there by us, whatever the courier answered.
    outside_id : str or None
        Its number there.
    revision : int
        Whose address stands there.
    brought, passed : int
        The log up to here has been passed on; so have the customer's answers.
    receipt : str or None
        Under which the courier tells later what came of the last request.
    """

    number: int
    provider: str
    merchant_id: str
    begun: bool = False
    outside_id: str | None = None
    awb: str | None = None
    revision: int = 0
    brought: int = 0
    passed: int = 0
    receipt: str | None = None


def courier_order(
    connection: Connection, number: int, provider: str, merchant_id: str
) -> CourierOrder:
    """An order at a courier, as far as it is known."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM courier_order WHERE number=? AND provider=?", (number, provider)
    ).fetchone()
    if found is None:
        return CourierOrder(number, provider, merchant_id)
    first, name, merchant, begun, *rest = found
    return CourierOrder(first, name, merchant, bool(begun), *rest)


def keep_courier_order(connection: Connection, one: CourierOrder) -> None:
    """Remember what is known of an order at a courier."""
    changed = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.split(", ")[3:])
    connection.execute(
        f"""INSERT INTO courier_order ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)
            ON CONFLICT (number, provider) DO UPDATE SET {changed}""",
        astuple(one),
    )


def look_again(
    connection: Connection, number: int, provider: str, at_us: int | None
) -> None:  # fmt: skip
    """Look an order up again at an instant, or not by itself (None)."""
    connection.execute(
        "UPDATE courier_order SET look_us=? WHERE number=? AND provider=?",
        (at_us, number, provider),
    )


def due_orders(
    connection: Connection, merchant_id: str, provider: str, now_us: int, most: int, lease_us: int
) -> list[int]:
    """Take orders that are to be looked up again, until a lease ends."""
    skip = "FOR UPDATE SKIP LOCKED" if connection.remote else ""
    found = connection.execute(
        f"""WITH turn AS MATERIALIZED (  -- as a plain subquery PostgreSQL may run it once a row
              SELECT number FROM courier_order WHERE merchant_id=? AND provider=? AND look_us<=?
              ORDER BY look_us LIMIT ? {skip})
            UPDATE courier_order SET look_us=?
            WHERE provider=? AND number IN (SELECT number FROM turn) AND look_us<=?
            RETURNING number""",
        (merchant_id, provider, now_us, most, now_us + lease_us, provider, now_us),
    ).fetchall()
    return [number for (number,) in found]


def take_turn(
    connection: Connection, merchant_id: str, provider: str, now_us: int, spacing_us: int
) -> int:
    """Book the next call to an account; when it may be made.

    Whoever calls for a merchant, in whatever process, books here, so that all of them together
    keep to what the courier allows.
    """
    found = connection.execute(
        """INSERT INTO courier_pace (merchant_id, provider, free_us) VALUES (?,?,?)
           ON CONFLICT (merchant_id, provider) DO UPDATE SET free_us =
             CASE WHEN courier_pace.free_us > ? THEN courier_pace.free_us ELSE ? END + ?
           RETURNING free_us""",
        (merchant_id, provider, now_us + spacing_us, now_us, now_us, spacing_us),
    ).fetchone()
    return int(found[0]) - spacing_us


def free_from(connection: Connection, merchant_id: str, provider: str) -> int:
    """From when an account may be called next."""
    found = connection.execute(
        "SELECT free_us FROM courier_pace WHERE merchant_id=? AND provider=?",
        (merchant_id, provider),
    ).fetchone()
    return 0 if found is None else int(found[0])


def spare(connection: Connection, merchant_id: str, provider: str, until_us: int) -> None:
    """Call an account no earlier than this."""
    connection.execute(
        """UPDATE courier_pace SET free_us=?
           WHERE merchant_id=? AND provider=? AND free_us<?""",
        (until_us, merchant_id, provider, until_us),
    )


def sealed_login(connection: Connection, merchant_id: str, provider: str) -> bytes | None:
    """The login of an account as it was sealed, or None."""
    found = connection.execute(
        "SELECT login FROM courier_pace WHERE merchant_id=? AND provider=?",
        (merchant_id, provider),
    ).fetchone()
    return None if found is None or found[0] is None else bytes(found[0])


def keep_login(
    connection: Connection, merchant_id: str, provider: str, sealed: bytes | None
) -> None:
    """Remember a login, or forget it (None)."""
    connection.execute(
        """INSERT INTO courier_pace (merchant_id, provider, free_us, login) VALUES (?,?,0,?)
           ON CONFLICT (merchant_id, provider) DO UPDATE SET login = excluded.login""",
        (merchant_id, provider, sealed),
    )


def watch(
    connection: Connection, merchant_id: str, provider: str, awb: str, number: int, now_us: int
) -> None:
    """Ask about a parcel where the courier does not tell by itself."""
    connection.execute(
        """INSERT INTO watched_parcel (merchant_id, provider, awb, number, heard_us, look_us)
           VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING""",
        (merchant_id, provider, awb, number, now_us, now_us + _SOONEST_US),
    )


def watch_shipments(connection: Connection, merchant_id: str, provider: str, now_us: int) -> None:
    """Ask about the parcels of a merchant's that left lately and are still on the road, too."""
    connection.execute(
        """INSERT INTO watched_parcel (merchant_id, provider, awb, number, heard_us, look_us)
           SELECT s.merchant_id, ?, s.awb, s.number, e.known_us, ? FROM shipment s
           JOIN event e ON e.seq=s.seq JOIN orders o ON o.number=s.number
           WHERE s.merchant_id=? AND s.test=0 AND e.known_us>? AND o.state % ? = ?
           ON CONFLICT DO NOTHING""",
        (provider, now_us, merchant_id, now_us - FORGOTTEN_US, CLASSES, PENDING),
    )


def due_parcels(
    connection: Connection, merchant_id: str, provider: str, now_us: int, most: int, lease_us: int
) -> list[tuple[str, int, int]]:
    """Take parcels that are to be asked about, longest due first, until a lease ends.

    Returns
    -------
    list of tuple
        Waybill, order, and when something was last heard of it.
    """
    skip = "FOR UPDATE SKIP LOCKED" if connection.remote else ""
    return connection.execute(
        f"""WITH turn AS MATERIALIZED (
              SELECT awb FROM watched_parcel WHERE merchant_id=? AND provider=? AND look_us<=?
              ORDER BY look_us LIMIT ? {skip})
            UPDATE watched_parcel SET look_us=?
            WHERE merchant_id=? AND provider=? AND awb IN (SELECT awb FROM turn) AND look_us<=?
            RETURNING awb, number, heard_us""",
        (merchant_id, provider, now_us, most, now_us + lease_us, merchant_id, provider, now_us),
    ).fetchall()


def heard_of(connection: Connection, merchant_id: str, awbs: Sequence[str], now_us: int) -> None:
    """Something was told of parcels; they are asked about again when they fall silent."""
    connection.executemany(
        "UPDATE watched_parcel SET heard_us=?, look_us=? WHERE merchant_id=? AND awb=?",
        [(now_us, now_us + _SOONEST_US, merchant_id, awb) for awb in awbs],
    )


def asked_about(
    connection: Connection, merchant_id: str, provider: str, awb: str, heard_us: int, now_us: int
) -> None:
    """Ask again later: the longer nothing was heard, the more seldom, and at last no more."""
    quiet_us = now_us - heard_us
    if quiet_us > FORGOTTEN_US:
        end_watch(connection, merchant_id, awb)
        return
    connection.execute(
        "UPDATE watched_parcel SET look_us=? WHERE merchant_id=? AND provider=? AND awb=?",
        (now_us + pause_us(quiet_us), merchant_id, provider, awb),
    )


def pause_us(quiet_us: int) -> int:
    """How long to wait before a parcel is asked about again.

    >>> [pause_us(hours * 3_600_000_000) // 3_600_000_000 for hours in (0, 12, 36, 240)]
    [1, 3, 9, 12]
    """
    return min(_LATEST_US, max(_SOONEST_US, quiet_us // 4))


def end_watch(connection: Connection, merchant_id: str, awb: str) -> None:
    """Ask about a parcel no more."""
    connection.execute(
        "DELETE FROM watched_parcel WHERE merchant_id=? AND awb=?", (merchant_id, awb)
    )


def watched_parcels(connection: Connection, merchant_id: str, provider: str) -> int:
    """How many parcels a courier is asked about when it falls silent."""
    found = connection.execute(
        "SELECT count(*) FROM watched_parcel WHERE merchant_id=? AND provider=?",
        (merchant_id, provider),
    )
    return int(found.fetchone()[0])
