"""One model from past orders: folds choose, everything known before the cutoff teaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import lightgbm as lgb
import numpy as np

from features.days import DAY_US, from_us
from models.calibration import Platt
from training import ridge
from training.calibrate import Mixture, best_mixture, calibrated, mixture, platt
from training.configuration import Configuration
from training.folds import Folds, rolling
from training.inputs import Inputs, Table
from training.labels import Floats, Ints, Labels, mature
from training.metrics import calibration_error, calibration_line, roc_auc
from training.ridge import Design, Line, Scaling
from training.trees import Orchard, Sample, Shape, Trial, shapes

Tick = Callable[[str], None]


def silent(_: str) -> None:
    """Show nothing."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What the folds chose among: the trees' shape and the ridge's strength."""

    shape: Shape
    strength: float


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
    calibration: Platt
    choice: Choice
    rows: Ints
    summary: dict[str, object]

    def log_odds(self, table: Table, rows: Ints) -> Floats:
        """Blended log-odds before calibration, shape (n_rows,)."""
        if len(rows) == 0:
            return np.empty(0)
        trees = self.trees.predict(table.tree_columns(self.inputs, rows), raw_score=True)
        linear = self.line.score(design(table, self.inputs, self.scaling, rows))
        return np.asarray(self.trees_share * trees + (1.0 - self.trees_share) * linear)

    def probability(self, table: Table, rows: Ints) -> Floats:
        """Calibrated probability of rto, shape (n_rows,)."""
        return calibrated(self.calibration, self.log_odds(table, rows))


def design(table: Table, inputs: Inputs, scaling: Scaling, rows: Ints) -> Design:
    """The linear part's columns for some rows of a table."""
    return Design(scaling.columns(table.numbers(inputs, rows)), table.tokens(inputs.tokens, rows))


def fit(
    table: Table,
    configuration: Configuration,
    *,
    cutoff_us: int,
    choice: Choice | None = None,
    tick: Tick = silent,
) -> Model:
    """Learn from what was known strictly before a cutoff.

    The rolling folds choose the shape and length of the trees, the strength of the ridge, the blend
    and the calibration; then both parts are refitted on everything known and carry those choices.

    Parameters
    ----------
    table : Table
        Every order with its as-of features; rows known later are not looked at.
    configuration : Configuration
        Seed, threads and what the user fixed.
    cutoff_us : int
        Outcomes known at or after it do not exist yet (µs since 1970, UTC).
    choice : Choice, optional
        Shape and strength chosen earlier, on less; the folds then choose the rest only.
    tick : callable
        Called with a few words before each step.

    Raises
    ------
    TrainingError
        When there is too little to learn from; says what and how much is needed.
    """
    lesson = _Lesson.of(table, configuration, cutoff_us)
    grown = _grow(lesson, configuration, choice, tick)
    drawn = _draw(lesson, choice, tick)
    tick("blend and calibration")
    mixed = _mix(lesson, grown.trial.out_of_fold, drawn.trial.out_of_fold)
    summary: dict[str, object] = {
        "until": from_us(cutoff_us).isoformat(),
        **lesson.summary,
        "trees": grown.summary,
        "linear": drawn.summary,
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
        choice=Choice(grown.trial.shape, drawn.trial.strength),
        rows=lesson.labels.rows,
        summary=summary,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Lesson:
    """What both parts learn from: labelled rows, their inputs, and the folds as positions."""

    table: Table
    inputs: Inputs
    labels: Labels
    kind: str
    samples: list[tuple[Sample, Sample]]

    @classmethod
    def of(cls, table: Table, configuration: Configuration, cutoff_us: int) -> _Lesson:
        labels = mature(table.orders, cutoff_us=cutoff_us, method=configuration.labels)
        folds = rolling(
            table.orders,
            labels,
            cutoff_us=cutoff_us,
            wait_us=round(labels.report.wait_days * DAY_US),
            method=configuration.labels,
        )
        samples = _positions(labels, folds)
        return cls(table, table.inputs(labels.rows), labels, folds.kind, samples)

    @property
    def everything(self) -> Sample:
        """All labelled rows."""
        return Sample(np.arange(len(self.labels.rows)), self.labels.y, self.labels.weight)

    @property
    def judged(self) -> tuple[Floats, Floats]:
        """Outcomes and weights of all judged rows, fold after fold."""
        y = np.concatenate([judge.y for _, judge in self.samples])
        return y, np.concatenate([judge.weight for _, judge in self.samples])

    @property
    def summary(self) -> dict[str, object]:
        """For the manifest."""
        judged = sum(len(judge.at) for _, judge in self.samples)
        return {
            "labels": asdict(self.labels.report),
            "folds": {"kind": self.kind, "count": len(self.samples), "judged": judged},
            "inputs": {
                "features": len(self.inputs.features),
                "flags": len(self.inputs.flags),
                "extras": list(self.inputs.extras),
                "tokens": len(self.inputs.tokens),
            },
        }


def _positions(labels: Labels, folds: Folds) -> list[tuple[Sample, Sample]]:
    """The folds as positions among the labelled rows."""

    def sample(part: Labels) -> Sample:
        at = np.searchsorted(labels.rows, part.rows)
        keep = labels.rows[np.minimum(at, len(labels.rows) - 1)] == part.rows
        return Sample(at[keep], part.y[keep], part.weight[keep])

    return [(sample(fold.learn), sample(fold.judge)) for fold in folds.folds]


@dataclass(frozen=True, slots=True, eq=False)
class _Grown:
    trial: Trial
    booster: lgb.Booster
    summary: dict[str, object]


def _grow(
    lesson: _Lesson, configuration: Configuration, choice: Choice | None, tick: Tick
) -> _Grown:
    """Try the shapes on the folds and refit the best on everything known."""
    orchard = Orchard(
        lesson.table.tree_columns(lesson.inputs, lesson.labels.rows),
        seed=configuration.seed,
        threads=configuration.threads,
    )
    report = lesson.labels.report
    candidates = shapes(report.orders, report.rto) if choice is None else (choice.shape,)
    if "num_leaves" in configuration.trees:
        candidates = candidates[:1]
    trials = orchard.trials(candidates, configuration.trees, lesson.samples, tick)
    chosen = min(trials, key=lambda trial: trial.loss)
    tick("trees on everything known")
    booster = orchard.fit(chosen, lesson.everything)
    settings = {k: v for k, v in chosen.parameters.items() if k not in ("seed", "num_threads")}
    tried = [
        {"num_leaves": t.parameters["num_leaves"], "rounds": t.rounds, "loss": t.loss}
        for t in trials
    ]
    return _Grown(
        chosen, booster, {"rounds": booster.num_trees(), "tried": tried, "settings": settings}
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    trial: ridge.Trial
    line: Line
    scaling: Scaling
    summary: dict[str, object]


def _draw(lesson: _Lesson, choice: Choice | None, tick: Tick) -> _Drawn:
    """Try the strengths of the ridge on the folds and refit the best on everything known."""
    tick("linear part")
    rows = lesson.labels.rows
    scaling = Scaling.of(lesson.table.numbers(lesson.inputs, rows))
    columns = design(lesson.table, lesson.inputs, scaling, rows)
    folds = [
        ridge.Fold(
            columns.take(learn.at), learn.y, learn.weight,
            columns.take(judge.at), judge.y, judge.weight,
        )
        for learn, judge in lesson.samples
    ]  # fmt: skip
    trials = ridge.trials(folds, ridge.STRENGTHS if choice is None else (choice.strength,))
    chosen = min(trials, key=lambda trial: trial.loss)
    line = ridge.fit(columns, lesson.labels.y, lesson.labels.weight, chosen.strength)
    tried = [{"strength": t.strength, "loss": t.loss} for t in trials]
    return _Drawn(chosen, line, scaling, {"strength": chosen.strength, "tried": tried})


@dataclass(frozen=True, slots=True, eq=False)
class _Mixed:
    trees_share: float
    calibration: Platt
    summary: dict[str, object]


def _mix(lesson: _Lesson, trees: tuple[Floats, ...], linear: tuple[Floats, ...]) -> _Mixed:
    """Choose the blend and the calibration from both parts' out-of-fold scores."""
    y, weight = lesson.judged
    z_trees, z_linear = np.concatenate(trees), np.concatenate(linear)
    mixtures = mixture(z_trees, z_linear, y, weight)
    best = best_mixture(mixtures, float(weight.sum()))
    z = best.trees * z_trees + (1.0 - best.trees) * z_linear
    calibration = platt(z, y, weight)
    return _Mixed(best.trees, calibration, _mix_summary(best, mixtures, calibration, z, y, weight))


def _mix_summary(
    best: Mixture,
    mixtures: tuple[Mixture, ...],
    calibration: Platt,
    z: Floats,
    y: Floats,
    weight: Floats,
) -> dict[str, object]:
    """For the manifest; the blend chose itself on these rows, so its numbers are no report."""
    p = calibrated(calibration, z)
    return {
        "blend": {
            "trees": best.trees,
            "loss": {"blend": best.loss, "trees": mixtures[-1].loss, "linear": mixtures[0].loss},
        },
        "calibration": calibration.to_json(),
        "out_of_fold": {
            "roc_auc": roc_auc(y, p, weight),
            "calibration_error": calibration_error(y, p),
            "slope": calibration_line(y, p, weight)[1],
        },
    }
