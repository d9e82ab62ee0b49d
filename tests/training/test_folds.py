"""Folds roll forward in time and know nothing of what they judge."""

from __future__ import annotations

import numpy as np
import pytest

from features.days import DAY_US
from features.errors import TrainingError
from tests.training.ledger import START_US, make_matrix
from training.folds import Folds, rolling
from training.labels import mature

CUTOFF = START_US + 110 * DAY_US


def folds_of(**about: float | None) -> tuple[Folds, np.ndarray, np.ndarray, int]:
    orders = make_matrix(3_000, **about).orders  # type: ignore[arg-type]
    labels = mature(orders, cutoff_us=CUTOFF)
    wait = round(labels.report.wait_days * DAY_US)
    folds = rolling(orders, labels, cutoff_us=CUTOFF, wait_us=wait)
    return folds, orders["created_us"].to_numpy(), orders["outcome_us"].to_numpy(), wait


def test_a_fold_learns_only_what_was_known_before_its_first_judged_order() -> None:
    folds, created, known_at, _ = folds_of()
    assert folds.kind == "as known then"
    assert len(folds.folds) == 4
    for fold in folds.folds:
        assert known_at[fold.learn.rows].max() <= created[fold.judge.rows].min()


def test_no_order_is_judged_twice_and_the_last_fold_ends_one_wait_before_the_cutoff() -> None:
    folds, created, _, wait = folds_of()
    judged = np.concatenate([fold.judge.rows for fold in folds.folds])
    assert len(np.unique(judged)) == len(judged)
    assert created[judged].max() <= CUTOFF - wait


def test_a_history_of_two_waits_falls_back_to_placement_and_says_so() -> None:
    folds, created, _, _ = folds_of(days=110.0, fixed_delay_days=55.0)
    assert folds.kind == "by placement"
    for fold in folds.folds:
        assert created[fold.learn.rows].max() < created[fold.judge.rows].min()


def test_one_instant_cannot_be_split_in_time() -> None:
    orders = make_matrix(500).orders
    orders["outcome_us"] = START_US + DAY_US
    orders["created_us"] = START_US
    labels = mature(orders, cutoff_us=CUTOFF)
    with pytest.raises(TrainingError, match="cannot be split in time"):
        rolling(orders, labels, cutoff_us=CUTOFF, wait_us=DAY_US)
