"""The row a model reads: the numbers of one order in catalogue order, and its plain tokens."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What is known about one order when it is placed.

    Parameters
    ----------
    values : ndarray of float64, shape (n_catalogue,)
        In the order of ``features.catalogue.CATALOGUE``; NaN is unknown. Rounded to single
        precision (see :func:`row_values`), as models are trained on.
    tokens : tuple of str
        Non-personal keys such as ``pincode=560034`` or ``coupon=DIWALI10``.
    """

    values: NDArray[np.float64]
    tokens: tuple[str, ...]


def row_values(signals: tuple[float, ...], history: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values of a row, as a matrix of single precision holds them.

    Training keeps millions of rows, so it rounds; a live value that did not could fall on the
    other side of a tree's threshold.
    """
    values = np.empty(len(signals) + len(history))
    struct.pack_into(f"{len(signals)}d", values.data, 0, *signals)
    _complete(values, history)
    return values


@compiled
def _complete(values: NDArray[np.float64], history: NDArray[np.float64]) -> None:
    """Put the history behind the signals and round all."""
    first = len(values) - len(history)
    for i in range(len(values)):
        value = values[i] if i < first else history[i - first]
        values[i] = np.float32(value)
