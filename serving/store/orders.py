"""Orders as they stand: one row each, beside the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serving.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Held:
    """An order as the store holds it."""

    number: int
    merchant_id: str
    test: bool
    order_id: str
    revision: int
    state: int
    digest: bytes | None
    fact_seq: int
    decided_seq: int | None


ORDER_COLUMNS = (
    "number, merchant_id, test, order_id, revision, state, digest, fact_seq, decided_seq"
)
_BY_ID = f"SELECT {ORDER_COLUMNS} FROM orders WHERE merchant_id=? AND test=? AND order_id=?"


def find_order(
    connection: Connection, merchant_id: str, order_id: str, *, test: bool = False
) -> Held | None:
    """One order by its id, or None."""
    found = connection.execute(_BY_ID, (merchant_id, test, order_id)).fetchone()
    return None if found is None else held_of(found)


def find_orders(
    connection: Connection, merchant_id: str, order_ids: Sequence[str], *, test: bool = False
) -> list[Held]:
    """Those of a merchant's orders by their ids that there are, in any order."""
    marks = ",".join("?" * len(order_ids))
    found = connection.execute(
        f"""SELECT {ORDER_COLUMNS} FROM orders
            WHERE merchant_id=? AND test=? AND order_id IN ({marks})""",
        (merchant_id, test, *order_ids),
    )
    return [held_of(line) for line in found.fetchall()]


def held_of(found: tuple[object, ...]) -> Held:
    """An order from a row of ``ORDER_COLUMNS``."""
    number, merchant_id, test, *rest = found
    return Held(number, merchant_id, bool(test), *rest)  # type: ignore[arg-type]


def orders_numbered(connection: Connection, numbers: Iterable[int]) -> list[Held]:
    """These orders as they stand."""
    statement = f"SELECT {ORDER_COLUMNS} FROM orders WHERE number=?"
    return [held_of(connection.execute(statement, (n,)).fetchone()) for n in numbers]


def any_order(connection: Connection) -> bool:
    """Whether there is a live order."""
    found = connection.execute("SELECT 1 FROM orders WHERE test = 0 LIMIT 1").fetchone()
    return found is not None


def ids_of_tests(connection: Connection, merchant_id: str) -> list[str]:
    """The ids of a merchant's test orders."""
    found = connection.execute(
        "SELECT order_id FROM orders WHERE merchant_id=? AND test=1", (merchant_id,)
    ).fetchall()
    return [order_id for (order_id,) in found]
