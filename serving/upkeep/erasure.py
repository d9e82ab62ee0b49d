"""Erasing a person: contacts, payloads, notes and list entries go, keys become tombstones.

Anonymous counts stay: nothing that a decision has read changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from features.email import normal_email
from features.errors import RefusedError
from features.keys import NO_MERCHANT, Hasher
from features.phone import normal_phone
from serving.apart import space_of
from serving.audit import audit
from serving.home import Home
from serving.store.connection import Connection
from serving.store.erased import remember_erased
from serving.store.erasing import drop_contacts, overwrite_deleted, settle_deleted
from serving.store.lists import drop_entries
from serving.store.log import Log
from serving.store.merchants import merchants
from serving.store.orders import ids_of_tests, orders_numbered
from serving.store.outbox import forget_person
from serving.store.renames import keep_renamed
from serving.upkeep.tombstones import Named, bury, find_late, find_named


@dataclass(frozen=True, slots=True)
class Person:
    """Whom to erase: by phone, email or a merchant's own id of the customer."""

    phone: str | None = None
    email: str | None = None
    customer: str | None = None

    def keys(self, spaces: Sequence[str], hasher: Hasher) -> frozenset[int]:
        """The keys under which these merchants, and the network, know this person.

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
        known = [(kind, value) for kind, value in values if value]
        if not known:
            raise RefusedError("give a whole phone number, email address or customer id")
        shared = [(f"net_{kind}", value) for kind, value in known if kind != "customer"]
        own = frozenset(hasher(kind, space, value) for kind, value in known for space in spaces)
        return own | {hasher(kind, NO_MERCHANT, value) for kind, value in shared}


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did.

    Parameters
    ----------
    orders, sealed, entries : int
        Orders that named the person (pruned ones too), sealed pieces destroyed, list entries
        deleted.
    keys, shared : int
        Keys that became tombstones, and keys that stay because others' orders have them too.
    settled : bool
        False while a reader still holds the old pages; the next checkpoint overwrites them.
    """

    orders: int
    sealed: int
    entries: int
    keys: int
    shared: int
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

    The log is read before the write lock is taken, so that whoever serves waits for the few rows
    that change; a serving process follows by itself (``serving.store.renames``). Each order gets
    an ``erased`` event. What was decided before and is still on its way (in flight, in a spool)
    comes in without the person (``serving.upkeep.latecomers``). Repeating it finds what has come
    since.

    Raises
    ------
    RefusedError
        If nothing usable was given.
    """
    every = [m.merchant_id for m in merchants(home.connection)]
    asked = every if merchant_id is None else [merchant_id]
    hasher = Hasher(list(home.keyring.hashing.keys.values()))
    keys = person.keys([*asked, *_test_spaces(home.connection, asked)], hasher)
    named = find_named(home.connection, keys, progress)
    overwrite_deleted(home.connection)
    with home.transaction() as log:
        find_late(log.connection, named, keys)
        renamed = bury(log.connection, named)
        sealed = sum(_erase_order(log, number, now_us) for number in named.orders)
        entries = drop_entries(log, keys, now_us=now_us)
        orders = len(named.orders) + len(named.pruned_orders)
        audit(log, "person erased", merchant_id, now_us=now_us, orders=orders, entries=entries)
        keep_renamed(log.connection, replace(renamed, seq=log.seq))
        remember_erased(log.connection, keys, seq=log.seq, now_us=now_us)
    return Erased(
        orders, sealed, entries, len(renamed.names), _shared(named),
        settle_deleted(home.connection),
    )  # fmt: skip


def _shared(named: Named) -> int:
    return len(named.personal() - named.theirs)


def _test_spaces(connection: Connection, merchant_ids: Sequence[str]) -> Iterator[str]:
    for merchant_id in merchant_ids:
        for order_id in ids_of_tests(connection, merchant_id):
            yield space_of(merchant_id, order_id)


def _erase_order(log: Log, number: int, now_us: int) -> int:
    (held,) = orders_numbered(log.connection, [number])
    log.append("erased", {}, at_us=now_us, known_us=now_us, order=held)
    forget_person(log.connection, number)
    return drop_contacts(log.connection, number)
