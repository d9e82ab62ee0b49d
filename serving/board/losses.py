"""What came back and what it cost, in the merchant's own prices where the orders do not tell."""

from __future__ import annotations

from dataclasses import dataclass

from models.costs import Costs
from serving.board.entry import Counts


@dataclass(frozen=True, slots=True)
class Losses:
    """What returns cost, in paise, and what of it is taken from the policy's costs.

    Parameters
    ----------
    forward, reverse : int
        Shipping out, and back.
    handling, damage : int
        Work and packaging; goods that cannot be sold again.
    told : float
        Share of the shipping costs that the orders told themselves.
    """

    orders: int
    forward: int
    reverse: int
    handling: int
    damage: int
    told: float

    @property
    def paise(self) -> int:
        """All together."""
        return self.forward + self.reverse + self.handling + self.damage


def losses(counts: Counts, costs: Costs) -> Losses:
    """What the returns among these orders cost.

    Forward shipping is the average of the orders that tell it; where none does, and for the way
    back, handling and damage, the merchant's saved costs stand in.
    """
    back = counts.came_back
    unknown = counts.amounts_unknown / counts.orders if counts.orders else 0.0
    forward = counts.shipped_paise / counts.shipped_known if counts.shipped_known else None
    reverse = counts.reversed_paise + (back - counts.reversed_known) * costs.reverse_paise
    amount = counts.back_paise / (1 - unknown) if unknown < 1 else 0.0
    told = (back if forward is not None else 0) + counts.reversed_known
    return Losses(
        back,
        round(back * (costs.forward_paise if forward is None else forward)),
        reverse,
        back * (costs.handling_paise + costs.packaging_paise),
        round(costs.damage_share * amount),
        told / (2 * back) if back else 0.0,
    )
