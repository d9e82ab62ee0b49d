"""Money as people in India read it."""

from __future__ import annotations


def rupees(paise: int | None) -> str:
    """Whole paise as rupees with Indian grouping.

    >>> rupees(12345678900), rupees(129900), rupees(None)
    ('₹12,34,56,789', '₹1,299', 'unknown')
    """
    if paise is None:
        return "unknown"
    whole, rest = divmod(paise, 100)
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    text = ",".join([*reversed(groups), tail]) if head else tail
    return f"₹{text}.{rest:02d}" if rest else f"₹{text}"
