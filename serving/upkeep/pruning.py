"""Pruning by age: contacts of orders long finished, and test orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from features.days import DAY_US
from features.history.states import CLASSES, PENDING
from serving.audit import audit
from serving.home import Home
from serving.store.connection import Connection
from serving.store.erased import forget_erased
from serving.store.log import Log
from serving.store.removal import remove_orders
from serving.store.repeats import forget_seen

# Short transactions: whoever serves beside us waits for each.
_CHUNK = 500
TEST_DAYS = 30
# Senders of webhooks repeat them for a day or two.
HOOK_DAYS = 30

_FINISHED = f"""SELECT c.number FROM contact c
    JOIN event s ON s.seq = c.number JOIN orders o ON o.number = s.number
    WHERE c.number > ? AND o.state % {CLASSES} <> {PENDING}
    AND NOT EXISTS (SELECT 1 FROM event e WHERE e.number = o.number AND e.known_us >= ?)
    ORDER BY c.number LIMIT {_CHUNK}"""
_TESTS = f"""SELECT o.number FROM orders o JOIN event e ON e.seq = o.number
    WHERE o.test = 1 AND o.number > ? AND e.known_us < ? ORDER BY o.number LIMIT {_CHUNK}"""


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
    contacts = _in_chunks(home, _FINISHED, before_us, _drop_contacts, progress)
    old = min(before_us, now_us - TEST_DAYS * DAY_US)
    tests = _in_chunks(home, _TESTS, old, _drop_tests, progress)
    with home.transaction() as log:
        audit(log, "pruned", None, now_us=now_us, contacts=contacts, tests=tests)
    return Pruned(contacts, tests, _count(home.connection))


def forget_repeats(home: Home, now_us: int) -> None:
    """Drop what is kept only to know repeats and latecomers, once none can come any more."""
    with home.transaction() as log:
        forget_seen(log.connection, now_us - HOOK_DAYS * DAY_US)
        forget_erased(log.connection, now_us)


def _in_chunks(
    home: Home,
    query: str,
    before_us: int,
    drop: Callable[[Log, list[int]], None],
    progress: Callable[[int], object],
) -> int:
    done = last = 0
    while True:
        found = home.connection.execute(query, (last, before_us)).fetchall()
        if not found:
            return done
        numbers = [number for (number,) in found]
        with home.transaction() as log:
            drop(log, numbers)
        done, last = done + len(numbers), numbers[-1]
        progress(len(numbers))


def _drop_contacts(log: Log, numbers: list[int]) -> None:
    log.connection.executemany("DELETE FROM contact WHERE number=?", [(n,) for n in numbers])


def _drop_tests(log: Log, numbers: list[int]) -> None:
    remove_orders(log.connection, numbers)


def _count(connection: Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM contact").fetchone()[0])
