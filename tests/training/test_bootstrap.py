"""Intervals cover as often as they say, when orders of a person or a week go together."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from features.days import DAY_US
from tests.training.ledger import START_US
from training.bootstrap import Clusters, Statistic, clusters, intervals, total_intervals
from training.metrics import Floats


def mean_of(x: Floats) -> Statistic:
    return lambda weight: np.array([np.average(x, weights=weight)])


def test_independent_rows_get_the_textbook_error() -> None:
    x = np.random.default_rng(0).normal(0, 2, 3_000)
    at = np.arange(3_000)
    groups = clusters(at, START_US + at * (60 * DAY_US // 3_000))
    found = intervals(mean_of(x), groups, replicates=400)
    assert groups.period_name == "week"
    assert found.error[0] == pytest.approx(2 / np.sqrt(3_000), rel=0.6)
    assert found.error[0] >= 0.9 * 2 / np.sqrt(3_000)


def test_copies_of_one_person_are_no_evidence() -> None:
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(300), 10)
    x = np.repeat(rng.normal(0, 1, 300), 10)
    none = Clusters(person, np.arange(3_000), "none")
    found = intervals(mean_of(x), none, replicates=400)
    assert found.error[0] == pytest.approx(x.std() / np.sqrt(300), rel=0.15)


def test_weeks_that_differ_widen_the_interval_though_persons_do_not() -> None:
    rng = np.random.default_rng(2)
    week = np.repeat(np.arange(20), 150)
    x = np.repeat(rng.normal(0, 1, 20), 150) + rng.normal(0, 0.1, 3_000)
    by_both = Clusters(np.arange(3_000), week, "week")
    by_person = Clusters(np.arange(3_000), np.arange(3_000), "none")
    wide = intervals(mean_of(x), by_both, replicates=300)
    narrow = intervals(mean_of(x), by_person, replicates=300)
    assert wide.error[0] == pytest.approx(1 / np.sqrt(20), rel=0.35)
    assert wide.error[0] > 5 * narrow.error[0]


def test_a_paired_difference_of_equals_is_nothing() -> None:
    x = np.random.default_rng(3).normal(0, 1, 500)
    groups = clusters(np.arange(500), START_US + np.arange(500) * DAY_US // 5)
    found = intervals(
        lambda w: np.array([np.average(x, weights=w) - np.average(x, weights=w)]), groups
    )
    assert found.low[0] == found.high[0] == 0.0


@pytest.mark.parametrize(("days", "name"), [(100, "week"), (20, "day"), (3, "none")])
def test_time_clusters_need_eight_of_their_kind(days: int, name: str) -> None:
    created = START_US + np.arange(1_000) * days * DAY_US // 1_000
    assert clusters(np.arange(1_000), created).period_name == name


def test_the_same_seed_gives_the_same_interval() -> None:
    x = np.random.default_rng(4).normal(0, 1, 400)
    groups = clusters(np.arange(400) // 2, START_US + np.arange(400) * DAY_US // 4)
    first, second = (intervals(mean_of(x), groups) for _ in range(2))
    assert first.error[0] == second.error[0]


def test_totals_drawn_by_cluster_give_the_interval_of_orders_drawn_by_cluster() -> None:
    rng = np.random.default_rng(5)
    week = np.repeat(np.arange(16), 60)
    person = rng.integers(0, 200, 960)
    x = rng.normal(0, 1, 16)[week] + rng.normal(0, 0.5, 200)[person]
    groups = Clusters(np.unique(person, return_inverse=True)[1], week, "week")
    plain = intervals(mean_of(x), groups, replicates=50)
    columns = sparse.csr_matrix(np.column_stack([x, np.ones(960)]))
    totals = total_intervals(columns, lambda t: np.array([t[0] / t[1]]), groups, replicates=50)
    np.testing.assert_allclose(totals.estimate, plain.estimate)
    np.testing.assert_allclose(totals.error, plain.error)


def test_draws_without_returns_are_left_out_and_too_many_of_them_say_nothing() -> None:
    groups = clusters(np.arange(50), START_US + np.arange(50) * DAY_US)
    never = intervals(lambda _w: np.array([np.nan, 1.0]), groups, replicates=20)
    assert np.isnan(never.error[0])
    assert never.error[1] == 0.0
