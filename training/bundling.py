"""A fitted model handed over as a bundle: the same numbers in the files that serving reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from features.row import Row
from models.blend import Blend
from models.bundle import BundleParts
from models.golden import GOLDEN_ROWS, GoldenRow, golden_row
from models.inputs import Inputs as BundleInputs
from models.inputs import prefix_of
from models.linear import Linear, Term
from models.model import Model as Released
from training.merchants import merchant_of
from training.scaling import LIMIT

if TYPE_CHECKING:
    from training.fit import Model
    from training.inputs import Table
    from training.labels import Ints
    from training.matrix import Matrix

PARITY_ROWS = 500


def bundle_parts(
    model: Model,
    matrix: Matrix,
    table: Table,
    *,
    version: str,
    training: Mapping[str, object],
    provenance: Mapping[str, str],
) -> BundleParts:
    """Translate a fitted model, with an exam whose answers come from LightGBM itself.

    Parameters
    ----------
    model : Model
        The fit.
    matrix, table : Matrix, Table
        Where the exam's questions come from: orders spread evenly over the training period.
    version : str
        Such as ``rto-2026-11-20.1``.
    training : mapping
        Summary for the manifest, inside the digest; JSON values only.
    provenance : mapping
        When and in which run, outside the digest.
    """
    released, trees, linear = _released(model, matrix, table)
    return BundleParts(
        version=version,
        catalogue=matrix.features,
        inputs=_inputs(model),
        trees=trees,
        linear=linear,
        blend=released.blend,
        calibration=model.calibration,
        uncertainty=model.uncertainty,
        golden=exam(released, model, matrix, table),
        training=training,
        provenance=provenance,
    )


def parity_gap(model: Model, matrix: Matrix, table: Table, *, count: int = PARITY_ROWS) -> float:
    """The largest difference between training's probabilities and serving's reader's.

    Asked of orders spread evenly over the whole folder, learnt from or not.
    """
    rows: Ints = np.unique(np.linspace(0, len(matrix.values) - 1, count).astype(np.int64))
    released, _, _ = _released(model, matrix, table)
    tokens = [matrix.tokens[row] for row in rows.tolist()]
    extras = {name: matrix.extras[name][rows].tolist() for name in model.inputs.extras}
    words = {n: c[rows].tolist() for n, c in matrix.extras.items() if c.dtype.kind not in "fiub"}
    served = released.score_many(matrix.values[rows].astype(np.float64), tokens, extras | words)
    return float(np.abs(served - model.probability(table, rows)).max())


def _inputs(model: Model) -> BundleInputs:
    return BundleInputs(model.inputs.features, model.inputs.flags, model.inputs.extras)


def _released(model: Model, matrix: Matrix, table: Table) -> tuple[Released, str, Linear]:
    """The model as serving will have it, and its two parts."""
    trees, linear = model.trees.model_to_string(), linear_of(model, table)
    released = Released(
        catalogue=matrix.features,
        inputs=_inputs(model),
        trees=trees,
        linear=linear,
        blend=Blend(trees=model.trees_share, linear=1.0 - model.trees_share),
        calibration=model.calibration,
        uncertainty=model.uncertainty,
    )
    return released, trees, linear


def linear_of(model: Model, table: Table) -> Linear:
    """The linear part as terms and token weights, centred on the training rows."""
    scaling, line, inputs = model.scaling, model.line, model.inputs
    names = (*inputs.features, *inputs.extras)
    weights, gap_weights, token_weights = np.split(
        line.coefficients, [len(names), len(names) + int(scaling.gaps.sum())]
    )
    missing_weights = np.zeros(len(names))
    missing_weights[scaling.gaps] = gap_weights
    terms = tuple(
        Term(
            name=name,
            median=float(scaling.median[j]),
            mean=float(scaling.mean[j]),
            scale=float(scaling.scale[j]),
            weight=float(weights[j]),
            missing_weight=float(missing_weights[j]),
            missing_share=float(scaling.missing[j]),
            curve="log" if scaling.bent[j] else "straight",
        )
        for j, name in enumerate(names)
    )
    if model.moved:
        moves = np.array([model.moved.get(m, 0.0) for m in map(merchant_of, inputs.tokens)])
        token_weights = token_weights + moves / (1.0 - model.trees_share)
    shares = np.asarray(table.tokens(inputs.tokens, model.rows).mean(axis=0)).reshape(-1)
    means: dict[str, float] = {}
    for token, weight, share in zip(inputs.tokens, token_weights, shares, strict=True):
        prefix = prefix_of(token)
        means[prefix] = means.get(prefix, 0.0) + float(weight * share)
    tokens = {t: float(w) for t, w in zip(inputs.tokens, token_weights, strict=True)}
    return Linear(line.intercept, terms, tokens, means, limit=LIMIT)


def exam(
    released: Released, model: Model, matrix: Matrix, table: Table, *, count: int = GOLDEN_ROWS
) -> tuple[GoldenRow, ...]:
    """Golden rows: real orders of the training period, reduced to what the model reads of them."""
    picks = np.unique(np.linspace(0, len(model.rows) - 1, count).astype(np.int64))
    rows: Ints = model.rows[picks]
    raw = model.trees.predict(table.tree_columns(model.inputs, rows), raw_score=True)
    known = {*model.inputs.flags, *model.inputs.tokens}
    questions = []
    for row, score in zip(rows.tolist(), raw, strict=True):
        tokens = tuple(token for token in matrix.tokens[row] if token in known)
        values = matrix.values[row].astype(np.float64)
        extra = {name: float(table.numeric[name][row]) for name in model.inputs.extras}
        questions.append(golden_row(released, Row(values, tokens), extra, tree_raw=float(score)))
    return tuple(questions)
