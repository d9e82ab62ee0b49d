"""Orders that reach the log with their decision, many at once: their rows are inserted together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from features.history.states import ABSENT, PENDING
from serving.store.changes import Change
from serving.store.contacts import CONTACT_COLUMNS, Contacts
from serving.store.log import Log

_EVENT_COLUMNS = (
    "seq", "number", "merchant_id", "kind", "revision", "at_us", "known_us", "was", "becomes",
    "body", "data",
)  # fmt: skip
_ORDER_COLUMNS = (
    "number", "merchant_id", "test", "order_id", "revision", "state", "digest", "fact_seq",
    "decided_seq",
)  # fmt: skip


class Arrival(NamedTuple):
    """A new order and the decision it was answered with.

    Parameters
    ----------
    fact : bytes
        With any number in the first eight bytes, as for ``Log.place``.
    public, personal, record : bytes
        What the order said and the body of its ``decided``, as JSON.
    becomes : int
        Its state after the decision.
    created_us, known_us, decided_us : int
        When it was placed, when the log learns of it, and when it was decided.
    """

    merchant_id: str
    test: bool
    order_id: str
    digest: bytes
    fact: bytes
    public: bytes
    personal: bytes
    decision_id: bytes
    record: bytes
    becomes: int
    created_us: int
    known_us: int
    decided_us: int


def arrive(log: Log, contacts: Contacts, arrivals: Sequence[Arrival]) -> None:
    """Append ``placed`` and ``decided`` of orders that the log does not hold.

    Raises
    ------
    TakenError
        If it holds one of them; nothing of the transaction may be kept then.
    """
    events: list[tuple[object, ...]] = []
    orders: list[tuple[object, ...]] = []
    decisions: list[tuple[object, ...]] = []
    details: list[tuple[object, ...]] = []
    for one in arrivals:
        number, decided = log.seq + 1, log.seq + 2
        log.seq = decided
        fact = number.to_bytes(8, "little", signed=True) + one.fact[8:]
        moves = (None, None) if one.becomes == PENDING else (PENDING, one.becomes)
        events += [
            (number, number, one.merchant_id, "placed", 0, one.created_us, one.known_us,
             None, PENDING, one.public, fact),
            (decided, number, one.merchant_id, "decided", 0, one.decided_us, one.decided_us,
             *moves, one.record, None),
        ]  # fmt: skip
        orders.append(
            (number, one.merchant_id, int(one.test), one.order_id, 0, one.becomes, one.digest,
             number, decided)
        )  # fmt: skip
        decisions.append((one.decision_id, decided))
        details.append(contacts.row(number, one.personal))
        if not one.test:
            log.changes.append(Change(number, ABSENT, PENDING, fact))
            if one.becomes != PENDING:
                log.changes.append(Change(decided, PENDING, one.becomes, fact))
    connection = log.connection
    connection.insert_many("orders", _ORDER_COLUMNS, orders)
    connection.insert_many("decision", ("decision_id", "seq"), decisions)
    connection.insert_many("event", _EVENT_COLUMNS, events)
    connection.insert_many("contact", CONTACT_COLUMNS, details)
