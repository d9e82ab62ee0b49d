"""Drift is told from noise, from the calendar and from a sale, and what moved is named."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.days import DAY_US
from features.feature import Feature
from models.calibration import Platt
from tests.training.ledger import FEATURES, START_US, make_matrix
from training.drift import Sign, Watch, signs, watched
from training.histogram import Histogram, psi
from training.matrix import Matrix
from training.reference import SALE_FEATURE, Reference, _rows, on_sale

SALE = Feature(SALE_FEATURE, "flag", "order_time", "1 in a sale.", group="calendar")
CUT = START_US + 60 * DAY_US


def a_matrix(seed: int, *, sale_from: float = 2.0, orders: int = 6_000) -> Matrix:
    """Orders of 120 days with a sale that begins at a share of them."""
    matrix = make_matrix(orders, seed=seed)
    flag = (np.arange(orders) >= sale_from * orders).astype(np.float32)
    values = np.column_stack([matrix.values, flag])
    return replace(matrix, values=values, features=(*FEATURES, SALE))


def truth(matrix: Matrix) -> np.ndarray:
    """A model that knows how the ledger's outcomes come about, but for the sku."""
    cod, amount, coupon = matrix.values[:, 0], matrix.values[:, 1], matrix.values[:, 3]
    z = np.log(0.25 / 0.75) - 0.7 + 1.5 * cod + 0.5 * (amount - 7.0) + 0.7 * (coupon > 0.25)
    return np.asarray(1 / (1 + np.exp(-z)), np.float64)


def a_reference(matrix: Matrix) -> Reference:
    names = ("payment_cod", "amount_log", "phone_rto_ever")
    at = {feature.name: i for i, feature in enumerate(matrix.features)}
    p = truth(matrix)
    rows = _rows(matrix, CUT)
    found = {
        kind: {n: Histogram.of(matrix.values[these, at[n]].astype(np.float64)) for n in names}
        for kind, these in rows.items()
    }
    created = matrix.orders["created_us"].to_numpy()
    known = (created < CUT) & matrix.orders["outcome"].isin(["rto", "delivered"]).to_numpy()
    rate = float((matrix.orders["outcome"].to_numpy()[known] == "rto").mean())
    weights = {"payment_cod": 0.6, "amount_log": 0.3, "phone_rto_ever": 0.01}
    return Reference(found, {k: Histogram.of(p[r]) for k, r in rows.items()}, rate, weights)


def look(matrix: Matrix, reference: Reference, *, probability: np.ndarray | None = None
         ) -> dict[str, Sign]:  # fmt: skip
    until = START_US + 130 * DAY_US
    rows, matured, y = watched(matrix, until_us=until, learnt_us=CUT, days=30.0, outcome_days=60.0)
    p = truth(matrix) if probability is None else probability
    found = signs(Watch(matrix, rows, matured, y, p), reference, exam_auc=0.72)
    return {sign.name: sign for sign in found}


def test_a_world_that_stands_still_fires_no_alert() -> None:
    for seed in range(3):
        matrix = a_matrix(seed)
        found = look(matrix, a_reference(matrix))
        assert {sign.state for sign in found.values()} <= {"steady", "moved"}, found
        assert found["payment_cod"].state == "steady"
        assert found["scores"].state == "steady"


def test_a_weighty_feature_that_moved_is_an_alert_and_a_light_one_is_not() -> None:
    matrix = a_matrix(1)
    reference = a_reference(matrix)
    newest = matrix.orders["created_us"].to_numpy() > START_US + 95 * DAY_US
    matrix.values[newest, 1] += 1.5
    matrix.values[newest, 4] = np.nan
    found = look(matrix, reference)
    assert found["amount_log"].state == "alert"
    assert found["phone_rto_ever"].state == "moved"
    assert found["all together"].state == "alert"
    assert found["scores"].state in ("moved", "alert")


def test_more_returns_than_promised_move_label_and_calibration() -> None:
    matrix = a_matrix(2)
    reference = a_reference(matrix)
    late = matrix.orders["created_us"].to_numpy() > CUT
    good = late & (matrix.orders["outcome"] == "delivered").to_numpy()
    matrix.orders.loc[good & (np.arange(len(late)) % 4 == 0), "outcome"] = "rto"
    found = look(matrix, reference)
    assert found["returns"].state == found["level"].state == "alert"
    assert found["level"].value > 0


def test_exaggerated_risks_and_a_lost_order_are_alerts() -> None:
    matrix = a_matrix(3)
    reference = a_reference(matrix)
    p = truth(matrix)
    sharp = Platt(2.2, 0.9)
    z = np.log(p / (1 - p))
    found = look(matrix, reference, probability=sharp.many(z))
    assert found["slope"].state == "alert"
    assert look(matrix, reference, probability=p[::-1].copy())["order"].state == "alert"


def test_a_sale_is_held_against_sales_and_not_judged_where_training_had_none() -> None:
    matrix = a_matrix(4, sale_from=0.7)
    newest = on_sale(matrix)
    matrix.values[newest, 1] += 1.5
    none_learnt = a_reference(matrix)
    assert set(none_learnt.score) == {"ordinary"}
    found = look(matrix, none_learnt)
    assert found["scores"].state == "not judged"
    assert "has learnt from no sale" in found["scores"].says
    assert "amount_log" not in found
    sales = replace(
        none_learnt,
        features={"sale": look_like(matrix, newest)},
        score={"sale": Histogram.of(truth(matrix)[newest])},
    )
    assert look(matrix, sales)["amount_log"].state == "steady"


def look_like(matrix: Matrix, rows: np.ndarray) -> dict[str, Histogram]:
    return {"amount_log": Histogram.of(matrix.values[rows, 1].astype(np.float64))}


def test_too_few_orders_and_outcomes_are_said_and_no_alert() -> None:
    matrix = a_matrix(5, orders=400)
    found = look(matrix, a_reference(a_matrix(5)))
    assert {sign.state for sign in found.values()} == {"not judged"}
    assert "200 are needed" in found["scores"].says


def test_the_model_is_judged_on_no_outcome_from_before_it_had_learnt() -> None:
    matrix = a_matrix(6)
    _, matured, _ = watched(
        matrix, until_us=START_US + 130 * DAY_US, learnt_us=CUT, days=7.0, outcome_days=400.0
    )
    assert matrix.orders["created_us"].to_numpy()[matured].min() >= CUT


def test_the_newest_orders_end_with_the_last_one_placed() -> None:
    matrix = a_matrix(6)
    created = matrix.orders["created_us"].to_numpy()
    for until in (START_US + 100 * DAY_US, int(created.max()) + 50 * DAY_US):
        rows, _, _ = watched(matrix, until_us=until, learnt_us=CUT, days=7.0, outcome_days=28.0)
        last = created[created < until].max()
        assert created[rows].max() == last
        assert created[rows].min() > last - 7 * DAY_US
        assert len(rows) == ((created <= last) & (created > last - 7 * DAY_US)).sum()


def test_a_reference_is_plain_json_and_read_again() -> None:
    reference = a_reference(a_matrix(7, sale_from=0.3))
    assert set(reference.score) == {"ordinary", "sale"}
    body = json.loads(json.dumps(reference.to_json(), allow_nan=False))
    again = Reference.from_json(body)
    assert again.features == reference.features
    assert again.score == reference.score


numbers = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, float("nan")])), min_size=1
)


@settings(max_examples=60)
@given(numbers, numbers)
def test_every_order_is_counted_once_and_no_distribution_differs_from_itself(
    first: list[float], second: list[float]
) -> None:
    one = Histogram.of(np.array(first))
    other = one.over(np.array(second))
    assert one.orders == len(first)
    assert other.orders == len(second)
    assert list(one.edges) == sorted(set(one.edges))
    assert psi(one, one)[0] == pytest.approx(0.0, abs=1e-12)
    assert psi(one, other)[0] >= 0.0


def test_without_drift_the_index_is_about_its_noise_and_unknowns_count() -> None:
    rng = np.random.default_rng(1)
    one = Histogram.of(rng.normal(size=5_000))
    found = [psi(one, one.over(rng.normal(size=1_000))) for _ in range(40)]
    assert np.mean([index for index, _ in found]) == pytest.approx(found[0][1], rel=0.3)
    gone = rng.normal(size=1_000)
    gone[:500] = np.nan
    assert psi(one, one.over(gone))[0] > 0.25
