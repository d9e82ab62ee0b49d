"""A model scores one order and many alike, as its parts say, and its reasons add up."""

from __future__ import annotations

import numpy as np
import pytest

import models.model
from features.errors import BundleError
from features.row import Row
from models.blend import Blend
from models.bundle import BundleParts
from models.inputs import Inputs

from .conftest import CATALOGUE, LINEAR, ask, booster, make_parts

ASKED = ask(60, seed=21)


def test_a_score_is_the_blend_of_lightgbm_and_the_linear_part(parts: BundleParts) -> None:
    model = parts.model()
    raw = booster().predict(ASKED.columns, raw_score=True)
    for row, extra, trees in zip(ASKED.rows, ASKED.extras, raw, strict=True):
        _, linear = model.parts(row, extra)
        risk = model.score(row, extra)
        assert risk.log_odds == pytest.approx(0.7 * trees + 0.4 * linear + 0.05, abs=1e-12)
        assert risk.probability == parts.calibration.probability(risk.log_odds)


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_many_orders_score_exactly_as_one_by_one(
    parts: BundleParts, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.model, "CHUNK", chunk)
    model = parts.model()
    columns = {name: [extra[name] for extra in ASKED.extras] for name in ASKED.extras[0]}
    one_by_one = [
        model.score(row, extra).probability
        for row, extra in zip(ASKED.rows, ASKED.extras, strict=True)
    ]
    assert model.score_many(ASKED.values(), ASKED.tokens(), columns).tolist() == one_by_one
    fortran = np.asfortranarray(ASKED.values())
    assert model.score_many(fortran, ASKED.tokens(), columns).tolist() == one_by_one


def test_many_orders_without_extras_score_as_one_without(parts: BundleParts) -> None:
    model = parts.model()
    expected = [model.score(row, {}).probability for row in ASKED.rows]
    assert model.score_many(ASKED.values(), ASKED.tokens()).tolist() == expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"trees": None, "inputs": Inputs((), extras=("basket_minutes",))},
        {"linear": None},
        {"blend": Blend(trees=1.0, linear=0.0)},
    ],
)
def test_reasons_add_up_in_log_odds_and_in_points(changes: dict[str, object]) -> None:
    model = make_parts(**changes).model()
    for row, extra in zip(ASKED.rows, ASKED.extras, strict=True):
        risk = model.score(row, extra)
        found = model.explain(row, extra, risk)
        log_odds = sum(impact.log_odds for impact in found)
        points = sum(impact.impact for impact in found)
        assert log_odds == pytest.approx(risk.log_odds - risk.base_log_odds, abs=1e-9)
        assert points == pytest.approx(risk.probability - risk.base_probability, abs=1e-9)


def test_reasons_are_lightgbm_contributions_gathered_by_code() -> None:
    model = make_parts(blend=Blend(trees=1.0, linear=0.0)).model()
    expected = booster().predict(ASKED.columns, pred_contrib=True)
    for row, extra, shap in zip(ASKED.rows, ASKED.extras, expected, strict=True):
        found = {
            one.code: one.log_odds for one in model.explain(row, extra, model.score(row, extra))
        }
        assert found["rto_prone_pincode"] == pytest.approx(shap[1], abs=1e-9)
        assert found["rto_prone_coupon"] == pytest.approx(shap[5], abs=1e-9)
        assert found["order_details"] == pytest.approx(shap[7], abs=1e-9)


def test_an_extra_column_in_words_is_a_token_and_a_stray_one_is_nothing(parts: BundleParts) -> None:
    model, row = parts.model(), ASKED.rows[0]
    plain = model.score(row, {}).log_odds
    assert model.score(row, {"store": "a"}).log_odds == pytest.approx(
        plain + 0.4 * LINEAR.tokens["x:store=a"]
    )
    assert model.score(row, {"store": "unseen", "other": 3.0}).log_odds == plain
    assert model.score(row, {"basket_minutes": "soon"}).log_odds == plain


def test_a_token_said_twice_counts_once(parts: BundleParts) -> None:
    model, row = parts.model(), Row(ASKED.rows[0].values, ("coupon=DIWALI10",))
    twice = Row(row.values, ("coupon=DIWALI10", "coupon=DIWALI10"))
    assert model.score(twice, {}) == model.score(row, {})
    keys = [row.tokens, twice.tokens]
    assert len(set(model.score_many(np.array([row.values] * 2), keys).tolist())) == 1


def test_scoring_leaves_the_row_as_it_was(parts: BundleParts) -> None:
    row = ASKED.rows[3]
    before = row.values.copy()
    model = parts.model()
    model.explain(row, {}, model.score(row, {}))
    np.testing.assert_array_equal(row.values, before)


def test_a_row_of_another_catalogue_is_refused(parts: BundleParts) -> None:
    with pytest.raises(ValueError, match="a row has 3 values, not 6"):
        parts.model().score(Row(np.zeros(3), ()), {})


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (Inputs(("gone",), extras=tuple("abcdefg")), '"gone" of this bundle is unknown here'),
        (Inputs((), extras=("cod",)), 'extra column "cod" is also a feature'),
        (Inputs(("cod",)), "not trained on the 1 columns"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs: Inputs, says: str, parts: BundleParts) -> None:
    with pytest.raises(BundleError, match=says):
        make_parts(inputs=inputs, golden=()).model()


def test_inputs_that_name_a_column_twice_are_refused() -> None:
    with pytest.raises(BundleError, match="names a column twice"):
        Inputs(("cod", "cod"))


def test_the_catalogue_of_the_tests_uses_known_reasons(parts: BundleParts) -> None:
    assert set(parts.model().reader.reasons) == {feature.reason for feature in CATALOGUE} | {
        "order_details"
    }
