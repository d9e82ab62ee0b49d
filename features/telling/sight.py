"""An order's features by name, as the sentences read them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.catalogue import CATALOGUE

_AT = {feature.name: i for i, feature in enumerate(CATALOGUE)}


class Telling(NamedTuple):
    """A sentence, and whether it says what the code's own sentence says."""

    text: str
    holds: bool


class UnknownError(LookupError):
    """A sentence asked for a number that is not known of this order."""


class Sight:
    """The features of one order.

    Parameters
    ----------
    values : ndarray of float64, shape (n_catalogue,)
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._value = values.item  # few of them are asked for

    def value(self, name: str) -> float:
        """A feature; NaN where unknown, so that no comparison with it holds."""
        value: float = self._value(_AT[name])
        return value

    def known(self, name: str) -> float:
        """A feature that a sentence cannot do without.

        Raises
        ------
        UnknownError
            Where it is NaN.
        """
        value = self.value(name)
        if math.isnan(value):
            raise UnknownError(name)
        return value

    def is_set(self, name: str) -> bool:
        """Whether a flag is known to be 1."""
        return self.value(name) > 0.5

    def is_clear(self, name: str) -> bool:
        """Whether a flag is known to be 0."""
        return self.value(name) < 0.5


def counted(number: float, noun: str) -> str:
    """A number with its noun, which takes an s but for one.

    >>> counted(1, "order"), counted(3, "earlier order")
    ('1 order', '3 earlier orders')
    """
    return f"{number:,.0f} {noun}" + ("" if number == 1 else "s")
