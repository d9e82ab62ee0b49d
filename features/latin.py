"""Any script as plain Latin words."""

from __future__ import annotations

import re
from string import ascii_lowercase
from unicodedata import normalize

from anyascii import anyascii

_OTHER_SCRIPT = re.compile(r"[^\x00-\x7f]+")
# A dot under a letter of an Indic script marks a sound of its own: a flap, romanised r and rh
# (Hunterian system), or one that the plain letter is close to.
_DOTS = dict.fromkeys(map(ord, "\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc"))
_FLAPS = (
    ("\u0921\u093c", "\u0930"), ("\u0922\u093c", "\u0930\u094d\u0939"),  # Devanagari
    ("\u09a1\u09bc", "\u09b0"), ("\u09a2\u09bc", "\u09b0\u09cd\u09b9"),  # Bengali
    ("\u0b21\u0b3c", "\u0b30"), ("\u0b22\u0b3c", "\u0b30\u0b4d\u0b39"),  # Odia
)  # fmt: skip
# Bytes: small letters for capitals, a blank for all that is neither letter nor digit.
_WORDS = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128)).ljust(
    256
)
# Bytes: small letters stay, all else is a blank.
SMALL_LETTERS = bytes(code if chr(code) in ascii_lowercase else 32 for code in range(256))


def plain(text: str) -> str:
    """Lower-case Latin words of any text, in any script, one blank between them.

    >>> plain("  Flat-12B,  पुणे ")
    'flat 12b pune'
    >>> plain("हावड़ा"), plain("গড়িয়া"), plain("ज़ीरो")
    ('havra', 'griya', 'jiro')
    """
    latin = text if text.isascii() else _OTHER_SCRIPT.sub(_transliterated, text)
    return b" ".join(latin.encode().translate(_WORDS).split()).decode()


def _transliterated(run: re.Match[str]) -> str:
    text = normalize("NFC", run[0])
    for dotted, flap in _FLAPS:
        text = text.replace(dotted, flap)
    # Indic च arrives as "c" and छ as "ch"; in place names both are written "ch".
    return anyascii(text.translate(_DOTS)).replace("ch", "c").replace("c", "ch")
