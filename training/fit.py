"""One model from past orders: folds choose, everything known before the cutoff teaches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import lightgbm as lgb
import numpy as np

from features.days import DAY_US, from_us
from training import ridge
from models.calibration import Platt
from training.calibrate import best_mixture, calibrated, mixture, platt
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
    table: Table, configuration: Configuration, *, cutoff_us: int, tick: Tick = silent
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
    tick : callable
        Called with a few words before each step.

    Raises
    ------
    TrainingError
        When there is too little to learn from; says what and how much is needed.
    """
    labels = mature(table.orders, cutoff_us=cutoff_us, method=configuration.labels)
    folds = rolling(
        table.orders,
        labels,
        cutoff_us=cutoff_us,
        wait_us=round(labels.report.wait_days * DAY_US),
        method=configuration.labels,
    )
    inputs = table.inputs(labels.rows)
    samples = _samples(labels, folds)
    chosen, tried, booster = _trees(table, inputs, labels, samples, configuration, tick)
    strength, line, scaling, linear_trials = _linear(table, inputs, labels, samples, tick)
    tick("blend and calibration")
    judged = _Judged.of(samples)
    z_trees, z_linear = np.concatenate(chosen.out_of_fold), np.concatenate(strength.out_of_fold)
    mixtures = mixture(z_trees, z_linear, judged.y, judged.weight)
    best = best_mixture(mixtures, float(judged.weight.sum()))
    z = best.trees * z_trees + (1.0 - best.trees) * z_linear
    calibration = platt(z, judged.y, judged.weight)
    summary: dict[str, object] = {
        "until": from_us(cutoff_us).isoformat(),
        "labels": asdict(labels.report),
        "folds": {"kind": folds.kind, "count": len(folds.folds), "judged": len(judged.y)},
        "trees": {
            **{k: v for k, v in chosen.parameters.items() if isinstance(v, int | float)},
            "rounds": booster.num_trees(),
            "tried": tried,
        },
        "linear": {"strength": strength.strength, "tried": linear_trials},
        "blend": {
            "trees": best.trees,
            "loss": {"blend": best.loss, "trees": mixtures[-1].loss, "linear": mixtures[0].loss},
        },
        "calibration": {"kind": "platt", "slope": calibration.a},
        "out_of_fold": _quality(calibrated(calibration, z), judged),
        "inputs": {
            "features": len(inputs.features),
            "flags": len(inputs.flags),
            "extras": list(inputs.extras),
            "tokens": len(inputs.tokens),
            "excluded": list(configuration.exclude),
        },
        "seed": configuration.seed,
        "threads": configuration.threads,
    }
    return Model(inputs, booster, scaling, line, best.trees, calibration, labels.rows, summary)


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    y: Floats
    weight: Floats

    @classmethod
    def of(cls, samples: list[tuple[Sample, Sample]]) -> _Judged:
        return cls(
            np.concatenate([judge.y for _, judge in samples]),
            np.concatenate([judge.weight for _, judge in samples]),
        )


def _samples(labels: Labels, folds: Folds) -> list[tuple[Sample, Sample]]:
    """The folds as positions among the labelled rows."""

    def sample(part: Labels) -> Sample:
        at = np.searchsorted(labels.rows, part.rows)
        inside = np.minimum(at, len(labels.rows) - 1)
        keep = labels.rows[inside] == part.rows
        return Sample(at[keep], part.y[keep], part.weight[keep])

    return [(sample(fold.learn), sample(fold.judge)) for fold in folds.folds]


def _trees(
    table: Table,
    inputs: Inputs,
    labels: Labels,
    samples: list[tuple[Sample, Sample]],
    configuration: Configuration,
    tick: Tick,
) -> tuple[Trial, list[dict[str, object]], lgb.Booster]:
    """Try the shapes on the folds and refit the best on everything known."""
    names = (*inputs.features, *inputs.flags, *inputs.extras)
    orchard = Orchard(
        table.tree_columns(inputs, labels.rows),
        names,
        seed=configuration.seed,
        threads=configuration.threads,
    )
    candidates = _candidates(labels, configuration)
    trials = orchard.trials(candidates, configuration.trees, samples, tick)
    chosen = min(trials, key=lambda trial: trial.loss)
    tick("trees on everything known")
    learnt = float(np.mean([len(learn.at) for learn, _ in samples]))
    everything = Sample(np.arange(len(labels.rows)), labels.y, labels.weight)
    tried: list[dict[str, object]] = [
        {"num_leaves": t.parameters["num_leaves"], "rounds": t.rounds, "loss": t.loss}
        for t in trials
    ]
    return chosen, tried, orchard.fit(chosen, everything, learnt_from=learnt)


def _candidates(labels: Labels, configuration: Configuration) -> tuple[Shape, ...]:
    found = shapes(labels.report.orders, labels.report.rto)
    return found[:1] if "num_leaves" in configuration.trees else found


def _linear(
    table: Table,
    inputs: Inputs,
    labels: Labels,
    samples: list[tuple[Sample, Sample]],
    tick: Tick,
) -> tuple[ridge.Trial, Line, Scaling, list[dict[str, float]]]:
    """Try the strengths on the folds and refit the best on everything known."""
    tick("linear part")
    scaling = Scaling.of(table.numbers(inputs, labels.rows))
    columns = design(table, inputs, scaling, labels.rows)
    trials = ridge.trials(
        [
            (columns.take(learn.at), learn.y, learn.weight,
             columns.take(judge.at), judge.y, judge.weight)
            for learn, judge in samples
        ]
    )  # fmt: skip
    chosen = min(trials, key=lambda trial: trial.loss)
    line = ridge.fit(columns, labels.y, labels.weight, chosen.strength)
    tried = [{"strength": t.strength, "loss": t.loss} for t in trials]
    return chosen, line, scaling, tried


def _quality(probability: Floats, judged: _Judged) -> dict[str, float]:
    """How the blend did out of fold; it chose itself there, so this is no report."""
    return {
        "roc_auc": roc_auc(judged.y, probability, judged.weight),
        "calibration_error": calibration_error(judged.y, probability),
        "slope": calibration_line(judged.y, probability, judged.weight)[1],
    }
