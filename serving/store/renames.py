"""Keys that an erasure put others in place of, until the stored who-records have followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from serving.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Renamed:
    """What an erasure did to history: nothing but the names of some keys.

    The facts of the log have the new names throughout, those of earlier positions too; so a
    reader renames its records before it takes in any other change.

    Parameters
    ----------
    seq : int
        Position of the last ``erased``.
    names : mapping of int to int
        From a person's keys to their tombstones.
    beside : frozenset of int
        Further keys of the same orders, whose records name the renamed ones.
    """

    seq: int
    names: Mapping[int, int] = field(default_factory=dict)
    beside: frozenset[int] = frozenset()


def keep_renamed(connection: Connection, renamed: Renamed) -> None:
    """Leave word for whoever keeps the who-records, in the erasure's transaction."""
    rows = [(renamed.seq, old, new) for old, new in renamed.names.items()]
    rows += [(renamed.seq, key, key) for key in renamed.beside]
    connection.executemany("INSERT INTO renamed (seq, old, new) VALUES (?,?,?)", rows)


def renamed_between(connection: Connection, after: int, until: int) -> list[Renamed]:
    """The renames with ``after < seq <= until``, in order."""
    found = connection.execute(
        "SELECT seq, old, new FROM renamed WHERE seq > ? AND seq <= ? ORDER BY seq", (after, until)
    ).fetchall()
    return [_renamed(seq, found) for seq in dict.fromkeys(row[0] for row in found)]


def _renamed(seq: int, rows: Iterable[tuple[int, int, int]]) -> Renamed:
    mine = [(old, new) for at, old, new in rows if at == seq]
    names = {old: new for old, new in mine if old != new}
    return Renamed(seq, names, frozenset(old for old, new in mine if old == new))


def forget_renamed(connection: Connection, until: int) -> None:
    """The stored records have followed every rename up to here; the old names are gone."""
    connection.execute("DELETE FROM renamed WHERE seq <= ?", (until,))


def waiting_renames(connection: Connection) -> int:
    """Renames that the stored records have yet to follow."""
    return int(connection.execute("SELECT count(*) FROM renamed").fetchone()[0])
