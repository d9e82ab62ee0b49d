"""Blend and calibration, chosen on scores of orders that the scoring models had not learnt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.calibration import Calibration
from training.calibrate import Mixture, best_mixture, calibrated, mixture
from training.curves import Compared, compared
from training.labels import Floats, Ints, Labels
from training.merchants import Moved, moved, offsets_of
from training.metrics import calibration_error, calibration_line, roc_auc

# A move is kept in the linear part's coefficients, over its share: none where that is next to none.
MOST_TREES = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """Scores of both parts on orders neither had learnt, in log-odds.

    Parameters
    ----------
    rows : int64 array of shape (n,)
        Matrix rows, ascending.
    trees, linear : float64 arrays of shape (n,)
    """

    rows: Ints
    trees: Floats
    linear: Floats

    def followed_by(self, later: OutOfFold) -> OutOfFold:
        """These, and those of a model that knew what was known later."""
        return OutOfFold(
            np.concatenate([self.rows, later.rows]),
            np.concatenate([self.trees, later.trees]),
            np.concatenate([self.linear, later.linear]),
        )

    def labelled(self, labels: Labels) -> tuple[OutOfFold, Floats, Floats]:
        """The orders that have a label, with outcomes and weights as known now."""
        at = np.searchsorted(labels.rows, self.rows)
        keep = labels.rows[np.minimum(at, len(labels.rows) - 1)] == self.rows
        at = at[keep]
        part = OutOfFold(self.rows[keep], self.trees[keep], self.linear[keep])
        return part, labels.y[at], labels.weight[at]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Orders that taught the blend: matrix rows, outcomes, and calibrated scores out of fold."""

    rows: Ints
    y: Floats
    probability: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """The blend, the calibration, whom it is moved for, how all was found and on which orders."""

    trees_share: float
    calibration: Calibration
    moved: Moved
    judged: Judged
    summary: dict[str, object]


def mix(scores: OutOfFold, labels: Labels, merchants: np.ndarray, known: Sequence[str]) -> Mixed:
    """Choose the blend and fit the calibration.

    Parameters
    ----------
    scores : OutOfFold
        Of both parts.
    labels : Labels
        What is known of those orders now.
    merchants : array of str
        The merchant of every matrix row.
    known : sequence of str
        Merchants that the linear part has a coefficient for, where a move of theirs is kept.
    """
    scores, y, weight = scores.labelled(labels)
    mixtures = mixture(scores.trees, scores.linear, y, weight)
    best = best_mixture(mixtures, float(weight.sum()))
    z = best.trees * scores.trees + (1.0 - best.trees) * scores.linear
    curves = compared(z, y, weight, scores.rows)
    own = merchants[scores.rows]
    kept = known if best.trees <= MOST_TREES else ()
    found = moved(curves.chosen, z, y, weight, scores.rows, own, kept)
    z = z + offsets_of(own, found.offsets)
    judged = Judged(scores.rows, y, calibrated(curves.chosen, z))
    summary = _summary(best, mixtures, curves, judged, weight) | {"merchants": found.to_json()}
    return Mixed(best.trees, curves.chosen, found, judged, summary)


def _summary(
    best: Mixture,
    mixtures: tuple[Mixture, ...],
    curves: Compared,
    judged: Judged,
    weight: Floats,
) -> dict[str, object]:
    """For the manifest; the blend chose itself on these rows, so its numbers are no report."""
    y, p = judged.y, judged.probability
    return {
        "blend": {
            "trees": best.trees,
            "loss": {
                "blend": round(best.loss, 12),
                "trees": round(mixtures[-1].loss, 12),
                "linear": round(mixtures[0].loss, 12),
            },
        },
        "calibration": {**curves.chosen.to_json(), "compared": curves.losses},
        "out_of_fold": {
            "orders": len(y),
            "roc_auc": roc_auc(y, p, weight),
            "calibration_error": calibration_error(y, p),
            "slope": calibration_line(y, p, weight)[1],
        },
    }
