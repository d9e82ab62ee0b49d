"""How much of a probability each reason carries, in points that add up."""

from __future__ import annotations

from collections.abc import Mapping

from models.calibration import Calibration
from models.risk import Impact, Risk

_NEAR = 1e-7


def impacts(
    contributions: Mapping[str, float],
    risk: Risk,
    calibration: Calibration,
    *,
    most: int | None = None,
) -> tuple[Impact, ...]:
    """Share ``probability − base_probability`` out over the reasons, in proportion.

    A group with log-odds contribution φ gets φ·(p − p₀)/(z − z₀), and φ times the slope at z₀
    where z is z₀ (or so near that the quotient would be rounding noise). As the contributions sum
    to z − z₀, the impacts sum to p − p₀; as calibrations increase, an impact has the sign of its
    contribution.

    Parameters
    ----------
    contributions : mapping of str to float
        Log-odds by reason code, summing to ``risk.log_odds − risk.base_log_odds``.
    most : int, optional
        Give only so many, those of the greatest size.

    Returns
    -------
    tuple of Impact
        Largest first; reasons that contribute exactly nothing are left out.
    """
    distance = risk.log_odds - risk.base_log_odds
    if abs(distance) < _NEAR:
        rate = calibration.slope(risk.base_log_odds)
    else:
        rate = (risk.probability - risk.base_probability) / distance
    codes = sorted(code for code, phi in contributions.items() if phi != 0)
    codes.sort(key=contributions.__getitem__, reverse=True)  # those alike by their codes
    if most is not None:
        codes = sorted(codes, key=lambda code: -abs(contributions[code]))[:most]
        codes.sort(key=contributions.__getitem__, reverse=True)
    return tuple(Impact(code, contributions[code] * rate, contributions[code]) for code in codes)
