"""Latin place and person names in Devanagari, letter by letter, as a hurried writer would."""

from __future__ import annotations

import re

_CONSONANTS = {
    "ksh": "क्ष", "chh": "छ", "kh": "ख", "gh": "घ", "ch": "च", "jh": "झ", "th": "थ", "dh": "ध",
    "ph": "फ", "bh": "भ", "sh": "श", "gy": "ज्ञ", "k": "क", "g": "ग", "j": "ज", "t": "त", "d": "द",
    "n": "न", "p": "प", "b": "ब", "m": "म", "y": "य", "r": "र", "l": "ल", "v": "व", "w": "व",
    "s": "स", "h": "ह", "f": "फ", "z": "ज", "q": "क", "c": "क", "x": "क्स",
}  # fmt: skip
_VOWELS = {
    "aa": ("आ", "ा"), "ai": ("ऐ", "ै"), "au": ("औ", "ौ"), "ee": ("ई", "ी"), "oo": ("ऊ", "ू"),
    "ou": ("औ", "ौ"), "a": ("अ", ""), "i": ("इ", "ि"), "u": ("उ", "ु"), "e": ("ए", "े"),
    "o": ("ओ", "ो"),
}  # fmt: skip
_TOKEN = re.compile("|".join(sorted([*_CONSONANTS, *_VOWELS], key=len, reverse=True)))
_VIRAMA = "्"


def devanagari(name: str) -> str:
    """A Latin name in Devanagari; digits and signs stay.

    >>> devanagari("Ram Nagar")
    'रम नगर'
    >>> devanagari("Koramangala 5")
    'कोरमंगला 5'
    """
    return " ".join(_word(word) for word in name.lower().split())


def _word(word: str) -> str:
    out: list[str] = []
    at, after_consonant = 0, False
    while at < len(word):
        found = _TOKEN.match(word, at)
        if found is None:
            out.append(word[at])
            at, after_consonant = at + 1, False
            continue
        token, end = found.group(), found.end()
        if token in _VOWELS:
            out.append(_vowel(token, after_consonant, end == len(word)))
            after_consonant = False
        else:
            out.append(_consonant(token, after_consonant, end, word))
            after_consonant = out[-1] != "ं"
        at = end
    return "".join(out)


def _vowel(token: str, after_consonant: bool, last: bool) -> str:
    if token in ("a", "i") and after_consonant and last:
        return {"a": "ा", "i": "ी"}[token]
    return _VOWELS[token][1 if after_consonant else 0]


def _consonant(token: str, joined: bool, end: int, word: str) -> str:
    """The letter, joined to the one before it; n and m before a consonant are a dot."""
    next_letter = word[end : end + 1]
    if token in ("n", "m") and next_letter and next_letter not in "aeiouyhnm" and not joined:
        return "ं"
    return (_VIRAMA if joined else "") + _CONSONANTS[token]
