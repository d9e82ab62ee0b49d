"""The report says what is true of predictions whose truth is known, alone and paired."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from features.days import DAY_US
from models.actions import ACTIONS
from models.costs import CostModel
from tests.training.ledger import START_US
from training.bootstrap import clusters
from training.evaluate import Scoreboard
from training.metrics import calibration_line
from training.misses import about
from training.money import gains, savings, worth
from training.predictions import Judged
from training.report import report_on
from training.report_page import as_page
from training.report_text import as_text
from training.segments import period_of


def a_case(n: int = 4_000, *, other_noise: float | None = None) -> Judged:
    """Orders with perfectly calibrated predictions, and perhaps worse ones beside them."""
    rng = np.random.default_rng(6)
    z = rng.normal(-1.5, 1.0, n)
    p = 1 / (1 + np.exp(-z))
    rto = rng.random(n) < p
    frame = pd.DataFrame(
        {
            "merchant_id": np.where(np.arange(n) % 3 == 0, "a", "b"),
            "order_id": [f"order-{i}-of-asha" for i in range(n)],
            "row": np.arange(n),
            "created_us": START_US + np.arange(n) * (90 * DAY_US // n),
            "outcome": np.where(rto, "rto", "delivered"),
            "treated": False,
            "payment_mode": np.where(z > -1.5, "cod", "prepaid"),
            "amount_paise": 1_234_00,
            "person": np.arange(n) // 2,
            "customer": "new",
            "pin": "known",
            "city_tier": np.where(np.arange(n) % 2 == 0, "tier 1", "tier 3"),
            "state": np.where(np.arange(n) % 5 == 0, "goa", "delhi"),
            "category": "kurta",
            "cause": np.where(rto, np.where(np.arange(n) % 2 == 0, "refused", "late"), "unknown"),
            "probability": p,
        }
    )
    if other_noise is not None:
        frame["other"] = 1 / (1 + np.exp(-(z + rng.normal(0, other_noise, n))))
    return Judged(frame, {"outcome not known": 7})


def groups_of(case: Judged):  # type: ignore[no-untyped-def]
    return clusters(case.frame["person"].to_numpy(), case.frame["created_us"].to_numpy())


def test_true_probabilities_are_reported_as_honest() -> None:
    report = report_on(a_case(), replicates=60)
    assert report.numbers["slope"].low < 1.0 < report.numbers["slope"].high
    assert report.calibration_error < 0.02
    assert report.clustered_by == "person and week"
    assert report.numbers["log_loss"].value < report.constant_log_loss


def test_a_draws_slope_over_fine_bins_is_that_over_single_orders() -> None:
    case = a_case()
    y, p = case.y, case.column("probability")
    weight = np.random.default_rng(3).poisson(1.0, len(y)).astype(np.float64)
    assert Scoreboard(y, p)(weight)[4] == pytest.approx(calibration_line(y, p, weight)[1], abs=2e-3)


def test_noise_added_to_the_truth_is_worse_beyond_chance_when_paired() -> None:
    report = report_on(a_case(other_noise=0.7), against_name="noise", replicates=60)
    assert report.difference is not None
    assert report.difference["log_loss"].high < 0
    assert report.difference["roc_auc"].low > 0
    alone = report.numbers["log_loss"]
    paired = report.difference["log_loss"]
    assert paired.high - paired.low < alone.high - alone.low
    assert "better than noise" in as_text(report)
    money = report.worth.difference
    assert money is not None
    assert money.value == pytest.approx(report.worth.saved.value - report.worth.against.value)  # type: ignore[union-attr]


def test_segments_add_up_and_one_valued_groupings_are_left_out() -> None:
    report = report_on(a_case(), replicates=10)
    by = {part.by for part in report.segments}
    assert by == {"merchant", "payment mode", "city tier", "state", "time"}
    for name in by - {"time"}:
        parts = [part for part in report.segments if part.by == name]
        assert sum(part.orders for part in parts) == report.orders
        assert sum(part.rto for part in parts) == report.rto


def test_a_segment_promised_too_little_is_told_beyond_chance_and_the_rest_is_not() -> None:
    case = a_case()
    goa = (case.frame["state"] == "goa").to_numpy()
    case.frame.loc[goa, "probability"] *= 0.5
    states = {p.value: p for p in report_on(case, replicates=60).segments if p.by == "state"}
    assert states["goa"].gap.low > 0
    assert states["goa"].gap.value == pytest.approx(
        states["goa"].observed - states["goa"].predicted
    )
    assert states["delhi"].gap.low < 0 < states["delhi"].gap.high


def test_periods_are_indian_days_weeks_or_months_as_the_span_asks() -> None:
    evening = START_US - START_US % DAY_US + 19 * DAY_US // 24
    day = pd.to_datetime(evening, unit="us", utc=True).tz_convert("Asia/Kolkata").date()
    assert period_of(np.array([evening])) == [day.isoformat()]
    weeks = period_of(np.array([evening, evening + 60 * DAY_US]))
    assert all(pd.Timestamp(week).day_of_week == 0 for week in weeks)
    assert period_of(np.array([evening, evening + 400 * DAY_US]))[0] == day.isoformat()[:7]


def test_acting_on_the_riskiest_saves_and_on_everyone_costs_what_the_model_says() -> None:
    case = a_case()
    curve = savings(case, groups_of(case), action="verify", replicates=30)
    assert curve.saved[0] == 0.0
    everyone = 1_000 * gains(case.y, case.column("amount_paise"), "verify", CostModel()).mean()
    assert curve.acted[-1] == 1.0
    assert curve.saved[-1] == pytest.approx(everyone)
    assert curve.best()[2] >= max(0.0, everyone)
    assert (curve.low <= curve.saved).all()
    assert curve.low[5] < curve.saved[5] < curve.high[5]


def test_the_shipped_policy_bothers_no_prepaid_order_with_a_question() -> None:
    case = a_case()
    found = worth(case, groups_of(case), replicates=10)
    assert sum(found.actions.values()) == pytest.approx(1.0)
    assert set(found.actions) == set(ACTIONS)
    prepaid = Judged(case.frame.assign(payment_mode="prepaid"), {})
    asked = worth(prepaid, groups_of(prepaid), replicates=10).actions
    assert asked["verify"] == asked["prepaid"] == 0.0


def test_blocking_a_good_order_loses_its_margin_and_a_return_saves_its_cost() -> None:
    costs = CostModel()
    amount = np.array([1_000_00.0, 1_000_00.0])
    good, returned = gains(np.array([0.0, 1.0]), amount, "block", costs)
    assert good == pytest.approx(-costs.costs.margin_share * 1_000)
    assert returned == pytest.approx(costs.costs.of_return(1_000_00.0) / 100)


def test_causes_share_out_the_returns() -> None:
    report = report_on(a_case(), replicates=5)
    assert {cause.cause for cause in report.causes} == {"refused", "late"}
    assert sum(cause.orders for cause in report.causes) == report.rto
    assert sum(cause.share for cause in report.causes) == pytest.approx(1.0)


def test_the_largest_misses_are_the_furthest_off_and_name_nobody() -> None:
    case = a_case()
    report = report_on(case, why=lambda row: (f"row {row}",), replicates=5)
    returned = [m for m in report.misses if m.outcome == "rto"]
    assert returned[0].probability == case.column("probability")[case.y > 0].min()
    assert returned[0].why[0].startswith("row ")
    text = json.dumps(report.to_json()) + as_page(report, case)
    for secret in ("of-asha", "1,234", "1234"):
        assert secret not in text
    assert about(123_456_00) == "about ₹100,000"


def test_the_report_is_plain_json_and_says_invented_first() -> None:
    report = report_on(a_case(500), invented=True, replicates=10)
    body = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert body["orders"] == 500
    assert set(body["money"]) == {"verify", "prepaid", "hold"}
    assert body["worth"]["saved"]["low"] < body["worth"]["saved"]["value"]
    assert as_text(report).startswith("INVENTED DATA")


class Tags(HTMLParser):
    """Counts the open tags of a page and refuses one closed out of turn."""

    VOID = ("meta", "br", "line", "circle", "rect", "path", "use")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("noise", [None, 0.5])
def test_the_page_fetches_nothing_repeats_itself_exactly_and_says_invented(
    noise: float | None,
) -> None:
    case = a_case(600, other_noise=noise)
    report = report_on(case, invented=True, replicates=10)
    page = as_page(report, case)
    assert page == as_page(report, case)
    assert page.count("<figure>") == (7 if noise is None else 8)
    assert "INVENTED DATA" in page
    for word in ("<script", "src=", "@import", "url(http"):
        assert word not in page
    tags = Tags()
    tags.feed(page)
    assert tags.open == []


def test_a_title_cannot_smuggle_markup() -> None:
    case = a_case(200)
    page = as_page(report_on(case, title="<script>x</script>", replicates=5), case)
    assert "<script" not in page


@pytest.mark.filterwarnings("error")
def test_twelve_orders_of_one_outcome_and_one_day_still_make_a_report() -> None:
    case = a_case(12)
    case.frame["outcome"] = "delivered"
    case.frame["created_us"] = START_US
    report = report_on(case, replicates=5)
    assert report.causes == ()
    assert "—" in as_page(report, case)
    assert "came" in as_text(report)
