"""The report says what is true of predictions whose truth is known, alone and paired."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from features.days import DAY_US
from models.costs import CostModel
from tests.training.ledger import START_US
from training.evaluate import evaluate
from training.money import gains, savings
from training.predictions import Judged
from training.report_page import as_page
from training.report_text import as_text


def a_case(n: int = 4_000, *, other_noise: float | None = None) -> Judged:
    """Orders with perfectly calibrated predictions, and perhaps worse ones beside them."""
    rng = np.random.default_rng(6)
    z = rng.normal(-1.5, 1.0, n)
    p = 1 / (1 + np.exp(-z))
    frame = pd.DataFrame(
        {
            "merchant_id": np.where(np.arange(n) % 3 == 0, "a", "b"),
            "order_id": [f"o{i}" for i in range(n)],
            "created_us": START_US + np.arange(n) * (90 * DAY_US // n),
            "outcome": np.where(rng.random(n) < p, "rto", "delivered"),
            "treated": False,
            "payment_mode": np.where(z > -1.5, "cod", "prepaid"),
            "amount_paise": 1_000_00,
            "person": np.arange(n) // 2,
            "customer": "new",
            "city_tier": "tier 1",
            "probability": p,
        }
    )
    if other_noise is not None:
        frame["other"] = 1 / (1 + np.exp(-(z + rng.normal(0, other_noise, n))))
    return Judged(frame, {"outcome not known": 7})


def test_true_probabilities_are_reported_as_honest() -> None:
    report = evaluate(a_case(), replicates=60)
    assert report.numbers["slope"].low < 1.0 < report.numbers["slope"].high
    assert report.calibration_error < 0.02
    assert report.clustered_by == "person and week"
    assert report.numbers["log_loss"].value < report.constant_log_loss


def test_noise_added_to_the_truth_is_worse_beyond_chance_when_paired() -> None:
    report = evaluate(a_case(other_noise=0.7), replicates=60)
    assert report.difference is not None
    assert report.difference["log_loss"].high < 0
    assert report.difference["roc_auc"].low > 0
    alone = report.numbers["log_loss"]
    paired = report.difference["log_loss"]
    assert paired.high - paired.low < alone.high - alone.low


def test_segments_add_up_and_one_valued_groupings_are_left_out() -> None:
    report = evaluate(a_case(), replicates=10)
    modes = [part for part in report.segments if part.by == "payment_mode"]
    assert sum(part.orders for part in modes) == report.orders
    assert {part.by for part in report.segments} == {"merchant", "payment_mode", "month"}


def test_acting_on_the_riskiest_saves_and_on_everyone_costs_what_the_model_says() -> None:
    case = a_case()
    y, p, amount = case.y, case.column("probability"), case.column("amount_paise")
    curve = savings(y, p, amount, action="verify")
    assert curve.saved[0] == 0.0
    everyone = 1_000 * gains(y, amount, "verify", CostModel()).mean()
    assert curve.saved[-1] == pytest.approx(everyone)
    assert curve.best()[2] >= max(0.0, everyone)


def test_blocking_a_good_order_loses_its_margin_and_a_return_saves_its_cost() -> None:
    costs = CostModel()
    amount = np.array([1_000_00.0, 1_000_00.0])
    good, returned = gains(np.array([0.0, 1.0]), amount, "block", costs)
    assert good == pytest.approx(-costs.costs.margin_share * 1_000)
    assert returned == pytest.approx(costs.costs.of_return(1_000_00.0) / 100)


def test_the_report_is_plain_json_and_says_invented_first() -> None:
    report = evaluate(a_case(500), invented=True, replicates=10)
    body = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert body["orders"] == 500
    assert body["money"]["action"] == "verify"
    assert as_text(report).startswith("INVENTED DATA")


def test_the_page_fetches_nothing_repeats_itself_exactly_and_says_invented() -> None:
    case = a_case(600, other_noise=0.5)
    report = evaluate(case, invented=True, replicates=10)
    page = as_page(report, case)
    assert page == as_page(report, case)
    assert page.count("<svg") == 5
    assert "INVENTED DATA" in page
    for word in ("<script", "src=", "@import", "url(http"):
        assert word not in page


def test_a_title_cannot_smuggle_markup() -> None:
    case = a_case(200)
    page = as_page(evaluate(case, title="<script>x</script>", replicates=5), case)
    assert "<script" not in page
