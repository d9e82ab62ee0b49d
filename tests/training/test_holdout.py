"""Merchants held out keep their features and lose their outcomes, in training only."""

from __future__ import annotations

import numpy as np
import pytest

from features.errors import SettingsError
from tests.training.ledger import START_US, make_matrix
from training.holdout import held_out, without_outcomes_of
from training.inputs import Table
from training.labels import mature


def test_no_label_of_a_merchant_held_out_is_left_and_the_others_stay() -> None:
    matrix = make_matrix(1_200)
    half = np.arange(1_200) % 2 == 0
    matrix.orders["merchant_id"] = np.where(half, "a", "b")
    table = Table(matrix)
    hidden = without_outcomes_of(table, ("b",))
    cutoff = START_US + 10**14
    before = mature(table.orders, cutoff_us=cutoff, method="wait")
    after = mature(hidden.orders, cutoff_us=cutoff, method="wait")
    assert not set(after.rows.tolist()) & set(np.flatnonzero(~half).tolist())
    assert set(after.rows.tolist()) == set(before.rows[half[before.rows]].tolist())
    assert (table.orders["outcome"] != "").any()
    inputs = table.inputs(after.rows)
    theirs = np.flatnonzero(~half)
    np.testing.assert_array_equal(hidden.numbers(inputs, theirs), table.numbers(inputs, theirs))


def test_names_must_exist_and_leave_somebody() -> None:
    assert held_out(("a",), {"a", "b"}) == ("a",)
    with pytest.raises(SettingsError, match="c is no merchant of this data folder; there are a, b"):
        held_out(("c",), {"a", "b"})
    with pytest.raises(SettingsError, match="at least one merchant must be left"):
        held_out(("a", "b"), {"a", "b"})
