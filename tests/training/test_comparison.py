"""A model is compared only on orders whose outcomes it cannot have learnt."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from features.errors import RefusedError
from features.settings import Settings
from models.bundle import Bundle
from tests.training.ledger import make_matrix
from training import comparison
from training.comparison import champion, learnt_until, rival

MATRIX = make_matrix(400)


def a_bundle(until: str | None) -> Bundle:
    training = {} if until is None else {"until": until}
    made = SimpleNamespace(version="v1", manifest={"content": {"training": training}})
    return cast(Bundle, made)


@pytest.fixture(autouse=True)
def _constant(monkeypatch: pytest.MonkeyPatch) -> None:
    def score(_bundle: Any, _matrix: Any, rows: np.ndarray) -> np.ndarray:
        return np.full(len(rows), 0.3)

    monkeypatch.setattr(comparison, "score_rows", score)


def test_orders_placed_before_a_model_had_learnt_are_left_out() -> None:
    created = MATRIX.orders["created_us"].to_numpy()
    bundle = a_bundle(np.datetime64(int(created[300]), "us").astype(str) + "+00:00")
    assert learnt_until(bundle) == created[300]
    found = rival(bundle, MATRIX, np.arange(200, 400))
    assert found.predictions["order_id"].tolist() == [f"o{i}" for i in range(300, 400)]
    with pytest.raises(RefusedError, match="may have learnt the outcomes of all these orders"):
        rival(bundle, MATRIX, np.arange(300))


def test_a_bundle_that_does_not_say_when_it_learnt_is_compared_on_all() -> None:
    assert len(rival(a_bundle(None), MATRIX, np.arange(400)).predictions) == 400


def test_without_a_registry_there_is_no_champion(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, models_dir=tmp_path / "released", _env_file=None)
    assert champion(settings, ()) is None
