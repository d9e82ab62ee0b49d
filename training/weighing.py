"""How much each past order teaches: the folds choose how missing outcomes and old age are met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from features.days import DAY_US
from features.errors import TrainingError
from training.configuration import Configuration
from training.labels import Floats, Ints, Method
from training.lesson import Lesson
from training.metrics import chance, losses
from training.shape import Shape
from training.tree_rows import TreeRows
from training.trees import Orchard, Sample

HALF_LIVES = (180.0, 60.0)
MOST_ROWS = 60_000
# A small quick model: the candidates are compared with each other, not released.
PROBE = Shape(8, 50, 0.15, 0.3, extra_trees=True)
# What another weighing must gain over the usual one, in nats of all judged weight and in standard
# errors of the paired difference: what wins by less has won by chance.
WORTH, FAR = 3.0, 3.0


@dataclass(frozen=True, slots=True)
class Weighing:
    """What an order's weight rests on.

    Parameters
    ----------
    labels : {"weights", "wait"}
        How outcomes that are still missing are met; see ``labels.mature``.
    half_life_days : float or None
        An order so much older than the newest teaches half as much; None forgets nothing.
    """

    labels: Method = "weights"
    half_life_days: float | None = None


USUAL = Weighing()


@dataclass(frozen=True, slots=True)
class Tried:
    """A weighing's log-loss on the judged orders; less the usual one's, with its standard error."""

    weighing: Weighing
    loss: float
    gap: float = 0.0
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """What was chosen, why, and what else was tried; goes into the manifest."""

    chosen: Weighing
    says: str
    tried: tuple[Tried, ...] = ()


AS_USUAL = Weighed(USUAL, "the usual one")


def weighed(
    lesson: Lesson, configuration: Configuration, cutoff_us: int, carried: Weighed | None = None
) -> Weighed:
    """Choose a weighing on the folds.

    Every candidate teaches the same small model on each fold's past as it was known at the fold's
    start, and is judged on the same mature orders after it. First the weights against the wait,
    then half-lives. The usual weighing (inverse-censoring weights, nothing forgotten) stands unless
    another gains three nats in all and three standard errors.

    Parameters
    ----------
    lesson : Lesson
        With its folds.
    configuration : Configuration
        May fix either part.
    cutoff_us : int
        The lesson's.
    carried : Weighed, optional
        What an earlier model's folds chose; nothing is tried then.
    """
    if carried is not None:
        return carried
    fixed = configuration.half_life_days
    usual = Weighing(configuration.label_method, None if fixed == "folds" else fixed)
    methods: tuple[Method, ...] = ("wait",) if configuration.labels == "folds" else ()
    lives = HALF_LIVES if fixed == "folds" else ()
    if not methods and not lives:
        return Weighed(usual, "fixed by the configuration")
    if lesson.kind != "as known then":
        return Weighed(usual, "the usual one: folds by placement cannot tell")
    probe = _Probe(lesson, configuration)
    first = probe.losses(lesson, usual)
    tried = [Tried(usual, probe.mean(first))]
    for method in methods:
        waiting = _waiting(lesson, configuration, cutoff_us)
        if waiting is not None:
            tried.append(probe.compared(waiting, replace(usual, labels=method), first))
    best = _best(tried, probe)
    source = lesson if best.labels == usual.labels else _waiting(lesson, configuration, cutoff_us)
    fading_ones = [replace(best, half_life_days=days) for days in lives]
    tried += [probe.compared(source or lesson, weighing, first) for weighing in fading_ones]
    best = _best(tried, probe)
    says = "nothing gained more than chance over the usual one" if best == usual else "by the folds"
    return Weighed(best, says, tuple(tried))


def _best(tried: Iterable[Tried], probe: _Probe) -> Weighing:
    """The usual weighing, or the best of those that beat it beyond chance."""
    usual, *others = tried
    won = [t for t in others if -t.gap > max(WORTH / probe.mass.sum(), FAR * t.error)]
    return min(won, key=lambda t: t.gap).weighing if won else usual.weighing


def _waiting(lesson: Lesson, configuration: Configuration, cutoff_us: int) -> Lesson | None:
    """The same lesson under the maturity wait; None where too little is left or nothing differs."""
    try:
        other = follow(lesson, replace(configuration, labels="wait"), cutoff_us, Weighing("wait"))
    except TrainingError:
        return None
    pairs = zip(lesson.samples, other.samples, strict=False)
    same = all(len(a.at) == len(b.at) and (a.weight == b.weight).all() for (a, _), (b, _) in pairs)
    return None if same or other.kind != lesson.kind else other


def follow(
    lesson: Lesson, configuration: Configuration, cutoff_us: int, weighing: Weighing
) -> Lesson:
    """The lesson under a weighing: its labels, its folds, and what each order teaches.

    Raises
    ------
    TrainingError
        When the wait leaves too little to learn from.
    """
    if weighing.labels != lesson.labels.report.method:
        own = replace(configuration, labels=weighing.labels)
        lesson = Lesson.of(
            lesson.table, own, cutoff_us, folds=bool(lesson.samples), inputs=lesson.inputs
        )
    if weighing.half_life_days is None:
        return lesson
    faded = fading(lesson.placed_us, weighing.half_life_days)
    samples = tuple((_faded(known, faded), judge) for known, judge in lesson.samples)
    return replace(lesson, samples=samples, teaches=lesson.labels.weight * faded)


def _faded(known: Sample, faded: Floats) -> Sample:
    own = faded[known.at]
    return replace(known, weight=known.weight * own / own.max())


def fading(placed_us: Ints, half_life_days: float) -> Floats:
    """A half for every half-life that an order is older than the newest.

    >>> fading(np.array([0, 10 * DAY_US]), 10.0).tolist()
    [0.5, 1.0]
    """
    age = (placed_us.max() - placed_us) / DAY_US
    return np.asarray(np.exp2(-age / half_life_days), dtype=np.float64)


class _Probe:
    """A small model taught in different ways and judged on the same orders."""

    def __init__(self, lesson: Lesson, configuration: Configuration) -> None:
        rows = lesson.labels.rows
        at = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_ROWS)).astype(np.int64))
        self._rows = rows[at]
        self._orchard = Orchard(
            TreeRows(lesson.table, lesson.inputs, self._rows),
            seed=configuration.seed,
            threads=configuration.threads,
        )
        self._judges = [self._sample(lesson, judge) for _, judge in lesson.samples]
        self.mass = np.concatenate([judge.weight for judge in self._judges])
        self._y = np.concatenate([judge.y for judge in self._judges])

    def _sample(self, lesson: Lesson, part: Sample) -> Sample:
        """A part of a lesson as positions among the probe's own rows."""
        rows = lesson.labels.rows[part.at]
        at = np.minimum(np.searchsorted(self._rows, rows), len(self._rows) - 1)
        keep = self._rows[at] == rows
        return Sample(at[keep], part.y[keep], part.weight[keep])

    def losses(self, lesson: Lesson, weighing: Weighing) -> Floats:
        """The log-loss of every judged order."""
        taught = lesson
        if weighing.half_life_days is not None:
            taught = follow(lesson, Configuration(), 0, weighing)
        known = [self._sample(taught, known) for known, _ in taught.samples]
        folds = list(zip(known, self._judges, strict=True))
        trial = self._orchard.trials((PROBE,), folds, lambda _: None)[0]
        return losses(self._y, chance(np.concatenate(trial.out_of_fold)))

    def mean(self, values: Floats) -> float:
        """Mean over the judged orders, weighted."""
        return float(np.average(values, weights=self.mass))

    def compared(self, lesson: Lesson, weighing: Weighing, usual: Floats) -> Tried:
        """A weighing beside the usual one, paired."""
        own = self.losses(lesson, weighing)
        gap = self.mean(own - usual)
        error = float(np.sqrt(np.dot(self.mass**2, (own - usual - gap) ** 2))) / self.mass.sum()
        return Tried(weighing, self.mean(own), gap, float(error))
