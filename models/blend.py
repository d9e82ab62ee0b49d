"""How the trees and the linear part become one score: a weighted sum in log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite

from features.errors import BundleError


@dataclass(frozen=True, slots=True)
class Blend:
    """``z = trees · (raw tree score) + linear · (linear score) + intercept``.

    Parameters
    ----------
    trees, linear : float
        Weights, not negative, at least one above 0.
    intercept : float
        In log-odds.
    """

    trees: float
    linear: float
    intercept: float = 0.0

    def __post_init__(self) -> None:
        if not all(isfinite(part) for part in (self.trees, self.linear, self.intercept)):
            raise BundleError("blend: the weights must be finite numbers")
        if self.trees < 0 or self.linear < 0 or self.trees + self.linear == 0:
            raise BundleError("blend: weights must not be negative and one must be above 0")

    def to_json(self) -> dict[str, float]:
        """As it lies in ``blend.json``."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> Blend:
        """Read ``blend.json``.

        Raises
        ------
        BundleError
            If a weight is missing, unknown or no number.
        """
        if set(body) != {"trees", "linear", "intercept"}:
            raise BundleError("blend.json must hold exactly trees, linear and intercept")
        if not all(type(part) in (int, float) for part in body.values()):
            raise BundleError("blend.json: trees, linear and intercept must be numbers")
        return cls(**{name: float(part) for name, part in body.items()})  # type: ignore[arg-type]
