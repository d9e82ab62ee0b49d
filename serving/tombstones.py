"""A person's keys give way to tombstones: random, one for each; nothing counted changes.

Distinct keys get distinct tombstones, so past decisions still recompute. A key that someone else's
orders have too (a shared device, an office's network) stays, since it is evidence about them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from features.history.fact import FACT_SIZE, FIRST_WHERE, FIRST_WHO
from features.keys import ABSENT, WHO_SLOTS
from serving.store.connection import Connection
from serving.store.log import last_seq
from serving.store.renames import Renamed

Integers = NDArray[np.int64]
Progress = Callable[[int], object]

_STEP = 20_000
_WHO = slice(FIRST_WHO, FIRST_WHERE)
# Places and articles are nobody's; the rest of an order's who-keys may be one person's alone.
_NOBODYS = frozenset({"merchant_pincode", "merchant_sku"})
_PERSONAL = np.array([slot.space not in _NOBODYS for slot in WHO_SLOTS])


@dataclass(slots=True)
class Named:
    """The facts that name a person, and which of their keys are nobody else's.

    Parameters
    ----------
    facts : dict of int to ndarray of int64, shape (FACT_SIZE,)
        By position of the ``placed`` or ``revised``.
    numbers : dict of int to int
        The order of each position.
    theirs : set of int
        Keys that give way.
    seen : int
        The log was read up to here.
    """

    facts: dict[int, Integers] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    theirs: set[int] = field(default_factory=set)
    seen: int = 0

    @property
    def orders(self) -> list[int]:
        """Numbers of the orders that name the person."""
        return sorted(set(self.numbers.values()))

    def personal(self) -> set[int]:
        """Every key of these facts that may be one person's."""
        found = {int(key) for fact in self.facts.values() for key in fact[_WHO][_PERSONAL]}
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
    named.numbers |= late.numbers
    named.theirs -= _of_others(connection, named, named.seen) - set(keys)


def bury(connection: Connection, named: Named) -> Renamed:
    """Put tombstones into the facts; the position of what is returned is still to be set."""
    names = {key: _tombstone() for key in named.personal() & named.theirs}
    beside: set[int] = set()
    for seq, fact in named.facts.items():
        beside |= set(fact[_WHO].tolist())
        connection.execute(
            "UPDATE event SET data=? WHERE seq=?", (_renamed(fact, names).tobytes(), seq)
        )
    return Renamed(0, names, frozenset(beside - set(names) - {ABSENT}))


def _facts_after(
    connection: Connection, after: int
) -> Iterator[tuple[list[int], list[int], Integers]]:
    """Positions, order numbers and facts of everything placed or revised later, in chunks."""
    rows: list[tuple[int, int, bytes]] = []
    for row in connection.stream(
        "SELECT seq, number, data FROM event WHERE seq > ? AND kind IN ('placed', 'revised')",
        (after,),
    ):
        rows.append(row)
        if len(rows) == _STEP:
            yield _columns(rows)
            rows = []
    yield _columns(rows)


def _columns(rows: Iterable[tuple[int, int, bytes]]) -> tuple[list[int], list[int], Integers]:
    rows = list(rows)
    facts = np.frombuffer(b"".join(row[2] for row in rows), np.int64).reshape(-1, FACT_SIZE)
    return [row[0] for row in rows], [row[1] for row in rows], facts


def _with(connection: Connection, keys: Collection[int], after: int, progress: Progress) -> Named:
    found, wanted = Named(), np.array(sorted(keys), np.int64)
    for seqs, numbers, facts in _facts_after(connection, after):
        for at in np.flatnonzero(np.isin(facts[:, _WHO], wanted).any(axis=1)):
            found.facts[seqs[at]] = facts[at]
            found.numbers[seqs[at]] = numbers[at]
        progress(len(seqs))
    return found


def _of_others(connection: Connection, named: Named, after: int) -> set[int]:
    """Which of the keys in question the facts of other orders have."""
    wanted = np.array(sorted(named.personal()), np.int64)
    mine, others = np.array(named.orders, np.int64), set()
    for _, numbers, facts in _facts_after(connection, after):
        whose = facts[~np.isin(np.array(numbers, np.int64), mine)][:, _WHO]
        others |= set(whose[np.isin(whose, wanted)].tolist())
    return others


def _renamed(fact: Integers, names: Mapping[int, int]) -> Integers:
    fact = fact.copy()
    fact[_WHO] = [names.get(key, key) for key in fact[_WHO].tolist()]
    return fact


def _tombstone() -> int:
    return (secrets.randbits(64) or 1) - 2**63
