"""The prior says what is known without a model, names itself, and offers what a bundle offers."""

from __future__ import annotations

import numpy as np
import pytest

from features.order import PAYMENT_MODES, PaymentMode
from features.row import Row
from models.prior import COD_SHARE, COD_SHARE_OF_RTO, Prior, rates
from models.scorer import Scorer

PRIOR: Scorer = Prior()


def row(mode: PaymentMode | None) -> Row:
    """An order of which only the payment mode is known."""
    return Row(np.full(3, np.nan), ("pincode=560034", f"payment_mode={mode}") if mode else ())


def test_the_rates_agree_with_the_figures_they_come_from() -> None:
    rate = rates()
    cod, prepaid = rate["cod"] * COD_SHARE, rate["prepaid"] * (1 - COD_SHARE)
    assert rate["cod"] == 0.25
    assert cod / (cod + prepaid) == pytest.approx(COD_SHARE_OF_RTO)
    assert rate["unknown"] == pytest.approx(cod + prepaid)
    assert rate["prepaid"] < rate["partial_cod"] < rate["cod"]


@pytest.mark.parametrize("mode", PAYMENT_MODES)
def test_every_payment_mode_is_scored_and_its_reason_adds_up(mode: PaymentMode) -> None:
    risk = PRIOR.score(row(mode), {})
    found = PRIOR.explain(row(mode), {}, risk)
    assert risk.probability == rates()[mode]
    assert sum(one.impact for one in found) == pytest.approx(
        risk.probability - risk.base_probability, abs=1e-12
    )
    assert [one.code for one in found] == ([] if mode == "unknown" else ["cod_order"])


def test_an_order_without_a_payment_mode_is_an_average_order() -> None:
    risk = PRIOR.score(row(None), {})
    assert risk.probability == risk.base_probability
    assert PRIOR.explain(row(None), {}, risk) == ()


def test_many_orders_score_as_one_does() -> None:
    rows = [row(mode) for mode in (*PAYMENT_MODES, None)]
    many = PRIOR.score_many(np.array([one.values for one in rows]), [one.tokens for one in rows])
    assert many.tolist() == [PRIOR.score(one, {}).probability for one in rows]


def test_the_prior_names_itself() -> None:
    assert PRIOR.version == "prior-1"
    assert len(PRIOR.digest) == 64
