"""One model from past orders: folds choose, everything known before the cutoff teaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from features.days import from_us
from models.calibration import Calibration
from training.calibrate import calibrated
from training.configuration import Configuration
from training.executor import Executor, Local
from training.inputs import Inputs, Table
from training.labels import Floats, Ints
from training.lesson import Lesson
from training.mixing import OutOfFold, mix
from training.ridge import Design, Line
from training.scaling import Scaling
from training.strengths import learn
from training.tree_rows import TreeRows
from training.trees import Shape, shapes
from training.tuning import Tuner

Tick = Callable[[str], None]
CHUNK = 65_536
SCALED_ON = 200_000


def silent(_: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the folds chose: the trees' shape and number, and the ridge's strengths by kind."""

    shape: Shape
    rounds: int
    strengths: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A fitted model, still in training's own hands; ``training.bundling`` releases it.

    Parameters
    ----------
    inputs : Inputs
        What it reads.
    trees : lightgbm.Booster
        Raw scores in log-odds over ``Table.tree_columns``.
    scaling, line : Scaling, Line
        The linear part over ``Table.numbers`` and the inputs' tokens.
    trees_share : float
        The blend: ``z = trees_share · trees + (1 − trees_share) · linear``.
    calibration : Platt
        From z to probability.
    choice : Choice
        What its folds chose.
    out_of_fold : OutOfFold
        What blend and calibration were chosen on.
    rows : int64 array
        Matrix rows it learnt from.
    summary : dict
        What was learnt from and how it was chosen; goes into the manifest.
    """

    inputs: Inputs
    trees: lgb.Booster
    scaling: Scaling
    line: Line
    trees_share: float
    calibration: Calibration
    choice: Choice
    out_of_fold: OutOfFold
    rows: Ints
    summary: dict[str, object]

    def parts(self, table: Table, rows: Ints) -> OutOfFold:
        """The scores of trees and linear part on some orders."""
        trees, linear = np.empty((2, len(rows)))
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            columns = table.tree_columns(self.inputs, rows[part])
            trees[part] = self.trees.predict(columns, raw_score=True)
            linear[part] = self.line.score(design(table, self.inputs, self.scaling, rows[part]))
        return OutOfFold(rows, trees, linear)

    def log_odds(self, table: Table, rows: Ints) -> Floats:
        """Blended log-odds before calibration, shape (n_rows,)."""
        parts = self.parts(table, rows)
        return self.trees_share * parts.trees + (1.0 - self.trees_share) * parts.linear

    def probability(self, table: Table, rows: Ints) -> Floats:
        """Calibrated probability of rto, shape (n_rows,)."""
        return self.blended(self.parts(table, rows))

    def blended(self, parts: OutOfFold) -> Floats:
        """Calibrated probability from both parts' scores."""
        z = self.trees_share * parts.trees + (1.0 - self.trees_share) * parts.linear
        return calibrated(self.calibration, z)


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """What a model that knew less hands on to one that knows more.

    Its choices, and its scores of orders it had not learnt: out of its folds, and of the orders
    that came after it. On these the later model finds its blend and calibration, and need not cut
    folds of its own.
    """

    choice: Choice
    scores: OutOfFold


def design(
    table: Table,
    inputs: Inputs,
    scaling: Scaling,
    rows: Ints,
    dtype: type[np.floating] = np.float64,
) -> Design:
    """The linear part's columns for some rows of a table."""
    width = len(scaling.median) + int(scaling.gaps.sum())
    dense = np.empty((len(rows), width), dtype)
    for start in range(0, len(rows), CHUNK):
        part = slice(start, start + CHUNK)
        dense[part] = scaling.columns(table.numbers(inputs, rows[part]), dtype)
    return Design(dense, table.tokens(inputs.tokens, rows))


def scaling_of(table: Table, inputs: Inputs, rows: Ints) -> Scaling:
    """How numbers come to one scale, from at most ``SCALED_ON`` of the rows, evenly spread."""
    at = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), SCALED_ON)).astype(np.int64))
    return Scaling.of(table.numbers(inputs, rows[at]))


def fit(
    table: Table,
    configuration: Configuration,
    *,
    cutoff_us: int,
    choice: Choice | None = None,
    earlier: Earlier | None = None,
    tuner: Tuner | None = None,
    executor: Executor | None = None,
    tick: Tick = silent,
) -> Model:
    """Learn from what was known strictly before a cutoff.

    The rolling folds choose the shape and length of the trees, the blend and the calibration; the
    ridge learns its own strengths. Then both parts are refitted on everything known and carry those
    choices.

    Parameters
    ----------
    table : Table
        Every order with its as-of features; rows known later are not looked at.
    configuration : Configuration
        Seed, threads and what the user fixed.
    cutoff_us : int
        Outcomes known at or after it do not exist yet (µs since 1970, UTC).
    choice : Choice, optional
        A shape chosen before; the folds then choose the rest only.
    earlier : Earlier, optional
        From a model of the same table with an earlier cutoff; no folds are cut then.
    tuner : Tuner, optional
        Searches the trees' shape on the folds, where there are any.
    executor : Executor, optional
        Who grows the trees, where that is not this machine.
    tick : callable
        Called with a few words before each step.

    Raises
    ------
    TrainingError
        When there is too little to learn from; says what and how much is needed.
    """
    lesson = Lesson.of(table, configuration, cutoff_us, folds=earlier is None)
    fixed = earlier.choice if earlier is not None else choice
    executor = executor or Local(configuration.threads)
    grown = _grow(lesson, configuration, fixed, earlier is not None, tuner, executor, tick)
    drawn = _draw(lesson, fixed, tick)
    tick("blend and calibration")
    scores = (
        earlier.scores
        if earlier is not None
        else OutOfFold(lesson.judged, grown.out_of_fold, drawn.out_of_fold)
    )
    mixed = mix(scores, lesson.labels)
    summary: dict[str, object] = {
        "until": from_us(cutoff_us).isoformat(),
        **lesson.summary,
        "trees": grown.summary,
        "linear": {"strengths": drawn.strengths},
        **mixed.summary,
        "excluded": list(configuration.exclude),
        "seed": configuration.seed,
        "threads": configuration.threads,
    }
    return Model(
        inputs=lesson.inputs,
        trees=grown.booster,
        scaling=drawn.scaling,
        line=drawn.line,
        trees_share=mixed.trees_share,
        calibration=mixed.calibration,
        choice=Choice(grown.shape, grown.booster.num_trees(), drawn.strengths),
        out_of_fold=scores,
        rows=lesson.labels.rows,
        summary=summary,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Grown:
    shape: Shape
    booster: lgb.Booster
    out_of_fold: Floats
    summary: dict[str, object]


def _grow(
    lesson: Lesson,
    configuration: Configuration,
    fixed: Choice | None,
    whole: bool,
    tuner: Tuner | None,
    executor: Executor,
    tick: Tick,
) -> _Grown:
    """Try the shapes on the folds and refit the best on everything known."""
    orchard = executor.orchard(
        TreeRows(lesson.table, lesson.inputs, lesson.labels.rows),
        seed=configuration.seed,
        replaced=configuration.trees,
    )
    report = lesson.labels.report
    candidates = shapes(report.orders, report.rto) if fixed is None else (fixed.shape,)
    if "num_leaves" in configuration.trees:
        candidates = candidates[:1]
    if fixed is not None and whole:
        shape, rounds, loose, tried = fixed.shape, fixed.rounds, np.empty(0), []
    else:
        if tuner is not None and fixed is None:
            candidates = (tuner.shape(orchard, candidates, lesson.samples, tick),)
        trials = orchard.trials(candidates, lesson.samples, tick)
        best = min(trials, key=lambda trial: trial.loss)
        shape, rounds, loose = best.shape, best.rounds, np.concatenate(best.out_of_fold)
        tried = [
            {"num_leaves": t.parameters["num_leaves"], "rounds": t.rounds, "loss": t.loss}
            for t in trials
        ]
    booster = orchard.fit(shape, rounds, lesson.everything, tick)
    settings = orchard.settings(shape)
    return _Grown(
        shape, booster, loose, {"rounds": booster.num_trees(), "tried": tried, "settings": settings}
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    line: Line
    scaling: Scaling
    strengths: dict[str, float]
    out_of_fold: Floats


def _draw(lesson: Lesson, fixed: Choice | None, tick: Tick) -> _Drawn:
    """Fit the ridge on every fold's past and on everything known, each learning its strengths."""
    rows, labels = lesson.labels.rows, lesson.labels
    scaling = scaling_of(lesson.table, lesson.inputs, rows)
    columns = design(lesson.table, lesson.inputs, scaling, rows, np.float32)
    kinds = lesson.table.kinds(lesson.inputs, scaling.gaps)
    strengths = fixed.strengths if fixed is not None else None
    loose = [np.empty(0)]
    for k, (known, judge) in enumerate(lesson.samples):
        tick(f"linear part, fold {k + 1} of {len(lesson.samples)}")
        # A fold's past is nearly a prefix: what was not known yet weighs nothing, and the gigabytes
        # before it are not copied.
        past = columns.head(int(known.at[-1]) + 1)
        y, weight = np.zeros((2, len(past.dense)))
        y[known.at], weight[known.at] = known.y, known.weight
        part = learn(past, kinds, y, weight, before=strengths)
        strengths = part.strengths
        loose.append(part.line.score(columns.take(judge.at)))
    tick("linear part on everything known")
    whole = learn(columns, kinds, labels.y, labels.weight, before=strengths)
    return _Drawn(whole.line, scaling, whole.strengths, np.concatenate(loose))
