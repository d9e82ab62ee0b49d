"""No order is too odd to be read: every value is a finite number or unknown, every flag 0 or 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from features.catalogue import CATALOGUE, N_SIGNALS, SIGNAL_FEATURES, signals_of
from features.directory import Directory
from features.history.fact import fact_of
from features.keys import Hasher, keys_of, order_key, person_of
from features.order import Order
from features.telling import Sight, tell
from features.tokens import tokens_of
from tests.features.odd import FAR_US, NEAR_MISSES, TEXTS, odd_orders

DIRECTORY, HASHER = Directory.open(), Hasher([b"a secret of the tests"])


@settings(max_examples=150)
@given(odd_orders)
def test_every_signal_of_any_order_is_a_number_or_unknown(order: Order) -> None:
    check(order)


@pytest.mark.parametrize("text", NEAR_MISSES, ids=lambda text: ascii(text)[:30])
def test_nothing_that_nearly_is_something_breaks_any_field(text: str) -> None:
    everywhere: dict[str, Any] = dict.fromkeys(TEXTS, text)
    check(Order(merchant_id=text, order_id=text, created_us=0, **everywhere))


@pytest.mark.parametrize("created_us", [-FAR_US, -1, 2**53, FAR_US])
def test_no_time_is_too_far_away(created_us: int) -> None:
    check(Order(merchant_id="m", order_id="1", created_us=created_us, promised_us=FAR_US))


def check(order: Order) -> None:
    values = signals_of(order, DIRECTORY.place(order.pincode), DIRECTORY)
    for feature, value in zip(SIGNAL_FEATURES, values, strict=True):
        assert math.isfinite(value) or math.isnan(value), feature.name
        assert feature.unit != "flag" or value in (0.0, 1.0) or math.isnan(value), feature.name
        assert feature.unit != "share" or (not value < 0 and not value > 1), feature.name


@settings(max_examples=100)
@given(odd_orders)
def test_any_order_has_keys_a_person_and_tokens(order: Order) -> None:
    place = DIRECTORY.place(order.pincode)
    keys = keys_of(order, place, HASHER)
    fact = fact_of(order, keys, 0)
    assert fact.dtype == np.int64
    assert person_of(keys, order_key(order.merchant_id, order.order_id)) != 0
    assert all(isinstance(token, str) for token in tokens_of(order, place))


@settings(max_examples=50)
@given(odd_orders)
def test_any_order_can_be_told_in_words(order: Order) -> None:
    values = np.full(len(CATALOGUE), np.nan)
    values[:N_SIGNALS] = signals_of(order, DIRECTORY.place(order.pincode), DIRECTORY)
    for feature in SIGNAL_FEATURES:
        text = tell(feature.reason, Sight(values)).text
        assert text
        assert "nan" not in text
