"""How the orders looked that a bundle was made from, to hold later ones against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.days import DAY_US
from features.feature import Feature
from models.model import Model as Released
from training.histogram import Histogram
from training.importance import Explainer
from training.labels import Floats, Ints
from training.matrix import Matrix

DAYS, SALE_DAYS = 90, 400
FEWEST, MOST = 300, 50_000
EXPLAINED = 300
KINDS = ("ordinary", "sale")
SALE_FEATURE = "order_in_sale_season"

# These move by themselves; that a month is another month is no drift.
NEVER_DRIFTS = "calendar"


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The training side of every drift measure.

    Parameters
    ----------
    features : dict
        Histograms by kind of day (``ordinary``, ``sale``) and feature.
    score : dict of str to Histogram
        Of the probabilities, by kind of day.
    rate : float
        Share of the labelled orders that came back.
    importance : dict of str to float
        Share of the model's weight by feature, from exact SHAP.
    """

    features: Mapping[str, Mapping[str, Histogram]]
    score: Mapping[str, Histogram]
    rate: float
    importance: Mapping[str, float]

    def to_json(self) -> dict[str, object]:
        """As it lies in a manifest, under ``training.reference``."""
        return {
            "features": {
                kind: {name: one.to_json() for name, one in found.items()}
                for kind, found in self.features.items()
            },
            "score": {kind: one.to_json() for kind, one in self.score.items()},
            "rate": round(self.rate, 6),
            "importance": {name: round(share, 6) for name, share in self.importance.items()},
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Reference:
        """Read from a manifest."""
        return cls(
            features={
                kind: {name: Histogram.from_json(one) for name, one in found.items()}
                for kind, found in body["features"].items()
            },
            score={kind: Histogram.from_json(one) for kind, one in body["score"].items()},
            rate=float(body["rate"]),
            importance={name: float(share) for name, share in body["importance"].items()},
        )


def on_sale(matrix: Matrix) -> np.ndarray:
    """Whether each order was placed in a sale season of the calendar; bool, shape (n_orders,)."""
    names = [feature.name for feature in matrix.features]
    if SALE_FEATURE not in names:
        return np.zeros(len(matrix.values), bool)
    return np.asarray(matrix.values[:, names.index(SALE_FEATURE)] > 0.5)


def reference(
    released: Released,
    matrix: Matrix,
    *,
    cutoff_us: int,
    probability: Callable[[Ints], Floats],
    rate: float,
) -> Reference:
    """Summarise the orders placed before a cutoff: the newest ninety days, sales of a year apart.

    Parameters
    ----------
    released : Model
        What the bundle will hold; says which features count and how much.
    matrix : Matrix
        The whole folder.
    probability : callable
        The model's, for some rows of the matrix.
    rate : float
        Share of its labelled orders that came back.
    """
    features: dict[str, dict[str, Histogram]] = {}
    score: dict[str, Histogram] = {}
    chosen = _rows(matrix, cutoff_us)
    for kind, rows in chosen.items():
        features[kind] = {
            name: Histogram.of(matrix.values[rows, at].astype(np.float64))
            for name, at in judged_features(released, matrix.features).items()
        }
        score[kind] = Histogram.of(probability(rows))
    newest = next(iter(chosen.values()))
    some = newest[np.unique(np.linspace(0, len(newest) - 1, EXPLAINED).astype(np.int64))]
    weights = Explainer(released, matrix, version="").weights(some)
    return Reference(features, score, rate, weights)


def judged_features(released: Released, catalogue: tuple[Feature, ...]) -> dict[str, int]:
    """The features a model reads, but for the calendar's, with their columns."""
    read = {*released.reader.inputs.features}
    names = [feature.name for feature in catalogue]
    read |= {names[position] for position in released.linear.positions if position < len(names)}
    return {
        feature.name: at
        for at, feature in enumerate(catalogue)
        if feature.name in read and feature.group != NEVER_DRIFTS
    }


def _rows(matrix: Matrix, cutoff_us: int) -> dict[str, Ints]:
    """Rows of either kind of day, spread evenly where there are very many."""
    created = matrix.orders["created_us"].to_numpy(np.int64)
    sale, placed = on_sale(matrix), created < cutoff_us
    found: dict[str, Ints] = {}
    for kind, days in zip(KINDS, (DAYS, SALE_DAYS), strict=True):
        mine = placed & (sale == (kind == "sale"))
        recent = np.flatnonzero(mine & (created >= cutoff_us - days * DAY_US))
        rows = recent if len(recent) >= FEWEST else np.flatnonzero(mine)
        if len(rows) >= FEWEST:
            at = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST)).astype(np.int64))
            found[kind] = rows[at].astype(np.int64)
    # Too few for either kind: whatever there is, so that drift can be said with less certainty.
    return found or {"ordinary": np.flatnonzero(placed).astype(np.int64)}
