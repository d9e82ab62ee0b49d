"""The who-records of every key: always exactly the fold of the log up to one position."""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from operator import itemgetter
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.history import take, who
from features.history.fact import FACT_SIZE, FIRST_WHERE, FIRST_WHO
from features.history.reader import NO_RECORD
from features.history.states import ABSENT as UNPLACED
from features.history.states import PENDING, next_state
from features.keys import ABSENT
from serving.seen_keys import SeenKeys
from serving.store.changes import Change
from serving.store.connection import Connection
from serving.store.renames import Renamed
from serving.store.who import Stored, read_records, stored_seq

Integers = NDArray[np.int64]

# A record of ten orders takes about 1 KB: the cache stays below some 50 MB for usual customers.
_CACHED = 40_000
# Changed records beyond these are stored, the longest changed first, so many at a time: storing
# one holds up the event loop for some ten microseconds. A busy shop's articles change with every
# other order; waiting spares most of their writing, and costs a second of replay after a crash.
_DIRTY = 16_000
_AT_ONCE = 100
# Orders that pass their stages together are fewer.
_WANTED = 32
# Changes taken in one call: those of a commit together, those of a long log piece by piece.
_GROUP = 64
# Keys that share their first bits lie side by side in the store: in a small one on the same page,
# which is then written once for all of them. So many rooms are the pages of some 5,000 orders.
_ROOM_BITS = 64 - 12


def keys_of_change(change: Change | Renamed) -> list[int]:
    """Whose records a change touches; 0 is none."""
    if isinstance(change, Renamed):
        return [*change.names, *change.beside]
    keys: list[int] = np.frombuffer(change.fact, np.int64)[FIRST_WHO:FIRST_WHERE].tolist()
    return keys


def _facts(changes: Sequence[Change]) -> Integers:
    """Of each change its order's, shape (n, FACT_SIZE)."""
    facts = b"".join([change.fact for change in changes])
    return np.frombuffer(facts, np.int64).reshape(-1, FACT_SIZE)


class Ledger:
    """Who-records in memory over those in the store.

    ``seq`` names the position; :meth:`apply` moves it on. Changed records are held in memory until
    they are stored, all others may be dropped and read again: what the store holds of a key that
    is not in memory is the fold up to ``seq`` too, since nothing has touched it.

    Records are stored one after the other, so that after a crash some are ahead of the position
    from which the log is followed again; these take no change that they have seen.

    Parameters
    ----------
    connection : Connection
        For reading, used by this ledger's thread alone.
    cached : int
        Records held in memory when none is waiting to be stored.

    Attributes
    ----------
    dirty : int
        Records that a checkpoint would store.
    """

    _in_place = True

    def __init__(self, connection: Connection, *, cached: int = _CACHED) -> None:
        self._connection = connection
        self._cached = cached
        self._records: OrderedDict[int, Integers] = OrderedDict()
        # Since which position each changed record waits to be stored, by the key's first bits:
        # the room of the longest waiting first, and in each room the longest waiting first.
        self._dirty: OrderedDict[int, dict[int, int]] = OrderedDict()
        self._flushing: dict[int, int] = {}
        self._ahead: dict[int, int] = {}
        self._all_at_once = self._flushed_all = False
        self.dirty = 0
        self._wanted: deque[Integers] = deque(maxlen=_WANTED)
        self._scratch = who.blank()
        self._stored = True
        self.seq = stored_seq(connection)
        self.seen = SeenKeys(self.seq)

    @classmethod
    def from_nothing(cls, connection: Connection) -> Self:
        """A ledger before the first event, which never looks at stored records."""
        ledger = cls(connection)
        ledger.seq, ledger._stored, ledger._cached = 0, False, sys.maxsize
        return ledger

    @property
    def wants_checkpoint(self) -> bool:
        """Whether enough has changed to be stored, and no checkpoint is on its way."""
        return (self.dirty >= _DIRTY or self._all_at_once) and not self._flushing

    def waits_since(self, seq: int) -> bool:
        """Whether a change up to this position is still to be stored."""
        return self._waits_since(seq + 1) <= seq

    def read(self, keys: Sequence[int]) -> list[Integers]:
        """Packed records in the order of ``keys``; ``NO_RECORD`` where nothing is known.

        They are good until the next change: the longest are changed where they lie.
        """
        records = self._records
        if missing := [key for key in keys if key != ABSENT and key not in records]:
            for wanted in self._wanted:
                missing += [key for key in wanted.tolist() if key not in records]
            self._wanted.clear()
            self._fetch(sorted({*missing} - {ABSENT}))
        return [NO_RECORD if key == ABSENT else records[key] for key in keys]

    def want(self, keys: Integers) -> None:
        """Soon these will be read: they come with the first that is not at hand."""
        self._wanted.append(keys)

    def fetch(self, changes: Iterable[Change | Renamed]) -> None:
        """Have all records at hand that the changes touch, neighbours in the store in a row."""
        keys: set[int] = set()
        moves: list[Change] = []
        for change in changes:
            if isinstance(change, Renamed):
                keys.update(keys_of_change(change))
            else:
                moves.append(change)
        keys.update(take.touched(_facts(moves))[0].tolist())
        if missing := sorted(key for key in keys if key not in self._records):
            self._fetch(missing)

    def apply(self, changes: Iterable[Change | Renamed], until: int) -> None:
        """Take in changes, in the order given, up to position ``until``."""
        group: list[Change] = []
        for change in changes:
            if isinstance(change, Renamed):
                self._take(group)
                group.clear()
                self._rename(change)
                continue
            group.append(change)
            if len(group) == _GROUP:
                self._take(group)
                group.clear()
        self._take(group)
        self.seq = until
        self._trim()

    def begin_checkpoint(self, *, some: bool = False) -> tuple[list[Stored], int]:
        """What to store now, and the position up to which all records have then seen the log.

        The records stay in memory until :meth:`end_checkpoint`.

        Parameters
        ----------
        some : bool
            Only those changed longest ago, and their changed neighbours in the store.
        """
        n = self.dirty
        if some and not self._all_at_once:
            n = min(n, max(_AT_ONCE, n - _DIRTY))
        while len(self._flushing) < n:
            _, room = self._dirty.popitem(last=False)
            self._flushing.update(room)
            self.dirty -= len(room)
        self._flushed_all, self._all_at_once = self._all_at_once, False
        keys = sorted(self._flushing)
        packed = [self._records[key].tobytes() for key in keys]
        seqs = [max(self.seq, self._ahead.get(key, 0)) for key in keys if self._ahead]
        records = list(map(Stored, keys, packed, seqs or repeat(self.seq)))
        self.seen.add(list(self._flushing))
        return records, self._waits_since(self.seq + 1) - 1

    def end_checkpoint(self, *, stored: bool) -> None:
        """The records are on disk, or (``stored`` False) still to be stored."""
        if not stored:
            waiting = {k: seq for room in self._dirty.values() for k, seq in room.items()}
            waiting |= self._flushing
            self._dirty, self.dirty = OrderedDict(), 0
            for key, seq in sorted(waiting.items(), key=itemgetter(1)):
                self._mark(key, seq)
            self._all_at_once = self._all_at_once or self._flushed_all
        self._flushing = {}
        self._trim()

    def _waits_since(self, otherwise: int) -> int:
        """Since when the longest waiting record waits to be stored."""
        room = next(iter(self._dirty.values()), None)
        return otherwise if room is None else next(iter(room.values()))

    def _mark(self, key: int, seq: int) -> None:
        """Note that a record waits to be stored since a position, unless it does already."""
        room = self._dirty.get(key >> _ROOM_BITS)
        if room is None:
            room = self._dirty[key >> _ROOM_BITS] = {}
        if key not in room:
            room[key] = seq
            self.dirty += 1

    def _take(self, changes: Sequence[Change]) -> None:
        """Changes into all records that they touch: one call for all costs half as much.

        The longest records, some tens of kilobytes each, are changed where they lie.
        """
        if not changes:
            return
        facts = _facts(changes)
        moves = np.array([(change.seq, change.was, change.becomes) for change in changes], np.int64)
        touched, first, following = take.touched(facts)
        keys: list[int] = touched.tolist()
        records = self.read(keys)
        since: list[int] = moves[first // take.SLOTS, take.SEQ].tolist()
        seen, changed = np.zeros((2, len(keys)), np.int64)
        if self._ahead:
            seen[:] = [self._ahead.get(key, 0) for key in keys]
        for i, record in enumerate(records):
            if self._in_place and len(record) >= who.FULL:
                take.take_in_place(record, i, facts, moves, first, following, seen, changed)
        which = np.flatnonzero(first >= 0)
        left: list[int] = which.tolist()
        packed = [records[i] for i in left]
        taken, until = take.take_all(
            np.concatenate([NO_RECORD, *packed]),
            np.fromiter(accumulate(map(len, packed)), np.int64, len(packed)),
            which, facts, moves, first, following, seen, changed, self._scratch,
        )  # fmt: skip
        begin = 0
        for i, end in zip(left, until.tolist(), strict=True):
            if changed[i]:
                self._records[keys[i]] = taken[begin:end].copy()
            begin = end
        for i in np.flatnonzero(changed).tolist():
            self._mark(keys[i], since[i])

    def _rename(self, renamed: Renamed) -> None:
        """The records of a person's keys go to their tombstones; nothing counted changes.

        Old and new name must be stored together, or a crash between them would lose a record.
        """
        self._all_at_once = True
        olds = np.array(list(renamed.names), np.int64)
        news = np.array(list(renamed.names.values()), np.int64)
        keys = keys_of_change(renamed)
        for key, packed in zip(keys, self.read(keys), strict=True):
            if len(packed) == 0:
                continue
            new = renamed.names.get(key, key)
            self._records[key] = NO_RECORD
            self._records[new] = take.renamed(packed, self._scratch, olds, news)
            self._ahead[new] = self._ahead.pop(key, 0)
            for changed in (key, new):
                self._mark(changed, renamed.seq)

    def _fetch(self, keys: list[int]) -> None:
        records = self._records
        found = read_records(self._connection, self.seen.among(keys)) if self._stored else []
        records.update(dict.fromkeys(keys, NO_RECORD))
        for key, packed, seq in found:
            records[key] = np.frombuffer(bytearray(packed), np.int64)  # writable, as others are
            if seq > self.seq:
                self._ahead[key] = seq

    def _trim(self) -> None:
        """Drop the records read longest ago, down to the cache's size, but never a changed one."""
        excess = len(self._records) - self._cached - self.dirty - len(self._flushing)
        for _ in range(excess):
            key, packed = self._records.popitem(last=False)
            if key in self._flushing or key in self._dirty.get(key >> _ROOM_BITS, ()):
                self._records[key] = packed


def warm_up_records() -> None:
    """Have the machine code for changing records at hand."""
    next_state(PENDING, 0, 0)
    facts = _facts([Change(1, UNPLACED, PENDING, bytes(8 * FACT_SIZE))])
    keys, first, following = take.touched(facts)
    moves, one = np.array([(1, UNPLACED, PENDING)], np.int64), np.zeros(1, np.int64)
    take.take_in_place(who.blank(), 0, facts, moves, one, following, one, one)
    take.take_all(keys, first, first, facts, moves, first, following, keys, keys, who.blank())
