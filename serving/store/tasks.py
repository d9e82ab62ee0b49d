"""What people have to do about orders: call, answer, pay back, dispute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from serving.moments import uuid7
from serving.store.connection import Connection
from serving.store.orders import Held

TaskKind: TypeAlias = Literal["call", "inbox", "refund", "dispute", "suggestion"]
TASK_KINDS: tuple[TaskKind, ...] = get_args(TaskKind)

_COLUMNS = """task_id, merchant_id, number, kind, why, seq, made_us, until_us, done_us, done_by,
    message_id"""


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do.

    Parameters
    ----------
    seq : int or None
        The event it is about; what the customer wrote is sealed under it.
    until_us : int or None
        Until when it can be done, as a free answer on WhatsApp.
    message_id : str or None
        The message that did not arrive, where it is to be done in its place.
    """

    task_id: str
    merchant_id: str
    number: int
    kind: TaskKind
    why: str
    seq: int | None
    made_us: int
    until_us: int | None
    done_us: int | None
    done_by: str | None
    message_id: str | None = None


def add_task(
    connection: Connection,
    held: Held,
    kind: TaskKind,
    why: str,
    *,
    now_us: int,
    seq: int | None = None,
    until_us: int | None = None,
    message_id: str | None = None,
) -> None:
    """Have something done; what waits already with the same reason is not asked for twice."""
    known = connection.execute(
        """SELECT 1 FROM task WHERE number=? AND kind=? AND why=? AND done_us IS NULL
           AND seq IS NULL""",
        (held.number, kind, why),
    ).fetchone()
    if known is not None and seq is None:
        return
    connection.execute(
        f"INSERT INTO task ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,NULL,NULL,?)",
        (uuid7(now_us).hex, held.merchant_id, held.number, kind, why, seq, now_us, until_us,
         message_id),
    )  # fmt: skip


def tasks_of(
    connection: Connection, merchant_id: str, kind: TaskKind | None, most: int
) -> list[Task]:
    """What is open, oldest first."""
    wanted = TASK_KINDS if kind is None else (kind,)
    marks = ",".join("?" * len(wanted))
    found = connection.execute(
        f"""SELECT {_COLUMNS} FROM task WHERE merchant_id=? AND kind IN ({marks})
            AND done_us IS NULL ORDER BY made_us, task_id LIMIT ?""",
        (merchant_id, *wanted, most),
    ).fetchall()
    return [Task(*line) for line in found]


def open_tasks(connection: Connection, merchant_id: str) -> Counter[str]:
    """How much is open of each kind."""
    found = connection.execute(
        """SELECT kind, count(*) FROM task WHERE merchant_id=? AND done_us IS NULL GROUP BY kind""",
        (merchant_id,),
    )
    return Counter(dict(found.fetchall()))


def task_named(connection: Connection, merchant_id: str, task_id: str) -> Task | None:
    """One task of a merchant's, or None."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM task WHERE task_id=? AND merchant_id=?", (task_id, merchant_id)
    ).fetchone()
    return None if found is None else Task(*found)


def last_window(connection: Connection, number: int) -> int | None:
    """Until when an order's customer may be answered freely; None where they never wrote."""
    found = connection.execute("SELECT max(until_us) FROM task WHERE number=?", (number,))
    until: int | None = found.fetchone()[0]
    return until


def windows_of(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """The same of some orders; those whose customer never wrote are not in it."""
    marks = ",".join("?" * len(numbers))
    found = connection.execute(
        f"""SELECT number, max(until_us) FROM task
            WHERE number IN ({marks}) AND until_us IS NOT NULL GROUP BY number""",
        tuple(numbers),
    )
    return dict(found.fetchall())


def finish_task(connection: Connection, task_id: str, by: str, now_us: int) -> bool:
    """Say that it is done; False where it was."""
    found = connection.execute(
        "UPDATE task SET done_us=?, done_by=? WHERE task_id=? AND done_us IS NULL RETURNING 1",
        (now_us, by, task_id),
    )
    return found.fetchone() is not None


def finish_tasks(connection: Connection, number: int, kind: TaskKind, by: str, now_us: int) -> None:
    """Say that all of a kind that was to be done about an order is done."""
    connection.execute(
        """UPDATE task SET done_us=?, done_by=? WHERE number=? AND kind=? AND done_us IS NULL""",
        (now_us, by, number, kind),
    )


def finish_in_place_of(connection: Connection, number: int, message_id: str, now_us: int) -> None:
    """Say that what was to be done about an order in a message's place is done: it has arrived."""
    connection.execute(
        """UPDATE task SET done_us=?, done_by='the message arrived'
           WHERE number=? AND message_id=? AND done_us IS NULL""",
        (now_us, number, message_id),
    )
