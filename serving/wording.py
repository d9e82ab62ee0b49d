"""Reasons in words: the few that carry most of a score, each as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.reasons import REASONS, Reason
from features.telling import Sight, tell
from models.risk import Impact

MOST = 5
"""Reasons that an answer lists."""

_LEAST_IMPACT = 0.001


# Reasons whose advice is a better pincode, where one is known.
_OF_PINCODE = frozenset(
    {"address_incorrect_pincode", "incomplete_pincode", "invalid_pincode"}
    | {"address_pincode_city_mismatch", "address_pincode_state_mismatch"}
)


def listed(
    impacts: Iterable[Impact], values: NDArray[np.float64], *, pincode: str | None = None
) -> list[dict[str, object]]:
    """The reasons that an answer lists, largest impact first.

    Parameters
    ----------
    impacts : iterable of Impact
        The ``MOST`` of greatest size, at least.
    values : ndarray of float64, shape (n_catalogue,)
        The features they explain.
    pincode : str, optional
        What the customer may have meant; reasons about the pincode suggest it.
    """
    weighty = [impact for impact in impacts if abs(impact.impact) >= _LEAST_IMPACT]
    weighty.sort(key=lambda impact: -abs(impact.impact))
    seen = Sight(values)
    return [_line(impact, seen, pincode) for impact in weighty[:MOST]]


def _line(impact: Impact, seen: Sight, pincode: str | None) -> dict[str, object]:
    reason, told = REASONS[impact.code], tell(impact.code, seen)
    return {
        "code": reason.code,
        "text": told.text,
        "bucket": reason.bucket,
        "impact": round(impact.impact, 4),
        "advice": _advice(reason, pincode) if told.holds and impact.impact > 0 else "",
    }


def _advice(reason: Reason, pincode: str | None) -> str:
    if pincode is None or reason.code not in _OF_PINCODE:
        return reason.advice
    return f"{reason.advice}; {pincode} would fit the address"
