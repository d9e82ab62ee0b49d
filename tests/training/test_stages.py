"""How long a training will take, said while it runs."""

from __future__ import annotations

import pytest

from training.stages import TRAINING, Course


def test_the_time_left_follows_from_what_is_done() -> None:
    course = Course(TRAINING)
    course.enter("reading orders", 0.0)
    assert course.left(1.0) is None
    course.reach(0.5)
    left = course.left(15.0)
    assert left is not None
    assert left == pytest.approx(85.0, rel=0.02)


def test_a_step_knows_its_place_and_its_part() -> None:
    course = Course(TRAINING)
    shares = []
    for step in (
        "history", "exam: trees, fold 1 of 4", "exam: trees, fold 4 of 4",
        "exam: trees on everything known, 11 of 300", "exam: linear part, fold 1 of 4",
        "exam: exam", "trees on everything known, 291 of 300", "gates", "MLflow",
    ):  # fmt: skip
        course.enter(step, 0.0)
        shares.append(course.done)
    assert shares == sorted(shares)
    assert 0.0 < shares[0] < shares[-1] < 1.0


def test_a_step_nobody_foresaw_stands_where_the_one_before_stood() -> None:
    course = Course(TRAINING)
    course.enter("looking for columns that know too much", 0.0)
    before = course.done
    course.enter("exam: tuning, trial 3", 1.0)
    assert course.done == before


def test_the_time_taken_adds_up_by_kind_of_work() -> None:
    course = Course(TRAINING)
    course.enter("reading orders", 0.0)
    course.enter("exam: trees on everything known", 10.0)
    course.enter("exam: linear part on everything known", 13.0)
    course.enter("trees on everything known", 14.0)
    assert course.took(20.0) == {"reading orders": 10.0, "trees": 9.0, "linear part": 1.0}
