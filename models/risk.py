"""What a model says about one order: its risk, and how much of it each reason carries."""

from __future__ import annotations

from typing import NamedTuple


class Risk(NamedTuple):
    """The risk of one order beside that of the average order.

    Parameters
    ----------
    probability : float
        That the order comes back if it is shipped untouched; never 0 or 1.
    log_odds : float
        The blended score z before calibration; ``probability`` is its calibration.
    base_probability, base_log_odds : float
        The same two for the average order of the training data.
    """

    probability: float
    log_odds: float
    base_probability: float
    base_log_odds: float


class Impact(NamedTuple):
    """What one reason contributes.

    Parameters
    ----------
    code : str
        A key of ``features.reasons.REASONS``.
    impact : float
        Points of final probability; all impacts of an order sum to
        ``probability - base_probability``.
    log_odds : float
        The same in the blended score; these sum to ``log_odds - base_log_odds``.
    """

    code: str
    impact: float
    log_odds: float
