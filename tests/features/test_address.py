"""Signals and findings of an order's address."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.address import FEATURES, completeness, read_address, signals
from features.address_findings import Finding, findings
from features.address_text import LONGEST_TEXT, address_text
from features.directory import Directory
from features.order import Order
from features.reasons import REASONS

DIRECTORY = Directory.open()
GOOD = Order(
    merchant_id="m",
    order_id="1",
    created_us=0,
    address_line1="Flat 12B, Lake View Apts",
    address_line2="80 Feet Road, Koramangala",
    landmark="near SBI",
    city="Bengaluru",
    state="Karnataka",
    pincode="560034",
    origin_pincode="110037",
)
BARE = Order(merchant_id="m", order_id="1", created_us=0)
ANY_TEXT = st.none() | st.text(min_size=1, max_size=80)


def values(order: Order) -> dict[str, float]:
    """Signals by name."""
    found = signals(order, DIRECTORY, DIRECTORY.place(order.pincode))
    return dict(zip((feature.name for feature in FEATURES), found, strict=True))


def told(order: Order) -> dict[str, Finding]:
    """Findings by code."""
    found = findings(order, DIRECTORY, DIRECTORY.place(order.pincode))
    return {finding.code: finding for finding in found}


def test_a_good_address_has_no_finding_and_is_complete() -> None:
    assert told(GOOD) == {}
    seen = values(GOOD)
    assert seen["address_completeness"] == pytest.approx(1.0)
    assert seen["address_gibberish"] < 3.0
    assert seen["pincode_city_fit"] == seen["pincode_state_fit"] == seen["address_locality"] == 1.0
    assert seen["pincode_slip"] == seen["address_other_pincode"] == seen["address_dummy"] == 0.0


def test_an_export_without_addresses_knows_nothing_and_accuses_nobody() -> None:
    assert all(math.isnan(value) for value in values(BARE).values())
    assert told(BARE) == {}


def test_a_marketplace_export_knows_the_place_and_not_the_text() -> None:
    order = BARE._replace(city="BENGALURU", state="KARNATAKA", pincode="560034.0")
    seen = values(order)
    text = {name for name in seen if name.startswith("address_")}
    assert all(math.isnan(seen[name]) for name in text)
    assert (seen["pincode_city_fit"], seen["pincode_known"]) == (1.0, 1.0)
    assert told(order) == {}


def only(text: str) -> dict[str, str | None]:
    """An address of one line and nothing else."""
    return {"address_line1": text, "address_line2": None, "landmark": None}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (only("Flat 2"), "short_shipping_address"),
        (only("Ramesh Kumar Gupta"), "incomplete_shipping_address"),
        (only("Flat 12 Ramesh"), "address_is_less_detailed"),
        (only("test test"), "dummy_address_detected"),
        (only("11111"), "dummy_address_detected"),
        (only("same as above"), "dummy_address_detected"),
        (only("Gandhi Road, Koramangala"), "address_building_name_absent"),
        (only("12 Gandhi Road"), "address_locality_name_absent"),
        ({"address_line1": "Flat 2 sdkfjhsdf lkjsdf"}, "gibberish_detected_in_address"),
        ({"address_line1": "Flat 12B ★★★"}, "address_contains_invalid_characters"),
        ({"address_line2": "80 Feet Road, 400001"}, "address_incorrect_pincode"),
        ({"city": "Mumbai"}, "address_pincode_city_mismatch"),
        ({"state": "Kerala"}, "address_pincode_state_mismatch"),
        ({"pincode": "56003"}, "incomplete_pincode"),
        ({"pincode": "999999"}, "invalid_pincode"),
        ({"pincode": "56OO34"}, "invalid_pincode"),
    ],
)
def test_each_fault_is_told_by_its_public_code(changes: dict[str, str | None], code: str) -> None:
    assert code not in told(GOOD)
    assert code in told(GOOD._replace(**changes))  # type: ignore[arg-type]


def test_swapped_digits_are_told_with_the_pincode_that_fits() -> None:
    invalid = told(GOOD._replace(pincode="560304"))["invalid_pincode"]
    assert invalid.suggestion == "560034"
    wrong_city = told(GOOD._replace(pincode="650034"))
    assert {finding.suggestion for finding in wrong_city.values()} == {"560034"}


def test_a_pincode_in_the_text_is_the_suggestion_when_it_is_another() -> None:
    order = GOOD._replace(address_line2="80 Feet Road, Koramangala 560095")
    assert told(order)["address_incorrect_pincode"].suggestion == "560095"
    assert values(order)["address_other_pincode"] == 1.0
    assert values(order._replace(pincode="560095"))["address_other_pincode"] == 0.0


def test_hindi_is_neither_gibberish_nor_odd() -> None:
    order = GOOD._replace(
        address_line1="मकान नं 12, गांधी नगर",
        address_line2="कोरमंगला",
        city="बेंगलुरु",
        state="कर्नाटक",
    )
    assert told(order) == {}
    seen = values(order)
    assert math.isnan(seen["address_gibberish"])
    assert seen["address_invalid_characters"] == 0.0
    assert seen["pincode_city_fit"] >= 0.84


def test_each_part_named_makes_the_address_more_complete() -> None:
    def grade(order: Order) -> float:
        return completeness(read_address(order, DIRECTORY, DIRECTORY.place(order.pincode)))

    thin = BARE._replace(address_line1="Ramesh")
    steps = [
        thin,
        thin._replace(pincode="560034"),
        thin._replace(pincode="560034", city="Bengaluru"),
        thin._replace(pincode="560034", city="Bengaluru", landmark="SBI"),
        thin._replace(pincode="560034", city="Bengaluru", landmark="SBI Koramangala"),
        GOOD,
    ]
    grades = [grade(order) for order in steps]
    assert grades == sorted(set(grades))


def test_text_is_cut_at_500_characters_before_anything_reads_it() -> None:
    order = GOOD._replace(address_line1="ab " * 5_000, address_line2="x" * 10_000)
    text = address_text(order)
    assert text is not None
    assert len(text) == LONGEST_TEXT == values(order)["address_length"]


def test_catalogue_entries_have_a_reason_and_say_their_edges() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
    for feature in FEATURES:
        assert feature.reason in REASONS, feature.reason
        assert feature.group in {"address", "place"}
        assert feature.text == (feature.group == "address")
        assert feature.says.endswith(".")


@given(
    line1=ANY_TEXT,
    line2=ANY_TEXT,
    landmark=ANY_TEXT,
    city=ANY_TEXT,
    state=ANY_TEXT,
    pincode=ANY_TEXT | st.from_regex(r"[1-9]\d{4,6}", fullmatch=True),
    origin=ANY_TEXT,
)
@settings(max_examples=300)
def test_any_content_of_any_field_gives_numbers_and_public_codes(
    line1: str | None,
    line2: str | None,
    landmark: str | None,
    city: str | None,
    state: str | None,
    pincode: str | None,
    origin: str | None,
) -> None:
    order = BARE._replace(
        address_line1=line1,
        address_line2=line2,
        landmark=landmark,
        city=city,
        state=state,
        pincode=pincode,
        origin_pincode=origin,
    )
    for feature, value in zip(FEATURES, values(order).values(), strict=True):
        assert type(value) is float, feature.name
        assert not math.isinf(value), feature.name
        if feature.unit in {"flag", "share"}:
            assert math.isnan(value) or 0.0 <= value <= 1.0, feature.name
    assert told(order).keys() <= REASONS.keys()


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=40), st.integers(1, 400))
@settings(max_examples=60)
def test_texts_of_ten_thousand_characters_are_read(piece: str, times: int) -> None:
    text = (piece * times)[:10_000] or "x"
    order = GOOD._replace(address_line1=text, city=text, state=text, pincode=text)
    assert values(order)["address_length"] <= LONGEST_TEXT


def test_the_stops_of_other_scripts_are_no_odd_characters() -> None:
    seen = values(GOOD._replace(address_line1="مکان نمبر 12، لال چوک۔ मकान 4।"))
    assert seen["address_invalid_characters"] == 0.0


def test_a_placeholder_among_few_words_makes_a_placeholder() -> None:
    assert values(GOOD._replace(address_line1="test road 12", address_line2=None, landmark=None))[
        "address_dummy"
    ]
    longer = "test road 12 behind the old bus stand"
    assert not values(GOOD._replace(address_line1=longer))["address_dummy"]


def test_a_number_late_in_the_text_is_no_house_number() -> None:
    bare = GOOD._replace(address_line2=None, landmark=None)
    late = bare._replace(address_line1="Behind the old temple, Koramangala 12")
    assert values(late)["address_has_house_number"] == 0.0
    early = bare._replace(address_line1="12 behind the old temple, Koramangala")
    assert values(early)["address_has_house_number"] == 1.0
