"""Any script as plain Latin words."""

from __future__ import annotations

import re

from anyascii import anyascii

_OTHER_SCRIPT = re.compile(r"[^\x00-\x7f]+")
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Lower-case Latin words of any text, in any script, one blank between them.

    >>> plain("  Flat-12B,  पुणे ")
    'flat 12b pune'
    """
    latin = text if text.isascii() else _OTHER_SCRIPT.sub(_transliterated, text)
    return _NOT_LETTERS.sub(" ", latin.lower()).strip()


def _transliterated(run: re.Match[str]) -> str:
    # Indic च arrives as "c" and छ as "ch"; in place names both are written "ch".
    return anyascii(run[0]).replace("ch", "c").replace("c", "ch")
