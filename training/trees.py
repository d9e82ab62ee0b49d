"""Gradient-boosted trees: the shape and length that the folds choose, and the fit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Protocol

import lightgbm as lgb
import numpy as np
from lightgbm.callback import CallbackEnv

from training.labels import Floats, Ints
from training.shape import FIXED, Shape, settings_of
from training.tree_rows import TreeRows, directions_of

PATIENCE = 30
TOLD_EVERY = 10
SCORED_AT_ONCE = 65_536


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


class Grower(Protocol):
    """What grows trees on subsets of one table: ``Orchard`` here, or a cluster."""

    def trials(
        self,
        shapes_: Sequence[Shape],
        folds: Sequence[tuple[Sample, Sample]],
        tick: Callable[[str], None],
    ) -> tuple[Trial, ...]:
        """Fit every shape on every fold and choose its rounds."""
        ...

    def fit(
        self, shape: Shape, rounds: int, sample: Sample, tick: Callable[[str], None]
    ) -> lgb.Booster:
        """Fit a shape on some rows."""
        ...

    def settings(self, shape: Shape) -> dict[str, object]:
        """The parameters for the manifest."""
        ...


class _Stoppable(ThreadPoolExecutor):
    """Threads that end after their present tree when the one that waits for them is interrupted."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads)
        self.stopped = threading.Event()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is not None:
            self.stopped.set()
        self.shutdown(cancel_futures=kind is not None)


def _end_if(stopped: threading.Event) -> None:
    if stopped.is_set():
        raise InterruptedError("another fold failed, or the program was interrupted")


class Orchard:
    """One table of tree columns, binned once and fitted on many subsets of its rows."""

    def __init__(
        self,
        columns: Floats | TreeRows,
        *,
        seed: int,
        threads: int,
        replaced: Mapping[str, float | int] = MappingProxyType({}),
    ) -> None:
        self._columns, self._replaced = columns, replaced
        self._directions = directions_of(columns)
        self._seed, self._threads = seed, threads
        self._binned = lgb.Dataset(
            columns,
            label=np.zeros(len(columns)),
            params={**FIXED, **_binning(replaced), "seed": seed, "num_threads": threads},
            free_raw_data=False,
        ).construct()

    def _subset(self, sample: Sample) -> lgb.Dataset:
        part = self._binned.subset(np.asarray(sample.at, dtype=np.int32))
        # Constructing a subset copies the whole table's (empty) labels, so ours come after it.
        part.construct()
        part.set_label(sample.y)
        part.set_weight(sample.weight)
        return part

    def _whole(self, sample: Sample) -> lgb.Dataset:
        """The table itself, where a sample is all of it: a copy would take as much again."""
        y, weight = np.empty((2, len(sample.at)))
        y[sample.at], weight[sample.at] = sample.y, sample.weight
        self._binned.set_label(y)
        self._binned.set_weight(weight)
        return self._binned

    def trials(
        self,
        shapes_: Sequence[Shape],
        folds: Sequence[tuple[Sample, Sample]],
        tick: Callable[[str], None],
    ) -> tuple[Trial, ...]:
        """Fit every shape on every fold, one thread each, several at a time.

        One number of rounds is chosen for all folds together, where their pooled loss is least:
        stopping each at its own best would make the out-of-fold predictions, and so the
        calibration, better than any later month.
        """
        tables = [self._parameters(shape, 1) for shape in shapes_]
        jobs = [
            partial(self._watched, table, shape.most_rounds, learn, judge)
            for table, shape in zip(tables, shapes_, strict=True)
            for learn, judge in folds
        ]
        done = []
        with _Stoppable(self._threads) as pool:
            for k, fitted in enumerate(pool.map(lambda job: job(pool.stopped), jobs)):
                tick(f"trees, fold {k + 1} of {len(jobs)}")
                done.append(fitted)
        return tuple(
            whole_trial(
                shape, table, done[k * len(folds) : (k + 1) * len(folds)], folds, self._scores
            )
            for k, (shape, table) in enumerate(zip(shapes_, tables, strict=True))
        )

    def _watched(
        self,
        parameters: dict[str, object],
        rounds: int,
        learn: Sample,
        judge: Sample,
        stopped: threading.Event,
    ) -> tuple[lgb.Booster, list[float]]:
        """Fit one fold, watching its judged part."""
        record: dict[str, dict[str, list[float]]] = {}
        booster = lgb.train(
            parameters,
            self._subset(learn),
            rounds,
            valid_sets=[self._subset(judge)],
            valid_names=["judge"],
            callbacks=[
                lgb.early_stopping(PATIENCE, verbose=False),
                lgb.record_evaluation(record),
                lambda _: _end_if(stopped),
            ],
        )
        return booster, record["judge"]["binary_logloss"]

    def _scores(self, booster: lgb.Booster, at: Ints, rounds: int) -> Floats:
        """Log-odds at some positions, by the first so many trees."""
        out = np.empty(len(at))
        for start in range(0, len(at), SCORED_AT_ONCE):
            part = slice(start, start + SCORED_AT_ONCE)
            columns = self._columns[at[part]]
            out[part] = booster.predict(columns, raw_score=True, num_iteration=rounds)
        return out

    def fit(
        self, shape: Shape, rounds: int, sample: Sample, tick: Callable[[str], None]
    ) -> lgb.Booster:
        """Refit a shape on everything known, as many rounds as the folds chose."""

        def told(one: CallbackEnv) -> None:
            if one.iteration % TOLD_EVERY == 0:
                tick(f"trees on everything known, {one.iteration + 1} of {rounds}")

        rows = self._whole(sample) if len(sample.at) == len(self._columns) else self._subset(sample)
        parameters = self._parameters(shape, self._threads)
        return lgb.train(parameters, rows, rounds, callbacks=[told])

    def settings(self, shape: Shape) -> dict[str, object]:
        """LightGBM's parameters for the manifest, which names seed and threads elsewhere."""
        return settings_of(self._parameters(shape, self._threads))

    def _parameters(self, shape: Shape, threads: int) -> dict[str, object]:
        return shape.parameters(
            self._replaced, seed=self._seed, threads=threads, directions=self._directions
        )


def _binning(replaced: Mapping[str, float | int]) -> dict[str, float | int]:
    """What is settled when the columns are binned."""
    return {name: replaced[name] for name in ("max_bin",) if name in replaced}


def whole_trial(
    shape: Shape,
    parameters: dict[str, object],
    fitted: Sequence[tuple[lgb.Booster, list[float]]],
    folds: Sequence[tuple[Sample, Sample]],
    score: Callable[[lgb.Booster, Ints, int], Floats],
) -> Trial:
    """One number of rounds for all folds of a shape, and what it makes of the judged orders."""
    curves = [curve for _, curve in fitted]
    shortest = min(len(curve) for curve in curves)
    mass = [judge.weight.sum() for _, judge in folds]
    pooled = np.average([curve[:shortest] for curve in curves], axis=0, weights=mass)
    best = int(np.argmin(pooled)) + 1
    scores = tuple(
        score(booster, judge.at, best)
        for (booster, _), (_, judge) in zip(fitted, folds, strict=True)
    )
    return Trial(shape, parameters, best, float(pooled[best - 1]), scores)
