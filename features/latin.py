"""Any script as plain Latin words."""

from __future__ import annotations

import re

from anyascii import anyascii

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Lower-case Latin words of any text, in any script, one blank between them.

    >>> plain("  Flat-12B,  पुणे ")
    'flat 12b pune'
    """
    latin = text if text.isascii() else anyascii(text)
    return _NOT_LETTERS.sub(" ", latin.lower()).strip()
