"""A trained configuration's exam: learn until a day, be judged on the orders that followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.days import DAY_US, from_us
from features.errors import TrainingError
from training.baselines import BASELINES, baselines
from training.bootstrap import clusters, intervals
from training.configuration import Configuration
from training.evaluate import Estimate, Scoreboard, quick
from training.executor import Executor
from training.fit import Earlier, Tick, fit, silent
from training.inputs import Table
from training.labels import Floats, Ints
from training.lesson import known_before
from training.metrics import calibration_chance, population_stability
from training.tuning import Tuner

EXAM_SHARE = 0.15
REPLICATES = 100


@dataclass(frozen=True, slots=True)
class Exam:
    """What a model trained on an earlier part of the data did on the latest mature orders.

    The released model is trained on more; it saw the exam's orders, so it cannot sit the exam
    itself. ``differences`` are log-losses of the model minus each baseline's, paired; below 0 the
    model is better.
    """

    learnt_until: str
    last_learnt_known_us: int
    first_judged_us: int
    orders: int
    rto: int
    model: dict[str, float]
    predicted: float
    slope: Estimate
    baselines: dict[str, dict[str, float]]
    differences: dict[str, Estimate]
    calibration_chance: float = 1.0
    score_psi: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """The judged orders, their outcomes, and what the exam's model promised."""

    rows: Ints
    y: Floats
    probability: Floats


class _Field:
    """The model's slope, and its log-loss less each rival's, all weighted alike.

    One draw of the bootstrap serves all of them: the model is not judged anew for every rival.
    """

    def __init__(self, model: Scoreboard, rivals: Sequence[Scoreboard]) -> None:
        self._model, self._rivals = model, rivals

    def __call__(self, weight: Floats | None) -> Floats:
        own = self._model.loss(weight)
        gaps = [own - rival.loss(weight) for rival in self._rivals]
        return np.array([self._model.slope(weight), *gaps])


def sit(
    table: Table,
    configuration: Configuration,
    *,
    cutoff_us: int,
    tuner: Tuner | None = None,
    executor: Executor | None = None,
    tick: Tick = silent,
) -> tuple[Exam, Earlier, Sheet]:
    """Train on what was known before the latest mature orders and judge on them.

    The judged orders end one wait before the cutoff, as the folds do, and touch no choice: folds,
    blend and calibration of the exam's model all lie before them.

    Returns
    -------
    Exam, Earlier, Sheet
        The result, and what the exam's model hands on to the released one, which learns from more
        and need not choose again: its choices, and its scores of orders it had not learnt, the
        judged ones now included; and the judged orders themselves.

    Raises
    ------
    TrainingError
        When what was known then is too little to learn from, or nothing can be judged.
    """
    start, rows, y = _judged(table, configuration, cutoff_us)
    model = fit(table, configuration, cutoff_us=start, tuner=tuner, executor=executor, tick=tick)
    learnt = known_before(table.orders, configuration, start)
    parts = model.parts(table, rows)
    probability = model.blended(table, parts)
    simple = baselines(table, learnt, rows, strengths=model.choice.strengths)
    tick("exam")
    slope, *gaps = _against(table, rows, y, probability, [simple[name] for name in BASELINES])
    created, known_at = (table.orders[n].to_numpy(np.int64) for n in ("created_us", "outcome_us"))
    exam = Exam(
        learnt_until=from_us(start).isoformat(),
        last_learnt_known_us=int(known_at[learnt.rows].max()),
        first_judged_us=int(created[rows].min()),
        orders=len(y),
        rto=int(y.sum()),
        model=quick(y, probability),
        predicted=float(probability.mean()),
        slope=slope,
        baselines={name: quick(y, simple[name]) for name in BASELINES},
        differences=dict(zip(BASELINES, gaps, strict=True)),
        calibration_chance=calibration_chance(y, probability),
        score_psi=population_stability(model.blended(table, model.out_of_fold), probability),
    )
    earlier = Earlier(model.choice, model.out_of_fold.followed_by(parts))
    return exam, earlier, Sheet(rows, y, probability)


def _judged(table: Table, configuration: Configuration, cutoff_us: int) -> tuple[int, Ints, Floats]:
    """When the judged orders begin, their rows, and their outcomes."""
    labels = known_before(table.orders, configuration, cutoff_us)
    created = table.orders["created_us"].to_numpy(np.int64)
    wait = round(labels.report.wait_days * DAY_US)
    judged = labels.placed_before(created, cutoff_us - wait + 1)
    if not len(judged.rows):
        raise TrainingError("no order is old enough to be judged by")
    start = int(np.quantile(created[judged.rows], 1.0 - EXAM_SHARE, method="higher"))
    late = created[judged.rows] >= start
    rows, y = judged.rows[late], judged.y[late]
    if not 0 < y.sum() < len(y):
        raise TrainingError("the latest mature orders hold one outcome only")
    return start, rows, y


def _against(
    table: Table, rows: Ints, y: Floats, probability: Floats, rivals: Sequence[Floats]
) -> list[Estimate]:
    """The model's slope, then its log-loss less each rival's, with intervals."""
    persons, created = (table.orders[n].to_numpy(np.int64)[rows] for n in ("person", "created_us"))
    field = _Field(Scoreboard(y, probability), [Scoreboard(y, rival) for rival in rivals])
    found = intervals(field, clusters(persons, created), replicates=REPLICATES)
    numbers = zip(*(a.tolist() for a in (found.estimate, found.low, found.high)), strict=True)
    return [Estimate(*three) for three in numbers]
