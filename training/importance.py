"""What a bundle's probabilities rest on, by exact SHAP over the orders of a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from features.reasons import REASONS
from features.row import Row
from models.inputs import prefix_of, tokens_of
from models.model import Model
from models.risk import Risk
from training.labels import Floats, Ints
from training.matrix import Matrix

MOST_ORDERS = 1_500
MOST_INPUTS = 25
REASONS_TOLD = 3
CLEAR = 0.3


@dataclass(frozen=True, slots=True)
class ReasonWeight:
    """One reason: mean absolute points of probability, and its share of all of them."""

    code: str
    text: str
    points: float
    share: float


@dataclass(frozen=True, slots=True)
class InputWeight:
    """One input of the model.

    Parameters
    ----------
    log_odds : float
        Mean absolute contribution.
    share : float
        Of all inputs' contributions.
    direction : str
        Whether higher values raise or lower the risk, from the rank correlation of value and
        contribution; words have none.
    """

    name: str
    log_odds: float
    share: float
    direction: str


@dataclass(frozen=True, slots=True)
class Importance:
    """What carries the probabilities of one bundle.

    Parameters
    ----------
    version : str
    orders : int
        How many were explained, spread evenly over the judged ones.
    same : float
        Share of the explained orders whose predicted probability is the bundle's own. Below 1 other
        models made some of the predictions.
    """

    version: str
    orders: int
    same: float
    reasons: tuple[ReasonWeight, ...]
    inputs: tuple[InputWeight, ...]


class Explainer:
    """Explains single orders of a matrix by a released model.

    Parameters
    ----------
    model : Model
        As a bundle holds it.
    matrix : Matrix
        Of the folder that the judged orders came from.
    version : str
        What the model is called.
    """

    def __init__(self, model: Model, matrix: Matrix, *, version: str) -> None:
        self._model, self._matrix, self._version = model, matrix, version

    def importance(self, rows: Ints, probability: Floats) -> Importance:
        """The weight of every reason and input over some rows of the matrix.

        Parameters
        ----------
        rows, probability : arrays of shape (n,)
            The judged orders and what was predicted for them.
        """
        at = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_ORDERS)).astype(np.int64))
        chosen = rows[at]
        by_reason: dict[str, float] = {}
        by_input: dict[str, list[tuple[float, float]]] = {}
        same = 0
        for row, predicted in zip(chosen.tolist(), probability[at].tolist(), strict=True):
            risk, impacts = self._explained(row)
            same += abs(risk.probability - predicted) < 1e-6
            for code, points in impacts:
                by_reason[code] = by_reason.get(code, 0.0) + abs(points) / len(chosen)
            for name, value, part in self.parts(row):
                by_input.setdefault(name, []).append((value, part))
        return Importance(
            version=self._version,
            orders=len(chosen),
            same=same / len(chosen),
            reasons=_reasons(by_reason),
            inputs=_inputs(by_input, len(chosen)),
        )

    def weights(self, rows: Ints) -> dict[str, float]:
        """Each input's share of the weight over some rows, which sum to 1; largest first."""
        found: dict[str, float] = {}
        for row in rows.tolist():
            for name, _, part in self.parts(row):
                found[name] = found.get(name, 0.0) + abs(part)
        total = sum(found.values()) or 1.0
        return {name: found[name] / total for name in sorted(found, key=lambda n: -found[n])}

    def why(self, row: int) -> tuple[str, ...]:
        """The reasons that weighed most in one order's probability, in words."""
        _, impacts = self._explained(row)
        largest = sorted(impacts, key=lambda one: -abs(one[1]))[:REASONS_TOLD]
        return tuple(
            f"{code.replace('_', ' ')} {100 * points:+.0f} points" for code, points in largest
        )

    def _order(self, row: int) -> tuple[Row, dict[str, float | str]]:
        matrix = self._matrix
        extra = {
            name: value if isinstance(value, str) else float(value)
            for name, column in matrix.extras.items()
            if isinstance(value := column[row : row + 1].tolist()[0], str | float | int)
        }
        return Row(matrix.values[row].astype(np.float64), matrix.tokens[row]), extra

    def _explained(self, row: int) -> tuple[Risk, list[tuple[str, float]]]:
        order, extra = self._order(row)
        risk = self._model.score(order, extra)
        told = self._model.explain(order, extra, risk)
        return risk, [(impact.code, impact.impact) for impact in told]

    def parts(self, row: int) -> Iterator[tuple[str, float, float]]:
        """Name, value and blended log-odds of every input; both parts of a model are added up."""
        model, (order, extra) = self._model, self._order(row)
        tokens, numbers = tokens_of(order.tokens, extra), model.reader.numbers(order, extra)
        names = (*(f.name for f in self._matrix.features), *model.reader.inputs.extras)
        found: dict[str, float] = {}
        linear = model.linear.contributions(numbers) * model.blend.linear
        for position, part in zip(model.linear.positions, linear.tolist(), strict=True):
            found[names[position]] = found.get(names[position], 0.0) + part
        for prefix, part in model.linear.token_contributions(tokens).items():
            found[f"{prefix} (word)"] = part * model.blend.linear
        if model.forest.trees:
            inputs = model.reader.inputs
            columns = (*inputs.features, *map(_word, inputs.flags), *inputs.extras)
            shap = model.explainer.contributions(model.reader.columns(numbers, tokens))
            for name, part in zip(columns, (shap * model.blend.trees).tolist(), strict=True):
                found[name] = found.get(name, 0.0) + part
        value = dict(zip(names, numbers.tolist(), strict=True))
        return ((name, value.get(name, np.nan), part) for name, part in found.items())


def _word(token: str) -> str:
    return f"{prefix_of(token)} (word)"


def _reasons(points: dict[str, float]) -> tuple[ReasonWeight, ...]:
    total = sum(points.values()) or 1.0
    return tuple(
        ReasonWeight(code, REASONS[code].text, mean, mean / total)
        for code, mean in sorted(points.items(), key=lambda one: -one[1])
    )


def _inputs(parts: dict[str, list[tuple[float, float]]], n: int) -> tuple[InputWeight, ...]:
    means = {name: sum(abs(part) for _, part in found) / n for name, found in parts.items()}
    total = sum(means.values()) or 1.0
    largest = sorted(means, key=lambda name: -means[name])[:MOST_INPUTS]
    return tuple(
        InputWeight(name, means[name], means[name] / total, _direction(np.array(parts[name])))
        for name in largest
    )


def _direction(pairs: Floats) -> str:
    """Whether contribution rises with the value, by Spearman's rank correlation."""
    known = pairs[np.isfinite(pairs[:, 0])]
    if len(known) < 3 or np.ptp(known[:, 0]) == 0 or np.ptp(known[:, 1]) == 0:
        return ""
    ranks = rankdata(known, axis=0)
    turn = float(np.corrcoef(ranks.T)[0, 1])
    if abs(turn) < CLEAR:
        return "both ways"
    return "more is riskier" if turn > 0 else "more is safer"
