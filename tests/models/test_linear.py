"""The linear part is the sum it says it is, for one order and for many."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from features.errors import BundleError
from models.linear import Linear, LinearScorer, Term

from .conftest import LINEAR, NAMES

POSITION = {name: i for i, name in enumerate((*NAMES, "basket_minutes"))}


def numbers(**values: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A vector of numbers, unknown where not named."""
    vector = np.full(len(POSITION), np.nan)
    for name, value in values.items():
        vector[POSITION[name]] = value
    return vector


def by_hand(linear: Linear, x: dict[str, float], tokens: list[str]) -> float:
    """The linear score as its documentation spells it."""
    z = linear.intercept
    for term in linear.terms:
        missing = term.name not in x
        value = term.median if missing else x[term.name]
        if term.curve == "log":
            value = math.copysign(math.log1p(abs(value)), value)
        score = (value - term.mean) / term.scale
        z += term.weight * max(-linear.limit, min(linear.limit, score))
        z += term.missing_weight if missing else 0.0
    return z + sum(linear.tokens.get(token, 0.0) for token in tokens)


@pytest.mark.parametrize(
    "x",
    [
        {},
        {"phone_orders_90d": 3.0, "pincode_rto_rate_90d": 0.4, "basket_minutes": 2.0},
        {"phone_orders_90d": 1e9},
        {"basket_minutes": -1e300},
        {"basket_minutes": float("inf")},
    ],
)
def test_the_score_is_the_documented_sum(x: dict[str, float]) -> None:
    scorer = LinearScorer(LINEAR, POSITION)
    tokens = ["pincode=560034", "coupon=DIWALI10", "sku=never-seen"]
    assert scorer.score(numbers(**x), tokens) == pytest.approx(by_hand(LINEAR, x, tokens))


def test_a_token_not_seen_in_training_weighs_nothing() -> None:
    scorer = LinearScorer(LINEAR, POSITION)
    assert scorer.score(numbers(), ["pincode=000000"]) == scorer.score(numbers(), [])


def test_contributions_and_base_add_up_to_the_score() -> None:
    scorer = LinearScorer(LINEAR, POSITION)
    random = np.random.default_rng(1)
    for tokens in ([], ["pincode=560034"], ["coupon=DIWALI10", "x:store=a"]):
        x = numbers(phone_orders_90d=random.normal(), basket_minutes=random.normal())
        parts = scorer.contributions(x).sum() + sum(scorer.token_contributions(tokens).values())
        assert parts + scorer.base == pytest.approx(scorer.score(x, tokens), abs=1e-12)


def test_many_orders_score_as_one_does() -> None:
    scorer = LinearScorer(LINEAR, POSITION)
    rows = np.random.default_rng(2).normal(size=(40, len(POSITION)))
    rows[rows < -1] = np.nan
    tokens = [["pincode=560034", "coupon=DIWALI10"] if i % 2 else [] for i in range(40)]
    one_by_one = [scorer.score(row, own) for row, own in zip(rows, tokens, strict=True)]
    assert scorer.score_many(rows, tokens).tolist() == one_by_one


def test_a_linear_part_survives_its_json() -> None:
    assert Linear.from_json(json.loads(json.dumps(LINEAR.to_json()))) == LINEAR


def test_a_term_that_is_no_feature_here_is_refused() -> None:
    with pytest.raises(BundleError, match='"gone_feature" of this bundle is unknown here'):
        LinearScorer(Linear(0.0, (Term("gone_feature", 0, 0, 1, 1),)), POSITION)


def changed(**parts: object) -> dict[str, object]:
    """The plain form with some parts replaced."""
    return LINEAR.to_json() | parts


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "must hold exactly"),
        (changed(more=1), "must hold exactly"),
        (changed(terms=None), "is not shaped like"),
        (changed(terms=[{"name": "a"}]), "is not shaped like"),
        (changed(tokens=[]), "is not shaped like"),
        (changed(limit="10"), "must be finite numbers"),
        (changed(limit=-1.0), "limit must be above 0"),
        (changed(tokens={"a": float("nan")}), "must be finite numbers"),
        (changed(terms=[LINEAR.to_json()["terms"][0]] * 2), "names a term twice"),  # type: ignore[index]
    ],
)
def test_a_linear_part_of_another_shape_is_refused(body: dict[str, object], says: str) -> None:
    with pytest.raises(BundleError, match=says):
        Linear.from_json(body)


def test_a_term_without_a_scale_is_refused() -> None:
    with pytest.raises(BundleError, match='the scale of "a" must be above 0'):
        Term("a", 0.0, 0.0, 0.0, 1.0)


def test_an_unknown_curve_is_refused() -> None:
    with pytest.raises(BundleError, match='"cubic" is no curve'):
        Term("a", 0.0, 0.0, 1.0, 1.0, curve="cubic")
