"""A row becomes the trees' columns, whatever memory it lies in."""

from __future__ import annotations

import numpy as np
import pytest

from features.errors import BundleError
from features.reasons import REASONS
from features.row import Row
from models.inputs import OTHER, Inputs, Reader, fingerprint, reason_of
from models.linear import Linear, LinearScorer

from .conftest import CATALOGUE, INPUTS, LINEAR, ask


def test_one_row_and_many_become_the_same_columns() -> None:
    reader, asked = Reader(INPUTS, CATALOGUE), ask(30, seed=2)
    columns = {"basket_minutes": [extra["basket_minutes"] for extra in asked.extras]}
    numbers = reader.numbers_many(asked.values(), columns)
    many = reader.columns_many(numbers, asked.tokens())
    for i, (row, extra) in enumerate(zip(asked.rows, asked.extras, strict=True)):
        one = reader.columns(reader.numbers(row, extra), row.tokens)
        np.testing.assert_array_equal(one, asked.columns[i])
        np.testing.assert_array_equal(many[i], asked.columns[i])


def test_an_extra_column_that_is_absent_or_in_words_is_unknown() -> None:
    reader, row = Reader(INPUTS, CATALOGUE), ask(1, seed=2).rows[0]
    for extra in ({}, {"basket_minutes": "soon"}, {"basket_minutes": float("nan")}):
        assert np.isnan(reader.columns(reader.numbers(row, extra), ())[-1])
    assert np.isnan(reader.numbers_many(row.values[None, :], {})[0, -1])
    assert np.isnan(reader.numbers_many(row.values[None, :], {"basket_minutes": [None]})[0, -1])


def test_a_row_in_any_memory_is_read_alike() -> None:
    reader = Reader(Inputs(INPUTS.features), CATALOGUE)
    values = np.arange(6.0)
    frozen = np.frombuffer(values.tobytes())
    gapped = np.repeat(values, 2)[::2]
    linear = LinearScorer(Linear(0.0, LINEAR.terms[:2]), reader.position)
    scores = {linear.score(reader.numbers(Row(v, ()), {}), ()) for v in (values, frozen, gapped)}
    assert len(scores) == 1
    for own in (values, frozen, gapped):
        assert reader.numbers(Row(own, ()), {}).flags.carray


def test_every_token_has_a_public_reason() -> None:
    for prefix in ("pincode", "state", "sku", "coupon", "courier", "merchant", "payment_mode"):
        assert reason_of(prefix) in REASONS
        assert reason_of(prefix) != OTHER
    assert reason_of("x:store") == OTHER
    assert OTHER in REASONS


def test_a_fingerprint_changes_with_what_defines_a_feature() -> None:
    prints = {fingerprint(feature) for feature in CATALOGUE}
    assert len(prints) == len(CATALOGUE)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"features": [], "flags": []}, "must hold exactly"),
        ({"features": [], "flags": [], "extras": "abc"}, "extras must be a list of names"),
        ({"features": [1], "flags": [], "extras": []}, "features must be a list of names"),
        ({"features": ["a", "a"], "flags": [], "extras": []}, "names a column twice"),
    ],
)
def test_inputs_of_another_shape_are_refused(body: dict[str, object], says: str) -> None:
    with pytest.raises(BundleError, match=says):
        Inputs.from_json(body)
