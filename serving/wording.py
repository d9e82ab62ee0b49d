"""Reasons in words: the few that carry most of a score, each as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable

from features.reasons import REASONS
from models.risk import Impact

_MOST = 5
_LEAST_IMPACT = 0.001

# What a reason is about, for those that lower the risk: their own sentence would say the opposite.
_ABOUT = {
    "address": "the address",
    "location": "the place",
    "customer": "the customer",
    "device": "the device",
    "order": "the order itself",
}


def listed(impacts: Iterable[Impact]) -> list[dict[str, object]]:
    """The reasons that an answer lists, largest impact first.

    Parameters
    ----------
    impacts : iterable of Impact
        All of them; those not listed are smaller than those that are.
    """
    weighty = [impact for impact in impacts if abs(impact.impact) >= _LEAST_IMPACT]
    weighty.sort(key=lambda impact: -abs(impact.impact))
    return [_line(impact) for impact in weighty[:_MOST]]


def _line(impact: Impact) -> dict[str, object]:
    reason = REASONS[impact.code]
    raises = impact.impact > 0
    about = _ABOUT.get(reason.bucket, reason.bucket)
    return {
        "code": reason.code,
        "text": reason.text if raises else f"Lowers the risk: {about}",
        "bucket": reason.bucket,
        "impact": round(impact.impact, 4),
        "advice": reason.advice if raises else "",
    }
