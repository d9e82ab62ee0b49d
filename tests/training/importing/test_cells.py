"""Cells: what each kind of column makes of the texts that exports hold."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.days import from_us
from training.importing import cells
from training.importing.refusal import CellError


@given(st.integers(0, cells.MOST_PAISE))
def test_every_amount_written_out_is_read_back_to_the_paisa(paise: int) -> None:
    rupees = f"{paise // 100}.{paise % 100:02d}"
    assert cells.money(rupees) == paise
    assert cells.money(f"₹ {int(rupees[:-3]):,}{rupees[-3:]}") == paise


@pytest.mark.parametrize(
    ("text", "paise"),
    [("₹1,29,900.50", 12990050), ("Rs. 399", 39900), ("INR 12.5", 1250), ("399.000", 39900),
     ("0.0", 0), ("-0.00", 0), ("1,234,567", 123456700), ("99/-", 9900)],
)  # fmt: skip
def test_amounts_are_read_as_sellers_write_them(text: str, paise: int) -> None:
    assert cells.money(text) == paise


@pytest.mark.parametrize(
    ("text", "says"),
    [("399.999", "has more than two decimals"), ("-5", "is negative"), ("12,5", "is not an amount"),
     ("free", "is not an amount"), ("1e3", "is not an amount"), ("1,2,3", "is not an amount"),
     ("99999999999999", "is too large")],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(CellError) as caught:
        cells.money(text)
    assert caught.value.says.startswith(says)


@given(st.text(max_size=40))
def test_no_text_breaks_a_cleaner_in_any_other_way(text: str) -> None:
    clock = cells.Clock(("%d-%m-%Y", "iso"), "Asia/Kolkata")
    for clean in (cells.money, cells.count, cells.number, cells.identifier, cells.pincode,
                  cells.phone, cells.state, clock, cells.Words({"*x*": "a", "": "b"})):  # fmt: skip
        with contextlib.suppress(CellError):
            clean(text)


@given(st.text(max_size=60))
def test_cleaning_a_code_twice_changes_nothing_more(text: str) -> None:
    for clean in (cells.pincode, cells.state):
        once = clean(text)
        assert clean(once) == once


def test_a_spreadsheets_marks_come_off_codes_and_texts() -> None:
    assert cells.pincode("400081.0") == "400081"
    assert cells.pincode("'560034") == "560034"
    assert cells.phone("'+919000000001") == "+919000000001"
    assert cells.phone("9000000001.0") == "9000000001"
    assert cells.identifier('="00123"') == "00123"


def test_a_rounded_phone_is_unknown_and_a_rounded_order_id_is_refused() -> None:
    assert cells.phone("9.19E+11") is None
    with pytest.raises(CellError, match="shortened by a spreadsheet"):
        cells.identifier("4.05808E+16")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RJ", "rajasthan"),
        ("Orissa", "odisha"),
        ("PUNJAB/MOHALI/ZIRAKPUR", "punjab"),
        ("APO", "APO"),
    ],
)
def test_states_are_respelt_and_what_is_none_stays_as_typed(text: str, name: str) -> None:
    assert cells.state(text) == name


def test_coupons_are_joined_by_bars_each_once_and_a_bar_inside_a_code_is_replaced() -> None:
    assert cells.coupons("FREE 2015/04/08 23, A|B ,FREE 2015/04/08 23", ",") == (
        "FREE 2015/04/08 23|A/B"
    )
    assert cells.coupons(" , ", ",") is None


def test_times_without_an_offset_are_on_the_clock_of_the_zone() -> None:
    clock = cells.Clock(("%m-%d-%y",), "Asia/Kolkata")
    assert from_us(clock("04-30-22")) == datetime(2022, 4, 29, 18, 30, tzinfo=UTC)
    zoned = cells.Clock(("%Y-%m-%d %H:%M:%S %z",), "Asia/Kolkata")
    assert from_us(zoned("2022-04-30 10:00:00 +0000")) == datetime(2022, 4, 30, 10, tzinfo=UTC)


def test_a_learned_date_without_a_time_counts_from_the_end_of_its_day() -> None:
    placed = cells.Clock(("iso",), "Asia/Kolkata")("2022-04-30")
    learned = cells.Clock(("iso",), "Asia/Kolkata", learned=True)("2022-04-30")
    exact = cells.Clock(("iso",), "Asia/Kolkata", learned=True)("2022-04-30T10:00:00")
    assert from_us(learned) == datetime(2022, 4, 30, 18, 30, tzinfo=UTC)
    assert placed < exact < learned


@pytest.mark.parametrize("text", ["30-04-22", "2022", "13-45-22", "04-30-1822"])
def test_a_date_of_another_format_is_refused_naming_the_format(text: str) -> None:
    with pytest.raises(CellError, match="date format %m-%d-%y"):
        cells.Clock(("%m-%d-%y",), "Asia/Kolkata")(text)


def test_a_year_out_of_range_hints_at_the_format() -> None:
    with pytest.raises(CellError, match="is the date format right"):
        cells.Clock(("iso",), "Asia/Kolkata")("0022-04-30")


@given(rows=st.integers(1, 500))
def test_times_spread_over_a_month_stay_in_it_and_in_order(rows: int) -> None:
    clock = cells.Clock(("%B%Y",), "Asia/Jakarta")
    start = clock("December2024")
    end = clock.next_month(start)
    times = [cells.spread_over_month(start, end, i, rows) for i in range(rows)]
    assert times == sorted(set(times))
    assert start < times[0]
    assert times[-1] < end


def test_exact_words_come_before_patterns_and_patterns_in_their_order() -> None:
    words = cells.Words({"*": "prepaid", "COD": "cod", "": "unknown", "*partial*": "partial_cod"})
    assert [words(text) for text in ("cod", " Partial COD", "", "UPI")] == [
        "cod", "prepaid", "unknown", "prepaid",
    ]  # fmt: skip
    with pytest.raises(CellError, match="add it there"):
        cells.Words({"ok": "delivered"})("lost?")
