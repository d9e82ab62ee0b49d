"""Past orders replayed as if live: each scored by the model of its day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from features.days import from_us
from features.errors import TrainingError
from training.baselines import baselines
from training.configuration import Configuration
from training.fit import Model, Tick, fit, silent
from training.inputs import Table
from training.labels import Floats, Ints
from training.lesson import known_before

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The orders between two retrainings, and what scored them.

    ``interval`` holds the two chances between which eight of ten such orders lie. ``kept`` says why
    the model before was kept, where a retraining was not possible.
    """

    start_us: int
    rows: Ints
    probability: Floats
    interval: tuple[Floats, Floats]
    baselines: dict[str, Floats]
    summary: dict[str, object]
    kept: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """All stretches in order."""

    stretches: tuple[Stretch, ...]

    @property
    def rows(self) -> Ints:
        """Matrix rows that were scored, in placement order."""
        return np.concatenate([stretch.rows for stretch in self.stretches])

    @property
    def probability(self) -> Floats:
        """Their probabilities, shape (n,)."""
        return np.concatenate([stretch.probability for stretch in self.stretches])

    @property
    def interval(self) -> tuple[Floats, Floats]:
        """Lower and upper ends of their intervals, each of shape (n,)."""
        low, high = zip(*(stretch.interval for stretch in self.stretches), strict=True)
        return np.concatenate(low), np.concatenate(high)

    def baseline(self, name: str) -> Floats:
        """The probabilities of one baseline on the same rows, retrained on the same days."""
        return np.concatenate([stretch.baselines[name] for stretch in self.stretches])


def retrainings(start_us: int, last_us: int, every_us: int) -> Iterator[tuple[int, int]]:
    """Stretches ``[start, end)`` between retrainings, up to and including the last order.

    >>> list(retrainings(0, 25, 10))
    [(0, 10), (10, 20), (20, 30)]
    """
    while start_us <= last_us:
        yield start_us, start_us + every_us
        start_us += every_us


def backtest(
    table: Table,
    configuration: Configuration,
    *,
    train_until_us: int,
    retrain_us: int,
    tick: Tick = silent,
    progress: Progress = lambda _done, _all: None,
) -> Backtest:
    """Score every order from an instant on by a model that knew nothing later than its day.

    The model that scores an order was trained on outcomes known strictly before its retraining
    date, which is never after the order; the features of an order are as of its placement.

    Parameters
    ----------
    table : Table
        The whole folder; computed once, since features never look ahead.
    train_until_us, retrain_us : int
        First training, and the time between trainings (µs).
    progress : callable
        Told how many of how many retrainings are done.

    Raises
    ------
    TrainingError
        When no order follows, or the first training has too little to learn from.
    """
    created = table.orders["created_us"].to_numpy(np.int64)
    if not len(created):
        raise TrainingError("the data folder holds no orders; import some before a backtest")
    if created.max() < train_until_us:
        raise TrainingError(
            f"no order was placed after {from_us(train_until_us):%Y-%m-%d %H:%M} UTC;"
            " choose an earlier --train-until"
        )
    days = list(retrainings(train_until_us, int(created.max()), retrain_us))
    stretches: list[Stretch] = []
    model: Model | None = None
    for done, (start, end) in enumerate(days):
        progress(done, len(days))
        rows = np.flatnonzero((created >= start) & (created < end)).astype(np.int64)
        model, kept = _retrained(table, configuration, start, model, tick)
        labels = known_before(table.orders, configuration, start)
        tick("baselines")
        simple = baselines(table, labels, rows, strengths=model.choice.strengths)
        probability = model.probability(table, rows)
        interval = model.intervals(table, rows, probability)
        stretches.append(Stretch(start, rows, probability, interval, simple, model.summary, kept))
    progress(len(days), len(days))
    return Backtest(tuple(stretches))


def _retrained(
    table: Table, configuration: Configuration, cutoff_us: int, before: Model | None, tick: Tick
) -> tuple[Model, str]:
    """A model of this day, or the one before where this day's data do not suffice."""
    try:
        return fit(table, configuration, cutoff_us=cutoff_us, tick=tick), ""
    except TrainingError as error:
        if before is None:
            raise
        return before, str(error)
