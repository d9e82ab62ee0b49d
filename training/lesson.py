"""What one training learns from: labelled rows, the columns they are read by, and the folds."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from features.days import DAY_US
from training.configuration import Configuration
from training.folds import Folds, rolling
from training.inputs import Inputs, Table
from training.labels import Floats, Ints, Labels, mature
from training.trees import Sample


def known_before(orders: pd.DataFrame, configuration: Configuration, cutoff_us: int) -> Labels:
    """The labels known before a cutoff; the configuration says how those missing are met."""
    return mature(
        orders,
        cutoff_us=cutoff_us,
        method=configuration.label_method,
        interventions=configuration.interventions,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Labelled rows, their inputs, and the folds as positions among the rows.

    ``teaches`` is what each row weighs when everything known teaches: its label's weight, less
    where age is discounted (``weighing``).
    """

    table: Table
    inputs: Inputs
    labels: Labels
    kind: str
    samples: tuple[tuple[Sample, Sample], ...]
    teaches: Floats

    @classmethod
    def of(
        cls,
        table: Table,
        configuration: Configuration,
        cutoff_us: int,
        *,
        folds: bool = True,
        inputs: Inputs | None = None,
    ) -> Lesson:
        """Label what was known before a cutoff, choose columns, and cut folds where asked to.

        Raises
        ------
        TrainingError
            When there is too little to learn from, or to cut.
        """
        labels = known_before(table.orders, configuration, cutoff_us)
        kind = "none; an earlier model's choices and scores"
        samples: tuple[tuple[Sample, Sample], ...] = ()
        if folds:
            cut = rolling(
                table.orders,
                labels,
                cutoff_us=cutoff_us,
                wait_us=round(labels.report.wait_days * DAY_US),
                method=configuration.label_method,
                interventions=configuration.interventions,
            )
            kind, samples = cut.kind, _positions(labels, cut)
        return cls(table, inputs or table.inputs(labels.rows), labels, kind, samples, labels.weight)

    @property
    def everything(self) -> Sample:
        """All labelled rows."""
        return Sample(np.arange(len(self.labels.rows)), self.labels.y, self.teaches)

    @property
    def placed_us(self) -> Ints:
        """When each labelled row was placed."""
        return self.table.orders["created_us"].to_numpy(np.int64)[self.labels.rows]

    @property
    def judged(self) -> Ints:
        """Matrix rows of all judged orders, fold after fold."""
        parts = [self.labels.rows[judge.at] for _, judge in self.samples]
        return np.concatenate([np.empty(0, np.int64), *parts])

    @property
    def summary(self) -> dict[str, object]:
        """For the manifest."""
        return {
            "labels": asdict(self.labels.report),
            "folds": {
                "kind": self.kind,
                "count": len(self.samples),
                "judged": sum(len(judge.at) for _, judge in self.samples),
            },
            "inputs": {
                "features": len(self.inputs.features),
                "flags": len(self.inputs.flags),
                "extras": list(self.inputs.extras),
                "tokens": len(self.inputs.tokens),
            },
        }


def _positions(labels: Labels, folds: Folds) -> tuple[tuple[Sample, Sample], ...]:
    """The folds as positions among the labelled rows."""

    def sample(part: Labels) -> Sample:
        at = np.searchsorted(labels.rows, part.rows)
        keep = labels.rows[np.minimum(at, len(labels.rows) - 1)] == part.rows
        return Sample(at[keep], part.y[keep], part.weight[keep])

    return tuple((sample(fold.learn), sample(fold.judge)) for fold in folds.folds)
