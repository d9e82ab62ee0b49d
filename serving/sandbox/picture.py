"""A picture of an invented product: its name on a ground of its own colour."""

from __future__ import annotations

import hashlib
from xml.sax.saxutils import escape

_LONGEST = 40


def drawn(name: str) -> bytes:
    """The picture as SVG.

    >>> b"Cotton kurta" in drawn("Cotton kurta")
    True
    """
    hue = int.from_bytes(hashlib.sha256(name.encode()).digest()[:2], "big") % 360
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 160">
<rect width="320" height="160" fill="hsl({hue} 45% 80%)"/>
<path d="M120 40l24-12q16 14 32 0l24 12 20 26-18 12-8-10v64h-68V68l-8 10-18-12z" \
fill="hsl({hue} 45% 45%)"/>
<text x="160" y="152" text-anchor="middle" font-family="sans-serif" font-size="14" \
fill="hsl({hue} 60% 20%)">{escape(name[:_LONGEST])}</text></svg>""".encode()
