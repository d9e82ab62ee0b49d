"""What the network tells: nothing below three merchants, and then only in bands.

Of a phone that other merchants know, an exact count or rate would tell whose customer it is. A
count is told as the number of its binary digits (0, 1, 2–3, 4–7, 8–15 …), a share in steps of a
twentieth, rounded down.
"""

from __future__ import annotations

import numpy as np

from features.compiled import compiled

FEWEST_MERCHANTS = 3
EXACT, COUNT, SHARE = range(3)
SHARE_STEPS = 20


@compiled
def banded(value: float, band: int) -> float:
    """``value`` as it may be told; NaN stays NaN.

    >>> banded(5.0, COUNT), banded(0.37, SHARE), banded(5.0, EXACT)
    (3.0, 0.35, 5.0)
    """
    if band == EXACT or np.isnan(value):
        return value
    if band == SHARE:
        return np.floor(value * SHARE_STEPS) / SHARE_STEPS
    digits = 0.0
    while value >= 1.0:
        value /= 2.0
        digits += 1.0
    return digits
