"""Scoring, reasons and decisions beside LightGBM's own: ``python -m tests.bench.models``.

The model is of the size served (300 trees of 31 leaves, 70 columns with zeros, flags and gaps);
every row differs. Times are processor time per row, the best of three passes on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import click
import lightgbm
import numpy as np

from features.feature import Feature
from features.reasons import REASONS
from features.row import Row
from models.arms import draw
from models.blend import Blend
from models.calibration import Beta
from models.decision import OrderFacts, decide
from models.inputs import Inputs
from models.linear import Linear, Term
from models.model import Model
from models.policy import default_policy
from models.scorer import Floats

ROWS, COLUMNS, TREES, LEAVES = 2000, 70, 300, 31


def columns(n: int, seed: int) -> Floats:
    """A third counts with many zeros, a fifth flags, the rest numbers; some with gaps."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, COLUMNS))
    x[:, :23] = random.poisson(1.0, (n, 23))
    x[:, 23:37] = random.random((n, 14)) < 0.3
    for column in range(0, COLUMNS, 3):
        x[random.random(n) < 0.2, column] = np.nan
    return x


def booster() -> lightgbm.Booster:
    """Trees that use many columns."""
    x = columns(40_000, seed=1)
    random = np.random.default_rng(2)
    z = np.nan_to_num(x) @ random.normal(size=COLUMNS) * 0.3 - 1
    outcomes = (random.random(len(x)) < 1 / (1 + np.exp(-z))).astype(float)
    settings = {"objective": "binary", "num_leaves": LEAVES, "learning_rate": 0.05}
    rest = {"feature_fraction": 0.7, "verbose": -1, "num_threads": 1}
    return lightgbm.train(settings | rest, lightgbm.Dataset(x, outcomes), TREES)


def model_of(trees: lightgbm.Booster) -> Model:
    """The same trees in a whole model, with a linear part over all columns and 5,000 pincodes."""
    codes = [code for code in REASONS if "blocklisted" not in code][:30]
    names = [f"feature_{i}" for i in range(COLUMNS)]
    catalogue = [
        Feature(name, unit="count", reason=codes[i % len(codes)], says=name, group="bench")
        for i, name in enumerate(names)
    ]
    return Model(
        catalogue=catalogue,
        inputs=Inputs(tuple(names)),
        trees=trees.model_to_string(),
        linear=Linear(
            -1.0,
            tuple(Term(name, 0.0, 0.0, 1.0, 0.05, 0.1, 0.1) for name in names),
            {f"pincode={560000 + i}": 0.1 for i in range(5000)},
        ),
        blend=Blend(trees=0.7, linear=0.3),
        calibration=Beta(1.1, 0.9, 0.1),
    )


def microseconds(work: Callable[[], object], rows: int = ROWS) -> float:
    """Processor time of one row, the best of three passes after one to warm up."""
    work()
    times = []
    for _ in range(3):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times) / rows * 1e6


def beside_lightgbm(trees: lightgbm.Booster, model: Model) -> dict[str, tuple[float, float]]:
    """Our microseconds and LightGBM's, by piece of the path."""
    x = columns(ROWS, seed=3)
    tokens = [(f"pincode={560000 + i}", "payment_mode=cod") for i in range(ROWS)]
    rows = [Row(x[i].copy(), own) for i, own in enumerate(tokens)]
    asked = [(row, model.score(row, {})) for row in rows]
    shap = model.explainer.contributions
    one = microseconds(lambda: [trees.predict(row[None, :], raw_score=True) for row in x])
    many = microseconds(lambda: trees.predict(x, raw_score=True, num_threads=1))
    contrib = microseconds(lambda: trees.predict(x[:100], pred_contrib=True, num_threads=1), 100)
    return {
        "trees, one row": (microseconds(lambda: [model.forest.raw(own) for own in x]), one),
        "score, one row": (microseconds(lambda: [model.score(row, {}) for row in rows]), one),
        "score, many rows": (microseconds(lambda: model.score_many(x, tokens)), many),
        "TreeSHAP": (microseconds(lambda: [shap(own) for own in x]), contrib),
        "reasons": (
            microseconds(lambda: [model.explain(row, {}, risk) for row, risk in asked]),
            contrib,
        ),
    }


def decisions() -> dict[str, float]:
    """Microseconds of what follows the score."""
    facts = OrderFacts(payment_mode="cod", amount_paise=1299_00, created_us=0)
    policy = default_policy(mode="act")
    risks = np.linspace(0.01, 0.99, ROWS).tolist()
    key = b"k" * 32
    return {
        "decision": microseconds(
            lambda: [decide(risk, facts, policy, now_us=1, draw=0.5) for risk in risks]
        ),
        "draw of the arm": microseconds(
            lambda: [draw(key, merchant_id="m", person=i, as_of_us=0) for i in range(ROWS)]
        ),
    }


def main() -> None:
    """Print one line per piece of the path, with its ratio to LightGBM's."""
    trees = booster()
    for name, (ours, theirs) in beside_lightgbm(trees, model_of(trees)).items():
        click.echo(f"{name:18s}{ours:8.1f} µs   LightGBM {theirs:8.1f} µs   {theirs / ours:5.1f}×")
    for name, ours in decisions().items():
        click.echo(f"{name:18s}{ours:8.1f} µs")


if __name__ == "__main__":
    main()
