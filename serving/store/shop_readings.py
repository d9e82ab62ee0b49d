"""How far each shop's orders have been read, how many are usual, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from serving.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Reading:
    """The state of reading one shop.

    Parameters
    ----------
    position_us : int
        What the shop changed before this has been read.
    read_us : int
        When it was last read to the end.
    seq : int
        The log up to here has been counted into the pace.
    missed : int
        Orders of which no webhook had told, since the last one that told of any.
    pace : str
        ``serving.shops.pace`` as JSON.
    fault : {"revoked", "away", "hooks", "silent"} or None
        What is wrong, since ``since_us``.
    """

    merchant_id: str
    position_us: int
    read_us: int
    seq: int
    missed: int = 0
    pace: str = ""
    fault: str | None = None
    since_us: int | None = None


_COLUMNS = "merchant_id, position_us, read_us, seq, missed, pace, fault, since_us"


def reading_of(connection: Connection, merchant_id: str) -> Reading | None:
    """Of one merchant's shop; None before the first time."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM shop_reading WHERE merchant_id=?", (merchant_id,)
    ).fetchone()
    return None if found is None else Reading(*found)


def faulty_readings(connection: Connection) -> list[Reading]:
    """Of every shop with which something is wrong."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM shop_reading WHERE fault IS NOT NULL ORDER BY merchant_id"
    ).fetchall()
    return [Reading(*line) for line in found]


def keep_reading(connection: Connection, one: Reading) -> None:
    """Save it."""
    connection.execute(
        f"""INSERT INTO shop_reading ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)
            ON CONFLICT (merchant_id) DO UPDATE SET position_us=excluded.position_us,
            read_us=excluded.read_us, seq=excluded.seq, missed=excluded.missed,
            pace=excluded.pace, fault=excluded.fault, since_us=excluded.since_us""",
        (one.merchant_id, one.position_us, one.read_us, one.seq, one.missed, one.pace, one.fault,
         one.since_us),
    )  # fmt: skip


def drop_reading(connection: Connection, merchant_id: str) -> None:
    """Forget it, with the shop."""
    connection.execute("DELETE FROM shop_reading WHERE merchant_id=?", (merchant_id,))


def placed_since(connection: Connection, merchant_id: str, seq: int) -> tuple[int, int]:
    """How many orders of a merchant were placed after a position, and the last position."""
    found = connection.execute(
        """SELECT count(CASE WHEN kind='placed' THEN 1 END), coalesce(max(seq), ?)
           FROM event WHERE merchant_id=? AND seq>?""",
        (seq, merchant_id, seq),
    ).fetchone()
    return int(found[0]), int(found[1])
