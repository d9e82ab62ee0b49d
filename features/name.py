"""People's names: normalised, and whether one was made up. Nothing else is read from a name.

Names tell community and region; a risk model has no business with either. So features are only
*missing*, *dummy* and *gibberish* flags and whether two names are the same person's.
"""

from __future__ import annotations

import re
from unicodedata import category, normalize

LONGEST = 120
"""Characters of a name field that are read."""

_TITLES = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "shri", "smt", "sri", "shree", "adv", "capt", "prof"}
)
_NOT_LETTER = re.compile(r"[^a-z]+")


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
    if not text:
        return None
    found = text[:LONGEST].lower()
    found = _NOT_LETTER.sub(" ", found) if found.isascii() else _letters(found)
    words = found.split()
    kept = [word for word in words if word not in _TITLES] or words
    return " ".join(kept) or None


def _letters(text: str) -> str:
    """Letters and the vowel signs of Indic scripts; Latin accents dropped, all else a blank."""
    parts = (char for char in normalize("NFKD", text) if not "\u0300" <= char <= "\u036f")
    return normalize("NFC", "".join(char if category(char)[0] in "LM" else " " for char in parts))
