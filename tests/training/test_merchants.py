"""A merchant's own calibration is kept where later orders confirm it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.row import Row
from models.bundle import Bundle, write_bundle
from models.calibration import Beta, Platt
from tests.training.ledger import FEATURES, START_US, make_matrix, make_words
from training.bundling import bundle_parts, parity_gap
from training.calibrate import calibrated
from training.configuration import Configuration
from training.fit import fit
from training.inputs import Table
from training.matrix import Matrix
from training.merchants import AS_ALL, Moved, moved
from training.metrics import chance

NAMES = np.array(["kurtas", "phones", "shoes"], dtype=object)


def found(offset: float, *, orders: int = 12_000, known: tuple[str, ...] = tuple(NAMES)) -> Moved:
    """Three merchants, one above the common curve, one below, one on it."""
    rng = np.random.default_rng(4)
    z, code = rng.normal(-1.2, 1.0, orders), rng.integers(0, 3, orders)
    true = 0.9 * z + 0.1 + np.array([offset, -offset, 0.0])[code]
    y = (rng.random(orders) < chance(true)).astype(np.float64)
    return moved(Platt(0.9, 0.1), z, y, np.ones(orders), np.arange(orders), NAMES[code], known)


def test_merchants_that_differ_are_moved_and_shrunk() -> None:
    offsets = found(0.5).offsets
    assert offsets["kurtas"] == pytest.approx(0.5 / 0.9, rel=0.2)
    assert offsets["phones"] == pytest.approx(-0.5 / 0.9, rel=0.2)
    assert abs(offsets["shoes"]) < 0.12


def test_merchants_that_do_not_differ_share_one_curve() -> None:
    assert found(0.0).offsets == {}


def test_a_merchant_that_the_model_cannot_name_is_not_moved() -> None:
    assert set(found(0.5, known=("kurtas", "shoes")).offsets) == {"kurtas", "shoes"}
    assert found(0.5, known=("kurtas",)) == AS_ALL


def test_a_spell_that_passes_moves_nobody() -> None:
    """One merchant's first half is bad, its second good: nothing persists."""
    rng = np.random.default_rng(5)
    n = 12_000
    z, code = rng.normal(-1.2, 1.0, n), rng.integers(0, 3, n)
    spell = np.where(np.arange(n) < n // 2, 0.6, -0.6) * (code == 0)
    y = (rng.random(n) < chance(z + spell)).astype(np.float64)
    every = moved(Platt(1, 0), z, y, np.ones(n), np.arange(n), NAMES[code], tuple(NAMES))
    assert every.offsets == {}


def test_a_bent_curve_is_moved_where_it_is_steep() -> None:
    rng = np.random.default_rng(6)
    n, curve = 20_000, Beta(1.3, 0.7, 0.0)
    z, code = rng.normal(-0.5, 1.0, n), rng.integers(0, 3, n)
    p = calibrated(curve, z + np.array([0.4, -0.4, 0.0])[code])
    y = (rng.random(n) < p).astype(np.float64)
    every = moved(curve, z, y, np.ones(n), np.arange(n), NAMES[code], tuple(NAMES))
    assert every.offsets["kurtas"] == pytest.approx(0.4, abs=0.12)


def shops() -> Matrix:
    """Two shops whose words are no inputs; one of them has far more returns than it looks."""
    matrix = make_matrix(4_000)
    rng = np.random.default_rng(7)
    shop = np.array(["kurtas", "phones"], dtype=object)[rng.integers(0, 2, 4_000)]
    worse = (shop == "kurtas") & (matrix.orders["outcome"] == "delivered").to_numpy()
    matrix.orders.loc[worse & (rng.random(4_000) < 0.3), "outcome"] = "rto"
    matrix.orders["merchant_id"] = shop
    words: list[tuple[str, ...]] = [(f"merchant={name}",) for name in shop]
    return Matrix(
        matrix.values, make_words(words), matrix.extras, matrix.orders, FEATURES, invented=True
    )


def test_a_bundle_scores_moved_merchants_as_training_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = shops()
    monkeypatch.setattr("training.merchants.WORTH", -np.inf)
    table = Table(matrix)
    model = fit(table, Configuration(threads=1), cutoff_us=START_US + 100 * 86_400_000_000)
    assert set(model.moved) == {"kurtas", "phones"}
    assert model.summary["merchants"]["offsets"] == model.moved  # type: ignore[index]
    assert parity_gap(model, matrix, table) < 1e-9
    parts = bundle_parts(model, matrix, table, version="v", training={}, provenance={})
    write_bundle(tmp_path / "b", parts)
    bundle = Bundle.load(tmp_path / "b", features=FEATURES)
    row = Row(matrix.values[0].astype(np.float64), ("merchant=kurtas",))
    impacts = bundle.explain(row, {}, risk := bundle.score(row, {}))
    total = sum(impact.impact for impact in impacts)
    assert total == pytest.approx(risk.probability - risk.base_probability, abs=1e-9)
