"""What a person reads for a reason: the fact behind it, never more than the order shows.

A model gives a group of features an impact; that alone does not make the group's sentence true
(an address may count a little against an order without being short). So the sentence of a code is
used where the order bears it out, and else the plain fact; and history is told in counts.
"""

from __future__ import annotations

from features.telling.claims import claim_of
from features.telling.past import PASTS, customer_of, past_of
from features.telling.rates import RATES, RETURNS, SHARES, rate_of, returns_of, share_of
from features.telling.sight import Sight, Telling

__all__ = ["Sight", "Telling", "tell"]


def tell(code: str, seen: Sight) -> Telling:
    """The sentence for one reason of an order.

    Parameters
    ----------
    code : str
        A key of ``features.reasons.REASONS``.
    seen : Sight
        The order's features.
    """
    if code in PASTS:
        return past_of(PASTS[code], seen)
    if code in RATES:
        return rate_of(code, seen)
    if code in RETURNS:
        return returns_of(code, seen)
    if code in SHARES:
        return share_of(code, seen)
    if code == "new_customer_on_your_store":
        return customer_of(seen)
    return claim_of(code, seen)
