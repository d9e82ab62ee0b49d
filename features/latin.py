"""Any script as plain Latin words."""

from __future__ import annotations

import re

from anyascii import anyascii

_OTHER_SCRIPT = re.compile(r"[^\x00-\x7f]+")
# Bytes: small letters for capitals, a blank for all that is neither letter nor digit.
_WORDS = bytes(ord(chr(code).lower()) if chr(code).isalnum() else 32 for code in range(128)).ljust(
    256
)


def plain(text: str) -> str:
    """Lower-case Latin words of any text, in any script, one blank between them.

    >>> plain("  Flat-12B,  पुणे ")
    'flat 12b pune'
    """
    latin = text if text.isascii() else _OTHER_SCRIPT.sub(_transliterated, text)
    return b" ".join(latin.encode().translate(_WORDS).split()).decode()


def _transliterated(run: re.Match[str]) -> str:
    # Indic च arrives as "c" and छ as "ch"; in place names both are written "ch".
    return anyascii(run[0]).replace("ch", "c").replace("c", "ch")
