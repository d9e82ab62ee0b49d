"""How a merchant's orders of the last months were scored: sums by one per cent of risk.

Expected costs are lines in probability and amount, so four sums a bin price every setting of the
thresholds exactly, on the server and while a hand drags them.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.days import DAY_US, ist_day
from models.actions import ACTIONS, open_to
from models.costs import CostModel
from models.policy import TYPICAL_AMOUNT_PAISE
from models.thresholds import Thresholds, cheapest
from serving.store.connection import Connection
from serving.store.feeds import fold_before, scored_after

DAYS = 90
BINS = 100
ENOUGH = 200
"""Fewer orders draw no picture of a shop."""

Sums = NDArray[np.float64]

_AT_ONCE = 5_000
_MOST = 50
_N, _P, _A, _PA = range(4)


@dataclass(slots=True)
class _Followed:
    seq: int
    began_us: int
    days: dict[int, Sums] = field(default_factory=dict)

    def follow(self, connection: Connection, merchant_id: str) -> None:
        while lines := scored_after(connection, merchant_id, self.seq, _AT_ONCE):
            for _, known_us, decided, placed in lines:
                self._take(int(ist_day(known_us)), decided, placed)
            self.seq = lines[-1].seq

    def _take(self, day: int, decided: dict[str, Any], placed: dict[str, Any]) -> None:
        """What a rule or a list decided, thresholds do not move; silence is no first decision."""
        if decided["rule"] is not None or "probability_unanswered" in decided:
            return
        amount = placed.get("amount_paise")
        amount = TYPICAL_AMOUNT_PAISE if amount is None else float(amount)
        p = float(decided["probability"])
        prepaid = placed.get("payment_mode") == "prepaid"
        sums = self.days.setdefault(day, np.zeros((2, BINS, 4)))
        sums[int(prepaid), min(int(p * BINS), BINS - 1)] += (1, p, amount, p * amount)


class Scores:
    """The merchants looked at last; each is read once and then followed."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Followed] = OrderedDict()
        self._turn = Lock()

    def of(self, connection: Connection, merchant_id: str, now_us: int) -> Sums:
        """Orders, sum of probabilities, of amounts and of both, by payment and bin.

        Parameters
        ----------
        connection : Connection
            The caller's own; the first reading may take a second.
        """
        with self._turn:
            known = self._known.pop(merchant_id, None)
            if known is None:
                since = now_us - DAYS * DAY_US
                known = _Followed(fold_before(connection, since), now_us)
            known.follow(connection, merchant_id)
            self._known[merchant_id] = known
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
            first = int(ist_day(now_us)) - DAYS
            known.days = {day: sums for day, sums in known.days.items() if day > first}
            return (
                np.sum(list(known.days.values()), axis=0) if known.days else np.zeros((2, BINS, 4))
            )


def lines_of_cost(model: CostModel) -> dict[str, list[float]]:
    """Of each action: cost in paise at probability 0 for no amount, per paise; and at 1."""
    found: dict[str, list[float]] = {}
    for action in ACTIONS:
        (good, bad), (good_1, bad_1) = model.line(action, 0.0), model.line(action, 1.0)
        found[action] = [good, good_1 - good, bad, bad_1 - bad]
    return found


def costs_of(sums: Sums, model: CostModel) -> Sums:
    """Expected cost in paise of each action on the orders of each bin, shape (bins, actions)."""
    columns = []
    for good, good_a, bad, bad_a in lines_of_cost(model).values():
        untroubled = good * (sums[:, _N] - sums[:, _P]) + good_a * (sums[:, _A] - sums[:, _PA])
        columns.append(untroubled + bad * sums[:, _P] + bad_a * sums[:, _PA])
    return np.stack(columns, axis=1)


def suggested(sums: Sums, model: CostModel, *, prepaid: bool) -> Thresholds:
    """The cheapest thresholds on these orders that keep the order of severity, in per cent."""
    allowed = open_to("prepaid" if prepaid else "cod")
    chosen = [ACTIONS.index(action) for action in allowed]
    begins = np.arange(BINS) / BINS
    begins[0] = 1 / BINS
    costs = costs_of(sums, model)[:, chosen]
    return cheapest(begins, costs, allowed)
