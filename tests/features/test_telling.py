"""A sentence says no more than the order shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.catalogue import CATALOGUE
from features.reasons import REASONS
from features.telling import Sight, Telling
from features.telling import tell as told_of

AT = {feature.name: i for i, feature in enumerate(CATALOGUE)}


def tell(code: str, row: NDArray[np.float64]) -> Telling:
    return told_of(code, Sight(row))


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


PHONE = ("phone_orders_ever", "phone_delivered_365d", "phone_rto_ever", "phone_pending")


@pytest.mark.parametrize(
    ("counts", "text", "holds"),
    [
        ((0, 0, 0, 0), "No earlier order of this phone is known", False),
        ((1, 1, 0, 0), "1 earlier order of this phone, delivered", False),
        ((4, 4, 0, 0), "4 earlier orders of this phone, all delivered", False),
        ((2, 0, 0, 2), "2 earlier orders of this phone, no outcome known yet", False),
        ((4, 1, 3, 0), "4 earlier orders of this phone, 1 delivered, 3 came back", True),
        (
            (5, 2, 1, 2),
            "5 earlier orders of this phone, 2 delivered, 1 came back, the rest not known yet",
            True,
        ),
        (
            (3, 1, 0, 2),
            "3 earlier orders of this phone, 1 delivered, the rest not known yet",
            False,
        ),
        (
            (6, 2, 0, 1),
            "6 earlier orders of this phone, 2 delivered, 3 of another or older outcome, "
            "1 not known yet",
            False,
        ),
    ],
)
def test_history_is_told_in_counts(counts: tuple[int, ...], text: str, holds: bool) -> None:
    row = values(**dict(zip(PHONE, counts, strict=True)))
    assert tell("rto_prone_phone", row) == (text, holds)


@given(
    delivered=st.integers(0, 9), rto=st.integers(0, 9), pending=st.integers(0, 9),
    others=st.integers(0, 9),
)  # fmt: skip
def test_the_counts_told_are_all_there_are(
    delivered: int, rto: int, pending: int, others: int
) -> None:
    orders = delivered + rto + pending + others
    row = values(**dict(zip(PHONE, (orders, delivered, rto, pending), strict=True)))
    text = tell("rto_prone_phone", row).text
    assert (f", {rto} came back" in text) == (rto > 0)
    assert (f", {delivered} delivered" in text) == (0 < delivered < orders)
    assert text.endswith(("all delivered", ", delivered")) == (0 < delivered == orders)
    assert ("known yet" in text) == (pending > 0)
    assert "none" not in text


def test_a_key_without_counts_of_deliveries_says_only_what_it_knows() -> None:
    row = values(ip_orders_ever=9, ip_rto_ever=0, ip_pending=3)
    told = "9 earlier orders of this network address, none known to have come back, 3 not known yet"
    assert tell("rto_prone_ip", row).text == told
    row = values(linked_orders=5, linked_rto=1, linked_delivered=2)
    told = "5 earlier orders of linked phones, devices and addresses, 2 delivered, 1 came back, "
    assert tell("linked_identity_rto", row).text == f"{told}the rest not known"


def test_a_long_address_is_not_called_short() -> None:
    assert tell("short_shipping_address", values(address_length=80, address_words=14)) == (
        "80 characters, 14 words of address",
        False,
    )
    assert tell("short_shipping_address", values(address_length=8, address_words=2)).holds


def test_a_rate_is_told_as_it_is() -> None:
    row = values(merchant_pincode_rto_rate_365d=0.3, merchant_rto_rate_365d=0.2)
    assert tell("rto_prone_pincode", row) == ("About 30% of orders to this pincode come back", True)
    row = values(merchant_pincode_rto_rate_365d=0.1, merchant_rto_rate_365d=0.2)
    told = ("About 10% of orders to this pincode come back", False)
    assert tell("rto_prone_pincode", row) == told
    assert tell("rto_prone_pincode", values()) == ("Pincode not given", False)


def test_a_prepaid_order_is_not_called_cash_on_delivery() -> None:
    assert tell("cod_order", values(payment_prepaid=1, payment_cod=0)).text == "Paid in advance"
    assert tell("cod_order", values(payment_prepaid=0, payment_cod=1)).holds


def test_a_returning_customer_is_not_called_new() -> None:
    assert tell("new_customer_on_your_store", values(phone_orders_ever=0)).holds
    told = tell("new_customer_on_your_store", values(phone_orders_ever=2))
    assert told == ("2 earlier orders of this customer in your store", False)


@pytest.mark.parametrize(
    ("code", "known", "text"),
    [
        ("rto_prone_channel", {"channel_named": 0}, "Channel not given"),
        ("rto_prone_channel", {"channel_named": 1, "campaign_named": 0}, "Campaign not given"),
        ("rto_prone_coupon", {"coupon_count": 0}, "No coupon used"),
        ("rto_prone_merchant", {}, "No outcome of this store is known yet"),
        ("high_order_amount", {"amount_log": np.log1p(1299)}, "₹1,299"),
        ("far_from_origin", {"origin_km": 412.4}, "412 km from the warehouse"),
        ("order_items", {"unit_count": 3, "line_count": 1}, "3 units in 1 line"),
        (
            "order_time", {"order_hour": 22.25, "order_weekday": 1},
            "Placed on a Tuesday at 22:15 in India",
        ),
        ("delivery_promise", {"promised_days": 4.6}, "Delivery promised in 5 days"),
        ("order_discount", {"discount_share": 0.125}, "12% taken off"),
        ("device_signals", {"device_android": 1, "device_android_version": 13}, "Android 13"),
        (
            "high_purchase_amount_in_a_day", {"phone_orders_1d": 0},
            "No other order of this phone within the last day",
        ),
        (
            "order_placed_during_high_rto_period", {"days_to_festival": 60},
            "60 or more days before the next festival",
        ),
        ("cod_order", {"payment_partial_cod": 1, "payment_prepaid": 0}, "A part is paid ahead"),
    ],
)  # fmt: skip
def test_what_is_not_borne_out_is_told_as_the_plain_fact(
    code: str, known: dict[str, float], text: str
) -> None:
    assert tell(code, values(**known)) == (text, False)


def test_little_detail_means_neither_street_nor_landmark() -> None:
    neither = values(address_has_street=0, address_has_landmark=0)
    assert tell("address_is_less_detailed", neither).holds
    one = values(address_has_street=0, address_has_landmark=1)
    assert tell("address_is_less_detailed", one) == ("A landmark is named, no street", False)


def test_what_was_cancelled_or_sent_back_is_named() -> None:
    row = values(
        phone_orders_ever=4, phone_delivered_365d=1, phone_rto_ever=0, phone_pending=0,
        phone_cancelled_ever=2, phone_returned_ever=1,
    )  # fmt: skip
    told = "4 earlier orders of this phone, 1 delivered, 2 cancelled, 1 sent back after delivery"
    assert tell("rto_prone_phone", row) == (told, False)


def test_a_rate_without_outcomes_of_its_own_is_not_told_as_its_own() -> None:
    row = values(
        courier_pincode_rto_rate_365d=0.3, origin_district_rto_rate_365d=0.25,
        district_rto_rate_365d=0.3, merchant_rto_rate_365d=0.2,
    )  # fmt: skip
    told = "About 25% of orders from this warehouse to this district come back"
    assert tell("rto_prone_courier", row) == (told, True)
    row[AT["origin_district_rto_rate_365d"]] = 0.3
    assert tell("rto_prone_courier", row).text == "No outcome of this courier or route is known yet"


def test_a_share_is_told_with_the_orders_behind_it_and_one_order_is_no_habit() -> None:
    one = values(district_cod_share_90d=1, district_orders_90d=1)
    told = "100% of 1 order to this district of 90 days paid at the door"
    assert tell("cod_prone_city", one) == (told, False)
    assert tell("cod_prone_city", values(district_cod_share_90d=1, district_orders_90d=5)).holds
