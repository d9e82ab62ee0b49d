"""Which keys may have a stored who-record: nothing is read of the many that cannot have one.

Most keys of a new customer were never seen. Looking each up costs a descent into a table of
millions; three bits of a table in memory tell nearly all of them apart. Whoever is taken for seen
and is not costs a read, never a count.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.errors import StoreError

Integers: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]

# The stored keys from one on, so many at most, the lowest first.
Stored: TypeAlias = Callable[[int, int], Integers]

# A word for each event of the log, which names some two new keys: one in a hundred is then taken
# for seen wrongly. At most 64 MB; what a larger log has beyond makes that share grow.
_FEWEST_WORDS, _MOST_WORDS = 1 << 18, 1 << 23
# Read while orders are scored: a few milliseconds of another thread's work, then as long a pause.
_AT_ONCE = 5_000
_PAUSE_S = 0.01
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_BITS = np.uint64(63)
_SIX, _TWELVE = np.uint64(6), np.uint64(12)
_ONE = np.uint64(1)

_log = logging.getLogger("rto.history")


class SeenKeys:
    """A Bloom filter of keys, of which one machine word holds all bits of one key.

    Complete for keys below one that rises while :meth:`learn` goes through the table; from it on
    every key may be stored.

    Parameters
    ----------
    events : int
        How long the log is.
    """

    def __init__(self, events: int) -> None:
        size = min(max(1 << events.bit_length(), _FEWEST_WORDS), _MOST_WORDS)
        self._words: Words = np.zeros(size, np.uint64)
        self._shift = np.uint64(65 - size.bit_length())
        self._below = _LOWEST

    def add(self, keys: Sequence[int]) -> None:
        """Count keys that are about to be stored; before they may be dropped from memory."""
        _mark(np.array(keys, np.int64), self._words, self._shift)

    def among(self, keys: Sequence[int]) -> list[int]:
        """Those that may be stored, in their order."""
        asked = np.array(keys, np.int64)
        seen: list[int] = asked[_seen(asked, self._words, self._shift, self._below)].tolist()
        return seen

    async def learn(self, stored: Stored) -> None:
        """Go through all that is stored, some at a time, beside the event loop's other work.

        Parameters
        ----------
        stored : callable
            Reads the table, in another thread.
        """
        try:
            while self._below < _HIGHEST:
                keys = await asyncio.to_thread(stored, self._below, _AT_ONCE)
                _mark(keys, self._words, self._shift)
                self._below = int(keys[-1]) + 1 if len(keys) == _AT_ONCE else _HIGHEST
                await asyncio.sleep(_PAUSE_S)
        except StoreError:
            _log.warning("the keys from %d on are not known; they are looked up", self._below)


@compiled
def _bits_of(key: np.uint64) -> np.uint64:
    """Three bits of a key's word, by its last eighteen; the first ones choose the word."""
    low, middle, high = key & _BITS, (key >> _SIX) & _BITS, (key >> _TWELVE) & _BITS
    return (_ONE << low) | (_ONE << middle) | (_ONE << high)


@compiled
def _mark(keys: Integers, words: Words, shift: np.uint64) -> None:
    for i in range(len(keys)):
        key = np.uint64(keys[i])
        words[key >> shift] |= _bits_of(key)


@compiled
def _seen(keys: Integers, words: Words, shift: np.uint64, below: int) -> NDArray[np.bool_]:
    """Whether each key may be stored."""
    found = np.empty(len(keys), np.bool_)
    for i in range(len(keys)):
        key = np.uint64(keys[i])
        bits = _bits_of(key)
        found[i] = keys[i] >= below or words[key >> shift] & bits == bits
    return found
