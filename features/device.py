"""Device identifiers: the one form under which history counts them."""

from __future__ import annotations

LONGEST = 200
"""Characters of an identifier that are kept."""

_PLACEHOLDERS = frozenset(
    {"null", "none", "nil", "nan", "undefined", "unknown", "default", "test", "na", "n/a", "device"}
)


def normal_device(text: str | None) -> str | None:
    """Bring a device identifier to the one form under which history counts it.

    Parameters
    ----------
    text : str or None
        As the shop's script sent it.

    Returns
    -------
    str or None
        Lower case without braces; None for a placeholder that many devices share: a word such
        as ``undefined``, or one character repeated, such as the all-zero advertising identifier
        that phones give to apps without consent.

    >>> normal_device("{6F9619FF-8B86-D011-B42D-00C04FC964FF}"), normal_device("00000000-0000")
    ('6f9619ff-8b86-d011-b42d-00c04fc964ff', None)
    """
    if not text:
        return None
    found = text[:LONGEST].strip().strip("{}").lower()
    marks = set(found) - {"-", ":", "_", " "}
    return None if found in _PLACEHOLDERS or len(marks) < 2 else found
