"""What a threshold would have cost and saved, in rupees, on orders whose outcome is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.actions import Action
from models.costs import CostModel
from models.policy import TYPICAL_AMOUNT_PAISE
from training.metrics import Floats

PER_ORDERS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Savings:
    """Rupees saved per 1,000 orders, against shipping everything, at each threshold.

    Parameters
    ----------
    thresholds : ndarray of shape (k,)
        Probabilities at and above which the action is taken.
    acted : ndarray of shape (k,)
        Share of orders acted on.
    saved : ndarray of shape (k,)
        Rupees per 1,000 orders; negative where acting costs more than it saves.
    """

    action: Action
    thresholds: Floats
    acted: Floats
    saved: Floats

    def best(self) -> tuple[float, float, float]:
        """Threshold, share acted on and rupees saved where most is saved in hindsight."""
        at = int(np.argmax(self.saved))
        return float(self.thresholds[at]), float(self.acted[at]), float(self.saved[at])


def gains(y: Floats, amount_paise: Floats, action: Action, costs: CostModel) -> Floats:
    """Rupees saved on each order by acting on it rather than shipping it untouched.

    The outcome without action is known; what the action does to it is the cost model's assumption.
    Unknown amounts (negative) are read as the typical amount.
    """
    amount = np.where(amount_paise < 0, float(TYPICAL_AMOUNT_PAISE), amount_paise)
    certain = costs.table(y, amount, ("ship", action))
    return np.asarray((certain[:, 0] - certain[:, 1]) / 100.0, dtype=np.float64)


def savings(
    y: Floats,
    probability: Floats,
    amount_paise: Floats,
    *,
    action: Action = "verify",
    costs: CostModel | None = None,
    points: int = 101,
) -> Savings:
    """Savings at every per cent of orders acted on, riskiest first.

    Parameters
    ----------
    y, probability, amount_paise : float64 arrays of shape (n,)
        Outcomes, predictions and amounts; a negative amount is unknown.
    """
    gain = gains(y, amount_paise, action, costs or CostModel())
    order = np.argsort(-probability, kind="stable")
    running = np.concatenate([[0.0], np.cumsum(gain[order])])
    counts = np.unique(np.round(np.linspace(0.0, len(y), points)).astype(np.int64))
    ranked = np.concatenate([[1.0], probability[order]])
    return Savings(
        action, ranked[counts], counts / len(y), PER_ORDERS * running[counts] / max(1, len(y))
    )
