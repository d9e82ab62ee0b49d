"""A new model meets the champion only on orders that neither had learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.days import DAY_US
from models.bundle import Bundle, write_bundle
from tests.training.ledger import FEATURES, START_US, make_matrix
from training import bundling
from training.bundling import bundle_parts, parity_gap
from training.configuration import Configuration
from training.contest import contest
from training.fit import Model, fit
from training.inputs import Table
from training.labels import Floats, Ints

MATRIX = make_matrix(2_000)
LEARNT = START_US + 70 * DAY_US


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(Table(MATRIX), Configuration(threads=1), cutoff_us=LEARNT)


@pytest.fixture(scope="module")
def champion(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    path = tmp_path_factory.mktemp("released") / "rto-2026-01-01.1"
    write_bundle(
        path,
        bundle_parts(model, MATRIX, Table(MATRIX), version=path.name, training=model.summary,
                     provenance={}),
    )  # fmt: skip
    return Bundle.load(path, features=FEATURES)


def judged() -> tuple[Ints, Floats]:
    orders = MATRIX.orders
    rows = np.flatnonzero(orders["outcome"].isin(["rto", "delivered"]).to_numpy()).astype(np.int64)
    return rows, (orders["outcome"].to_numpy()[rows] == "rto").astype(np.float64)


def test_a_model_ties_with_itself_on_later_orders_only(champion: Bundle, model: Model) -> None:
    rows, y = judged()
    found = contest(champion, MATRIX, rows, y, model.probability(Table(MATRIX), rows))
    assert found is not None
    assert found.champion == "rto-2026-01-01.1"
    later = MATRIX.orders["created_us"].to_numpy()[rows] >= LEARNT
    assert found.orders == later.sum() < len(rows)
    assert found.gap.value == pytest.approx(0.0, abs=1e-9)
    assert {lag.segment for lag in found.segments} >= {"merchant shop", "payment_mode cod"}


def test_a_worse_model_is_behind_in_every_segment(champion: Bundle) -> None:
    rows, y = judged()
    found = contest(champion, MATRIX, rows, y, np.full(len(rows), 0.9))
    assert found is not None
    assert found.gap.low > 0.0
    assert all(lag.gap > 3 * lag.error for lag in found.segments)


def test_a_champion_that_learnt_nearly_all_is_no_rival(champion: Bundle, model: Model) -> None:
    rows, y = judged()
    early = MATRIX.orders["created_us"].to_numpy()[rows] < LEARNT
    p = model.probability(Table(MATRIX), rows[early])
    assert contest(champion, MATRIX, rows[early], y[early], p) is None


def test_serving_scores_as_training_does(model: Model) -> None:
    assert parity_gap(model, MATRIX, Table(MATRIX)) < 1e-12


def test_a_part_that_serving_reads_otherwise_is_noticed(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = bundling.linear_of
    monkeypatch.setattr(
        bundling,
        "linear_of",
        lambda m, t: replace(honest(m, t), intercept=m.line.intercept + 1e-4),
    )
    assert parity_gap(model, MATRIX, Table(MATRIX)) > 1e-6
