"""Traces of fingers on a keyboard: ``asdf``, ``qwerty``, ``aaaa``, ``zxcvbn``."""

from __future__ import annotations

import re

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
_SHORTEST_WALK = 4
_SAME = re.compile(r"(.)\1{3}")
_WALKS = frozenset(
    way[at : at + _SHORTEST_WALK]
    for row in _ROWS
    for way in (row, row[::-1])
    for at in range(len(row) - _SHORTEST_WALK + 1)
)


def is_keyboard_walk(word: str) -> bool:
    """Whether a whole word is one stroke along a row of keys, forwards or backwards.

    Parameters
    ----------
    word : str
        In lower case.

    Returns
    -------
    bool
        False below four letters: ``rew`` is also a syllable.

    >>> is_keyboard_walk("asdfgh"), is_keyboard_walk("poiu"), is_keyboard_walk("power")
    (True, True, False)
    """
    if word[:_SHORTEST_WALK] not in _WALKS:
        return False
    starts = range(1, len(word) - _SHORTEST_WALK + 1)
    return all(word[at : at + _SHORTEST_WALK] in _WALKS for at in starts)


def has_held_key(word: str) -> bool:
    """Whether one character stands four times in a row; no name or word does that.

    >>> has_held_key("ashaaaa"), has_held_key("ashaaa")
    (True, False)
    """
    return _SAME.search(word) is not None
