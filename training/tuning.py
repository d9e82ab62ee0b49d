"""A search for trees and ridge on the rolling folds; interrupted, it is taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.shape import Shape
from training.strengths import AS_LEARNED, Firmness
from training.trees import Grower, Sample

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import Trial

Folds = Sequence[tuple[Sample, Sample]]
FIRST_UNPRUNED = 5


@dataclass(frozen=True, slots=True)
class Tuner:
    """So many trials of each part of a model, kept in a folder.

    Parameters
    ----------
    trials : int
        In all, those of an interrupted search of the same folds included.
    folder : Path
        Where searches are kept, one journal each, named after the folds.
    seed : int
        An uninterrupted search of the same folds, seed and number of trials finds the same.
    """

    trials: int
    folder: Path
    seed: int

    def shape(
        self,
        orchard: Grower,
        usual: Sequence[Shape],
        folds: Folds,
        tick: Callable[[str], None],
    ) -> Shape:
        """The best shape found; the usual ones are tried first, so it is never worse on the folds.

        How many trees a shape is worth the folds say at every trial, within serving's budget.
        """

        def loss(trial: Trial, fold: int) -> float:
            return orchard.trials((_shape(trial),), [folds[fold]], _silent)[0].loss

        begin = [asdict(shape) for shape in usual]
        name = self._name("", usual, folds)
        return Shape(**self._best(name, "tuning", begin, loss, len(folds), tick))

    def firmness(
        self, loss_of: Callable[[Firmness, int], float], folds: Folds, tick: Callable[[str], None]
    ) -> Firmness:
        """How firmly to hold the ridge, against what its evidence says; that is tried first.

        Parameters
        ----------
        loss_of : callable
            The log-loss of a fold's judged orders, the ridge being held so.
        """

        def loss(trial: Trial, fold: int) -> float:
            return loss_of(_firmness(trial), fold)

        name, begin = self._name("ridge-", (), folds), [asdict(AS_LEARNED)]
        return Firmness(**self._best(name, "tuning the ridge", begin, loss, len(folds), tick))

    def _best(
        self,
        name: str,
        doing: str,
        begin: Sequence[dict[str, Any]],
        loss: Callable[[Trial, int], float],
        folds: int,
        tick: Callable[[str], None],
    ) -> dict[str, Any]:
        """Search, or go on with a search; what it begins with comes first.

        Folds are tried from the latest back, and a trial that falls behind the median of the others
        is given up (pruned).
        """
        import optuna

        study = self._study(name)
        for parameters in begin:
            study.enqueue_trial(parameters, skip_if_exists=True)

        def objective(trial: Trial) -> float:
            total = 0.0
            for step, fold in enumerate(reversed(range(folds))):
                tick(f"{doing}, trial {trial.number + 1} of {self.trials}")
                total += loss(trial, fold)
                trial.report(total / (step + 1), step)
                if trial.should_prune():
                    raise optuna.TrialPruned
            return total / folds

        states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
        done = len(study.get_trials(deepcopy=False, states=states))
        study.optimize(objective, n_trials=max(self.trials - done, 0))
        return dict(study.best_params)

    def _study(self, name: str) -> Study:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.folder.mkdir(parents=True, exist_ok=True)
        return optuna.create_study(
            study_name=name,
            storage=JournalStorage(JournalFileBackend(str(self.folder / f"{name}.journal"))),
            sampler=optuna.samplers.TPESampler(seed=self.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST_UNPRUNED),
            load_if_exists=True,
        )

    def _name(self, prefix: str, usual: Sequence[Shape], folds: Folds) -> str:
        """The same for the same labels in the same folds."""
        digest = hashlib.sha256(repr((self.seed, usual)).encode())
        for learn, judge in folds:
            for sample in (learn, judge):
                for part in (sample.at, sample.y, sample.weight):
                    digest.update(part.tobytes())
        return prefix + digest.hexdigest()[:16]


def _shape(trial: Trial) -> Shape:
    """What is searched, around what has been good on invented and real folders."""
    return Shape(
        num_leaves=trial.suggest_int("num_leaves", 4, 64, log=True),
        min_data_in_leaf=trial.suggest_int("min_data_in_leaf", 10, 1_000, log=True),
        learning_rate=trial.suggest_float("learning_rate", 0.02, 0.15, log=True),
        feature_fraction=trial.suggest_float("feature_fraction", 0.05, 0.8, log=True),
        bagging_fraction=trial.suggest_float("bagging_fraction", 0.4, 1.0),
        lambda_l2=trial.suggest_float("lambda_l2", 0.1, 100.0, log=True),
        extra_trees=trial.suggest_categorical("extra_trees", [False, True]),
        monotone=trial.suggest_categorical("monotone", [False, True]),
    )


def _firmness(trial: Trial) -> Firmness:
    return Firmness(
        numbers=trial.suggest_float("numbers", 0.1, 10.0, log=True),
        words=trial.suggest_float("words", 0.1, 10.0, log=True),
    )


def _silent(_: str) -> None:
    """One trial's folds are not worth a line each."""
