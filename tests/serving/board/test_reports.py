"""What is told of a year whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.days import ist_day
from features.errors import RefusedError
from features.history.states import DELIVERED, PENDING, RTO
from models.costs import Costs
from serving.board.campaigns import campaigns, customer_values, read_spend
from serving.board.entry import Cell, Counts, Entry, counted
from serving.board.findings import Finding, keep, listed, work_out
from serving.board.losses import losses
from serving.board.maturity import measured_until, settled, totals_of
from serving.board.outlook import coming_back, next_month
from serving.board.quality import quality
from serving.board.summary import Summary
from serving.board.today import today
from serving.weeks import first_day, week_of
from tests.serving import shop

NOW = int(ist_day(shop.NOON))
MONDAY = first_day(week_of(NOW))
YEAR = Entry(0, "kurtas", state=DELIVERED, payment_mode="cod", amount_paise=1_000_00)
COSTS = Costs()


@pytest.fixture
def summary(tmp_path: Path) -> Iterator[Summary]:
    with Summary.open(tmp_path / "board.sqlite3") as opened:
        yield opened


def fill(summary: Summary, entries: list[Entry]) -> None:
    """Count orders as if they had been read."""
    deltas: dict[tuple[str, Cell], list[int]] = {}
    numbered = [replace(entry, number=number) for number, entry in enumerate(entries, 1)]
    for entry in numbered:
        for cell, counts in counted(entry):
            into = deltas.setdefault((entry.merchant_id, cell), [0] * len(counts))
            for i, count in enumerate(counts):
                into[i] += count
    with summary.transaction():
        summary.add(deltas)
        summary.keep(numbered)


def past_orders(rng: np.random.Generator, orders: int, rate: float, **said: object) -> list[Entry]:
    """Orders of the last twenty weeks, the two newest of which have not ended."""
    found = []
    for day in rng.integers(MONDAY - 140, MONDAY, orders).tolist():
        state = RTO if rng.random() < rate else DELIVERED
        if day >= MONDAY - 14:
            state = PENDING
        ended = -1 if state == PENDING else day + (12 if state == RTO else 5)
        found.append(replace(YEAR, day=day, state=state, ended_day=ended, **said))  # type: ignore[arg-type]
    return found


def test_only_weeks_that_have_nearly_ended_are_measured_on(summary: Summary) -> None:
    fill(summary, past_orders(np.random.default_rng(1), 2_000, 0.2))
    assert measured_until(summary, "kurtas", NOW) == MONDAY - 15
    window = settled(summary, "kurtas", 90, NOW)
    assert len(window.left_out) == 2
    assert totals_of(summary, "kurtas", "all", window)[""].pending == 0
    assert measured_until(summary, "nobody", NOW) is None


def test_a_bad_pincode_stands_out_and_the_others_do_not(summary: Summary) -> None:
    rng = np.random.default_rng(2)
    entries = past_orders(rng, 400, 0.5, pincode="110001", cause="unreachable")
    for number in range(30):
        entries += past_orders(rng, 60, 0.15, pincode=f"5600{number:02d}")
    entries += past_orders(rng, 3, 1.0, pincode="999999")
    fill(summary, entries)
    window = settled(summary, "kurtas", 90, NOW)
    found = {f.value: f for f in work_out(summary, "kurtas", "pincode", window, COSTS)}
    assert found["110001"].verdict == "more"
    assert found["110001"].cause == "unreachable"
    assert sum(f.verdict == "more" for f in found.values()) <= 3
    assert found["999999"].known <= 3
    assert found["999999"].rate < 0.5


def test_findings_are_kept_and_sorted_and_replaced(summary: Summary) -> None:
    some = Finding("a", 10, 10, 5, 0.4, 0.3, 0.5, "alike", "", 100)
    keep(summary, "kurtas", 90, "sku", [some, replace(some, value="b", rate=0.6, lost_paise=50)])
    assert [f.value for f in listed(summary, "kurtas", 90, "sku")] == ["a", "b"]
    assert [f.value for f in listed(summary, "kurtas", 90, "sku", sort="rate")] == ["b", "a"]
    assert len(listed(summary, "kurtas", 90, "sku", sort="nonsense; DROP", limit=1)) == 1
    assert not listed(summary, "sarees", 90, "sku")
    keep(summary, "kurtas", 90, "sku", [some])
    assert len(listed(summary, "kurtas", 90, "sku")) == 1


def test_a_return_costs_what_the_orders_told_and_else_what_the_policy_says() -> None:
    told = Counts(rto=2, delivered=2, back_paise=2_000_00, shipped_paise=4 * 80_00,
                  shipped_known=4, reversed_paise=90_00, reversed_known=1)  # fmt: skip
    found = losses(told, COSTS)
    assert found.forward == 160_00
    assert found.reverse == 90_00 + COSTS.reverse_paise
    assert found.handling == 2 * (COSTS.handling_paise + COSTS.packaging_paise)
    assert found.damage == round(COSTS.damage_share * 2_000_00)
    assert found.told == 0.75
    assert losses(Counts(rto=1), COSTS).paise == COSTS.of_return(0)


def test_units_come_back_when_returns_used_to(summary: Summary) -> None:
    rng = np.random.default_rng(3)
    open_order = replace(YEAR, day=MONDAY - 6, state=PENDING, newest=0.25, skus=[("kurta", 2)])
    stuck = replace(open_order, day=MONDAY - 60)
    unscored = replace(open_order, newest=-1.0)
    fill(summary, [*past_orders(rng, 3_000, 0.3), *[open_order] * 8, stuck, unscored])
    found = coming_back(summary, "kurtas", settled(summary, "kurtas", 90, NOW), NOW)
    assert not found.assumed
    assert sum(e.units for e in found.expected) == pytest.approx(4.0)
    assert {e.sku for e in found.expected} == {"kurta"}
    assert min(e.week for e in found.expected) == week_of(NOW) + 1
    assert found.unscored == 2
    assert found.overdue == 2


def test_without_returns_of_its_own_a_shop_gets_assumed_delays(summary: Summary) -> None:
    fill(summary, [replace(YEAR, day=NOW, state=PENDING, newest=0.5, skus=[("bag", 1)])])
    found = coming_back(summary, "kurtas", settled(summary, "kurtas", 90, NOW), NOW)
    assert found.assumed
    assert sum(e.units for e in found.expected) == pytest.approx(0.5)


def test_next_month_lies_in_its_interval_nine_times_in_ten(tmp_path: Path) -> None:
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        weekly = rng.poisson(rng.gamma(40, 3, 12 + 5))  # busier and quieter weeks
        known, costs = Counts(delivered=800, rto=200), COSTS
        entries = {MONDAY - 7 * (12 - i): n for i, n in enumerate(weekly[:12])}
        with Summary.open(tmp_path / f"{seed}.sqlite3") as summary:
            with summary.transaction():
                summary.add({("kurtas", Cell("all", "", day)): [0, int(n * 0.8), int(n * 0.2),
                             *[0] * 19] for day, n in entries.items()})  # fmt: skip
            window = settled(summary, "kurtas", 365, NOW)
            found = next_month(summary, "kurtas", window, costs, NOW)
        assert found is not None
        coming = weekly[12:16].sum() + weekly[16] * 2 / 7
        rate = known.came_back / known.known
        truth = coming * (costs.forward_paise + rate * costs.reverse_paise)
        held += found.low <= truth <= found.high
    assert 33 <= held <= 40


def test_a_young_shop_is_told_no_month(summary: Summary) -> None:
    fill(summary, [replace(YEAR, day=MONDAY - day) for day in range(1, 30)])
    window = settled(summary, "kurtas", 90, NOW)
    assert next_month(summary, "kurtas", window, COSTS, NOW) is None


def test_a_campaign_is_worth_what_arrived_less_what_its_returns_cost(summary: Summary) -> None:
    day = MONDAY - 30
    ordered = replace(YEAR, day=day, campaign="diwali")
    fill(summary, [ordered, ordered, replace(ordered, state=RTO), replace(YEAR, day=day)])
    with summary.transaction():
        summary.spend("kurtas", [("diwali", day, 1_000_00), ("unseen", day, 10_00)])
    window = settled(summary, "kurtas", 90, NOW)
    found = {c.campaign: c for c in campaigns(summary, "kurtas", window, COSTS)}
    assert found["diwali"].told == 3.0
    lost = COSTS.of_return(1_000_00)
    assert found["diwali"].net == pytest.approx((2_000_00 - lost) / 1_000_00)
    assert found["unseen"].orders == 0
    assert found["unseen"].net == 0


def test_customers_are_valued_only_where_the_goods_costs_are_known(summary: Summary) -> None:
    day = MONDAY - 30
    sold = replace(YEAR, day=day, person=1, goods_paise=400_00, campaign="diwali")
    back = replace(YEAR, day=day + 1, person=1, state=RTO)
    fill(summary, [sold, back, replace(sold, person=2)])
    window = settled(summary, "kurtas", 90, NOW)
    (value,) = customer_values(summary, "kurtas", window, COSTS)
    kept = 1_000_00 - 400_00 - COSTS.forward_paise
    assert (value.campaign, value.customers, value.orders) == ("diwali", 2, 3)
    assert value.net == 2 * kept - round(COSTS.of_return(1_000_00))
    fill(summary, [replace(YEAR, day=day, person=3)])
    assert customer_values(summary, "kurtas", window, COSTS) == []


def test_spend_is_read_from_an_ad_managers_file() -> None:
    text = "\ufeffCampaign name,Day,Amount spent (INR)\ndiwali,2026-11-01,\"1,200.50\"\n\n" \
           "diwali,2026-11-01,₹10\n"  # fmt: skip
    (row,) = read_spend(text)
    assert row[0] == "diwali"
    assert row[2] == 1_210_50


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no column"),
        ("day,campaign\n", '"spend"'),
        ("day,campaign,spend\n01/11/2026,a,1\n", "row 2: day"),
        ("day,campaign,spend\n2026-11-01,a,much\n", "row 2: spend"),
        ("day,campaign,spend\n2026-11-01,a,-5\n", "row 2: spend"),
        ("day,campaign,spend\n2026-11-01,a,NaN\n", "row 2: spend"),
        ("day,campaign,spend\n", "no row"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_row(text: str, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        read_spend(text)


def scored(rng: np.random.Generator, orders: int, stretch: float) -> list[Entry]:
    """Orders whose returns are the probabilities times ``stretch``."""
    found = []
    for entry in past_orders(rng, orders, 0.0):
        chance = float(rng.beta(2, 8))
        back = entry.state == DELIVERED and rng.random() < stretch * chance
        found.append(replace(entry, model="m-1", first=chance, state=RTO if back else entry.state))
    return found


@pytest.mark.parametrize(
    ("stretch", "verdict"), [(1.0, "right"), (1.6, "too_low"), (0.5, "too_high")]
)
def test_a_model_is_held_to_its_word(summary: Summary, stretch: float, verdict: str) -> None:
    fill(summary, scored(np.random.default_rng(5), 4_000, stretch))
    window = settled(summary, "kurtas", 365, NOW)
    found = quality(summary, "kurtas", window, week_of(NOW))
    assert found is not None
    assert found.verdict == verdict
    assert sum(point.orders for point in found.points) == found.orders
    assert min(point.orders for point in found.points) >= 50
    assert found.drift == "steady"


def test_scores_that_move_are_noticed(summary: Summary) -> None:
    orders = scored(np.random.default_rng(6), 3_000, 1.0)
    moved = [replace(e, first=min(0.99, e.first + 0.3)) if e.day > MONDAY - 28 else e
             for e in orders]  # fmt: skip
    fill(summary, moved)
    found = quality(summary, "kurtas", settled(summary, "kurtas", 365, NOW), week_of(NOW))
    assert found is not None
    assert found.drift == "much"


def test_treated_orders_do_not_judge_the_model(summary: Summary) -> None:
    asked = replace(YEAR, day=MONDAY - 30, model="m-1", first=0.9, state=DELIVERED + 7)
    fill(summary, [asked] * 400)
    found = quality(summary, "kurtas", settled(summary, "kurtas", 365, NOW), week_of(NOW))
    assert found is not None
    assert found.orders == 0
    assert found.verdict == "few"


def test_today_is_counted_from_the_summary(summary: Summary) -> None:
    shipped = replace(YEAR, day=NOW, state=PENDING, newest=0.5, action="ship", advice="verify")
    held = replace(shipped, day=NOW - 1, action="hold", advice="hold")
    fill(summary, [shipped, shipped, held, replace(held, newest=-1.0)])
    found = today(summary, "kurtas", NOW)
    assert found.orders == 2
    assert found.actions["ship"] == found.advice["verify"] == 2
    assert found.open == 4
    assert found.expected_back == pytest.approx(1.5)
    assert found.units_scored == 3, "of the fourth nobody can say whether it comes back"
    assert found.measured_until is None
    assert found.comparison_cost is None
