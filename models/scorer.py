"""What scores orders: a released bundle, or the shipped prior where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.row import Row
from models.risk import Impact, Risk

Floats: TypeAlias = NDArray[np.float64]
Extra: TypeAlias = Mapping[str, float | str]
ExtraKind: TypeAlias = Literal["number", "word"]


class Scorer(Protocol):
    """The surface that serving and batch scoring use; nothing else of a model is public to them."""

    @property
    def version(self) -> str:
        """The name that decisions record, such as ``rto-2026-11-20.1`` or ``prior-1``."""

    @property
    def digest(self) -> str:
        """Hex SHA-256 that changes with anything that could change a score."""

    @property
    def extras(self) -> Mapping[str, ExtraKind]:
        """The merchant's own columns that it learned from; an order that lacks one is warned of."""

    def score(self, row: Row, extra: Extra) -> Risk:
        """Score one order; ``extra`` holds the merchant's own columns."""

    def score_many(
        self,
        values: Floats,
        tokens: Sequence[Sequence[str]],
        extras: Mapping[str, Sequence[float | str | None]] | None = None,
    ) -> Floats:
        """Probabilities of many orders, shape (n_orders,), from columns (n_orders, n_catalogue)."""

    def interval(self, row: Row, risk: Risk) -> tuple[float, float] | None:
        """Between which two chances eight of ten such orders lie; None where nobody measured it."""

    def explain(
        self, row: Row, extra: Extra, risk: Risk, *, most: int | None = None
    ) -> tuple[Impact, ...]:
        """Exact reasons of a risk that ``score`` gave for the same input, largest impact first.

        Parameters
        ----------
        most : int, optional
            Give only so many, those of the greatest size.
        """
