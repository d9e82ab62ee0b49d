"""How numbers come to one scale before a line is drawn through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.labels import Floats

Flags = NDArray[np.bool_]

EDGES = (0.005, 0.995)
LIMIT = 4.0
"""Standard scores are held here; also the ``limit`` of the released linear part."""
LONG_TAIL = 1.3
FEW_VALUES = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """The training median where unknown, a logarithm where the tail is long, mean and deviation.

    Means and deviations are taken with the outer half per cent of each column held at its edge, and
    standard scores are held at ``LIMIT``: counts grow with the length of the history, and a line
    must not run on where nothing was learnt.

    All arrays have shape (n_numbers,). ``bent`` marks the numbers read as ``log(1 + x)``: counts,
    days and amounts whose tenth unit says less than the first. ``missing`` is the share of rows in
    which a number was unknown. ``gaps`` marks the numbers whose being unknown has a 0/1 column of
    its own: of several that are always unknown together (all counts of an absent phone) only the
    first.
    """

    median: Floats
    mean: Floats
    scale: Floats
    missing: Floats
    gaps: Flags
    bent: Flags

    @classmethod
    def of(cls, numbers: Floats) -> Scaling:
        """Read medians, means and deviations from training rows; a constant column has scale 1."""
        median, mean, missing = np.zeros((3, numbers.shape[1]))
        scale, bent = np.ones(numbers.shape[1]), np.zeros(numbers.shape[1], dtype=bool)
        for j in range(numbers.shape[1]):
            column = numbers[:, j]
            known = column[~np.isnan(column)]
            missing[j] = 1.0 - len(known) / max(len(column), 1)
            if len(known):
                median[j], bent[j] = np.median(known), _has_long_tail(known)
                mean[j], scale[j] = _scale(column, float(median[j]), bool(bent[j]))
        return cls(median, mean, scale, missing, _gaps(np.isnan(numbers)), bent)

    def columns(self, numbers: Floats, dtype: type[np.floating] = np.float64) -> Floats:
        """Standard scores, then the flags of unknown numbers: (n, n_numbers + n_gaps)."""
        flags, width = np.flatnonzero(self.gaps), numbers.shape[1]
        out = np.empty((len(numbers), width + len(flags)), dtype)
        for j in range(width):
            values = _filled(numbers[:, j], float(self.median[j]), bool(self.bent[j]))
            out[:, j] = np.clip((values - self.mean[j]) / self.scale[j], -LIMIT, LIMIT)
        out[:, width:] = np.isnan(numbers[:, flags])
        return out


def _has_long_tail(known: Floats) -> bool:
    """Never negative, more than a few units wide, and with a mean far above its median."""
    return bool(
        known.min() >= 0.0
        and known.max() > FEW_VALUES
        and known.mean() > LONG_TAIL * np.median(known)
    )


def _filled(column: Floats, median: float, bent: bool) -> Floats:
    values = np.where(np.isnan(column), median, column.astype(np.float64, copy=False))
    return np.copysign(np.log1p(np.abs(values)), values) if bent else values


def _scale(column: Floats, median: float, bent: bool) -> tuple[float, float]:
    """Mean and deviation of one column, its outer half per cent held at the edge."""
    values = _filled(column, median, bent)
    low, high = np.quantile(values[~np.isnan(column)], EDGES)
    # A flag rarer than the edge would become constant; such columns keep their own range.
    held = values if low == high else np.clip(values, low, high)
    mean, deviation = float(held.mean()), float(held.std())
    return mean, deviation if deviation > 1e-9 * max(1.0, abs(mean)) else 1.0


def _gaps(unknown: Flags) -> Flags:
    """The first of each pattern of unknown rows that is neither empty nor full."""
    seen: set[bytes] = set()
    first = np.zeros(unknown.shape[1], dtype=bool)
    for j, column in enumerate(np.ascontiguousarray(unknown.T)):
        pattern = column.tobytes()
        first[j] = pattern not in seen and bool(column.any()) and not bool(column.all())
        seen.add(pattern)
    return first
