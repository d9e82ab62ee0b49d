"""Reasons in words: the few that carry most of a score, each as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.reasons import REASONS
from features.telling import tell
from models.risk import Impact

_MOST = 5
_LEAST_IMPACT = 0.001


def listed(impacts: Iterable[Impact], values: NDArray[np.float64]) -> list[dict[str, object]]:
    """The reasons that an answer lists, largest impact first.

    Parameters
    ----------
    impacts : iterable of Impact
        All of them; those not listed are smaller than those that are.
    values : ndarray of float64, shape (n_catalogue,)
        The features they explain.
    """
    weighty = [impact for impact in impacts if abs(impact.impact) >= _LEAST_IMPACT]
    weighty.sort(key=lambda impact: -abs(impact.impact))
    return [_line(impact, values) for impact in weighty[:_MOST]]


def _line(impact: Impact, values: NDArray[np.float64]) -> dict[str, object]:
    reason, told = REASONS[impact.code], tell(impact.code, values)
    return {
        "code": reason.code,
        "text": told.text,
        "bucket": reason.bucket,
        "impact": round(impact.impact, 4),
        "advice": reason.advice if told.holds and impact.impact > 0 else "",
    }
