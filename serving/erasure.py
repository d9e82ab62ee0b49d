"""Erasing a person: contacts, payloads, notes and list entries go; anonymous counts stay."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from features.email import normal_email
from features.errors import RefusedError
from features.keys import Hasher
from features.phone import normal_phone
from serving.audit import audit
from serving.home import Home
from serving.store.erasing import (
    drop_contacts,
    drop_entries,
    numbers_under,
    orders_numbered,
    overwrite_deleted,
    settle_deleted,
)
from serving.store.log import Log
from serving.store.merchants import merchants

# Short transactions: whoever serves beside us waits for each.
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to erase: by phone, email or a merchant's own id of the customer."""

    phone: str | None = None
    email: str | None = None
    customer: str | None = None

    def keys(self, merchant_ids: Collection[str], hasher: Hasher) -> frozenset[int]:
        """The keys under which merchants know this person.

        Raises
        ------
        RefusedError
            If nothing usable was given.
        """
        values = (
            ("phone", normal_phone(self.phone)),
            ("email", normal_email(self.email)),
            ("customer", self.customer),
        )
        known = [(space, value) for space, value in values if value]
        if not known:
            raise RefusedError("give a whole phone number, email address or customer id")
        return frozenset(hasher(space, m, value) for space, value in known for m in merchant_ids)


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did.

    Parameters
    ----------
    settled : bool
        False while a reader still holds the old pages; the next checkpoint overwrites them.
    """

    orders: int
    sealed: int
    entries: int
    settled: bool


def erase(
    home: Home,
    person: Person,
    *,
    now_us: int,
    merchant_id: str | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Erased:
    """Erase a person at one merchant, or at all of them.

    Each order gets an ``erased`` event; counts, features and decisions stay as they were, since
    nothing of them names anybody. Repeating it finds what has come since.

    Raises
    ------
    RefusedError
        If nothing usable was given.
    """
    every = [m.merchant_id for m in merchants(home.connection)]
    hasher = Hasher(list(home.keyring.hashing.keys.values()))
    keys = person.keys(every if merchant_id is None else [merchant_id], hasher)
    numbers = numbers_under(home.connection, keys, progress)
    overwrite_deleted(home.connection)
    orders = sealed = 0
    for begin in range(0, len(numbers), _CHUNK):
        with home.transaction() as log:
            for number in numbers[begin : begin + _CHUNK]:
                pieces = _erase_order(log, number, now_us)
                orders, sealed = orders + (pieces > 0), sealed + pieces
    with home.transaction() as log:
        entries = drop_entries(log.connection, keys)
        audit(log, "person erased", merchant_id, now_us=now_us, orders=orders, entries=entries)
    return Erased(orders, sealed, entries, settle_deleted(home.connection))


def _erase_order(log: Log, number: int, now_us: int) -> int:
    pieces = drop_contacts(log.connection, number)
    if pieces:
        (held,) = orders_numbered(log.connection, [number])
        log.append("erased", {}, at_us=now_us, known_us=now_us, order=held)
    return pieces
