"""A model ready to score: trees and linear part over one reader, blended and calibrated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from features.errors import BundleError
from features.feature import Feature
from features.row import Row
from models.blend import Blend
from models.calibration import Calibration
from models.forest import Forest
from models.impacts import impacts
from models.inputs import Inputs, Reader, extras_learned, prefix_of, reason_of, tokens_of
from models.linear import Linear, LinearScorer
from models.risk import Impact, Risk
from models.scorer import Extra, Floats
from models.shap import Explainer
from models.trees import parse_trees
from models.uncertainty import ORDERS, PENDING, Uncertainty

CHUNK = 16_384
"""Orders scored at a time, so that any number of them fits in memory."""


class Model:
    """What a bundle holds, assembled; training scores with it before anything is written.

    Parameters
    ----------
    catalogue : sequence of Feature
        The order of a row's values.
    inputs : Inputs
        Columns of the trees.
    trees : str or None
        LightGBM's text; None is a model without trees.
    linear : Linear or None
        None is a model without a linear part.
    uncertainty : Uncertainty or None
        None where it could not be measured.

    Raises
    ------
    BundleError
        If the parts do not fit each other or the catalogue.
    """

    def __init__(
        self,
        *,
        catalogue: Sequence[Feature],
        inputs: Inputs,
        trees: str | None,
        linear: Linear | None,
        blend: Blend,
        calibration: Calibration,
        uncertainty: Uncertainty | None = None,
    ) -> None:
        self.blend, self.calibration, self.uncertainty = blend, calibration, uncertainty
        self.reader = Reader(inputs, catalogue)
        parsed = parse_trees(trees, n_columns=inputs.n_columns) if trees is not None else ()
        self.forest = Forest.of(parsed, n_columns=inputs.n_columns)
        self.explainer = Explainer.of(parsed)
        self.linear = LinearScorer(linear or Linear(0.0), self.reader.position)
        tokens = (*inputs.flags, *self.linear.linear.tokens)
        self.extras = extras_learned(inputs.extras, tokens)
        self.base_log_odds = self.blended(self.forest.expected, self.linear.base)
        self.base_probability = calibration.probability(self.base_log_odds)
        self._group_reasons()
        self._seen = self._positions() if uncertainty is not None else (0, 0)

    def score(self, row: Row, extra: Extra) -> Risk:
        """Score one order; ``extra`` holds the merchant's own columns."""
        z = self.blended(*self.parts(row, extra))
        probability = self.calibration.probability(z)
        return Risk(probability, z, self.base_probability, self.base_log_odds)

    def parts(self, row: Row, extra: Extra) -> tuple[float, float]:
        """The raw score of the trees and the linear score of one order."""
        tokens = tokens_of(row.tokens, extra)
        numbers = self.reader.numbers(row, extra)
        trees = self.forest.raw(self.reader.columns(numbers, tokens))
        return trees, self.linear.score(numbers, tokens)

    def blended(self, trees: float, linear: float) -> float:
        """The blend of one order's two scores."""
        return self.blend.trees * trees + self.blend.linear * linear + self.blend.intercept

    def score_many(
        self,
        values: Floats,
        tokens: Sequence[Sequence[str]],
        extras: Mapping[str, Sequence[float | str | None]] | None = None,
    ) -> Floats:
        """Probabilities of many orders, each exactly as ``score`` gives it.

        Parameters
        ----------
        values : ndarray of float64, shape (n_orders, n_catalogue)
            May be memory-mapped: it is read in chunks.
        tokens : sequence of sequence of str
            Tokens of each order.
        extras : mapping of str to sequence, optional
            The merchant's own columns by name, one value per order; None is unknown.
        """
        return self.calibration.many(self.log_odds_many(values, tokens, extras))

    def log_odds_many(
        self,
        values: Floats,
        tokens: Sequence[Sequence[str]],
        extras: Mapping[str, Sequence[float | str | None]] | None = None,
    ) -> Floats:
        """Blended scores before calibration, shape (n_orders,)."""
        z = np.empty(len(values))
        for part in _chunks(len(values)):
            own = {name: column[part] for name, column in (extras or {}).items()}
            z[part] = self._log_odds(np.array(values[part], order="C"), tokens[part], own)
        return z

    def interval(self, row: Row, risk: Risk) -> tuple[float, float] | None:
        """Between which two chances eight of ten such orders lie; None where nobody measured it."""
        if self.uncertainty is None:
            return None
        orders, pending = (float(row.values[position]) for position in self._seen)
        return self.uncertainty.interval(risk.probability, orders, pending)

    def intervals(self, values: Floats, probability: Floats) -> tuple[Floats, Floats] | None:
        """``interval`` of many orders from ``values`` (n_orders, n_catalogue) and their scores."""
        if self.uncertainty is None:
            return None
        orders, pending = (np.asarray(values[:, position]) for position in self._seen)
        return self.uncertainty.intervals(probability, orders, pending)

    def explain(
        self, row: Row, extra: Extra, risk: Risk, *, most: int | None = None
    ) -> tuple[Impact, ...]:
        """Exact reasons of a risk that ``score`` gave for the same input, largest impact first."""
        return impacts(self.contributions(row, extra), risk, self.calibration, most=most)

    def contributions(self, row: Row, extra: Extra) -> dict[str, float]:
        """Blended log-odds by reason code, summing to the score less its base."""
        tokens = tokens_of(row.tokens, extra)
        numbers = self.reader.numbers(row, extra)
        totals = self._gathered(self.linear.contributions(numbers) * self.blend.linear, self._terms)
        if self.forest.trees:
            shap = self.explainer.contributions(self.reader.columns(numbers, tokens))
            totals += self._gathered(shap * self.blend.trees, self._columns)
        sums = (totals - self._usual).tolist()
        for token in tokens:
            if token in self._weights:
                code, weight = self._weights[token]
                sums[code] += weight
        return dict(zip(self._codes, sums, strict=True))

    def _log_odds(
        self,
        values: Floats,
        tokens: Sequence[Sequence[str]],
        extras: Mapping[str, Sequence[float | str | None]],
    ) -> Floats:
        """Blended scores of one chunk."""
        words = {
            name: [value if isinstance(value, str) else 0.0 for value in column]
            for name, column in extras.items()
        }
        keys = [
            tokens_of(own, {name: column[i] for name, column in words.items()})
            for i, own in enumerate(tokens)
        ]
        numbers = self.reader.numbers_many(values, extras)
        trees = self.forest.raw_many(self.reader.columns_many(numbers, keys))
        linear = self.linear.score_many(numbers, keys)
        return self.blend.trees * trees + self.blend.linear * linear + self.blend.intercept

    def _positions(self) -> tuple[int, int]:
        """Where a row holds what is known of its customer."""
        position = self.reader.position
        if ORDERS not in position or PENDING not in position:
            raise BundleError(f'uncertainty.json needs "{ORDERS}" and "{PENDING}" in the catalogue')
        return position[ORDERS], position[PENDING]

    def _group_reasons(self) -> None:
        """Number the reasons, so that columns and words are gathered by one addition each."""
        linear, share = self.linear.linear, self.blend.linear
        reasons = self.reader.column_reasons
        terms = [self.reader.reasons[position] for position in self.linear.positions]
        words = {token: reason_of(prefix_of(token)) for token in linear.tokens}
        usual = {prefix: reason_of(prefix) for prefix in linear.token_means}
        every = (*reasons, *terms, *words.values(), *usual.values())
        self._codes = tuple(dict.fromkeys(every))
        number = {code: i for i, code in enumerate(self._codes)}
        self._columns = np.array([number[code] for code in reasons], dtype=np.intp)
        self._terms = np.array([number[code] for code in terms], dtype=np.intp)
        self._weights = {
            token: (number[code], share * linear.tokens[token]) for token, code in words.items()
        }
        self._usual = np.zeros(len(self._codes))
        for prefix, code in usual.items():
            self._usual[number[code]] += share * linear.token_means[prefix]

    def _gathered(self, parts: Floats, groups: NDArray[np.intp]) -> Floats:
        """Contributions summed by reason, shape (n_codes,)."""
        sums = np.bincount(groups, weights=parts, minlength=len(self._codes))
        return sums.astype(np.float64, copy=False)  # numpy counts in integers when there are none


def _chunks(n: int) -> Iterator[slice]:
    """Slices that cover n orders."""
    for start in range(0, n, CHUNK):
        yield slice(start, start + CHUNK)
