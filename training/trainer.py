"""The whole of training: a data folder in, a bundle with its evidence out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import cast

from features.days import to_us
from features.errors import TrainingError
from features.tables import Folder
from models.bundle import Bundle, write_bundle
from models.model import Model as Released
from training.bundling import bundle_parts, parity_gap
from training.configuration import Configuration
from training.contest import Contest, contest
from training.exam import Exam, Sheet, sit
from training.executor import Executor
from training.fallbacks import fallbacks
from training.fit import Earlier, Model, Tick, fit, silent
from training.gates import Evidence, Size, Verdict, verdicts
from training.inputs import Table
from training.lesson import known_before
from training.matrix import Matrix
from training.plain import plain_object
from training.reference import reference
from training.sampling import sample_of
from training.traps import Trap, traps
from training.tuning import Tuner


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model with everything that was found out about it on the way.

    ``no_exam`` says why no exam could be sat, where ``exam`` is None; ``contest`` is None where no
    champion could be compared with; ``fallbacks`` say where the data allowed less than usual;
    ``sample`` says how many orders were drawn to learn from, where not all were.
    """

    model: Model
    exam: Exam | None
    no_exam: str
    traps: tuple[Trap, ...]
    gates: tuple[Verdict, ...]
    contest: Contest | None = None
    fallbacks: tuple[str, ...] = ()
    sample: dict[str, object] | None = None

    def summary(self, folder: Folder) -> dict[str, object]:
        """The manifest's training part: JSON values that depend on data and settings alone."""
        return plain_object(
            {
                **self.model.summary,
                "data": {
                    "orders": folder.orders.num_rows,
                    "invented": folder.about.invented,
                    "source": folder.about.source,
                    **({"sample": self.sample} if self.sample else {}),
                },
                "exam": self.exam,
                "no_exam": self.no_exam,
                "contest": self.contest,
                "fallbacks": self.fallbacks,
                "traps": self.traps,
                "gates": self.gates,
                "mutes": [v.gate for v in self.gates if v.muted],
            }
        )


def end_of_knowledge(matrix: Matrix) -> int:
    """The first instant by which everything in a folder is known (µs since 1970, UTC)."""
    orders = matrix.orders
    if not len(orders):
        raise TrainingError("the data folder holds no orders")
    return int(max(orders["created_us"].max(), orders["outcome_us"].max())) + 1


def train(
    matrix: Matrix,
    configuration: Configuration,
    *,
    cutoff_us: int,
    champion: Bundle | None = None,
    tuner: Tuner | None = None,
    executor: Executor | None = None,
    tick: Tick = silent,
) -> Trained:
    """Learn from what was known before a cutoff, sit an exam, and ask the gates.

    Parameters
    ----------
    matrix : Matrix
        The whole folder.
    configuration : Configuration
        Extra columns, exclusions, parameters, seed, threads, mutes.
    cutoff_us : int
        Outcomes known at or after it are not looked at (µs since 1970, UTC).
    champion : Bundle, optional
        The model in force, to compare with on orders that neither had learnt.
    tuner : Tuner, optional
        Searches the trees' shape, on the folds of the exam's model where an exam can be sat.
    executor : Executor, optional
        Who grows the trees, where that is not this machine.
    tick : callable
        Called with a few words before each step.

    Raises
    ------
    TrainingError
        When there is too little to learn from.
    """
    table = Table(matrix, extra=configuration.extra, exclude=configuration.exclude)
    labels = known_before(matrix.orders, configuration, cutoff_us)
    tick("looking for columns that know too much")
    found = traps(matrix, table, labels)
    sat, no_exam = _exam(table, configuration, cutoff_us, tuner, executor, tick)
    exam, earlier, sheet = sat or (None, None, None)
    model = fit(
        table,
        configuration,
        cutoff_us=cutoff_us,
        earlier=earlier,
        tuner=tuner,
        executor=executor,
        tick=tick,
    )
    tick("gates")
    evidence = Evidence(
        exam=exam,
        rto=labels.report.rto,
        traps=found,
        contest=contest(champion, matrix, sheet.rows, sheet.y, sheet.probability)
        if champion is not None and sheet is not None
        else None,
        parity_gap=parity_gap(model, matrix, table),
        size=_size(model),
    )
    asked = verdicts(evidence, mute=configuration.mute)
    fell_back = fallbacks(matrix, labels, model, no_exam)
    return Trained(
        model, exam, no_exam, found, asked, evidence.contest, fell_back, sample_of(matrix)
    )


def _exam(
    table: Table,
    configuration: Configuration,
    cutoff_us: int,
    tuner: Tuner | None,
    executor: Executor | None,
    tick: Tick,
) -> tuple[tuple[Exam, Earlier, Sheet] | None, str]:
    def say(text: str) -> None:
        tick(f"exam: {text}")

    try:
        sat = sit(
            table, configuration, cutoff_us=cutoff_us, tuner=tuner, executor=executor, tick=say
        )
        return sat, ""
    except TrainingError as error:
        return None, str(error)


def _size(model: Model) -> Size:
    leaves = [tree["num_leaves"] for tree in model.trees.dump_model()["tree_info"]]
    return Size(len(leaves), sum(leaves), max(leaves, default=0))


def release_bundle(
    trained: Trained,
    folder: Folder,
    matrix: Matrix,
    configuration: Configuration,
    path: Path,
    *,
    version: str,
    made_at: datetime,
    provenance: Mapping[str, str] | None = None,
) -> str:
    """Write a trained model as a bundle and return its digest.

    The same data, configuration and thread count give the same digest, whenever and wherever it is
    made: the version, the time and the run stand outside it.
    """
    table = Table(matrix, extra=configuration.extra, exclude=configuration.exclude)
    parts = bundle_parts(
        trained.model,
        matrix,
        table,
        version=version,
        training=trained.summary(folder),
        provenance={"made_at": made_at.isoformat(), **(provenance or {})},
    )
    looked = _looked(trained.model, parts.model(), matrix, table)
    return write_bundle(path, replace(parts, training={**parts.training, "reference": looked}))


def _looked(model: Model, released: Released, matrix: Matrix, table: Table) -> dict[str, object]:
    """How the newest orders looked, for ``rto monitor``."""
    labels = cast("dict[str, float]", model.summary["labels"])
    return reference(
        released,
        matrix,
        cutoff_us=to_us(datetime.fromisoformat(str(model.summary["until"]))),
        probability=lambda rows: model.probability(table, rows),
        rate=labels["rto"] / labels["orders"],
    ).to_json()
