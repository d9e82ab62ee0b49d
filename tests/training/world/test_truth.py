"""The truth beside an invented year: exact chances, one luck for all actions, no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.simulate_command import write_year
from training.world.actions import (
    ACTIONS,
    OUT_CANCELLED,
    OUT_DELIVERED,
    OUT_LOST,
    OUT_RTO,
    SILENT,
    chances,
    fate,
)
from training.world.chance import Flags, Floats, draw_within, level_for, nth_of_its_kind
from training.world.customers import COMPETITOR, ORDINARY, PRANKSTER
from training.world.door import draw_luck
from training.world.intent import PREPAID
from training.world.spec import WorldSpec
from training.world.year import Year, invent_year


@pytest.fixture(scope="module")
def year() -> Year:
    return invent_year(40_000, 8, WorldSpec(merchants=10))


def worst_bin(chance: Floats, happened: Flags, bins: int = 20) -> float:
    """The largest deviation, in standard errors, of any equal-mass bin of the chances."""
    worst = 0.0
    for rows in np.array_split(np.argsort(chance, kind="stable"), bins):
        p = chance[rows]
        error = np.sqrt((p * (1 - p)).sum())
        if error > 0:
            worst = max(worst, abs(happened[rows].sum() - p.sum()) / error)
    return float(worst)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_chances_are_those_with_which_the_ends_were_drawn(year: Year, action: str) -> None:
    exact, drawn = year.chances[action], year.fates[action].outcome
    assert worst_bin(exact.rto, drawn == OUT_RTO) < 4.2
    assert worst_bin(exact.delivered, drawn == OUT_DELIVERED) < 4.2


@pytest.mark.parametrize("action", ACTIONS)
def test_the_chances_hold_where_everything_that_can_go_wrong_often_does(
    year: Year, action: str
) -> None:
    door, n = year.odds.door, len(year.moments)
    rough = replace(
        door, late=np.full(n, 0.7), takes_late=0.4 * door.takes, faulty=np.full(n, 0.2),
        cash=0.5 * door.cash, found=0.6 * door.found, calls=0.5 * door.calls,
    )  # fmt: skip
    odds = replace(
        year.odds, door=rough, cancels=np.full(n, 0.1), lost=np.full(n, 0.1), mends=np.full(n, 0.5)
    )
    exact = chances(action, odds, year.spec)
    drawn = fate(action, odds, year.luck, year.spec).outcome
    assert worst_bin(exact.rto, drawn == OUT_RTO) < 4.2
    assert worst_bin(exact.delivered, drawn == OUT_DELIVERED) < 4.2


@pytest.mark.parametrize("ships", [False, True])
def test_the_chances_hold_whatever_follows_an_unanswered_request_to_pay(
    year: Year, ships: bool
) -> None:
    spec = replace(year.spec, prepaid_silence_ships=ships)
    exact = chances("prepaid", year.odds, spec)
    drawn = fate("prepaid", year.odds, year.luck, spec).outcome
    assert worst_bin(exact.rto, drawn == OUT_RTO) < 4.2
    assert worst_bin(exact.delivered, drawn == OUT_DELIVERED) < 4.2


def test_chances_are_probabilities_and_a_blocked_order_has_none(year: Year) -> None:
    for exact in year.chances.values():
        assert exact.rto.min() >= -1e-12
        assert exact.delivered.min() >= 0
        assert (exact.rto + exact.delivered).max() <= 1 + 1e-12
    assert year.chances["block"].rto.max() == year.chances["block"].delivered.max() == 0


def test_asking_first_prevents_returns_and_costs_some_good_orders(year: Year) -> None:
    cash = year.intents.payment != PREPAID
    ship, verify, prepaid, hold = (year.chances[a] for a in ACTIONS[:4])
    assert ship.rto[cash].mean() > verify.rto[cash].mean() > hold.rto[cash].mean()
    assert hold.rto[cash].mean() > prepaid.rto[cash].mean() > 0
    sure = cash & (year.odds.door.delivers() > 0.97)
    assert sure.sum() > 500
    assert verify.delivered[sure].mean() < ship.delivered[sure].mean()
    assert prepaid.delivered[sure].mean() < verify.delivered[sure].mean()


def test_one_luck_serves_all_actions(year: Year) -> None:
    ship, verify, prepaid = (year.fates[a] for a in ACTIONS[:3])
    silent = verify.response == SILENT
    assert silent.sum() > 1_000
    assert (verify.outcome[silent] == ship.outcome[silent]).all()
    paid_before = year.intents.payment == PREPAID
    assert (prepaid.outcome[paid_before] == ship.outcome[paid_before]).all()
    other = fate("ship", year.odds, draw_luck(year.dice, len(year.moments)), year.spec)
    assert (other.outcome == ship.outcome).all()
    for action in ("verify", "hold"):
        outcome = year.fates[action].outcome
        assert (outcome[ship.outcome == OUT_CANCELLED] == OUT_CANCELLED).all()
        lost = ship.outcome == OUT_LOST
        assert np.isin(outcome[lost], (OUT_LOST, OUT_CANCELLED)).all()


def test_the_end_in_the_tables_is_the_end_under_the_action_taken(tmp_path: Path) -> None:
    write_year(tmp_path, 8_000, 4, WorldSpec(merchants=4), quiet=True)
    orders = pd.read_parquet(tmp_path / "orders.parquet")
    truth = pd.read_parquet(tmp_path / "truth" / "truth.parquet")
    both = orders.merge(truth, on=["merchant_id", "order_id"], validate="1:1")
    assert len(both) == len(orders) == len(truth)
    assert both.action.replace("ship", "none").equals(both.intervention)
    taken = np.select(
        [both.action == a for a in ACTIONS], [both[f"outcome_{a}"] for a in ACTIONS], ""
    )
    known = both.outcome.notna()
    assert known.mean() > 0.97
    agrees = both.outcome[known] == taken[known]
    # A wrong first report whose correction had not come by the snapshot may differ.
    assert agrees.mean() > 0.999


def auc(score: Floats, positive: Flags) -> float:
    """Area under the ROC curve by ranks (Mann and Whitney); scores without ties."""
    rank = np.empty(len(score))
    rank[np.argsort(score)] = np.arange(1, len(score) + 1)
    n = positive.sum()
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * (len(score) - n)))


def test_the_true_probability_leaves_as_much_to_chance_as_in_the_trade(year: Year) -> None:
    ship, outcome = year.chances["ship"], year.fates["ship"].outcome
    final = np.isin(outcome, (OUT_DELIVERED, OUT_RTO))
    chance = ship.rto / (ship.rto + ship.delivered)
    assert 0.82 < auc(chance[final], outcome[final] == OUT_RTO) < 0.88


def test_bad_intent_returns_far_more_than_good(year: Year) -> None:
    kind = year.customers.kind[year.moments.person]
    rto = year.chances["ship"].rto
    cash = year.intents.payment != PREPAID
    assert rto[cash & (kind == ORDINARY)].mean() < 0.25
    assert rto[np.isin(kind, (PRANKSTER, COMPETITOR))].mean() > 0.6


def test_a_courier_hub_that_turns_returns_more_than_before(year: Year) -> None:
    ground, district = year.ground, year.ground.district[year.papers.place]
    worse = ground.hub_change[district] < -1
    after = year.moments.day > ground.hub_turns[district] + 25
    before = year.moments.day < ground.hub_turns[district]
    true = year.odds.door.true_attempt
    assert (worse & after).sum() > 50
    assert true[worse & after].mean() < true[worse & before].mean() - 0.1


def test_the_shares_named_in_the_spec_are_met_in_another_world() -> None:
    spec = WorldSpec(merchants=6, cod_share=0.8, rto_share_cod=0.4, steadiness_spread=0.5)
    year = invent_year(10_000, 2, spec)
    cash = year.intents.payment != PREPAID
    assert abs(cash.mean() - 0.8) < 0.02
    ship = year.chances["ship"]
    share = ship.rto[cash] / (ship.rto + ship.delivered)[cash]
    assert abs(share.mean() - 0.4) < 0.01


def test_a_draw_within_a_group_never_leaves_it() -> None:
    weights = np.array([1.0, 0.0, 3.0, 2.0, 5.0])
    offsets = np.array([0, 3, 5])
    uniform = np.linspace(0, 0.999_999, 1_000)
    first = draw_within(uniform, np.cumsum(weights), offsets, np.zeros(1_000, dtype=np.int64))
    second = draw_within(uniform, np.cumsum(weights), offsets, np.ones(1_000, dtype=np.int64))
    assert set(first) == {0, 2}
    assert set(second) == {3, 4}
    assert abs((first == 2).mean() - 0.75) < 0.01


def test_a_level_is_found_and_a_rank_counts_from_nought() -> None:
    assert abs(level_for(0.25, lambda x: 1 / (1 + np.exp(-x))) + np.log(3)) < 1e-6
    assert nth_of_its_kind(np.array([7, 7, 3, 7])).tolist() == [0, 1, 0, 2]
