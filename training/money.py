"""What predictions would have saved, in rupees, on orders whose outcome is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.actions import ACTIONS, Action, open_to
from models.costs import CostModel
from models.policy import TYPICAL_AMOUNT_PAISE, Policy, default_policy
from training.bootstrap import REPLICATES, Clusters, total_intervals
from training.evaluate import Estimate
from training.labels import Floats
from training.predictions import Judged

PER_ORDERS = 1_000
SHOWN: tuple[Action, ...] = ("verify", "prepaid", "hold")


@dataclass(frozen=True, slots=True, eq=False)
class Savings:
    """Rupees saved per 1,000 orders, against shipping everything, at each threshold.

    Parameters
    ----------
    thresholds : ndarray of shape (k,)
        Probabilities at and above which the action is taken, falling; at the first nobody is
        acted on.
    acted : ndarray of shape (k,)
        Share of orders acted on.
    saved, low, high : ndarrays of shape (k,)
        Rupees per 1,000 orders with their 95 % interval; negative where acting costs more than it
        saves.
    """

    action: Action
    thresholds: Floats
    acted: Floats
    saved: Floats
    low: Floats
    high: Floats

    def best(self) -> tuple[float, float, float]:
        """Threshold, share acted on and rupees saved where most is saved in hindsight."""
        at = int(np.argmax(self.saved))
        return float(self.thresholds[at]), float(self.acted[at]), float(self.saved[at])


@dataclass(frozen=True, slots=True)
class Worth:
    """Rupees saved per 1,000 orders by the policy a merchant starts with, chosen in foresight.

    Parameters
    ----------
    threshold : float
        The probability from which it does anything about a cash-on-delivery order.
    actions : dict of str to float
        Share of the orders that each action is taken on.
    against, difference : Estimate, optional
        The same policy on the predictions compared with, and these less those, in pairs.
    """

    threshold: float
    actions: dict[str, float]
    saved: Estimate
    against: Estimate | None = None
    difference: Estimate | None = None


def read_amounts(amount_paise: Floats) -> Floats:
    """Amounts with the typical one for those that are unknown (negative)."""
    return np.where(amount_paise < 0, float(TYPICAL_AMOUNT_PAISE), amount_paise)


def gains(y: Floats, amount_paise: Floats, action: Action, costs: CostModel) -> Floats:
    """Rupees saved on each order by acting on it rather than shipping it untouched.

    The outcome without action is known; what the action does to it is the cost model's assumption.
    """
    certain = costs.table(y, read_amounts(amount_paise), ("ship", action))
    return np.asarray((certain[:, 0] - certain[:, 1]) / 100.0, dtype=np.float64)


def savings(
    judged: Judged,
    groups: Clusters,
    *,
    action: Action = "verify",
    costs: CostModel | None = None,
    points: int = 41,
    replicates: int = REPLICATES,
) -> Savings:
    """Savings at a grid of thresholds, each acting on a like share of the orders more."""
    y, p = judged.y, judged.column("probability")
    gain = gains(y, judged.column("amount_paise"), action, costs or CostModel())
    shares = np.linspace(1.0, 0.0, points)[1:]
    thresholds = np.unique(np.quantile(p, shares, method="higher"))[::-1]
    first = np.searchsorted(-thresholds, -p)
    rows = np.arange(len(y))
    binned = sparse.csr_matrix((gain, (rows, first)), shape=(len(y), len(thresholds)))
    columns = sparse.hstack([binned, np.ones((len(y), 1))], format="csr")

    def curve(totals: Floats) -> Floats:
        saved = np.concatenate([[0.0], np.cumsum(totals[:-1])])
        return np.asarray(PER_ORDERS * saved / max(totals[-1], 1.0))

    found = total_intervals(columns, curve, groups, replicates=replicates)
    acted = np.concatenate([[0.0], np.cumsum(np.bincount(first, minlength=len(thresholds)))])
    falling = np.concatenate([[1.0], thresholds])
    return Savings(action, falling, acted / len(y), found.estimate, found.low, found.high)


def worth(judged: Judged, groups: Clusters, *, replicates: int = REPLICATES) -> Worth:
    """What the shipped policy, which knows no outcome of these orders, would have saved on them."""
    amount = read_amounts(judged.column("amount_paise"))
    policy = default_policy(int(amount.mean()))
    sides = [name for name in ("probability", "other") if name in judged.frame]
    taken = [_actions(judged, policy, judged.column(name)) for name in sides]
    certain = policy.model.table(judged.y, amount) / 100.0
    rows = np.arange(len(amount))
    gain = np.column_stack([certain[:, 0] - certain[rows, at] for at in taken])
    columns = sparse.csr_matrix(np.column_stack([gain, np.ones(len(rows))]))

    def per_thousand(totals: Floats) -> Floats:
        each = PER_ORDERS * totals[:-1] / max(totals[-1], 1.0)
        return np.append(each, each[0] - each[-1])

    found = total_intervals(columns, per_thousand, groups, replicates=replicates)
    ends = [
        Estimate(*map(float, one))
        for one in zip(found.estimate, found.low, found.high, strict=True)
    ]
    paired = len(sides) > 1
    return Worth(
        threshold=acting_threshold(policy),
        actions={a: float((taken[0] == k).mean()) for k, a in enumerate(ACTIONS)},
        saved=ends[0],
        against=ends[1] if paired else None,
        difference=ends[2] if paired else None,
    )


def acting_threshold(policy: Policy) -> float:
    """The probability from which a policy does anything about a cash-on-delivery order."""
    reached = [policy.thresholds.of(action) for action in ACTIONS[1:]]
    return min((value for value in reached if value is not None), default=1.0)


def _actions(judged: Judged, policy: Policy, probability: Floats) -> np.ndarray:
    """The policy's action on each order, as a position among ``ACTIONS``."""
    found = np.zeros(len(probability), np.int64)
    modes = judged.frame["payment_mode"].to_numpy(dtype=object)
    for prepaid, thresholds in ((False, policy.thresholds), (True, policy.prepaid_thresholds)):
        mine = (modes == "prepaid") == prepaid
        for action in open_to("prepaid" if prepaid else "cod")[1:]:
            least = thresholds.of(action)
            if least is not None:
                found[mine & (probability >= least)] = ACTIONS.index(action)
    return found
