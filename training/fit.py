"""One model from past orders: folds choose, everything known before the cutoff teaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import lightgbm as lgb
import numpy as np

from features.days import from_us
from models.calibration import Calibration
from models.uncertainty import Uncertainty
from training.calibrate import calibrated
from training.configuration import Configuration
from training.executor import Executor, Local
from training.inputs import Inputs, Table
from training.labels import Floats, Ints
from training.lesson import Lesson
from training.linear_part import design, draw
from training.merchants import offsets_of, with_token
from training.mixing import OutOfFold, mix
from training.ridge import Line
from training.scaling import Scaling
from training.shape import Shape, shapes
from training.strengths import AS_LEARNED, Firmness
from training.tree_rows import TreeRows
from training.tuning import Tuner
from training.uncertainty import measure
from training.weighing import AS_USUAL, Weighed, follow, weighed

Tick = Callable[[str], None]
CHUNK = 65_536


def silent(_: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the folds chose: the trees' shape and number, the ridge's strengths, the weighing."""

    shape: Shape
    rounds: int
    strengths: dict[str, float]
    firmness: Firmness = AS_LEARNED
    weighing: Weighed = AS_USUAL


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
    calibration : Calibration
        From z to probability.
    moved : dict of str to float
        By how much a merchant's blended score is moved before it.
    uncertainty : Uncertainty
        How far the true chances may lie from it.
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
    moved: dict[str, float]
    uncertainty: Uncertainty
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
        return self._blend(table, parts)

    def probability(self, table: Table, rows: Ints) -> Floats:
        """Calibrated probability of rto, shape (n_rows,)."""
        return self.blended(table, self.parts(table, rows))

    def intervals(self, table: Table, rows: Ints, probability: Floats) -> tuple[Floats, Floats]:
        """Between which two chances eight of ten such orders lie, each of shape (n_rows,)."""
        known = table.known_outcomes(rows)
        return self.uncertainty.intervals(probability, known, np.zeros(len(rows)))

    def blended(self, table: Table, parts: OutOfFold) -> Floats:
        """Calibrated probability from both parts' scores."""
        return calibrated(self.calibration, self._blend(table, parts))

    def _blend(self, table: Table, parts: OutOfFold) -> Floats:
        own = offsets_of(table.merchants[parts.rows], self.moved)
        return self.trees_share * parts.trees + (1.0 - self.trees_share) * parts.linear + own


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """What a model that knew less hands on to one that knows more.

    Its choices, and its scores of orders it had not learnt: out of its folds, and of the orders
    that came after it. On these the later model finds its blend and calibration, and need not cut
    folds of its own.
    """

    choice: Choice
    scores: OutOfFold


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
        Searches shape and firmness on the folds, where there are any.
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
    tick("what an order weighs")
    carried = None if fixed is None else fixed.weighing
    found = weighed(lesson, configuration, cutoff_us, carried)
    lesson = follow(lesson, configuration, cutoff_us, found.chosen)
    executor = executor or Local(configuration.threads)
    grown = _grow(lesson, configuration, fixed, earlier is not None, tuner, executor, tick)
    before = (fixed.strengths, fixed.firmness) if fixed is not None else None
    drawn = draw(lesson, before, tuner, tick)
    tick("blend and calibration")
    scores = (
        earlier.scores
        if earlier is not None
        else OutOfFold(lesson.judged, grown.out_of_fold, drawn.out_of_fold)
    )
    mixed = mix(scores, lesson.labels, table.merchants, with_token(lesson.inputs.tokens))
    sure = measure(table, mixed.judged.rows, mixed.judged.y, mixed.judged.probability)
    return Model(
        inputs=lesson.inputs,
        trees=grown.booster,
        scaling=drawn.scaling,
        line=drawn.line,
        trees_share=mixed.trees_share,
        calibration=mixed.calibration,
        moved=mixed.moved.offsets,
        uncertainty=sure.uncertainty,
        choice=Choice(
            grown.shape, grown.booster.num_trees(), drawn.strengths, drawn.firmness, found
        ),
        out_of_fold=scores,
        rows=lesson.labels.rows,
        summary={
            "until": from_us(cutoff_us).isoformat(),
            **lesson.summary,
            "weighing": asdict(found),
            "trees": grown.summary,
            "linear": {"strengths": drawn.strengths, "firmness": asdict(drawn.firmness)},
            **mixed.summary,
            "uncertainty": sure.to_json(),
            "excluded": list(configuration.exclude),
            "seed": configuration.seed,
            "threads": configuration.threads,
        },
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
            {
                "num_leaves": t.parameters["num_leaves"],
                "rounds": t.rounds,
                "loss": round(t.loss, 12),
            }
            for t in trials
        ]
    booster = orchard.fit(shape, rounds, lesson.everything, tick)
    settings = orchard.settings(shape)
    return _Grown(
        shape, booster, loose, {"rounds": booster.num_trees(), "tried": tried, "settings": settings}
    )
