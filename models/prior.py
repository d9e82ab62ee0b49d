"""The shipped prior: what is known of any order in India before a model has been trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log

import numpy as np

from features.order import PAYMENT_MODES, PaymentMode
from features.row import Row
from models.calibration import Platt
from models.impacts import impacts
from models.manifest import canonical, hex_digest
from models.risk import Impact, Risk
from models.scorer import Extra, ExtraKind, Floats

VERSION = "prior-1"

COD_RTO_RATE = 0.25
"""About a quarter of cash-on-delivery parcels in India come back (the field's common figure)."""

COD_SHARE_OF_RTO = 0.89
"""A survey of two million Indian shipments: 89 % of those that came back were COD."""

COD_SHARE = 0.60
"""Share of orders paid at the door. An assumption: shops differ from .3 to .9."""

_COD_REASON = "cod_order"


def rates() -> dict[PaymentMode, float]:
    """The chance of coming back by payment mode.

    The rate of prepaid orders follows from the three figures: with COD a share s of orders coming
    back at rate r and making up q of all returns, the others come back at
    ``r · s / q · (1 − q) / (1 − s)``. An order whose mode is unknown comes back at the overall
    rate ``r · s / q``. One paid in part lies half way between COD and prepaid in log-odds, which
    is an assumption.

    >>> {mode: round(rate, 3) for mode, rate in rates().items()}
    {'cod': 0.25, 'prepaid': 0.046, 'partial_cod': 0.113, 'unknown': 0.169}
    """
    overall = COD_RTO_RATE * COD_SHARE / COD_SHARE_OF_RTO
    prepaid = overall * (1 - COD_SHARE_OF_RTO) / (1 - COD_SHARE)
    half_way = (_log_odds(COD_RTO_RATE) + _log_odds(prepaid)) / 2
    return {
        "cod": COD_RTO_RATE,
        "prepaid": prepaid,
        "partial_cod": _AS_IS.probability(half_way),
        "unknown": overall,
    }


def _log_odds(probability: float) -> float:
    """The log-odds of a probability."""
    return log(probability / (1 - probability))


def _mode_of(tokens: Iterable[str]) -> PaymentMode:
    """The payment mode among an order's tokens."""
    for token in tokens:
        if token in _MODES:
            return _MODES[token]
    return "unknown"


_AS_IS = Platt(1.0, 0.0)
_MODES: dict[str, PaymentMode] = {f"payment_mode={mode}": mode for mode in PAYMENT_MODES}


class Prior:
    """Scores by payment mode alone, with the surface of a bundle and one reason.

    It has learned from nobody's orders; its version, ``prior-1``, says so in every decision.
    """

    def __init__(self) -> None:
        self.version = VERSION
        self.rates = rates()
        self.digest = hex_digest(canonical({"version": VERSION, "rates": list(self.rates.items())}))
        self.extras: Mapping[str, ExtraKind] = {}
        self._base = self.rates["unknown"]

    def score(self, row: Row, extra: Extra) -> Risk:  # noqa: ARG002 -- the surface of a bundle
        """Score one order by its token ``payment_mode=…``."""
        probability = self.rates[_mode_of(row.tokens)]
        return Risk(probability, _log_odds(probability), self._base, _log_odds(self._base))

    def score_many(
        self,
        values: Floats,  # noqa: ARG002
        tokens: Sequence[Sequence[str]],
        extras: Mapping[str, Sequence[float | str | None]] | None = None,  # noqa: ARG002
    ) -> Floats:
        """Probabilities of many orders, shape (n_orders,)."""
        return np.array([self.rates[_mode_of(own)] for own in tokens], dtype=np.float64)

    def interval(self, row: Row, risk: Risk) -> None:
        """Nobody measured it."""

    def explain(
        self,
        row: Row,  # noqa: ARG002
        extra: Extra,  # noqa: ARG002
        risk: Risk,
        *,
        most: int | None = None,
    ) -> tuple[Impact, ...]:
        """The payment mode carries the whole difference from the average order."""
        distance = risk.log_odds - risk.base_log_odds
        return impacts({_COD_REASON: distance}, risk, _AS_IS, most=most)
