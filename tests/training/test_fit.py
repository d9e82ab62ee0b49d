"""A fit repeats itself, knows nothing later than its cutoff, and becomes an equal bundle."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from features.days import DAY_US
from features.errors import TrainingError
from features.row import Row
from models.bundle import Bundle, write_bundle
from tests.training.ledger import FEATURES, START_US, make_matrix
from training.bundling import bundle_parts, linear_of
from training.configuration import Configuration
from training.fit import Model, fit
from training.inputs import Table
from training.matrix import Matrix
from training.metrics import roc_auc

CUTOFF = START_US + 100 * DAY_US
SETTINGS = Configuration(threads=1)


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return make_matrix(3_000)


@pytest.fixture(scope="module")
def model(matrix: Matrix) -> Model:
    return fit(Table(matrix, extra=["minutes", "size"]), SETTINGS, cutoff_us=CUTOFF)


def test_later_orders_are_ranked_well_and_the_mean_is_right(matrix: Matrix, model: Model) -> None:
    later = (matrix.orders["created_us"] >= CUTOFF).to_numpy()
    final = matrix.orders["outcome"].isin(["rto", "delivered"]).to_numpy()
    rows = np.flatnonzero(later & final)
    y = (matrix.orders["outcome"].to_numpy()[rows] == "rto").astype(np.float64)
    p = model.probability(Table(matrix, extra=["minutes", "size"]), rows)
    assert roc_auc(y, p) > 0.65
    assert p.mean() == pytest.approx(y.mean(), abs=0.06)


def test_outcomes_known_after_the_cutoff_change_no_score(matrix: Matrix, model: Model) -> None:
    changed = make_matrix(3_000)
    later = (changed.orders["outcome_us"] >= CUTOFF).to_numpy()
    flipped = {"rto": "delivered", "delivered": "rto"}
    turned = changed.orders.loc[later, "outcome"].map(lambda o: flipped.get(str(o), "rto"))
    changed.orders.loc[later, "outcome"] = turned
    again = fit(Table(changed, extra=["minutes", "size"]), SETTINGS, cutoff_us=CUTOFF)
    rows = np.arange(3_000)
    table = Table(matrix, extra=["minutes", "size"])
    np.testing.assert_array_equal(model.probability(table, rows), again.probability(table, rows))
    assert model.summary == again.summary


def test_one_outcome_known_before_the_cutoff_does_change_it(matrix: Matrix, model: Model) -> None:
    changed = make_matrix(3_000)
    row = int(model.rows[0])
    other = {"rto": "delivered", "delivered": "rto"}[str(changed.orders.loc[row, "outcome"])]
    changed.orders.loc[row, "outcome"] = other
    again = fit(Table(changed, extra=["minutes", "size"]), SETTINGS, cutoff_us=CUTOFF)
    assert model.summary != again.summary


def test_the_bundle_scores_as_the_fit_did(matrix: Matrix, model: Model, tmp_path: Path) -> None:
    table = Table(matrix, extra=["minutes", "size"])
    parts = bundle_parts(
        model, matrix, table, version="rto-2026-01-01.1", training=model.summary, provenance={}
    )
    digest = write_bundle(tmp_path / "b", parts)
    bundle = Bundle.load(tmp_path / "b", features=FEATURES, digest=digest)
    rows = np.arange(0, 3_000, 7)
    extras = {name: matrix.extras[name][rows].tolist() for name in ("minutes", "size")}
    tokens = [matrix.tokens[i] for i in rows.tolist()]
    scored = bundle.score_many(matrix.values[rows].astype(np.float64), tokens, extras)
    np.testing.assert_allclose(scored, model.probability(table, rows), atol=1e-12)


def test_the_bundles_base_is_the_average_training_order(
    matrix: Matrix, model: Model, tmp_path: Path
) -> None:
    table = Table(matrix, extra=["minutes", "size"])
    parts = bundle_parts(model, matrix, table, version="v", training={}, provenance={})
    write_bundle(tmp_path / "b", parts)
    bundle = Bundle.load(tmp_path / "b", features=FEATURES)
    row = Row(matrix.values[0].astype(np.float64), matrix.tokens[0])
    base = bundle.score(row, {"minutes": 5.0}).base_log_odds
    assert base == pytest.approx(model.log_odds(table, model.rows).mean(), abs=0.05)


def test_the_linear_base_is_the_average_linear_score_words_included(
    matrix: Matrix, model: Model
) -> None:
    table = Table(matrix, extra=["minutes", "size"])
    linear = linear_of(model, table)
    weights = np.array([linear.tokens[token] for token in model.inputs.tokens])
    words = table.tokens(model.inputs.tokens, model.rows) @ weights
    assert words.mean() != pytest.approx(0.0, abs=1e-4)
    assert sum(linear.token_means.values()) == pytest.approx(words.mean(), abs=1e-12)


def test_golden_rows_hold_only_words_the_model_knows(matrix: Matrix, model: Model) -> None:
    table = Table(matrix, extra=["minutes", "size"])
    parts = bundle_parts(model, matrix, table, version="v", training={}, provenance={})
    words = {token for golden in parts.golden for token in golden.row.tokens}
    assert words
    assert not [word for word in words if word.startswith("order=")]


def test_the_digest_depends_on_data_and_seed_alone(matrix: Matrix, tmp_path: Path) -> None:
    def digest(name: str, seed: int, made: datetime) -> str:
        settings = Configuration(seed=seed, threads=2)
        table = Table(matrix)
        found = fit(table, settings, cutoff_us=CUTOFF)
        about = {"made_at": made.isoformat()}
        parts = bundle_parts(
            found, matrix, table, version=name, training=found.summary, provenance=about
        )
        return write_bundle(tmp_path / name, parts)

    first = digest("a", 7, datetime(2026, 1, 1, tzinfo=UTC))
    assert digest("b", 7, datetime(2026, 5, 5, tzinfo=UTC)) == first
    assert digest("c", 8, datetime(2026, 1, 1, tzinfo=UTC)) != first


def test_too_little_is_refused_with_what_is_needed() -> None:
    with pytest.raises(TrainingError, match="are needed"):
        fit(Table(make_matrix(60)), SETTINGS, cutoff_us=CUTOFF)
