"""How place names are compared: by a skeleton that the usual spellings of one name share.

Standard library only: the build hook that compiles the directory uses these same functions.
"""

from __future__ import annotations

import re
from hashlib import blake2b

_DOUBLED = re.compile(r"(.)(?=\1)")
_BARE, _VOWELS = bytes.maketrans(b"m", b"n"), b"aeiou"
_SOUNDS = bytes.maketrans(b"wzqcy", b"vjkki")
_SILENT = b"h "


def skeleton(text: str) -> str:
    """What is left of a plain name when Indian spelling habits are taken away.

    Aspiration, doubled letters, blanks and the pairs w/v, z/j, c/k/q, y/i, ee/i, oo/u, ou/u fall
    together, so that one place written by two people is usually one skeleton.

    >>> skeleton("bara banki") == skeleton("barabanki")
    True
    >>> skeleton("tiruvallur") == skeleton("thiruvalloor")
    True
    >>> skeleton("chandigarh"), skeleton("kandigar")
    ('xandigar', 'kandigar')
    """
    sounds = text.replace("x", "ks").replace("ch", "x").replace("ph", "f")
    sounds = sounds.encode().translate(_SOUNDS, _SILENT).decode()
    sounds = sounds.replace("ee", "i").replace("oo", "u").replace("ou", "u")
    return _DOUBLED.sub("", sounds)


def consonants(skeletal: str) -> str:
    """A skeleton without vowels: all that transliteration from Indic scripts keeps reliably.

    The inherent vowel of those scripts is not written, so ``कर्नाटक`` arrives as ``krnatk``, and
    one sign stands for any nasal, so m and n fall together.

    >>> consonants(skeleton("krnatk")) == consonants(skeleton("karnataka"))
    True
    """
    return _DOUBLED.sub("", skeletal.encode().translate(_BARE, _VOWELS).decode())


def name_key(skeletal: str) -> int:
    """64 bits that stand for a skeleton in the directory's index, the same on every machine."""
    return int.from_bytes(blake2b(skeletal.encode(), digest_size=8).digest(), "little")
