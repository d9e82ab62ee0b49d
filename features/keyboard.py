"""Traces of fingers on a keyboard: ``asdf``, ``qwerty``, ``aaaa``, ``zxcvbn``."""

from __future__ import annotations

import re

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
_SHORTEST_WALK = 4
_NO_WORD = re.compile(r"[b-df-hj-np-tv-xz]{5,}|([a-z])\1{3,}")
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


def noise(words: str) -> float:
    """Share of letters in runs that no word has.

    Runs of five consonants or more (``y`` counts as a vowel), of four equal letters or more, and
    whole words that are one stroke along the keyboard.

    Parameters
    ----------
    words : str
        Lower-case Latin words with blanks between.

    Returns
    -------
    float
        0 to 1; 0 for an empty text.

    >>> noise("asha rao"), noise("xkjhgf"), noise("asha qwerty")
    (0.0, 1.0, 0.6)
    """
    letters = noisy = 0
    for word in words.split():
        letters += len(word)
        if is_keyboard_walk(word):
            noisy += len(word)
        else:
            noisy += sum(len(run[0]) for run in _NO_WORD.finditer(word))
    return noisy / letters if letters else 0.0
