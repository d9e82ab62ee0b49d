"""Whatever is posted becomes a row of numbers, a warning, or a refusal that names the field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.catalogue import CATALOGUE
from features.days import DAY_US
from features.directory import Directory
from features.history.fact import FACT_SIZE
from features.history.reader import NO_RECORD
from features.history.where import WindowTable
from features.keys import Hasher
from features.order import Order
from features.row import Row
from serving.intake import content_of, digest_of, order_of
from serving.ledger import Ledger
from serving.parsing import FieldsError, parse
from serving.rows import Rows
from serving.schemas import ScoreRequest
from tests.features.odd import FAR_US, NEAR_MISSES, odd_orders

FLAGS = np.array([feature.unit == "flag" for feature in CATALOGUE])
WINDOWS = WindowTable.build(np.empty((0, FACT_SIZE), np.int64), np.empty(0, np.int64), 0)
ROWS = Rows(Directory.open(), Hasher([b"a secret of the tests"]))

texts = st.text(max_size=30) | st.sampled_from([t for t in NEAR_MISSES if "\ud800" not in t])
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
EXAMPLE: dict[str, Any] = {
    "order_id": "1001", "created_at": "2026-11-20T10:15:00+05:30", "payment_mode": "cod",
    "amount": 1299, "discount": 200, "shipping_fee": 0, "cod_fee": 49, "coupons": ["DIWALI10"],
    "items": [{"sku": "KRT-01-M", "category": "kurta", "quantity": 1, "price": 1450}],
    "customer": {"id": "c-77", "name": "Asha Rao", "phone": "+919876043217", "email": "a@b.in"},
    "shipping_address": {
        "name": "Asha Rao", "phone": "9876043217", "line1": "Flat 12B", "line2": "80 Feet Road",
        "landmark": "near SBI", "city": "Bengaluru", "state": "Karnataka", "pincode": "560034",
    },
    "device": {"ip": "203.0.113.9", "device_id": "d-1", "user_agent": "Mozilla/5.0 (Linux)"},
    "utm": {"source": "meta", "campaign": "x"}, "origin_pincode": "110037", "courier": "delhivery",
    "promised_at": "2026-11-25T21:00:00+05:30", "extra": {"basket_minutes": 4},
}  # fmt: skip
PATHS = [
    (name, inner)
    for name, value in EXAMPLE.items()
    for inner in ((None, *value) if isinstance(value, dict) else (None,))
]


class NothingKnown:
    """A ledger of no orders."""

    def read(self, keys: Sequence[int]) -> list[NDArray[np.int64]]:
        return [NO_RECORD for _ in keys]


def row_of(order: Order) -> Row:
    identity, ledger = ROWS.identity(order), cast(Ledger, NothingKnown())
    return ROWS.row(order, identity, ROWS.past(identity, ledger, WINDOWS, order.created_us))


def check(row: Row) -> None:
    assert row.values.shape == (len(CATALOGUE),)
    known = row.values[~np.isnan(row.values)]
    assert np.isfinite(known).all()
    assert np.isin(row.values[FLAGS & ~np.isnan(row.values)], (0.0, 1.0)).all()


@settings(max_examples=100)
@given(odd_orders)
def test_any_order_has_a_row_of_numbers(order: Order) -> None:
    check(row_of(order))


@pytest.mark.parametrize("created_us", [-FAR_US, -DAY_US, 0, FAR_US])
def test_an_order_of_any_time_has_a_row(created_us: int) -> None:
    check(row_of(Order(merchant_id="m", order_id="1", created_us=created_us)))


@settings(max_examples=250)
@given(path=st.sampled_from(PATHS), value=anything)
def test_any_value_in_any_field_is_read_warned_of_or_refused(
    path: tuple[str, str | None], value: object
) -> None:
    body = json.loads(json.dumps(EXAMPLE))
    name, inner = path
    if inner is None:
        body[name] = value
    else:
        body[name][inner] = value
    refused = ""
    try:
        request, warnings = parse(ScoreRequest, json.dumps(body).encode())
    except FieldsError as error:
        refused = str(error)
    if refused:
        assert refused.startswith(name)
        return
    assert all(warning.startswith(name) for warning in warnings)
    content = content_of(request)
    digest_of(content, b"key")
    check(row_of(order_of("m", request.order_id, content)))


def test_an_address_of_ten_thousand_characters_is_unknown_with_a_warning() -> None:
    body = json.loads(json.dumps(EXAMPLE))
    body["shipping_address"]["line1"] = "street " * 1_430
    request, warnings = parse(ScoreRequest, json.dumps(body).encode())
    assert [warning.partition(":")[0] for warning in warnings] == ["shipping_address.line1"]
    order = order_of("m", request.order_id, content_of(request))
    assert order.address_line1 is None
    assert order.address_line2 == "80 Feet Road"
    check(row_of(order))


def test_a_negative_amount_is_unknown_with_a_warning() -> None:
    request, warnings = parse(ScoreRequest, json.dumps(EXAMPLE | {"discount": -5}).encode())
    assert request.discount is None
    assert warnings[0].startswith("discount: ")
