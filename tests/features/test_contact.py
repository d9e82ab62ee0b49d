"""Phone, email and name of an order, and who receives it."""

from __future__ import annotations

from math import inf, isnan, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.contact import FEATURES, signals
from features.order import Order

ORDER = Order(merchant_id="m", order_id="1", created_us=0)
GOOD = {
    "phone": "+91 98760 43217",
    "ship_phone": "9876043217",
    "email": "asha.rao@gmail.com",
    "customer_name": "Asha Rao",
    "ship_name": "Asha Rao",
}


def seen(**fields: Any) -> dict[str, float]:
    values = signals(ORDER._replace(**fields))
    return dict(zip((feature.name for feature in FEATURES), values, strict=True))


def test_an_order_without_contact_is_unknown_and_not_zero() -> None:
    assert all(isnan(value) for value in seen().values())


def test_a_plain_order_raises_no_flag() -> None:
    found = seen(**GOOD)
    raised = {f.name for f in FEATURES if f.unit == "flag" and found[f.name] == 1.0}
    assert raised == {"email_free"}
    assert not any(isnan(value) for value in found.values())
    assert found["receiver_name_similarity"] == found["email_name_match"] == 1.0


@pytest.mark.parametrize(
    ("phone", "raised"),
    [
        ("12", {"phone_invalid"}),
        ("9999999999", {"phone_dummy"}),
        ("022-23416758", {"phone_not_mobile"}),
        ("+971501239876", {"phone_foreign"}),
    ],
)
def test_a_doubtful_phone_raises_its_own_flag(phone: str, raised: set[str]) -> None:
    found = seen(phone=phone)
    flags = {f.name for f in FEATURES if f.unit == "flag" and found[f.name] == 1.0}
    assert flags == raised


def test_the_shape_of_a_number_is_told_by_its_national_digits() -> None:
    found = seen(phone="+91 77777 71234")
    assert found["phone_distinct_digits"] == 5.0
    assert found["phone_longest_repeat"] == 6.0
    assert found["phone_longest_sequence"] == 4.0
    assert found["phone_leading_digit"] == 7.0
    assert isnan(seen(phone="022-23416758")["phone_leading_digit"])


def test_the_receivers_number_stands_in_for_a_missing_one() -> None:
    found = seen(ship_phone="9876043217")
    assert found["phone_invalid"] == 0.0
    assert isnan(found["receiver_phone_differs"])


@pytest.mark.parametrize(
    ("phone", "ship_phone", "differs", "invalid"),
    [
        ("9876043217", "+91 98760-43217", 0.0, 0.0),
        ("9876043217", "9812305678", 1.0, 0.0),
        ("9876043217", "12", nan, 1.0),
        ("12", "9812305678", nan, 0.0),
        ("9876043217", None, nan, nan),
    ],
)
def test_buyer_and_receiver_are_compared_by_number(
    phone: str, ship_phone: str | None, differs: float, invalid: float
) -> None:
    found = seen(phone=phone, ship_phone=ship_phone)
    values = [found["receiver_phone_differs"], found["receiver_phone_invalid"]]
    assert values == pytest.approx([differs, invalid], nan_ok=True)


@pytest.mark.parametrize(
    ("alt_phone", "given"), [("9812305678", 1.0), ("09876043217", 0.0), ("12", 0.0), (None, 0.0)]
)
def test_an_alternative_number_counts_when_it_is_another_one(
    alt_phone: str | None, given: float
) -> None:
    assert seen(phone="9876043217", alt_phone=alt_phone)["alt_phone_given"] == given


@pytest.mark.parametrize(
    ("email", "raised"),
    [
        ("asha", {"email_invalid", "email_domain_invalid"}),
        ("as ha..@gmail.com", {"email_invalid", "email_free"}),
        ("asha@gmial.com", {"email_domain_invalid"}),
        ("asha@example.com", {"email_domain_invalid"}),
        ("asha@mailinator.com", {"email_disposable"}),
        ("test@gmail.com", {"email_dummy", "email_free"}),
        ("asdf@a-shop.in", {"email_dummy"}),
        ("asha+1@gmail.com", {"email_tagged", "email_free"}),
        ("9876043217@a-shop.in", {"email_is_phone"}),
    ],
)
def test_a_doubtful_email_raises_its_own_flags(email: str, raised: set[str]) -> None:
    found = seen(email=email, phone="9876043217")
    flags = {f.name for f in FEATURES if f.unit == "flag" and found[f.name] == 1.0}
    assert flags == raised


def test_the_local_part_is_measured() -> None:
    found = seen(email="asha1992@gmail.com", customer_name="Asha Rao")
    assert found["email_length"] == 8.0
    assert found["email_digit_share"] == 0.5
    assert found["email_name_match"] == pytest.approx(4 / 7)
    assert seen(email="xkjhgf@gmail.com")["email_gibberish"] > 4.0
    assert seen(email="lakshmi@gmail.com")["email_gibberish"] < 3.0
    assert isnan(seen(email="ab@gmail.com")["email_gibberish"])


def test_a_hindi_name_matches_a_latin_email() -> None:
    assert seen(email="ram.kumar@gmail.com", customer_name="राम कुमार")["email_name_match"] > 0.0


@pytest.mark.parametrize(
    ("fields", "raised"),
    [
        ({"customer_name": "Test"}, {"name_dummy"}),
        ({"customer_name": "Asha Rao", "ship_name": "Asdf"}, {"name_dummy"}),
        ({"ship_name": "Xkjhgfd"}, {"name_gibberish"}),
        ({"customer_name": "Asha 2"}, {"name_has_digit"}),
        ({"customer_name": "Asha"}, set()),
    ],
)
def test_either_name_may_be_made_up(fields: dict[str, str], raised: set[str]) -> None:
    found = seen(**fields)
    assert {name for name in found if name.startswith("name_") and found[name] == 1.0} == raised


FIELDS = ("phone", "ship_phone", "alt_phone", "email", "customer_name", "ship_name")
TEXT = (
    st.none() | st.text(max_size=200) | st.sampled_from(["é" * 10_000, "9" * 10_000, "😀", "\x00"])
)


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, TEXT)))
def test_any_text_gives_finite_numbers_within_their_units(fields: dict[str, Any]) -> None:
    found = seen(**fields)
    for feature in FEATURES:
        value = found[feature.name]
        highest = 1.0 if feature.unit in ("flag", "share") else inf
        assert isnan(value) or (0.0 <= value <= highest and value != inf), feature.name
