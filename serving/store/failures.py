"""Failed deliveries of some orders, and what was answered after them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from serving.store.connection import Connection
from serving.store.log import body_of


class Failure(NamedTuple):
    """The last failed delivery of an order.

    Parameters
    ----------
    seq : int
        Of its entry; the courier's own words are sealed under it.
    attempt : int
        Counted from one.
    answers : list of dict
        What customers and people said after it, oldest first.
    """

    number: int
    seq: int
    at_us: int
    attempt: int
    courier: str
    reason: str
    answers: list[dict[str, Any]]


def last_failures(connection: Connection, numbers: Sequence[int]) -> dict[int, Failure]:
    """The last failed delivery of each of these orders that has one."""
    marks = ",".join("?" * len(numbers))
    found: dict[int, Failure] = {}
    for number, seq, kind, at_us, body in connection.execute(
        f"""SELECT number, seq, kind, at_us, body FROM event WHERE number IN ({marks})
            AND kind IN ('ndr', 'replied', 'contacted') ORDER BY seq""",
        tuple(numbers),
    ):
        said: dict[str, Any] = body_of(body)
        if kind == "ndr":
            found[number] = Failure(
                number, seq, at_us, int(said.get("attempt", 1)), str(said.get("courier") or ""),
                str(said.get("reason") or "other"), [],
            )  # fmt: skip
        elif number in found:
            found[number].answers.append(said)
    return found
