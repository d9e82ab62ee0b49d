"""The linear part: standardised numbers with flags for missing ones, and one weight per token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.compiled import compiled
from features.errors import BundleError
from models.inputs import prefix_of
from models.scorer import Floats

CURVES = ("straight", "log")


@dataclass(frozen=True, slots=True)
class Term:
    """One number of the linear part.

    It adds ``weight · (curve(x) − mean) / scale``, with ``median`` for a missing x, and
    ``missing_weight`` where x was missing.

    Parameters
    ----------
    name : str
        A catalogue feature or an extra column.
    median, mean, scale : float
        Of the training rows; mean and scale after filling with the median and bending.
        ``scale`` is above 0.
    weight, missing_weight : float
        In log-odds.
    missing_share : float
        Share of training rows in which it was missing; centres the reasons.
    curve : {"straight", "log"}
        ``log`` is ``sign(x) · log(1 + |x|)``: the tenth order of a phone says less than the first.
    """

    name: str
    median: float
    mean: float
    scale: float
    weight: float
    missing_weight: float = 0.0
    missing_share: float = 0.0
    curve: str = "straight"

    def __post_init__(self) -> None:
        if self.curve not in CURVES:
            raise BundleError(f'linear.json: "{self.curve}" is no curve; {self.name} needs one')
        words = ("name", "curve")
        numbers = [value for name, value in asdict(self).items() if name not in words]
        if not all(type(value) in (int, float) and isfinite(value) for value in numbers):
            raise BundleError(f'linear.json: term "{self.name}" holds something that is no number')
        if self.scale <= 0:
            raise BundleError(f'linear.json: the scale of "{self.name}" must be above 0')


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic regression over numbers and one-hot tokens.

    Parameters
    ----------
    intercept : float
        In log-odds.
    terms : tuple of Term
        Numbers.
    tokens : mapping of str to float
        Weight of each token in log-odds; a token not seen in training weighs 0.
    token_means : mapping of str to float
        Average sum of token weights over the training rows, by prefix; centres the reasons.
    limit : float
        Standard scores are cut here on both sides, in training as in scoring, so that one odd
        number cannot decide an order alone.
    """

    intercept: float
    terms: tuple[Term, ...] = ()
    tokens: Mapping[str, float] = field(default_factory=dict)
    token_means: Mapping[str, float] = field(default_factory=dict)
    limit: float = 10.0

    def __post_init__(self) -> None:
        numbers = (self.intercept, self.limit, *self.tokens.values(), *self.token_means.values())
        if not all(type(value) in (int, float) and isfinite(value) for value in numbers):
            raise BundleError("linear.json: intercept, limit and weights must be finite numbers")
        if self.limit <= 0:
            raise BundleError("linear.json: limit must be above 0")
        if len({term.name for term in self.terms}) != len(self.terms):
            raise BundleError("linear.json names a term twice")

    @property
    def base(self) -> float:
        """The linear score of the average training row."""
        missing = sum(term.missing_weight * term.missing_share for term in self.terms)
        return self.intercept + missing + sum(self.token_means.values())

    def to_json(self) -> dict[str, object]:
        """As it lies in ``linear.json``."""
        return {
            "intercept": self.intercept,
            "limit": self.limit,
            "terms": [asdict(term) for term in self.terms],
            "tokens": dict(self.tokens),
            "token_means": dict(self.token_means),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> Linear:
        """Read ``linear.json``.

        Raises
        ------
        BundleError
            If something is missing, unknown or no number.
        """
        if set(body) != {f.name for f in fields(cls)}:
            raise BundleError("linear.json must hold exactly " + ", ".join(sorted(_NAMES)))
        try:
            terms = tuple(Term(**term) for term in body["terms"])  # type: ignore[attr-defined]
            rest = {name: body[name] for name in _NAMES - {"terms"}}
            return cls(terms=terms, **rest)  # type: ignore[arg-type]
        except (TypeError, AttributeError):
            raise BundleError("linear.json is not shaped like a linear part") from None


_NAMES = {f.name for f in fields(Linear)}


class _Table(NamedTuple):
    """The terms as few arrays, since each costs something at every call.

    Attributes
    ----------
    position : (n_terms,)
        Of the number in an order's vector.
    number : (n_terms, 6)
        ``MEDIAN``, ``MEAN``, ``SCALE``, ``WEIGHT``, ``MISSING_WEIGHT`` and ``MISSING_SHARE``.
    bent : (n_terms,)
        Whether the curve is ``log``.
    """

    position: NDArray[np.intp]
    number: Floats
    bent: NDArray[np.bool_]


_NUMBERS = ("median", "mean", "scale", "weight", "missing_weight", "missing_share")
MEDIAN, MEAN, SCALE, WEIGHT, MISSING_WEIGHT, MISSING_SHARE = range(len(_NUMBERS))


class LinearScorer:
    """A linear part bound to positions in the vector of numbers."""

    def __init__(self, linear: Linear, position: Mapping[str, int]) -> None:
        unknown = [term.name for term in linear.terms if term.name not in position]
        if unknown:
            raise BundleError(
                f'the feature "{unknown[0]}" of this bundle is unknown here; train again'
            )
        self.linear = linear
        self.base = linear.base
        self.positions = [position[term.name] for term in linear.terms]
        numbers = [[getattr(term, name) for name in _NUMBERS] for term in linear.terms]
        self._table = _Table(
            position=np.array(self.positions, dtype=np.intp),
            number=np.array(numbers, dtype=np.float64).reshape(-1, len(_NUMBERS)),
            bent=np.array([term.curve == "log" for term in linear.terms], dtype=np.bool_),
        )

    def score(self, numbers: Floats, tokens: Iterable[str]) -> float:
        """The linear score of one order."""
        terms: float = _sum(numbers, self._table, self.linear.limit)
        return self.linear.intercept + terms + self._tokens(tokens)

    def score_many(self, numbers: Floats, tokens: Sequence[Iterable[str]]) -> Floats:
        """The linear scores of many orders, each exactly as ``score`` gives it."""
        sums = np.empty(len(numbers))
        _sum_many(numbers, self._table, self.linear.limit, sums)
        own = np.fromiter(map(self._tokens, tokens), dtype=np.float64, count=len(numbers))
        return self.linear.intercept + sums + own

    def contributions(self, numbers: Floats) -> Floats:
        """What each term adds over its average, shape (n_terms,)."""
        return _contributions(numbers, self._table, self.linear.limit)

    def token_contributions(self, tokens: Iterable[str]) -> dict[str, float]:
        """What the tokens of each prefix add over their average."""
        sums = {prefix: -mean for prefix, mean in self.linear.token_means.items()}
        for token in tokens:
            weight = self.linear.tokens.get(token)
            if weight is not None:
                prefix = prefix_of(token)
                sums[prefix] = sums.get(prefix, 0.0) + weight
        return sums

    def _tokens(self, tokens: Iterable[str]) -> float:
        """The weights of an order's tokens."""
        weights = self.linear.tokens
        return sum(weights.get(token, 0.0) for token in tokens) if weights else 0.0


@compiled
def _term(numbers: Floats, table: _Table, limit: float, i: int) -> float:
    """What one term adds, before centring."""
    value, flag = numbers[table.position[i]], 0.0
    if np.isnan(value):
        value, flag = table.number[i, MEDIAN], table.number[i, MISSING_WEIGHT]
    if table.bent[i]:
        value = np.copysign(np.log1p(abs(value)), value)
    score = (value - table.number[i, MEAN]) / table.number[i, SCALE]
    part: float = table.number[i, WEIGHT] * min(max(score, -limit), limit) + flag
    return part


@compiled
def _sum(numbers: Floats, table: _Table, limit: float) -> float:
    """The sum of the terms in their order."""
    total = 0.0
    for i in range(len(table.position)):
        total += _term(numbers, table, limit, i)
    return total


@compiled
def _sum_many(rows: Floats, table: _Table, limit: float, sums: Floats) -> None:
    """The sum of the terms of every row."""
    for i in range(len(rows)):
        sums[i] = _sum(rows[i], table, limit)


@compiled
def _contributions(numbers: Floats, table: _Table, limit: float) -> Floats:
    """Every term less its average."""
    parts = np.empty(len(table.position))
    for i in range(len(parts)):
        average = table.number[i, MISSING_WEIGHT] * table.number[i, MISSING_SHARE]
        parts[i] = _term(numbers, table, limit, i) - average
    return parts
