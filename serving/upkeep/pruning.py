"""Pruning by age: contacts of orders long finished, and test orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from features.days import DAY_US
from serving.audit import audit
from serving.home import Home
from serving.store.connection import Connection
from serving.store.contacts import count_sealed, drop_sealed
from serving.store.erased import forget_erased
from serving.store.removal import finished_with_contacts, old_tests, remove_orders
from serving.store.repeats import forget_seen

# Short transactions: whoever serves beside us waits for each.
_CHUNK = 500
TEST_DAYS = 30
# Senders of webhooks repeat them for a day or two.
HOOK_DAYS = 30


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a pruning removed and kept.

    Parameters
    ----------
    contacts : int
        Sealed contacts of finished orders, removed.
    tests : int
        Test orders, removed with everything about them.
    kept : int
        Contacts that are still held: of newer orders, and of old ones without an outcome.
    """

    contacts: int
    tests: int
    kept: int


def prune(
    home: Home, before_us: int, *, now_us: int, progress: Callable[[int], object] = lambda _: None
) -> Pruned:
    """Remove contacts of orders that were finished before an instant, and old test orders.

    Counts, features and decisions stay as they were: none of them is made from contacts any more.

    Parameters
    ----------
    before_us : int
        Nothing about the order may have become known from then on.
    """
    contacts = _in_chunks(home, finished_with_contacts, before_us, drop_sealed, progress)
    old = min(before_us, now_us - TEST_DAYS * DAY_US)
    tests = _in_chunks(home, old_tests, old, remove_orders, progress)
    with home.transaction() as log:
        audit(log, "pruned", None, now_us=now_us, contacts=contacts, tests=tests)
    return Pruned(contacts, tests, count_sealed(home.connection))


def forget_repeats(home: Home, now_us: int) -> None:
    """Drop what is kept only to know repeats and latecomers, once none can come any more."""
    with home.transaction() as log:
        forget_seen(log.connection, now_us - HOOK_DAYS * DAY_US)
        forget_erased(log.connection, now_us)


def _in_chunks(
    home: Home,
    find: Callable[[Connection, int, int, int], list[int]],
    before_us: int,
    drop: Callable[[Connection, list[int]], None],
    progress: Callable[[int], object],
) -> int:
    done = last = 0
    while numbers := find(home.connection, last, before_us, _CHUNK):
        with home.transaction() as log:
            drop(log.connection, numbers)
        done, last = done + len(numbers), numbers[-1]
        progress(len(numbers))
    return done
