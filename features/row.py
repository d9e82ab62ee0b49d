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
        In the order of ``features.catalogue.CATALOGUE``; NaN is unknown. Rounded to single
        precision (see :func:`rounded`), as models are trained on.
    tokens : tuple of str
        Non-personal keys such as ``pincode=560034`` or ``coupon=DIWALI10``.
    """

    values: NDArray[np.float64]
    tokens: tuple[str, ...]


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values as a matrix of single precision holds them.

    Training keeps millions of rows, so it rounds; a live value that did not could fall on the
    other side of a tree's threshold.
    """
    return values.astype(np.float32).astype(np.float64)
