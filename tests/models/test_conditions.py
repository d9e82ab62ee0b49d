"""Conditions: what they say of one order they say of many, and text and tree mean the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.catalogue import CATALOGUE
from features.errors import RefusedError
from features.order import Order
from models.condition_fields import FIELDS, Subject
from models.condition_text import condition_from_json, condition_to_json, parse, written
from models.conditions import OPERATORS, Condition, every_test, question, select

from .subjects import columns_of, conditions, subjects

NEW = np.full(len(CATALOGUE), np.nan)
NEW[[f.name == "phone_orders_ever" for f in CATALOGUE].index(True)] = 0.0
ORDER = Order(
    merchant_id="m", order_id="o", created_us=0, payment_mode="cod", amount_paise=6000_00,
    city="New Delhi", coupons=("DIWALI10",), pincode="110001",
)  # fmt: skip
SUBJECT = Subject(ORDER, NEW, 0.4)


@given(conditions, st.lists(subjects(), min_size=1, max_size=6))
def test_many_orders_are_asked_as_each_is_alone(condition: Condition, many: list[Subject]) -> None:
    alone = [question(condition)(subject) for subject in many]
    assert select(condition, columns_of(many)).tolist() == alone


@given(conditions)
def test_text_and_tree_come_back_as_the_same_condition(condition: Condition) -> None:
    assert parse(written(condition)) == condition
    assert condition_from_json(json.loads(json.dumps(condition_to_json(condition)))) == condition


@given(conditions, subjects())
def test_nothing_is_decided_by_what_is_unknown(condition: Condition, subject: Subject) -> None:
    asked = list(every_test(condition))
    unknown = all(FIELDS[test.field].read(subject) is None for test in asked)
    if unknown and all(test.op != "unknown" for test in asked):
        assert not question(condition)(subject)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("amount > 5000 and payment_mode = cod and new customer", True),
        ("amount > ₹6000", False),
        ("amount >= 6000", True),
        ("payment mode = COD", True),
        ("city = new delhi", True),
        ('city is not "New Delhi"', False),
        ("city in (Pune, New Delhi) and pincode = 110001", True),
        ("pincode not in (110001, 560034)", False),
        ("coupon = diwali10", True),
        ("coupon != DIWALI10", False),
        ("not new customer", False),
        ("new_customer is true", True),
        ("probability >= 40%", True),
        ("sku is unknown and sku != x", False),
        ("sku is unknown or sku != x", True),
        ("courier is not known", True),
        ("amount < 1 or (amount > 1 and (amount < 2 or new customer))", True),
        ("amount < 1 and amount > 1 or new customer", True),
    ],
)
def test_a_condition_is_read_as_a_person_means_it(text: str, holds: bool) -> None:
    assert question(parse(text))(SUBJECT) is holds


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("", "a field's name is missing at the end"),
        ("amount", "after amount a comparison is missing"),
        ("amount >", "after amount a value is missing"),
        ("amount > much", "amount is compared with rupees, such as 5000"),
        ("amount > 12.345", "rupees have at most two decimals"),
        ("amount > 5000 new customer", '"and" or "or" is missing before "new"'),
        ("amount in (1, 2)", 'amount cannot be asked with "in"'),
        ("(amount > 1", r'a "\)" is missing'),
        ("city in Pune", r"a list is missing, such as \(a, b\)"),
        ("city in (Pune", 'lacks its "\\)"'),
        ("not amount > 1", "stands before yes-or-no fields only"),
        ("price > 1", 'there is no field "price"'),
        ("net_phone_rto_ever > 1", "what merchants know together"),
        ("amount > 1 & new customer", "cannot be read"),
        ("(" * 9 + "amount > 1" + ")" * 9, "at most 8 groups deep"),
        (" or ".join(["amount > 1"] * 51), "at most 50 tests"),
        ("x" * 20_001, "at most 20000 letters"),
        (7, 'a text, or an object with "all"'),
        (None, 'a text, or an object with "all"'),
        ({"all": []}, '"all" stands alone and holds a list'),
        ({"all": [{"field": "amount", "op": ">", "value": 1}], "x": 1}, "stands alone"),
        ({"field": "amount", "op": ">", "value": True}, "compared with rupees"),
        ({"field": "amount", "op": ">", "value": 10**400}, "compared with rupees"),
        ({"field": "amount", "is": ">"}, '"is" is unknown in a condition'),
        ({"field": "new_customer", "op": "=", "value": 1}, "compared with true or false"),
        ({"field": "city", "op": "=", "value": ""}, "a text of 1 to 255 letters"),
        ({"field": "city", "op": "=", "value": 'a"b'}, "no double quotes"),
        ({"field": "city", "op": "in", "value": []}, "a list of 1 to 500 texts"),
        ({"field": ["city"], "op": "="}, "there is no field"),
        ({"field": "city", "op": ["="]}, "cannot be asked with"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_with_a_sentence(said: object, says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        condition_from_json(said)


def test_no_field_of_a_condition_tells_what_merchants_know_together() -> None:
    assert not [name for name in FIELDS if name.startswith(("net_", "network"))]
    assert len(FIELDS) > 200
    assert all(field.says and OPERATORS[field.kind] for field in FIELDS.values())


def test_a_feature_is_compared_as_it_is_kept() -> None:
    at = [f.name for f in CATALOGUE].index("phone_rto_rate_ever")
    values = NEW.copy()
    values[at] = np.float32(0.3)
    asked = Subject(ORDER, values, 0.4)
    for text in ("phone_rto_rate_ever <= 0.3", "phone_rto_rate_ever >= 0.3"):
        assert question(parse(text))(asked)
