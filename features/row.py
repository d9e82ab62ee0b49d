"""The row a model reads: the numbers of one order in catalogue order, and its plain tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What is known about one order when it is placed.

    Parameters
    ----------
    values : ndarray of float64, shape (n_catalogue,)
        In the order of ``features.catalogue.CATALOGUE``; NaN is unknown.
    tokens : tuple of str
        Non-personal keys such as ``pincode=560034`` or ``coupon=DIWALI10``.
    """

    values: NDArray[np.float64]
    tokens: tuple[str, ...]
