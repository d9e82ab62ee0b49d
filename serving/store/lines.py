"""Orders as lines of a page: what was placed and what was decided, by their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from serving.store.connection import Connection
from serving.store.log import body_of

_AT_ONCE = 200


class Line(NamedTuple):
    """One order.

    Parameters
    ----------
    content : dict
        What it said in public.
    decided : dict
        The record of the decision in force.
    """

    number: int
    order_id: str
    fact_seq: int
    placed_us: int
    content: dict[str, Any]
    decided: dict[str, Any]


def lines_of(connection: Connection, merchant_id: str, numbers: Iterable[int]) -> list[Line]:
    """The decided live orders of these numbers, oldest first."""
    ordered = sorted(numbers)
    found: list[Line] = []
    for start in range(0, len(ordered), _AT_ONCE):
        found += _lines(connection, merchant_id, ordered[start : start + _AT_ONCE])
    return found


def _lines(connection: Connection, merchant_id: str, numbers: Sequence[int]) -> list[Line]:
    marks = ",".join("?" * len(numbers))
    rows = connection.execute(
        f"""SELECT o.number, o.order_id, o.fact_seq, p.at_us, f.body, d.body
            FROM orders o JOIN event p ON p.seq = o.number JOIN event f ON f.seq = o.fact_seq
            JOIN event d ON d.seq = o.decided_seq
            WHERE o.number IN ({marks}) AND o.merchant_id=? AND o.test=0 ORDER BY o.number""",
        (*numbers, merchant_id),
    )
    return [
        Line(number, order_id, fact_seq, placed_us, body_of(content), body_of(decided))
        for number, order_id, fact_seq, placed_us, content, decided in rows
    ]
