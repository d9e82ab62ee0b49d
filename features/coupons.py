"""Promotion codes as an order names them."""

from __future__ import annotations


def split_coupons(text: str | None) -> tuple[str, ...] | None:
    """The promotion codes of a ``|``-separated cell, each once, in their order; None is unknown.

    >>> split_coupons("DIWALI10| FREESHIP|DIWALI10")
    ('DIWALI10', 'FREESHIP')
    """
    if text is None:
        return None
    return tuple(dict.fromkeys(part for raw in text.split("|") if (part := raw.strip())))
