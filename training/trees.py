"""Gradient-boosted trees: the shape and length that the folds choose, and the fit."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from training.labels import Floats, Ints

# Threads that wait by spinning cost a busy machine a hundred times the work itself; the runtime
# reads this once, when LightGBM loads it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import lightgbm as lgb

MOST_ROUNDS = 800
PATIENCE = 40

FIXED: Mapping[str, object] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "feature_pre_filter": False,
    "bagging_freq": 1,
    "boost_from_average": True,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """How large one tree may grow, how fast the ensemble learns, and whether cuts are drawn.

    With ``extra_trees`` one random cut per column is tried at each node in place of the best of
    all (Geurts, Ernst and Wehenkel 2006): many of our columns are nearly copies of each other, and
    drawing cuts averages over them instead of following the luckiest.
    """

    num_leaves: int
    min_data_in_leaf: int
    learning_rate: float = 0.05
    feature_fraction: float = 0.5
    bagging_fraction: float = 0.8
    lambda_l2: float = 10.0
    extra_trees: bool = False

    def parameters(
        self, replaced: Mapping[str, float | int], *, seed: int, threads: int
    ) -> dict[str, object]:
        """LightGBM's parameter table, with a user's own values in place of these."""
        own = {name: getattr(self, name) for name in self.__slots__}
        return {**FIXED, **own, **replaced, "seed": seed, "num_threads": threads}


def shapes(orders: int, rto: int) -> tuple[Shape, ...]:
    """The shapes worth trying for this much evidence; few returns feed only small trees."""
    leaf = int(np.clip(orders // 200, 20, 200))
    if rto < 2_000:
        return Shape(4, max(leaf, 50), 0.02), Shape(8, max(leaf, 50), 0.02)
    if rto < 20_000:
        return Shape(8, leaf, extra_trees=True), Shape(24, leaf, extra_trees=True)
    return Shape(24, leaf, extra_trees=True), Shape(63, leaf)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Rows of the tree columns with labels and weights, as positions into one binned table."""

    at: Ints
    y: Floats
    weight: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What the folds say of one shape."""

    shape: Shape
    parameters: dict[str, object]
    rounds: int
    loss: float
    out_of_fold: tuple[Floats, ...]


class Orchard:
    """One table of tree columns, binned once and fitted on many subsets of its rows."""

    def __init__(self, columns: Floats, *, seed: int, threads: int) -> None:
        self._columns = columns
        self._seed, self._threads = seed, threads
        self._binned = lgb.Dataset(
            columns,
            label=np.zeros(len(columns)),
            params={**FIXED, "seed": seed, "num_threads": threads},
            free_raw_data=False,
        ).construct()

    def _subset(self, sample: Sample) -> lgb.Dataset:
        part = self._binned.subset(np.asarray(sample.at, dtype=np.int32))
        # Constructing a subset copies the whole table's (empty) labels, so ours come after it.
        part.construct()
        part.set_label(sample.y)
        part.set_weight(sample.weight)
        return part

    def trials(
        self,
        shapes_: Sequence[Shape],
        replaced: Mapping[str, float | int],
        folds: Sequence[tuple[Sample, Sample]],
        tick: Callable[[str], None],
    ) -> tuple[Trial, ...]:
        """Fit every shape on every fold, one thread each, several at a time.

        One number of rounds is chosen for all folds together, where their pooled loss is least:
        stopping each at its own best would make the out-of-fold predictions, and so the
        calibration, better than any later month.
        """
        tables = [s.parameters(replaced, seed=self._seed, threads=1) for s in shapes_]
        parts = [(self._subset(learn), self._subset(judge)) for learn, judge in folds]
        jobs = [(table, *part) for table in tables for part in parts]
        with ThreadPoolExecutor(self._threads) as pool:
            done = []
            for k, fitted in enumerate(pool.map(lambda job: _watched(*job), jobs)):
                tick(f"trees, fold {k + 1} of {len(jobs)}")
                done.append(fitted)
        return tuple(
            self._trial(shape, table, done[k * len(folds) : (k + 1) * len(folds)], folds)
            for k, (shape, table) in enumerate(zip(shapes_, tables, strict=True))
        )

    def _trial(
        self,
        shape: Shape,
        parameters: dict[str, object],
        fitted: Sequence[tuple[lgb.Booster, list[float]]],
        folds: Sequence[tuple[Sample, Sample]],
    ) -> Trial:
        curves = [curve for _, curve in fitted]
        shortest = min(len(curve) for curve in curves)
        mass = [judge.weight.sum() for _, judge in folds]
        pooled = np.average([curve[:shortest] for curve in curves], axis=0, weights=mass)
        best = int(np.argmin(pooled)) + 1
        scores = tuple(
            np.asarray(
                booster.predict(self._columns[judge.at], raw_score=True, num_iteration=best),
                dtype=np.float64,
            )
            for (booster, _), (_, judge) in zip(fitted, folds, strict=True)
        )
        return Trial(shape, parameters, best, float(pooled[best - 1]), scores)

    def fit(self, trial: Trial, sample: Sample) -> lgb.Booster:
        """Refit the chosen shape on everything known, as many rounds as the folds chose."""
        parameters = {**trial.parameters, "num_threads": self._threads}
        return lgb.train(parameters, self._subset(sample), trial.rounds)


def _watched(
    parameters: dict[str, object], learn: lgb.Dataset, judge: lgb.Dataset
) -> tuple[lgb.Booster, list[float]]:
    """Fit one fold, watching its judged part."""
    record: dict[str, dict[str, list[float]]] = {}
    booster = lgb.train(
        parameters,
        learn,
        MOST_ROUNDS,
        valid_sets=[judge],
        valid_names=["judge"],
        callbacks=[
            lgb.early_stopping(PATIENCE, verbose=False),
            lgb.record_evaluation(record),
        ],
    )
    return booster, record["judge"]["binary_logloss"]
