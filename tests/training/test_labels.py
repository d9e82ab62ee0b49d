"""Labels count what was known, and make up for the slow returns that were not yet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.days import DAY_US, HOUR_US
from features.errors import TrainingError
from tests.training.ledger import START_US, end_of, make_matrix
from training.labels import delay_curve, mature


def test_an_outcome_counts_from_the_instant_after_it_is_known() -> None:
    orders = make_matrix(600).orders
    known_at = int(np.sort(orders["outcome_us"])[300])
    row = int(np.flatnonzero(orders["outcome_us"] == known_at)[0])
    orders.loc[row, "outcome"] = "rto"
    orders.loc[row, "treated"] = False
    orders.loc[row, "created_us"] = START_US
    assert row not in mature(orders, cutoff_us=known_at).rows
    assert row in mature(orders, cutoff_us=known_at + 1).rows


@given(st.integers(0, 50))
def test_nothing_known_after_the_cutoff_changes_a_label_or_a_weight(seed: int) -> None:
    orders = make_matrix(400, seed=1).orders
    cutoff = START_US + 60 * DAY_US
    before = mature(orders, cutoff_us=cutoff)
    rng = np.random.default_rng(seed)
    later = (orders["outcome_us"] >= cutoff).to_numpy()
    nonsense = rng.choice(np.array(["rto", "delivered", "lost", ""], dtype=object), later.sum())
    orders.loc[later, "outcome"] = nonsense
    orders.loc[later, "outcome_us"] += rng.integers(0, 10**13, later.sum())
    after = mature(orders, cutoff_us=cutoff)
    np.testing.assert_array_equal(before.rows, after.rows)
    np.testing.assert_array_equal(before.weight, after.weight)


def test_treated_cancelled_and_lost_orders_teach_nothing() -> None:
    orders = make_matrix(600).orders
    labels = mature(orders, cutoff_us=end_of(make_matrix(600)) + 90 * DAY_US)
    chosen = orders.iloc[labels.rows]
    assert set(chosen["outcome"]) == {"rto", "delivered"}
    assert not chosen["treated"].any()
    assert labels.report.left_out["cancelled or lost"] > 0
    assert labels.report.left_out["interfered with before dispatch"] > 0


def test_weights_bring_back_the_share_of_returns_that_slow_delays_hide() -> None:
    matrix = make_matrix(20_000, days=100, treated_share=0.0)
    cutoff = START_US + 100 * DAY_US
    young = (matrix.orders["created_us"] > cutoff - 25 * DAY_US).to_numpy()
    final = matrix.orders["outcome"].isin(["rto", "delivered"]).to_numpy()
    truth = (matrix.orders["outcome"] == "rto").to_numpy()[young & final].mean()
    labels = mature(matrix.orders, cutoff_us=cutoff)
    at = young[labels.rows]
    plain = labels.y[at].mean()
    weighted = np.average(labels.y[at], weights=labels.weight[at])
    assert plain < truth - 0.02
    assert weighted == pytest.approx(truth, abs=0.02)


def test_waiting_leaves_the_young_out_and_weighs_nothing() -> None:
    orders = make_matrix(2_000).orders
    cutoff = START_US + 100 * DAY_US
    labels = mature(orders, cutoff_us=cutoff, method="wait", wait_us=30 * DAY_US)
    assert orders["created_us"].to_numpy()[labels.rows].max() <= cutoff - 30 * DAY_US
    assert set(labels.weight) == {1.0}


def test_a_fixed_delay_needs_no_weights_and_waits_exactly_so_long() -> None:
    labels = mature(
        make_matrix(1_000, fixed_delay_days=14.0).orders, cutoff_us=START_US + 90 * DAY_US
    )
    assert labels.report.wait_days == 14.0
    assert set(labels.weight) == {1.0}
    assert labels.report.effective == len(labels.rows)


def test_the_delay_curve_is_the_true_one_although_slow_delays_are_missing() -> None:
    rng = np.random.default_rng(0)
    delay = (rng.gamma(12, 1.0, 60_000) * DAY_US).astype(np.int64)
    age = (rng.random(60_000) * 60 * DAY_US).astype(np.int64)
    seen = delay < age
    curve = delay_curve(delay[seen], age[seen])
    for days in (8, 12, 16, 20):
        truth = (delay <= days * DAY_US).mean()
        naive = (delay[seen] <= days * DAY_US).mean()
        at = float(curve.known_by(np.array([days * DAY_US + HOUR_US]))[0])
        assert at == pytest.approx(truth, abs=0.015)
        assert naive > truth + 0.001


def test_ten_rows_or_one_class_say_how_much_is_needed() -> None:
    few = make_matrix(10).orders
    with pytest.raises(TrainingError, match=r"at least 100 orders with 10 of each outcome"):
        mature(few, cutoff_us=START_US + 300 * DAY_US)
    one = make_matrix(500).orders
    one["outcome"] = "delivered"
    with pytest.raises(TrainingError, match=r"only 0 returned and \d+ delivered"):
        mature(one, cutoff_us=START_US + 300 * DAY_US)
    unknown = make_matrix(500).orders
    unknown["outcome"], unknown["outcome_us"] = "", -1
    with pytest.raises(TrainingError, match="500 outcome not known by the cutoff"):
        mature(unknown, cutoff_us=START_US + 300 * DAY_US)


def test_spared_orders_stand_for_those_acted_on_and_the_share_of_returns_comes_back() -> None:
    orders = make_matrix(20_000, treated_share=0.0, fixed_delay_days=3.0).orders
    cutoff = end_of(make_matrix(20_000)) + 90 * DAY_US
    whole = mature(orders, cutoff_us=cutoff)
    risky = (orders["payment_mode"] == "cod").to_numpy()
    spared = np.random.default_rng(4).random(len(orders)) < 0.2
    orders["treated"] = risky & ~spared
    orders["arm"] = np.where(risky, np.where(spared, "holdout", "treatment"), "")
    orders["propensity"] = np.where(risky, np.where(spared, 0.2, 0.8), np.nan)
    plain = mature(orders, cutoff_us=cutoff)
    weighed = mature(orders, cutoff_us=cutoff, interventions="propensity")
    truth = whole.y.mean()
    assert plain.y.mean() < truth - 0.05
    assert np.average(weighed.y, weights=weighed.weight) == pytest.approx(truth, abs=0.01)
    assert weighed.report.stand_ins == (spared & risky)[weighed.rows].sum()
    assert weighed.report.effective < plain.report.effective
    orders["propensity"] = np.where(spared, 1e-6, orders["propensity"])
    assert mature(orders, cutoff_us=cutoff, interventions="propensity").weight.max() == 10.0
