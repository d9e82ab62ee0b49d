"""A person's keys give way to tombstones: random, one for each; nothing counted changes.

Distinct keys get distinct tombstones, so past decisions still recompute. A key that someone else's
orders have too (a shared device, an office's network) stays, since it is evidence about them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.history.carried import Carried
from features.history.fact import FACT_SIZE, FIRST_WHERE, FIRST_WHO, NUMBER
from features.keys import ABSENT, WHO_SLOTS
from serving.store.carried import carried_events, rewrite
from serving.store.connection import Connection
from serving.store.facts import facts_after, put_facts
from serving.store.log import last_seq
from serving.store.renames import Renamed

Integers = NDArray[np.int64]
Progress = Callable[[int], object]

_STEP = 20_000
_WHO = slice(FIRST_WHO, FIRST_WHERE)
# Places and articles are nobody's; the rest of an order's who-keys may be one person's alone.
_NOBODYS = frozenset({"merchant_pincode", "merchant_sku"})
PERSONAL = np.array([slot.space not in _NOBODYS for slot in WHO_SLOTS])


@dataclass(slots=True)
class Named:
    """The facts that name a person, and which of their keys are nobody else's.

    Parameters
    ----------
    facts : dict of int to ndarray of int64, shape (FACT_SIZE,)
        By position of the ``placed`` or ``revised``.
    pruned : dict of int to ndarray
        The same of orders that were taken out of the log and of which only the facts are left.
    theirs : set of int
        Keys that give way.
    seen : int
        The log was read up to here.
    """

    facts: dict[int, Integers] = field(default_factory=dict)
    pruned: dict[int, Integers] = field(default_factory=dict)
    theirs: set[int] = field(default_factory=set)
    seen: int = 0

    @property
    def orders(self) -> list[int]:
        """Numbers of the orders in the log that name the person."""
        return sorted({int(fact[NUMBER]) for fact in self.facts.values()})

    @property
    def pruned_orders(self) -> list[int]:
        """Numbers of the pruned orders that name the person."""
        return sorted({int(fact[NUMBER]) for fact in self.pruned.values()})

    def every(self) -> list[Integers]:
        """All these facts."""
        return [*self.facts.values(), *self.pruned.values()]

    def personal(self) -> set[int]:
        """Every key of these facts that may be one person's."""
        found = {int(key) for fact in self.every() for key in fact[_WHO][PERSONAL]}
        return found - {ABSENT}


def find_named(connection: Connection, keys: Collection[int], progress: Progress) -> Named:
    """Walk the whole log twice: for facts with one of the keys, and for who else has theirs."""
    with connection.snapshot():
        named = _with(connection, keys, 0, progress)
        named.seen = last_seq(connection)
        named.theirs = (named.personal() - _of_others(connection, named, 0)) | set(keys)
    return named


def find_late(connection: Connection, named: Named, keys: Collection[int]) -> None:
    """Take in what was appended since, inside the transaction that erases."""
    late = _with(connection, keys, named.seen, lambda _: None)
    named.facts |= late.facts
    named.pruned |= late.pruned
    for seq in late.pruned:  # taken out meanwhile
        named.facts.pop(seq, None)
    named.theirs -= _of_others(connection, named, named.seen) - set(keys)


def bury(connection: Connection, named: Named) -> Renamed:
    """Put tombstones into the facts; the position of what is returned is still to be set."""
    names = {key: _tombstone() for key in named.personal() & named.theirs}
    beside = {int(key) for fact in named.every() for key in fact[_WHO]}
    put_facts(
        connection, ((seq, _renamed(fact, names).tobytes()) for seq, fact in named.facts.items())
    )
    if named.pruned:
        _bury_carried(connection, names)
    return Renamed(0, names, frozenset(beside - set(names) - {ABSENT}))


def buried(fact: Integers) -> Integers:
    """A fact that was on its way while its person was erased, under tombstones of its own.

    Nothing is counted under it yet, so every key goes that may be one person's.
    """
    personal = set(fact[_WHO][PERSONAL].tolist()) - {ABSENT}
    return _renamed(fact, {key: _tombstone() for key in personal})


def _bury_carried(connection: Connection, names: Mapping[int, int]) -> None:
    olds = np.array(list(names), np.int64)
    for seq, rows in carried_events(connection):
        theirs = np.flatnonzero(np.isin(rows[:, _WHO], olds).any(axis=1))
        for at in theirs:
            rows[at] = _renamed(rows[at], names)
        if len(theirs):
            rewrite(connection, seq, rows)


class _Facts(NamedTuple):
    """Some facts and where each stood in the log."""

    seqs: list[int]
    facts: Integers
    pruned: bool


def _facts_after(connection: Connection, after: int) -> Iterator[_Facts]:
    """Everything placed or revised later, in chunks, and what later events carry."""
    last = after
    while rows := facts_after(connection, last, _STEP):
        facts = np.frombuffer(b"".join(fact for _, fact in rows), np.int64).reshape(-1, FACT_SIZE)
        yield _Facts([seq for seq, _ in rows], facts, pruned=False)
        last = rows[-1][0]
    for _, carried in carried_events(connection, after):
        part = Carried(carried)
        yield _Facts(part.seqs.tolist(), part.facts, pruned=True)


def _with(connection: Connection, keys: Collection[int], after: int, progress: Progress) -> Named:
    found, wanted = Named(), np.array(sorted(keys), np.int64)
    for some in _facts_after(connection, after):
        into = found.pruned if some.pruned else found.facts
        for at in np.flatnonzero(np.isin(some.facts[:, _WHO], wanted).any(axis=1)):
            into[some.seqs[at]] = some.facts[at]
        progress(len(some.seqs))
    return found


def _of_others(connection: Connection, named: Named, after: int) -> set[int]:
    """Which of the keys in question the facts of other orders have."""
    wanted = np.array(sorted(named.personal()), np.int64)
    mine = np.array([*named.orders, *named.pruned_orders], np.int64)
    others: set[int] = set()
    for some in _facts_after(connection, after):
        whose = some.facts[~np.isin(some.facts[:, NUMBER], mine)][:, _WHO]
        others |= set(whose[np.isin(whose, wanted)].tolist())
    return others


def _renamed(fact: Integers, names: Mapping[int, int]) -> Integers:
    fact = fact.copy()
    fact[_WHO] = [names.get(key, key) for key in fact[_WHO].tolist()]
    return fact


def _tombstone() -> int:
    return (secrets.randbits(64) or 1) - 2**63
