"""People's names: normalised, and whether one was made up. Nothing else is read from a name.

Names tell community and region; a risk model has no business with either. So features are only
*missing*, *dummy* and *gibberish* flags and whether two names are the same person's.
"""

from __future__ import annotations

import re
from math import nan
from typing import NamedTuple
from unicodedata import category, normalize

from rapidfuzz.fuzz import token_set_ratio

from features.gibberish import open_surprise, read_noise
from features.keyboard import has_held_key, is_keyboard_walk
from features.latin import SMALL_LETTERS, plain

LONGEST = 120
"""Characters of a name field that are read."""

_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "shri", "smt", "sri", "shree", "adv", "capt", "prof"}
)
_NEVER_NAMES = frozenset(
    {"test", "testing", "tester", "asdf", "qwerty", "dummy", "fake", "unknown", "anonymous"}
    | {"undefined", "टेस्ट"}
)
_PLACEHOLDERS = frozenset(
    {"abc", "abcd", "abcde", "xyz", "wxyz", "asd", "qwe", "zxc", "na", "none", "null", "nil", "nan"}
    | {"user", "customer", "guest", "buyer", "name", "first", "last", "full", "fname", "lname"}
    | {"sample", "demo", "admin", "someone", "nobody", "no", "hello", "hi", "order", "cod", "ग्राहक"}
)
_GIBBERISH_NATS = 5.5
_DIGIT = re.compile(r"\d")
_DIGITS = b"0123456789"


def normal_name(text: str | None) -> str | None:
    """Bring a name to the one form under which two are compared.

    Parameters
    ----------
    text : str or None
        As typed, in any script.

    Returns
    -------
    str or None
        Lower case, single blanks, without titles, digits, marks of punctuation and Latin accents;
        the script stays. None where no letter is left.

    >>> normal_name("  Smt. ASHA   Rao "), normal_name("123")
    ('asha rao', None)
    """
    return " ".join(_words(text)) or None if text else None


def _words(text: str) -> list[str]:
    found = text[:LONGEST].lower()
    ascii_only = found.isascii()
    letters = found.encode().translate(SMALL_LETTERS).decode() if ascii_only else _letters(found)
    words = letters.split()
    if _TITLES.isdisjoint(words):
        return words
    return [word for word in words if word not in _TITLES] or words


class Name(NamedTuple):
    """What one name field says, and nothing more than that.

    Parameters
    ----------
    latin : str
        The name as plain Latin words, to compare it; empty where no letter is left.
    dummy : bool
        Typed to get past the field: nothing but a single letter is left, every word is a
        placeholder (``customer``), one letter repeated or a stroke along the keyboard, or any
        word is one that nobody is called (``test``).
    gibberish : bool
        One character stands four times running, or a word of four letters and more is beyond
        5.5 nats a letter in the character model. The bar is high on purpose, so that rare names
        of small communities stay below it (the tests hold such names; the highest measured,
        *Rhythm* and *Yhome*, have 5.2 and 5.1; ``xkjhgf`` has 6.0).
    digit : bool
        Holds a digit of any script.
    """

    latin: str
    dummy: bool
    gibberish: bool
    digit: bool


def read_name(text: str | None) -> Name | None:
    """Read a name field; never fails, whatever it holds.

    Parameters
    ----------
    text : str or None
        As typed, in any script; the first 120 characters are read.

    Returns
    -------
    Name or None
        None where the field is empty.

    >>> read_name("Smt. Asha Rao")
    Name(latin='asha rao', dummy=False, gibberish=False, digit=False)
    """
    if not text or text.isspace():
        return None
    words = _words(text)
    digit = _has_digit(text[:LONGEST])
    if not words:
        return Name("", dummy=True, gibberish=False, digit=digit)
    name = " ".join(words)
    latin = name if name.isascii() else plain(name)
    worst = read_noise(latin, open_surprise()).worst
    gibberish = has_held_key(name) or worst > _GIBBERISH_NATS
    return Name(latin, _is_dummy(words), gibberish, digit)


def name_similarity(one: Name | None, other: Name | None) -> float:
    """How alike two names are, whatever their script, order of words and titles.

    Parameters
    ----------
    one, other : Name or None

    Returns
    -------
    float
        0 to 1; 1 also when one holds the other's words (``Asha`` and ``Asha Rao``); NaN where
        either has no letter. rapidfuzz's ``token_set_ratio`` over 100.

    >>> name_similarity(read_name("Mr Asha Rao"), read_name("rao asha"))
    1.0
    """
    if one is None or other is None or not one.latin or not other.latin:
        return nan
    if one.latin == other.latin:
        return 1.0
    return token_set_ratio(one.latin, other.latin) / 100.0


def _has_digit(text: str) -> bool:
    if text.isascii():
        return len(text.encode().translate(None, _DIGITS)) < len(text)
    return _DIGIT.search(text) is not None


def _is_dummy(words: list[str]) -> bool:
    for word in words:
        if word in _NEVER_NAMES or is_keyboard_walk(word):
            return True
    for word in words:
        if word not in _PLACEHOLDERS and len(set(word)) > 1:
            return False
    only = words[0]
    return len(words) > 1 or only in _PLACEHOLDERS or len(only) != 2


def _letters(text: str) -> str:
    """Small letters and Indic vowel signs; without Latin accents, all else a blank."""
    parts = (char for char in normalize("NFKD", text) if not "\u0300" <= char <= "\u036f")
    kept = "".join(char if category(char)[0] in "LM" else " " for char in parts)
    return normalize("NFC", kept.lower())[:LONGEST]
