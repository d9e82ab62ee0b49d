"""What each action is expected to cost on one order: the merchant's money and what actions do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.actions import ACTIONS, Action

MOST_PAISE = 100_000_000_00
"""No fee or price is larger: as much as the dearest order that is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What things cost a merchant, in whole paise, and shares of the order's amount.

    The message prices are those of WhatsApp in India (third parties' copies of Meta's price list,
    read 2026-11-23: utility ₹0.12–0.13, marketing ₹0.65–0.88; the upper ends). Everything else
    is an assumption for a parcel of half a kilogram between two cities, which the merchant
    replaces by their own contract.

    Parameters
    ----------
    forward_paise, reverse_paise : int
        Shipping to the customer, and back.
    handling_paise, packaging_paise : int
        Work on a returned parcel, and packaging lost with it.
    damage_share : float
        Share of the amount lost on a returned parcel because goods come back unsaleable.
    margin_share : float
        Share of the amount that a delivered order earns after its own shipping.
    utility_message_paise, marketing_message_paise : int
        One WhatsApp message that checks an order; one that offers something.
    prepaid_discount_paise : int
        Given to a customer who then pays in advance.
    review_paise : int
        One look by a person, with a call.
    """

    forward_paise: int = 65_00
    reverse_paise: int = 65_00
    handling_paise: int = 12_00
    packaging_paise: int = 10_00
    damage_share: float = 0.02
    margin_share: float = 0.25
    utility_message_paise: int = 13
    marketing_message_paise: int = 88
    prepaid_discount_paise: int = 50_00
    review_paise: int = 30_00

    def faults(self) -> tuple[str, ...]:
        """One sentence per value that cannot be."""
        values: dict[str, float] = asdict(self)
        negative = [
            f"costs: {name} is {value}; it must not be negative"
            for name, value in values.items()
            if not value >= 0
        ]
        shares = [
            f"costs: {name} is {value}; a share of the amount is at most 1"
            for name, value in values.items()
            if name.endswith("_share") and value > 1
        ]
        dear = [
            f"costs: {name} is too large; it must be at most {MOST_PAISE} paise"
            for name, value in values.items()
            if name.endswith("_paise") and value > MOST_PAISE
        ]
        return (*negative, *shares, *dear)

    def of_doing(self, action: Action) -> float:
        """Paise that an action costs before anything comes of it."""
        if action == "verify":
            return self.utility_message_paise
        if action == "prepaid":
            return self.marketing_message_paise
        return self.review_paise if action == "hold" else 0.0

    def of_return(self, amount_paise: float) -> float:
        """Paise lost when a parcel of this amount goes out and comes back."""
        fixed = self.forward_paise + self.reverse_paise + self.handling_paise + self.packaging_paise
        return fixed + self.damage_share * amount_paise


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one action does to orders, as shares between 0 and 1.

    Parameters
    ----------
    rto_avoided : float
        Share of the orders that would have come back which then do not go out and come back.
    rto_rescued : float
        Share of the orders that would have come back which are delivered instead (a corrected
        address, a payment); part of ``rto_avoided``.
    good_lost : float
        Share of the orders that would have been delivered which are lost by the bother.
    paid : float
        Share of all orders paid in advance after being asked, each with the discount.
    """

    rto_avoided: float = 0.0
    rto_rescued: float = 0.0
    good_lost: float = 0.0
    paid: float = 0.0

    def faults(self, action: str) -> tuple[str, ...]:
        """One sentence per value that cannot be."""
        values: dict[str, float] = asdict(self)
        outside = [
            f"effects of {action}: {name} is {value}; it must lie between 0 and 1"
            for name, value in values.items()
            if not 0 <= value <= 1
        ]
        if self.rto_rescued > self.rto_avoided:
            outside.append(
                f"effects of {action}: rto_rescued {self.rto_rescued} is part of rto_avoided "
                f"{self.rto_avoided} and cannot exceed it"
            )
        return tuple(outside)


# Assumptions, every one, until a merchant's own comparison group has measured them. They say that
# a question stops a third of returns and costs few good orders, that asking for money does more
# of both, that a call does most, and that what is not shipped neither returns nor sells.
ASSUMED_EFFECTS: Mapping[Action, Effect] = MappingProxyType(
    {
        "ship": Effect(),
        "verify": Effect(rto_avoided=0.35, rto_rescued=0.10, good_lost=0.03),
        "prepaid": Effect(rto_avoided=0.55, rto_rescued=0.15, good_lost=0.05, paid=0.30),
        "hold": Effect(rto_avoided=0.70, rto_rescued=0.15, good_lost=0.04),
        "block": Effect(rto_avoided=1.0, good_lost=1.0),
    }
)


class _Line(NamedTuple):
    """What of an action's cost is the same for every order."""

    fee: float
    lost: float
    shipped: float
    rescued: float

    def ends(self, margin: float, loss: float) -> tuple[float, float]:
        """Expected cost in paise at probability 0, and at probability 1."""
        fee = self.fee
        return fee + self.lost * margin, fee + self.shipped * loss - self.rescued * margin


@dataclass(frozen=True, slots=True)
class CostModel:
    """Costs and effects together: the expected cost of an action is a line in the probability.

    Measured against a delivered, unbothered order, which costs nothing. With L the cost of a
    return, M the margin, p the probability and an action's effects,

    ``cost = fee + p · (1 − avoided) · L − p · rescued · M + (1 − p) · lost · M + paid · discount``.
    """

    costs: Costs = field(default_factory=Costs)
    effects: Mapping[Action, Effect] = field(default_factory=lambda: ASSUMED_EFFECTS)
    _lines: Mapping[Action, _Line] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lines = {
            action: _Line(
                self.fee_paise(action), effect.good_lost, 1 - effect.rto_avoided, effect.rto_rescued
            )
            for action, effect in self.effects.items()
        }
        object.__setattr__(self, "_lines", lines)

    def faults(self) -> tuple[str, ...]:
        """One sentence per value that cannot be."""
        missing = [
            f"effects: {action} is missing" for action in ACTIONS if action not in self.effects
        ]
        unknown = [
            f'effects: "{name}" is not one of {", ".join(ACTIONS)}'
            for name in self.effects
            if name not in ACTIONS
        ]
        if self.effects.get("ship", Effect()) != Effect():
            missing.append("effects of ship: an order shipped untouched has none; leave it out")
        inside = [
            fault for action, effect in self.effects.items() for fault in effect.faults(action)
        ]
        return (*self.costs.faults(), *missing, *unknown, *inside)

    def fee_paise(self, action: Action) -> float:
        """What doing it costs, whatever comes of it."""
        discount = self.effects[action].paid * self.costs.prepaid_discount_paise
        return self.costs.of_doing(action) + discount

    def line(self, action: Action, amount_paise: float) -> tuple[float, float]:
        """Expected cost in paise at probability 0, and at probability 1."""
        margin, loss = self.costs.margin_share * amount_paise, self.costs.of_return(amount_paise)
        return self._lines[action].ends(margin, loss)

    def expected_paise(self, action: Action, probability: float, amount_paise: float) -> float:
        """Expected cost of an action on one order, in paise."""
        return self.each_expected_paise((action,), probability, amount_paise)[0]

    def each_expected_paise(
        self, actions: Sequence[Action], probability: float, amount_paise: float
    ) -> list[float]:
        """Expected costs of several actions on one order, in paise."""
        margin, loss = self.costs.margin_share * amount_paise, self.costs.of_return(amount_paise)
        ends = (self._lines[action].ends(margin, loss) for action in actions)
        return [(1 - probability) * good + probability * bad for good, bad in ends]

    def table(
        self,
        probabilities: NDArray[np.float64],
        amounts_paise: NDArray[np.float64],
        actions: tuple[Action, ...] = ACTIONS,
    ) -> NDArray[np.float64]:
        """Expected costs in paise of many orders, shape (n_orders, n_actions)."""
        columns = []
        for action in actions:
            good_0, bad_0 = self.line(action, 0.0)
            good_1, bad_1 = self.line(action, 1.0)
            good = good_0 + (good_1 - good_0) * amounts_paise
            bad = bad_0 + (bad_1 - bad_0) * amounts_paise
            columns.append((1 - probabilities) * good + probabilities * bad)
        return np.stack(columns, axis=1)
