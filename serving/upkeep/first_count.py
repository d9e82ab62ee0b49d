"""The who-records of a log that nobody has counted yet, key by key instead of event by event.

After a load of a million orders every order touches some ten records of millions: read, changed and
stored in the order of the log they would be fetched from all over the table. Here all changes of a
key come one after the other, and the records are stored in the order of their keys.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.history import who
from features.history.fact import FIRST_WHERE, FIRST_WHO
from features.history.states import ABSENT as UNPLACED
from features.history.take import take_who
from features.keys import ABSENT
from serving.store.carried import carried_events
from serving.store.changes import moves_until
from serving.store.connection import Connection
from serving.store.renames import renamed_between
from serving.store.who import Stored, none_stored

Integers = NDArray[np.int64]

# Keys are spread evenly over 64 bits: so many parts in their order, of which one is held at a time.
PARTS = 64
_BITS = 6


@dataclass(frozen=True, slots=True)
class _Past:
    """Every change of the log: to which order (a row of ``facts``), from which state to which."""

    facts: Integers
    rows: NDArray[np.int32]
    was: NDArray[np.int8]
    becomes: NDArray[np.int8]


def first_count(connection: Connection, end: int) -> Iterator[list[Stored]] | None:
    """Every record as of position ``end``, in the order of the keys, some at a time.

    Returns
    -------
    iterator of list of Stored, or None
        None where this short cut does not hold: records are stored already, or orders were
        revised, pruned or erased.
    """
    if not none_stored(connection) or renamed_between(connection, 0, end):
        return None
    if next(carried_events(connection), None) is not None:
        return None
    past = _read(connection, end)
    return None if past is None else _counted(past, end)


def _read(connection: Connection, end: int) -> _Past | None:
    """What is read grows to a gigabyte in lists of objects; here it takes what it holds."""
    facts = bytearray()
    placed, numbers, befores, afters = array("q"), array("q"), array("b"), array("b")
    size = 8 * FIRST_WHERE
    for number, kind, was, becomes, fact in moves_until(connection, end):
        if kind == "revised":
            return None
        if fact is not None:
            placed.append(number)
            facts += fact[:size]
        numbers.append(number)
        befores.append(UNPLACED if was is None else was)
        afters.append(becomes)
    # An order's number is the position at which it was placed, so they ascend.
    rows = np.searchsorted(np.frombuffer(placed, np.int64), np.frombuffer(numbers, np.int64))
    return _Past(
        np.frombuffer(facts, np.int64).reshape(-1, FIRST_WHERE),
        rows.astype(np.int32),
        np.frombuffer(befores, np.int8),
        np.frombuffer(afters, np.int8),
    )


def _counted(past: _Past, end: int) -> Iterator[list[Stored]]:
    columns = [np.ascontiguousarray(column) for column in past.facts[:, FIRST_WHO:].T]
    for part in range(-PARTS // 2, PARTS // 2):
        found = [
            (past.facts[past.rows[at], FIRST_WHO + slot], at)
            for slot, column in enumerate(columns)
            if len(at := np.flatnonzero(_in_part(column, part)[past.rows]))
        ]
        if not found:
            continue
        keys, at = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        by = np.lexsort((at, keys))
        keys, at = keys[by], at[by]
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        packed, ends = _records(
            past.facts,
            past.rows[at],
            past.was[at],
            past.becomes[at],
            np.append(first, len(keys)),
            who.blank(),
        )
        begins = [0, *ends.tolist()]
        yield [
            Stored(key, packed[begins[i] : begins[i + 1]].tobytes(), end)
            for i, key in enumerate(keys[first].tolist())
        ]


def _in_part(keys: Integers, part: int) -> NDArray[np.bool_]:
    return np.asarray(((keys >> (64 - _BITS)) == part) & (keys != ABSENT))


@compiled
def _records(
    facts: Integers,
    rows: NDArray[np.int32],
    was: NDArray[np.int8],
    becomes: NDArray[np.int8],
    groups: Integers,
    scratch: Integers,
) -> tuple[Integers, Integers]:
    """The packed record of each group of changes, one after the other, and where each ends."""
    packed = np.empty(len(rows) * 16 + who.RECORD_SIZE, np.int64)
    ends = np.empty(len(groups) - 1, np.int64)
    end = 0
    for group in range(len(groups) - 1):
        who.clear(scratch)
        for i in range(groups[group], groups[group + 1]):
            take_who(scratch, who.OPEN, facts[rows[i]], int(was[i]), int(becomes[i]))
        record = who.pack(scratch)
        if end + len(record) > len(packed):
            packed = np.concatenate((packed, np.empty(len(packed) + len(record), np.int64)))
        packed[end : end + len(record)] = record
        end += len(record)
        ends[group] = end
    return packed[:end], ends
