"""A column edited after the outcome is found; honest ones are not accused."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.training.ledger import end_of, make_matrix
from training.inputs import Table
from training.labels import mature
from training.traps import Trap, separation, traps


def found(**about: object) -> dict[str, Trap]:
    matrix = make_matrix()
    extra = about.pop("extra", ())
    matrix.extras.update(about)  # type: ignore[arg-type]
    labels = mature(matrix.orders, cutoff_us=end_of(matrix) + 10**13)
    return {t.column: t for t in traps(matrix, Table(matrix, extra=extra), labels)}  # type: ignore[arg-type]


def test_a_fee_zeroed_when_the_parcel_came_back_is_reported_whether_used_or_not() -> None:
    assert not found()["fee_after"].used
    assert found(extra=("fee_after",))["fee_after"].used
    assert "after_outcome" in str(found()["fee_after"])


def test_honest_columns_are_not_accused() -> None:
    assert set(found()) == {"fee_after"}


def test_a_text_that_names_the_outcome_is_reported() -> None:
    outcome = make_matrix().orders["outcome"].to_numpy()
    text = np.where(outcome == "rto", "returned to seller", "fine").astype(object)
    assert "remark" in found(remark=text)


def test_one_value_that_only_returns_have_is_reported_although_it_ranks_few() -> None:
    outcome = make_matrix().orders["outcome"].to_numpy()
    rng = np.random.default_rng(0)
    some = (outcome == "rto") & (rng.random(len(outcome)) < 0.3)
    note = np.where(some, "RTO", np.where(rng.random(len(outcome)) < 0.5, "a", "b")).astype(object)
    trap = found(note=note)["note"]
    assert trap.purest == 1.0
    assert trap.roc_auc < 0.85


@given(st.integers(0, 500))
def test_noise_with_many_values_does_not_separate(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = (rng.random(600) < 0.2).astype(np.float64)
    auc, purest = separation(rng.integers(0, 200, 600), y)
    assert auc < 0.7
    assert purest < 0.95
