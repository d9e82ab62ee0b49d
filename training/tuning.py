"""A search for the trees' shape on the rolling folds; interrupted, it is taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from training.trees import Grower, Sample, Shape

if TYPE_CHECKING:
    from optuna.trial import Trial

Folds = Sequence[tuple[Sample, Sample]]
FIRST_UNPRUNED = 5


@dataclass(frozen=True, slots=True)
class Tuner:
    """So many trials, kept in a folder.

    Parameters
    ----------
    trials : int
        In all, those of an interrupted search of the same folds included.
    folder : Path
        Where searches are kept, one journal each, named after the folds.
    seed : int
        An uninterrupted search of the same folds, seed and number of trials finds the same shape.
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

        Folds are tried from the latest back, and a trial that falls behind the median of the others
        is given up (pruned).
        """
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.folder.mkdir(parents=True, exist_ok=True)
        name = self._name(usual, folds)
        study = optuna.create_study(
            study_name=name,
            storage=JournalStorage(JournalFileBackend(str(self.folder / f"{name}.journal"))),
            sampler=optuna.samplers.TPESampler(seed=self.seed),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=FIRST_UNPRUNED),
            load_if_exists=True,
        )
        for shape in usual:
            study.enqueue_trial(asdict(shape), skip_if_exists=True)

        def objective(trial: Trial) -> float:
            shape = _suggested(trial)
            total = 0.0
            for step, fold in enumerate(reversed(folds)):
                tick(f"tuning, trial {trial.number + 1} of {self.trials}")
                total += orchard.trials((shape,), [fold], _silent)[0].loss
                trial.report(total / (step + 1), step)
                if trial.should_prune():
                    raise optuna.TrialPruned
            return total / len(folds)

        states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
        done = len(study.get_trials(deepcopy=False, states=states))
        study.optimize(objective, n_trials=max(self.trials - done, 0))
        return Shape(**study.best_params)

    def _name(self, usual: Sequence[Shape], folds: Folds) -> str:
        """The same for the same labels in the same folds."""
        digest = hashlib.sha256(repr((self.seed, usual)).encode())
        for learn, judge in folds:
            for sample in (learn, judge):
                for part in (sample.at, sample.y, sample.weight):
                    digest.update(part.tobytes())
        return digest.hexdigest()[:16]


def _suggested(trial: Trial) -> Shape:
    """What is searched, around what has been good on invented and real folders."""
    return Shape(
        num_leaves=trial.suggest_int("num_leaves", 4, 64, log=True),
        min_data_in_leaf=trial.suggest_int("min_data_in_leaf", 10, 1_000, log=True),
        learning_rate=trial.suggest_float("learning_rate", 0.02, 0.15, log=True),
        feature_fraction=trial.suggest_float("feature_fraction", 0.05, 0.8, log=True),
        bagging_fraction=trial.suggest_float("bagging_fraction", 0.4, 1.0),
        lambda_l2=trial.suggest_float("lambda_l2", 0.1, 100.0, log=True),
        extra_trees=trial.suggest_categorical("extra_trees", [False, True]),
    )


def _silent(_: str) -> None:
    """One trial's folds are not worth a line each."""
