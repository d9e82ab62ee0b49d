"""Allow and block entries: rows to find them by, and events that tell of every change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from serving.store.connection import Connection
from serving.store.log import Log, body_of

Row: TypeAlias = tuple[Any, ...]

_COLUMNS = "entry_id, list, field, key, hint, reason, added_by, added_us, expires_us"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Parameters
    ----------
    list : {"block", "allow"}
    field : {"phone", "email", "ip", "device", "pincode"}
    key : int
        The hash under which orders carry the value; the value itself is kept nowhere.
    hint : str
        The end of the value, for people.
    """

    entry_id: str
    list: str
    field: str
    key: int
    hint: str
    reason: str
    added_by: str
    added_us: int
    expires_us: int | None


def entries(
    connection: Connection, merchant_id: str, *, after: str = "", limit: int | None = None
) -> list[Entry]:
    """A merchant's entries, oldest first."""
    most = "" if limit is None else f" LIMIT {limit}"
    found = connection.execute(
        f"""SELECT {_COLUMNS} FROM list_entry WHERE merchant_id=? AND entry_id>?
            ORDER BY entry_id{most}""",
        (merchant_id, after),
    )
    return [Entry(*line) for line in found.fetchall()]


def put_entry(log: Log, merchant_id: str, entry: Entry) -> bool:
    """Add an entry in place of any of the same value; False where there was one."""
    same = log.connection.execute(
        """DELETE FROM list_entry WHERE merchant_id=? AND list=? AND field=? AND key=?
           RETURNING entry_id""",
        (merchant_id, entry.list, entry.field, entry.key),
    ).fetchall()
    _insert(log, merchant_id, entry)
    for (entry_id,) in same:
        _tell(log, merchant_id, {"did": "removed", "entry_id": entry_id}, entry.added_us)
    said = {name: value for name, value in asdict(entry).items() if name != "key"}
    _tell(log, merchant_id, {"did": "added", **said}, entry.added_us)
    return not same


def put_entries(log: Log, merchant_id: str, many: Sequence[Entry]) -> int:
    """Add entries, each in place of any of the same value; how many were. One event tells of all.

    Parameters
    ----------
    many : sequence of Entry
        Their ids rise, and no other entry's lies between them.
    """
    gone: list[str] = []
    for entry in many:
        gone += [
            entry_id
            for (entry_id,) in log.connection.execute(
                """DELETE FROM list_entry WHERE merchant_id=? AND list=? AND field=? AND key=?
                   RETURNING entry_id""",
                (merchant_id, entry.list, entry.field, entry.key),
            ).fetchall()
        ]
        _insert(log, merchant_id, entry)
    own = {entry.entry_id for entry in many}
    body: dict[str, object] = {
        "did": "imported", "first": many[0].entry_id, "last": many[-1].entry_id,
        "entries": len(many), "removed": [entry_id for entry_id in gone if entry_id not in own],
    }  # fmt: skip
    _tell(log, merchant_id, body, many[0].added_us)
    return len(gone)


def _insert(log: Log, merchant_id: str, entry: Entry) -> None:
    log.connection.execute(
        f"INSERT INTO list_entry (merchant_id, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            merchant_id, entry.entry_id, entry.list, entry.field, entry.key, entry.hint,
            entry.reason, entry.added_by, entry.added_us, entry.expires_us,
        ),
    )  # fmt: skip


def drop_entry(log: Log, merchant_id: str, entry_id: str, *, now_us: int) -> bool:
    """Take an entry away; False where the merchant has none of this id."""
    found = log.connection.execute(
        "DELETE FROM list_entry WHERE merchant_id=? AND entry_id=? RETURNING entry_id",
        (merchant_id, entry_id),
    ).fetchall()
    if found:
        _tell(log, merchant_id, {"did": "removed", "entry_id": entry_id}, now_us)
    return bool(found)


def drop_entries(log: Log, keys: Collection[int], *, now_us: int) -> int:
    """Take away what stands under these keys in anybody's lists; how many."""
    gone = [
        line
        for key in keys
        for line in log.connection.execute(
            "DELETE FROM list_entry WHERE key=? RETURNING merchant_id, entry_id", (key,)
        ).fetchall()
    ]
    for merchant_id, entry_id in gone:
        _tell(log, merchant_id, {"did": "removed", "entry_id": entry_id}, now_us)
    return len(gone)


def keys_of_entries(connection: Connection, fields: Sequence[str]) -> list[tuple[str, int]]:
    """Id and key of every merchant's entries of these fields."""
    marks = ",".join("?" * len(fields))
    return connection.execute(
        f"SELECT entry_id, key FROM list_entry WHERE field IN ({marks})", fields
    ).fetchall()


def put_keys(connection: Connection, keys: Iterable[tuple[str, int]]) -> None:
    """Put other keys into entries, by their ids."""
    connection.executemany(
        "UPDATE list_entry SET key=? WHERE entry_id=?", [(key, name) for name, key in keys]
    )


def list_version(connection: Connection, merchant_id: str) -> int:
    """Position of the last change of a merchant's lists; 0 before the first."""
    found = connection.execute(
        """SELECT coalesce(max(seq), 0) FROM event
           WHERE number IS NULL AND kind='list' AND merchant_id=?""",
        (merchant_id,),
    ).fetchone()
    return int(found[0])


def changed_entries(
    connection: Connection, merchant_id: str, after: int
) -> tuple[list[Entry], list[str]]:
    """Entries added after a version that are still there, oldest first, and ids of those gone."""
    found = connection.execute(
        """SELECT body FROM event
           WHERE number IS NULL AND kind='list' AND merchant_id=? AND seq>? ORDER BY seq""",
        (merchant_id, after),
    )
    one = f"SELECT {_COLUMNS} FROM list_entry WHERE entry_id=?"
    some = f"""SELECT {_COLUMNS} FROM list_entry
               WHERE merchant_id=? AND entry_id>=? AND entry_id<=? ORDER BY entry_id"""
    rows: dict[str, Row | None] = {}
    for body in [body_of(body) for (body,) in found.fetchall()]:
        if body["did"] == "imported":
            rows |= dict.fromkeys(map(str, body["removed"]))  # type: ignore[call-overload]
            imported = connection.execute(some, (merchant_id, body["first"], body["last"]))
            rows |= {row[0]: row for row in imported.fetchall()}
        else:
            rows[str(body["entry_id"])] = connection.execute(one, (body["entry_id"],)).fetchone()
    return (
        [Entry(*row) for row in rows.values() if row is not None],
        [i for i, row in rows.items() if row is None],
    )


def _tell(log: Log, merchant_id: str, body: dict[str, object], now_us: int) -> None:
    log.append("list", body, at_us=now_us, known_us=now_us, merchant_id=merchant_id)
