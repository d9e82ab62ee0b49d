"""The linear part drawn through what is known: its columns, its strengths, how it is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.inputs import Inputs, Table
from training.labels import Floats, Ints
from training.lesson import Lesson
from training.metrics import chance, log_loss
from training.ridge import Design, Line
from training.scaling import Scaling
from training.strengths import AS_LEARNED, Firmness, Learned, learn
from training.tuning import Tuner

CHUNK = 65_536
SCALED_ON = 200_000


def design(
    table: Table,
    inputs: Inputs,
    scaling: Scaling,
    rows: Ints,
    dtype: type[np.floating] = np.float64,
) -> Design:
    """The linear part's columns for some rows of a table."""
    width = len(scaling.median) + int(scaling.gaps.sum())
    dense = np.empty((len(rows), width), dtype)
    for start in range(0, len(rows), CHUNK):
        part = slice(start, start + CHUNK)
        dense[part] = scaling.columns(table.numbers(inputs, rows[part]), dtype)
    return Design(dense, table.tokens(inputs.tokens, rows))


def scaling_of(table: Table, inputs: Inputs, rows: Ints) -> Scaling:
    """How numbers come to one scale, from at most ``SCALED_ON`` of the rows, evenly spread."""
    at = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), SCALED_ON)).astype(np.int64))
    return Scaling.of(table.numbers(inputs, rows[at]))


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The linear part, and its scores of the folds' judged orders."""

    line: Line
    scaling: Scaling
    strengths: dict[str, float]
    firmness: Firmness
    out_of_fold: Floats


def draw(
    lesson: Lesson,
    before: tuple[dict[str, float], Firmness] | None,
    tuner: Tuner | None,
    tick: Callable[[str], None],
) -> Drawn:
    """Fit the ridge on every fold's past and on everything known, each learning its strengths.

    Parameters
    ----------
    lesson : Lesson
    before : tuple, optional
        Strengths to start from and the firmness chosen, from an earlier model of the same table.
    tuner : Tuner, optional
        Searches the firmness, unless it was chosen before.
    tick : callable
        Called with a few words before each step.
    """
    rows, labels = lesson.labels.rows, lesson.labels
    scaling = scaling_of(lesson.table, lesson.inputs, rows)
    columns = design(lesson.table, lesson.inputs, scaling, rows, np.float32)
    kinds = lesson.table.kinds(lesson.inputs, scaling.gaps)
    strengths, firmness = before if before is not None else (None, AS_LEARNED)

    def past(fold: int, strengths: dict[str, float] | None, firmness: Firmness) -> Learned:
        # A fold's past is nearly a prefix: what was not known yet weighs nothing, and the gigabytes
        # before it are not copied.
        known, _ = lesson.samples[fold]
        part = columns.head(int(known.at[-1]) + 1)
        y, weight = np.zeros((2, len(part.dense)))
        y[known.at], weight[known.at] = known.y, known.weight
        return learn(part, kinds, y, weight, before=strengths, firmness=firmness)

    def loss(firmness: Firmness, fold: int) -> float:
        judge = lesson.samples[fold][1]
        line = past(fold, strengths, firmness).line
        return log_loss(judge.y, chance(line.score(columns.take(judge.at))), judge.weight)

    if tuner is not None and before is None:
        firmness = tuner.firmness(loss, lesson.samples, tick)
    loose = [np.empty(0)]
    for k, (_, judge) in enumerate(lesson.samples):
        tick(f"linear part, fold {k + 1} of {len(lesson.samples)}")
        part = past(k, strengths, firmness)
        strengths = part.strengths
        loose.append(part.line.score(columns.take(judge.at)))
    tick("linear part on everything known")
    whole = learn(columns, kinds, labels.y, lesson.teaches, before=strengths, firmness=firmness)
    return Drawn(whole.line, scaling, whole.strengths, firmness, np.concatenate(loose))
