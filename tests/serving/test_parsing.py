"""Any body gives a request or a sentence; money, pincodes and times are read exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from serving.intake import content_of, digest_of, order_of
from serving.parsing import BodyError, FieldsError, parse
from serving.schemas import OutcomeItem, ScoreRequest
from tests.serving import shop

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*shop.ORDER, "sku", "phone", "x"]), inner, max_size=6)
    ),
    max_leaves=30,
)


OBJECTS = st.dictionaries(st.sampled_from([*shop.ORDER]), JSON, max_size=20)


def _faults(model: type[BaseModel], fields: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    try:
        parse(model, json.dumps(fields).encode())
    except FieldsError as error:
        return error.faults
    return ()


@settings(max_examples=50)
@given(OBJECTS)
def test_any_object_is_a_request_or_names_its_faults(fields: dict[str, Any]) -> None:
    for model in (ScoreRequest, OutcomeItem):
        for field, says in _faults(model, fields):
            assert field
            assert says


@settings(max_examples=50)
@given(OBJECTS)
def test_wrong_optional_values_never_refuse_an_order(fields: dict[str, Any]) -> None:
    whole = fields | {"order_id": "1", "created_at": "2026-11-20T10:15:00+05:30"}
    faults = _faults(ScoreRequest, whole)
    assert all(says == "rupees have at most two decimals" for _, says in faults)
    if not faults:
        request, warnings = parse(ScoreRequest, json.dumps(whole).encode())
        order_of("m", request.order_id, content_of(request))
        assert all(": " in warning for warning in warnings)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_request_or_a_sentence(body: bytes) -> None:
    with pytest.raises((BodyError, FieldsError)):
        parse(ScoreRequest, body)


@given(st.integers(0, 99_999_999_00))
def test_every_paisa_is_read_as_it_is_written(paise: int) -> None:
    rupees = f"{paise // 100}.{paise % 100:02d}"
    for text in (rupees, f'"{rupees}"'):
        body = b'{"order_id": "1", "created_at": "2026-11-20T10:15:00Z", "amount": %s}'
        request, _ = parse(ScoreRequest, body % text.encode())
        assert request.amount == paise


@pytest.mark.parametrize("amount", [1.005, "1.005", 0.001, "1e-3"])
def test_a_fraction_of_a_paisa_is_refused(amount: float | str) -> None:
    with pytest.raises(FieldsError, match="two decimals"):
        parse(ScoreRequest, shop.body(discount=amount))


@pytest.mark.parametrize(
    ("pincode", "read"), [(560034, "560034"), (560034.0, "560034"), (" 560034 ", "560034")]
)
def test_pincodes_come_as_text_and_as_numbers(pincode: object, read: str) -> None:
    request, warnings = parse(ScoreRequest, shop.body(shipping_address={"pincode": pincode}))
    assert request.shipping_address is not None
    assert (request.shipping_address.pincode, warnings) == (read, ())


def test_a_warning_names_the_field_where_it_stands() -> None:
    items = [{"quantity": "two", "sku": "a"}, 7, {"price": -1, "sku": "b"}]
    request, warnings = parse(ScoreRequest, shop.body(items=items, coupons="A|B", customer=[]))
    assert request.items is not None
    assert [item.sku for item in request.items] == ["a", "b"]
    named = [warning.partition(":")[0] for warning in warnings]
    assert named == ["coupons", "customer", "items.0.quantity", "items.1", "items.2.price"]


@pytest.mark.parametrize(
    "moment", ["2026-11-20", "2026-11-20T10:15:00", 1_795_149_900, "0001-01-01T00:00:00+23:00"]
)
def test_a_time_needs_an_offset_and_a_sensible_year(moment: object) -> None:
    with pytest.raises(FieldsError, match="created_at"):
        parse(ScoreRequest, shop.body(created_at=moment))


def _digest(**changes: Any) -> bytes:
    request, _ = parse(ScoreRequest, shop.body(**changes))
    return digest_of(content_of(request), bytes(32))


def test_a_time_without_a_zone_is_told_how_to_write_one() -> None:
    with pytest.raises(
        FieldsError, match=r"created_at: has no zone; send one, as in 2026-.*\+05:30"
    ):
        parse(ScoreRequest, shop.body(created_at="2026-11-20 10:15"))


def test_equal_content_has_an_equal_digest_however_it_is_written() -> None:
    same = _digest(
        amount="1299.00",
        created_at="2026-11-20T05:45:00Z",
        record_only=True,
        unheard_of=[1, 2],
        channel="  shopify ",
        utm={"campaign": "diwali", "source": "meta", "medium": "x"},
    )
    assert same == _digest()


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 1299.01},
        {"channel": None},
        {"customer": {"phone": "+91 98765 43211"}},
        {"dispatch_cutoff": None},
        {"extra": {"basket_minutes": 5}},
        {"coupons": ["DIWALI10", "B"]},
    ],
)
def test_other_content_has_another_digest(change: dict[str, Any]) -> None:
    assert _digest(**change) != _digest()


def test_the_order_names_its_chief_line() -> None:
    items = [
        {"sku": "a", "category": "x", "quantity": 3, "price": 10},
        {"sku": "b", "category": "y", "quantity": 1, "price": 30},
        {"sku": "c"},
    ]
    request, _ = parse(ScoreRequest, shop.body(items=items))
    order = order_of("m", "1", content_of(request))
    assert (order.sku, order.category, order.quantity, order.item_count) == ("a", "x", 4, 3)
