"""Trees grown by ``lightgbm.dask``: the rows lie on the workers, the whole fit is tried again."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np

from features.errors import ClusterError
from training.cluster import LOST_S, POLL_S, connected
from training.labels import Floats
from training.metrics import losses
from training.shape import Shape, settings_of
from training.tree_rows import directions_of
from training.trees import PATIENCE, Sample, Trial, whole_trial

if TYPE_CHECKING:
    from training.cluster import Cluster
    from training.tree_rows import TreeRows

ATTEMPTS = 3
ROWS = 32_768
JUDGED_ROWS = 16_384
SOCKET_MINUTES = 10
"""A worker that hears nothing of the others for so long gives up; the fit is then tried again."""


class ClusterOrchard:
    """``Orchard`` over workers, one fit at a time: fits side by side can wait for each other.

    There is no early stopping in ``lightgbm.dask``. Every fold's trees are grown to their greatest
    number, and the curve of their losses is cut where early stopping would have ended it.

    Parameters
    ----------
    columns : TreeRows
    cluster : Cluster
    seed : int
    replaced : mapping
        A user's own parameters.
    """

    def __init__(
        self,
        columns: TreeRows,
        cluster: Cluster,
        *,
        seed: int,
        replaced: Mapping[str, float | int] = MappingProxyType({}),
    ) -> None:
        self._columns, self._cluster = columns, cluster
        self._seed, self._replaced = seed, replaced
        self._workers = max(len(cluster.workers()), 1)

    def trials(
        self,
        shapes_: Sequence[Shape],
        folds: Sequence[tuple[Sample, Sample]],
        tick: Callable[[str], None],
    ) -> tuple[Trial, ...]:
        """See ``Orchard.trials``."""
        found = []
        for shape in shapes_:
            fitted = []
            for k, (learn, judge) in enumerate(folds):
                booster = self._grown(shape, shape.most_rounds, learn)
                fitted.append((booster, stopped(self._curve(booster, judge))))
                tick(f"trees, fold {k + 1} of {len(folds)}")
            found.append(whole_trial(shape, self._parameters(shape), fitted, folds, self._scores))
        return tuple(found)

    def fit(
        self, shape: Shape, rounds: int, sample: Sample, tick: Callable[[str], None]
    ) -> lgb.Booster:
        """See ``Orchard.fit``."""
        tick("trees on everything known")
        return self._grown(shape, rounds, sample)

    def settings(self, shape: Shape) -> dict[str, object]:
        """See ``Orchard.settings``."""
        return settings_of(self._parameters(shape))

    def _parameters(self, shape: Shape) -> dict[str, object]:
        return shape.parameters(
            self._replaced, seed=self._seed, threads=1, directions=directions_of(self._columns)
        )

    def _grown(self, shape: Shape, rounds: int, sample: Sample) -> lgb.Booster:
        """Grow an ensemble; a lost worker costs the whole fit, which begins anew."""
        for _ in range(ATTEMPTS):
            self._await_workers()
            try:
                return self._attempt(shape, rounds, sample)
            except _LostError:
                continue
        raise self._cluster.lost()

    def _await_workers(self) -> None:
        """A lost worker is usually started again: wait for it a while, then go on with fewer."""
        until = time.monotonic() + LOST_S
        while len(self._cluster.workers()) < self._workers and time.monotonic() < until:
            time.sleep(POLL_S / 4)
        if not self._cluster.workers():
            raise self._cluster.lost()

    def _attempt(self, shape: Shape, rounds: int, sample: Sample) -> lgb.Booster:
        # A client of its own: when it is closed all that it had asked for is forgotten.
        client = connected(self._cluster.address)
        workers = self._cluster.workers()
        pool = ThreadPoolExecutor(1)
        try:
            fitting = pool.submit(self._fitted, client, workers, shape, rounds, sample)
            return self._watched(fitting, workers)
        except BaseException:
            client.close()
            self._free(workers)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            client.close()

    def _watched(self, fitting: Future[lgb.Booster], workers: Sequence[str]) -> lgb.Booster:
        """Wait for a fit for as long as all of its workers are there."""
        while True:
            try:
                return fitting.result(timeout=POLL_S / 4)
            except TimeoutError:
                if set(workers) <= set(self._cluster.workers()):
                    continue
            except Exception as error:
                # What a broken fit says depends on who noticed first; who is missing tells.
                time.sleep(POLL_S)
                if set(workers) <= set(self._cluster.workers()):
                    raise ClusterError(
                        f"LightGBM failed on the workers at {self._cluster.address}: {error}"
                    ) from error
            raise _LostError

    def _free(self, workers: Sequence[str]) -> None:
        """Start the others again: LightGBM waits in machine code for one that will not come back.

        Only a nanny (what ``dask worker`` starts by default) can do that.
        """
        left = sorted(set(workers) & set(self._cluster.workers()))
        if left:
            self._cluster.client.restart_workers(left, timeout=LOST_S, raise_for_error=False)

    def _fitted(
        self, client: Any, workers: Sequence[str], shape: Shape, rounds: int, sample: Sample
    ) -> lgb.Booster:
        import dask.array as da
        from dask import delayed
        from lightgbm.dask import DaskLGBMRegressor

        # It tells of every port it finds.
        lgb.register_logger(_quiet())
        pieces: list[list[Any]] = [[], [], []]
        for x, y, weight, worker in self._pieces(sample, workers):
            for kept, part in zip(pieces, (x, y, weight), strict=True):
                lying = client.scatter(part, workers=[worker], hash=False)
                kept.append(da.from_delayed(delayed(lying), part.shape, part.dtype))
        x, y, weight = (da.concatenate(kept) for kept in pieces)
        # A regressor of the binary objective is the classifier, but for needing both outcomes in
        # every part.
        model = DaskLGBMRegressor(
            client=client,
            n_estimators=rounds,
            time_out=SOCKET_MINUTES,
            **{k: v for k, v in self._parameters(shape).items() if k != "num_threads"},
        )
        with client.as_current(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x, y, sample_weight=weight)
        return model.booster_

    def _pieces(self, sample: Sample, workers: Sequence[str]) -> Any:
        """Rows dealt out in turn: each worker finds bins, which its own rows must speak for."""
        for k, worker in enumerate(workers):
            dealt = np.arange(k, len(sample.at), len(workers))
            for start in range(0, len(dealt), ROWS):
                at = dealt[start : start + ROWS]
                yield self._columns[sample.at[at]], sample.y[at], sample.weight[at], worker

    def _curve(self, booster: lgb.Booster, judge: Sample) -> Floats:
        """The weighted log-loss of the judged orders after each tree."""
        text = booster.model_to_string()
        starts = range(0, len(judge.at), JUDGED_ROWS)
        parts = (slice(start, start + JUDGED_ROWS) for start in starts)
        calls = ((text, self._columns[judge.at[p]], judge.y[p], judge.weight[p]) for p in parts)
        sums = self._cluster.map(losses_by_round, calls, count=len(starts))
        return np.asarray(np.sum(list(sums), axis=0) / judge.weight.sum())

    def _scores(self, booster: lgb.Booster, at: Any, rounds: int) -> Floats:
        text = booster.model_to_string()
        starts = range(0, len(at), JUDGED_ROWS)
        calls = ((text, self._columns[at[s : s + JUDGED_ROWS]], rounds) for s in starts)
        found = self._cluster.map(scored, calls, count=len(starts))
        return np.concatenate([np.empty(0), *found])


def _quiet() -> logging.Logger:
    """LightGBM's word from warnings on."""
    logger = logging.getLogger("lightgbm")
    logger.setLevel(logging.WARNING)
    return logger


class _LostError(Exception):
    """A worker of a fit is gone."""


def losses_by_round(text: str, columns: Floats, y: Floats, weight: Floats) -> Floats:
    """The summed log-loss of some rows after each tree of a model, shape (n_trees,)."""
    booster = lgb.Booster(model_str=text)
    leaves = np.asarray(booster.predict(columns, pred_leaf=True, num_threads=1), np.int64)
    z, sums = np.zeros(len(y)), np.empty(leaves.shape[1])
    for k, leaf in enumerate(leaves.T):
        values = np.array([booster.get_leaf_output(k, one) for one in range(leaf.max() + 1)])
        z += values[leaf]
        p = 1.0 / (1.0 + np.exp(-z))
        sums[k] = np.dot(weight, losses(y, p))
    return sums


def scored(text: str, columns: Floats, rounds: int) -> Floats:
    """Log-odds of some rows by the first so many trees of a model."""
    booster = lgb.Booster(model_str=text)
    raw = booster.predict(columns, raw_score=True, num_iteration=rounds, num_threads=1)
    return np.asarray(raw, np.float64)


def stopped(curve: Floats) -> list[float]:
    """A curve of losses as far as early stopping would have followed it.

    >>> stopped(np.array([3.0, 2.0, *[2.5] * 100]))[:3], len(stopped(np.array([1.0] * 100)))
    ([3.0, 2.0, 2.5], 31)
    """
    best = 0
    for k in range(len(curve)):
        if curve[k] < curve[best]:
            best = k
        if k - best >= PATIENCE:
            return [float(loss) for loss in curve[: k + 1]]
    return [float(loss) for loss in curve]
