"""How much of a probability each reason carries, in points that add up."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter

from models.calibration import Calibration
from models.risk import Impact, Risk

_NEAR = 1e-7
_CODE, _IMPACT = itemgetter(0), itemgetter(1)


def impacts(
    contributions: Mapping[str, float], risk: Risk, calibration: Calibration
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
    shares = [Impact(code, phi * rate, phi) for code, phi in contributions.items() if phi != 0]
    shares.sort(key=_CODE)
    shares.sort(key=_IMPACT, reverse=True)  # those alike stay in the order of their codes
    return tuple(shares)
