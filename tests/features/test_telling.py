"""A sentence says no more than the order shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.catalogue import CATALOGUE
from features.reasons import REASONS
from features.telling import tell

AT = {feature.name: i for i, feature in enumerate(CATALOGUE)}


def values(**known: float) -> NDArray[np.float64]:
    row = np.full(len(CATALOGUE), np.nan)
    for name, value in known.items():
        row[AT[name]] = value
    return row


@pytest.mark.parametrize("code", REASONS)
def test_every_code_has_a_sentence_even_for_an_order_that_says_nothing(code: str) -> None:
    told = tell(code, values())
    assert told.text
    assert not told.holds


@given(code=st.sampled_from(sorted(REASONS)), seed=st.integers(0, 1000))
def test_no_values_are_too_odd_to_be_told(code: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert "nan" not in tell(code, rng.choice([0.0, 1.0, 7.5, np.nan], len(CATALOGUE))).text


def test_every_reason_of_a_feature_can_be_told() -> None:
    assert {feature.reason for feature in CATALOGUE} <= set(REASONS)


@pytest.mark.parametrize(
    ("orders", "rto", "text", "holds"),
    [
        (0, 0, "No earlier order of this phone is known", False),
        (1, 0, "1 earlier order of this phone, none came back", False),
        (4, 3, "4 earlier orders of this phone, 3 came back", True),
    ],
)
def test_history_is_told_in_counts(orders: int, rto: int, text: str, holds: bool) -> None:
    row = values(phone_orders_ever=orders, phone_rto_ever=rto)
    assert tell("rto_prone_phone", row) == (text, holds)


def test_a_long_address_is_not_called_short() -> None:
    assert tell("short_shipping_address", values(address_length=80, address_words=14)) == (
        "Length of the address",
        False,
    )
    assert tell("short_shipping_address", values(address_length=8, address_words=2)).holds


def test_a_rate_is_told_as_it_is() -> None:
    row = values(merchant_pincode_rto_rate_365d=0.3, merchant_rto_rate_365d=0.2)
    assert tell("rto_prone_pincode", row) == ("About 30% of orders to this pincode come back", True)
    assert tell("rto_prone_pincode", values()) == ("Pincode", False)


def test_a_prepaid_order_is_not_called_cash_on_delivery() -> None:
    assert tell("cod_order", values(payment_prepaid=1, payment_cod=0)).text == "Paid in advance"
    assert tell("cod_order", values(payment_prepaid=0, payment_cod=1)).holds


def test_a_returning_customer_is_not_called_new() -> None:
    assert tell("new_customer_on_your_store", values(phone_orders_ever=0)).holds
    told = tell("new_customer_on_your_store", values(phone_orders_ever=2))
    assert told == ("2 earlier orders of this customer in your store", False)
